"""People of a unit, for lists and choices; never with a whole ID number."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Select, select, tuple_

from app.errors import NotFound
from app.extensions import db
from app.models import Person
from app.queries.paging import PAGE_SIZE, Page, cut


def of_unit(unit_id: int, name: str = "", after: str | None = None) -> Page[Person]:
    """A page of the unit's present people, by their names' pinyin."""
    query = _present(unit_id).order_by(Person.name_key, Person.id).limit(PAGE_SIZE + 1)
    if name:
        query = query.where(Person.name.contains(name, autoescape=True))
    key, _, last = (after or "").rpartition(".")
    if last.isdecimal():
        query = query.where(tuple_(Person.name_key, Person.id) > (key, int(last)))
    return cut(db.session.scalars(query).all(), lambda person: f"{person.name_key}.{person.id}")


def choices(unit_id: int) -> Sequence[Person]:
    """All present people of a unit, for a form's list."""
    return db.session.scalars(_present(unit_id).order_by(Person.name_key, Person.id)).all()


def one(person_id: int, unit_id: int) -> Person:
    """A person of the unit; raises NotFound alike for nobody and for somebody else's."""
    person = db.session.scalar(select(Person).where(Person.id == person_id, Person.unit_id == unit_id))
    if person is None:
        raise NotFound
    return person


def names(person_ids: Collection[int]) -> dict[int, str]:
    query = select(Person.id, Person.name).where(Person.id.in_(person_ids))
    return {person_id: name for person_id, name in db.session.execute(query)}


def _present(unit_id: int) -> Select[tuple[Person]]:
    return select(Person).where(Person.unit_id == unit_id, Person.left_at.is_(None))
