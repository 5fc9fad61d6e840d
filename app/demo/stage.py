"""The stage of a demonstration: organisations, their relations, accounts, people in the registers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from app.content.identity import make_credit_code
from app.demo.people import MadeUp, made_up_people
from app.demo.script import Script
from app.engine.civil import start_of_day
from app.operations.access import accounts
from app.operations.access.accounts import actor_for
from app.operations.actors import SYSTEM, Actor
from app.operations.offices import organisations
from app.operations.offices.organisations import Profile
from app.operations.registers import people, register

PASSWORD = "Yanshi#2021"  # noqa: S105 - of a rehearsal database, and printed
LONG_AGO = datetime(2010, 1, 1, tzinfo=UTC)
CREDIT_CODES_FROM = 70_000_001


@dataclass(frozen=True, slots=True)
class Applicant:
    """Somebody of a unit who will apply, and what the script's templates may say of them."""

    person_id: int
    known: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit with its operator and the people whom it will put forward."""

    id: int
    name: str
    actor: Actor
    applicants: tuple[Applicant, ...]


class Stage:
    """Sets the stage as of a month before the demonstration begins."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.now = script.begins - timedelta(days=30)
        self.crowd = made_up_people(script.scheme, script.born_in, script.born)
        self.agemates: dict[int, Iterator[MadeUp]] = {}
        self.kinds = self._kinds()
        self.ids: dict[str, int] = {}
        self.actors: dict[int, list[Actor]] = defaultdict(list)

    def set_offices(self) -> None:
        """Departments, offices and their accounts."""
        for name, facts in self.script.organisations.items():
            made = organisations.create(
                facts["kind"], name, str(facts["region"]), actor=SYSTEM, now=self.now, profile=_profile(facts)
            )
            self.ids[name] = made.id
            self._allot(made.id, facts["login"], next(self.crowd).name, ["operator"])
        for grant in self.script.jurisdictions:
            facts = {**grant, "region": str(grant["region"])}
            office, function, region = (facts.pop(key) for key in ("office", "function", "region"))
            office_id = self.ids[office]
            since = start_of_day(facts.pop("from")) if "from" in facts else LONG_AGO
            organisations.grant_jurisdiction(office_id, function, region, since, actor=SYSTEM, **facts)
        for duty in self.script.duties:
            self._allot(self.ids[duty["organisation"]], duty["login"], duty["name"], duty["duties"])

    def set_unit(self, number: int, facts: Mapping[str, Any], people_wanted: int) -> Unit:
        """A unit with the next people, of each kind in turn."""
        return self._unit(number, facts, islice(self.kinds, people_wanted))

    def set_example(self, number: int, facts: Mapping[str, Any]) -> Unit:
        """A unit that stands aside, with exactly the people whom the script names."""
        kinds = [{**one, **self.script.kind_of(one["grade"])} for one in facts["people"]]
        return self._unit(len(self.script.units) + number, facts, kinds)

    def _unit(self, number: int, facts: Mapping[str, Any], kinds: Iterable[Mapping[str, Any]]) -> Unit:
        """A unit registers itself, completes its data and enters its people."""
        contact, region = next(self.crowd).name, str(facts["region"])
        account = accounts.register_unit(
            code=make_credit_code(region, CREDIT_CODES_FROM + number),
            name=facts["name"],
            region=region,
            login=self.script.login_of(number),
            password=PASSWORD,
            person_name=contact,
            telephone="",
            now=self.now,
        )
        actor = actor_for(account)
        superior = self.ids.get(facts.get("superior", ""))
        unit = accounts.complete_unit_profile(superior, _profile(facts), actor=actor, now=self.now)
        self.actors[unit.id].append(actor)
        if "head" in facts:
            self._allot(unit.id, facts["head"]["login"], facts["head"]["name"], ["operator"])
        applicants = tuple(self._applicant(unit.id, unit.name, actor, kind) for kind in kinds)
        return Unit(unit.id, unit.name, actor, applicants)

    def _applicant(self, unit_id: int, unit: str, actor: Actor, kind: Mapping[str, Any]) -> Applicant:
        person = self._next_person(kind.get("born"), kind.get("gender"))
        added = people.add(unit_id, person.name, person.id_number, actor=actor, now=self.now)
        for held in kind.get("holds", ()):
            register.enter(added.id, held["trade"], held["grade"], None, actor=actor, now=self.now)
        known = {
            "person": added.id,
            "unit": unit,
            "work_started": f"{person.born.year + 20}-07",
            "retirement_kind": "male_60" if person.gender == "male" else "female_50",
            **kind,
        }
        return Applicant(added.id, known)

    def _next_person(self, born: str | None, gender: str | None) -> MadeUp:
        """The next of the crowd; whoever must be born in one month is of a crowd of that year."""
        if born is None:
            return next(self.crowd)
        year = int(born[:4])
        mates = made_up_people(f"{self.script.scheme} {year}", self.script.born_in, (year, year))
        crowd = self.agemates.setdefault(year, mates)
        return next(one for one in crowd if f"{one.born:%Y-%m}" == born and one.gender == gender)

    def _allot(self, organisation_id: int, login: str, name: str, duties: list[str]) -> None:
        account, first = accounts.allot(organisation_id, login, name, duties, actor=SYSTEM, now=self.now)
        accounts.change_password(account.id, first, PASSWORD, self.now)
        if "operator" in duties:
            self.actors[organisation_id].append(actor_for(account))

    def _kinds(self) -> Iterator[Mapping[str, Any]]:
        while True:
            yield from self.script.people


def _profile(facts: Mapping[str, Any]) -> Profile:
    return Profile(
        level=facts["level"],
        system=facts.get("system", "other"),
        nature=facts.get("nature", "institution"),
    )
