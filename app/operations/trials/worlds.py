"""The made-up world of scenarios in the database: organisations, relations, people and operators, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import cast

from sqlalchemy import select

from app.config import PROJECT
from app.content.worlds import World, WorldJurisdiction, WorldOrganisation, WorldPerson
from app.engine.civil import start_of_day
from app.extensions import db
from app.models import Account, AssessmentResult, Holding, Person, Region
from app.operations.access._applicant_accounts import live_account
from app.operations.actors import APPLICANT, SYSTEM, Actor
from app.operations.finding._search_keys import follow_person
from app.operations.offices import organisations, regions
from app.operations.offices.organisations import Kind, Profile
from app.operations.registers import people
from app.operations.registers.register import ENTERED

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
"""Since when what a world leaves undated has been so."""

REGIONS = PROJECT / "bpmn" / "common" / "regions.yaml"


@dataclass(frozen=True, slots=True)
class Built:
    """A world as it stands in the database."""

    organisations: Mapping[str, int]
    people: Mapping[str, int]
    actors: Mapping[str, Actor]


def build(world: World) -> Built:
    """Writes a world; every organisation gets an operator of its own, who bears its name in `actors`.

    The operators cannot sign in. Raises DomainError for what the registers refuse.
    """
    _know_regions(world)
    ids = {name: _organisation(name, found, world) for name, found in world.organisations.items()}
    for relation in world.subordinations:
        begins = _day(relation.valid_from) or BEGINNING
        unit, superior = ids[relation.unit], ids[relation.superior]
        organisations.assign_superior(unit, superior, begins, actor=SYSTEM)
        if ends := _day(relation.valid_to):
            organisations.assign_superior(unit, None, ends, actor=SYSTEM)
    for grant in world.jurisdictions:
        _grant(grant, ids)
    persons = {name: _person(name, person, ids) for name, person in world.people.items()}
    return Built(ids, persons, _actors(world, ids, persons))


def _know_regions(world: World) -> None:
    """What is missing of the table of regions: from the product's file, else under the code itself."""
    used = {organisation.region for organisation in world.organisations.values()}
    used |= {grant.region for grant in world.jurisdictions}
    if used - _known_regions() and REGIONS.exists():
        regions.load_file(REGIONS)
    if missing := used - _known_regions():
        regions.load({code: code for code in missing}, 0)


def _known_regions() -> set[str]:
    return set(db.session.scalars(select(Region.code)))


def _organisation(name: str, found: WorldOrganisation, world: World) -> int:
    profile = Profile(level=found.level, system=found.system, nature=found.nature)
    made = organisations.create(
        cast(Kind, found.kind),
        name,
        found.region,
        actor=SYSTEM,
        now=BEGINNING,
        code=world.credit_code(name),
        profile=profile,
    )
    return made.id


def _grant(grant: WorldJurisdiction, ids: Mapping[str, int]) -> None:
    organisations.grant_jurisdiction(
        ids[grant.office],
        grant.function,
        grant.region,
        _day(grant.valid_from) or BEGINNING,
        actor=SYSTEM,
        level=grant.level,
        system=grant.system,
        until=_day(grant.valid_to),
    )


def _person(name: str, person: WorldPerson, ids: Mapping[str, int]) -> int:
    now = max(BEGINNING, start_of_day(person.born))
    unit_id = ids[person.unit]
    made = people.add(unit_id, name, person.id_number, telephone=person.mobile, actor=SYSTEM, now=now)
    _register(made.id, unit_id, person)
    return made.id


def _register(person_id: int, unit_id: int, person: WorldPerson) -> None:
    """What the person holds, of each trade the last that is told, and what earlier years gave."""
    last = {held.trade: held for held in person.holds}
    common = {"person_id": person_id, "entered_at": BEGINNING}
    db.session.add_all(
        Holding(trade=h.trade, grade=h.grade, issued_on=h.issued, source=ENTERED, **common)
        for h in last.values()
    )
    db.session.add_all(
        AssessmentResult(
            unit_id=unit_id, year=r.year, trade=r.trade, grade=r.grade, passed=r.passed, **common
        )
        for r in person.results
    )
    follow_person(person_id)


def _day(day: date | None) -> datetime | None:
    return start_of_day(day) if day else None


def _actors(world: World, ids: Mapping[str, int], persons: Mapping[str, int]) -> dict[str, Actor]:
    """Who may act: an operator an organisation, the officers with names, and people for their units."""
    made = {name: _operator(name, name, ids, None) for name in world.organisations}
    for name, officer in world.officers.items():
        person_id = persons[officer.person] if officer.person else None
        made[name] = _operator(name, officer.organisation, ids, person_id)
    for name, person in world.people.items():
        made[name] = _operator(name, person.unit, ids, persons[name])
    return made


def applicant(person_id: int) -> Actor:
    """A person of the world acting for themselves, by an account that nobody can sign in with."""
    name = db.session.scalars(select(Person.name).where(Person.id == person_id)).one()
    account = live_account(person_id)
    if account is None:
        account = Account(
            login=f"world:{person_id}",
            password_hash="",
            name=name,
            person_id=person_id,
            duties=[APPLICANT],
            created_at=BEGINNING,
        )
        db.session.add(account)
        db.session.flush()
    return Actor(account.id, None, None, person_id, name, frozenset({APPLICANT}))


def _operator(name: str, organisation: str, ids: Mapping[str, int], person_id: int | None) -> Actor:
    duties = frozenset({"operator"})
    account = Account(
        login=f"world:{name}",
        password_hash="",
        name=name,
        organisation_id=ids[organisation],
        person_id=person_id,
        duties=sorted(duties),
        created_at=BEGINNING,
    )
    db.session.add(account)
    db.session.flush()
    return Actor(account.id, ids[organisation], organisation, person_id, name, duties)
