"""Whether whoever is registered is found, where they are and were, by the keys that they should have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from sqlalchemy import exists, select, union

from app.extensions import db
from app.models import (
    Case,
    CaseKey,
    Holding,
    Organisation,
    OrganisationKey,
    OrganisationName,
    Person,
    PersonKey,
)
from app.operations.finding._search_keys import keys_of, organisation_keys

CHUNK = 1000

Told = Iterator[tuple[int | None, str]]


def search_faults() -> Told:
    """What is wrong with the keys of the search; nothing when all is well."""
    yield from _people()
    yield from _organisations()
    yield from _cases()


def _people() -> Told:
    """Each has the keys of today's name, number and trades, for the present unit and that of each case."""
    chosen = select(Person).order_by(Person.id).execution_options(yield_per=CHUNK)
    for people in db.session.scalars(chosen).partitions():
        ids = [person.id for person in people]
        written, trades, units = _written(ids), _trades(ids), _units(ids)
        for person in people:
            wanted = keys_of(person, trades[person.id])
            found = written.pop(person.id, {})
            regions = all(region == home for _, region, home in found)
            unequal = any(keys != wanted for keys in found.values())
            if unequal or not regions or not units[person.id] <= {unit for unit, _, _ in found}:
                yield None, f"人员 {person.id} 的检索项与登记不符"


def _written(ids: Iterable[int]) -> dict[int, dict[tuple[int, str, str], set[tuple[bool, str]]]]:
    """A person's keys by unit, the region they are written with, and the unit's own."""
    rows = select(PersonKey, Organisation.region).join(Organisation, Organisation.id == PersonKey.unit_id)
    found: dict[int, dict[tuple[int, str, str], set[tuple[bool, str]]]] = defaultdict(dict)
    for row, home in db.session.execute(rows.where(PersonKey.person_id.in_(ids))):
        found[row.person_id].setdefault((row.unit_id, row.region, home), set()).add((row.inside, row.key))
    return found


def _trades(ids: Iterable[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    held = select(Holding.person_id, Holding.trade).where(
        Holding.person_id.in_(ids), Holding.ended_at.is_(None)
    )
    for person_id, trade in db.session.execute(held):
        found[person_id].append(trade)
    return found


def _units(ids: Iterable[int]) -> dict[int, set[int]]:
    """Where each of the people has to be found."""
    present = select(Person.id, Person.unit_id).where(Person.id.in_(ids), Person.unit_id.is_not(None))
    with_case = select(Case.person_id, Case.unit_id).where(Case.person_id.in_(ids))
    found: dict[int, set[int]] = defaultdict(set)
    for person_id, unit_id in db.session.execute(union(present, with_case)):
        found[person_id].add(unit_id)
    return found


def _organisations() -> Told:
    names: dict[int, list[str]] = defaultdict(list)
    for owner, name in db.session.execute(select(OrganisationName.organisation_id, OrganisationName.name)):
        names[owner].append(name)
    written: dict[int, set[tuple[bool, str]]] = defaultdict(set)
    own = (OrganisationKey.organisation_id, OrganisationKey.inside, OrganisationKey.key)
    elsewhere = set()
    rows = select(*own, OrganisationKey.region == Organisation.region).join(
        Organisation, Organisation.id == OrganisationKey.organisation_id
    )
    for owner, inside, key, at_home in db.session.execute(rows):
        written[owner].add((inside, key))
        if not at_home:
            elsewhere.add(owner)
    for owner in sorted(names.keys() | written.keys()):
        if owner in elsewhere or written[owner] != organisation_keys(names[owner]):
            yield None, f"机构 {owner} 的检索项与名称不符"


def _cases() -> Told:
    """A case with a trade is found by it in its unit; one without has no key."""
    trade = Case.listed["trade"].astext
    right = exists().where(
        CaseKey.case_id == Case.id,
        CaseKey.unit_id == Case.unit_id,
        CaseKey.trade == trade,
        CaseKey.region == Organisation.region,
    )
    wrong = exists().where(CaseKey.case_id == Case.id, CaseKey.trade.is_distinct_from(trade))
    cases = select(Case.id).join(Organisation, Organisation.id == Case.unit_id)
    for case_id in db.session.scalars(cases.where((trade.is_not(None) & ~right) | wrong)):
        yield case_id, "办件按工种检索的项与办件不符"
