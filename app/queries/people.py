"""People of a unit, for lists and choices; never with a whole ID number."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Select, select, tuple_

from app.errors import NotFound
from app.extensions import db
from app.models import Case, Holding, Person
from app.queries.paging import Page, cut, limited, read_id_cursor


def of_unit(
    unit_id: int, name: str = "", after: str | None = None, *, trade: str = "", grade: str = ""
) -> Page[Person]:
    """A page of the unit's present people, by pinyin; with `trade` or `grade` those who hold it now."""
    query = _present(unit_id).order_by(Person.name_key, Person.id)
    if name:
        query = query.where(Person.name.contains(name, autoescape=True))
    if trade or grade:
        query = query.where(_holding_now(trade, grade).exists())
    last = read_id_cursor(after)
    if last is not None:
        place = select(Person.name_key, Person.id).where(Person.id == last, Person.unit_id == unit_id)
        query = query.where(tuple_(Person.name_key, Person.id) > place.scalar_subquery())
    return cut(db.session.scalars(limited(query)).all(), lambda person: str(person.id))


def choices(unit_id: int, left: bool = False) -> Sequence[Person]:
    """The unit's present people for a form's list; with those who `left`, to read an old form."""
    query = select(Person).where(Person.unit_id == unit_id) if left else _present(unit_id)
    return db.session.scalars(query.order_by(Person.name_key, Person.id)).all()


def of_ids(person_ids: Collection[int], unit_id: int) -> Sequence[Person]:
    """Those of the unit's present people, by pinyin."""
    query = _present(unit_id).where(Person.id.in_(person_ids))
    return db.session.scalars(query.order_by(Person.name_key, Person.id)).all()


def names(person_ids: Collection[int]) -> dict[int, str]:
    """Whatever unit they are of."""
    found = db.session.execute(select(Person.id, Person.name).where(Person.id.in_(person_ids)))
    return {row.id: row.name for row in found}


def one(person_id: int, *unit_ids: int) -> Person:
    """A person of one of the units; raises NotFound alike for nobody and for somebody else's."""
    person = db.session.scalar(select(Person).where(Person.id == person_id, Person.unit_id.in_(unit_ids)))
    if person is None:
        raise NotFound
    return person


def of_case(case: Case) -> Person | None:
    """The person whom a case is about; None for a unit's or an office's case."""
    return db.session.get(Person, case.person_id) if case.person_id is not None else None


def _holding_now(trade: str, grade: str) -> Select[tuple[int]]:
    valid = select(Holding.id).where(Holding.person_id == Person.id, Holding.ended_at.is_(None))
    valid = valid.where(Holding.grade == grade) if grade else valid
    return valid.where(Holding.trade.contains(trade, autoescape=True)) if trade else valid


def _present(unit_id: int) -> Select[tuple[Person]]:
    return select(Person).where(Person.unit_id == unit_id, Person.left_at.is_(None))
