"""The register of persons: added and edited by their unit, found by ID number, shown masked (CQ-27)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from app.content.identity import birth_date, clean_citizen_id, clean_mobile, gender
from app.content.masking import DEFAULT_ID_MASK, Mask
from app.engine.civil import civil
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.extensions import db
from app.models import Person
from app.operations._administration import insert, record
from app.operations.access._applicant_accounts import close_account
from app.operations.actors import Actor
from app.operations.finding._id_numbers import HEAD, TAIL, Sealed, index_of, seal, unseal
from app.operations.finding._names import clean_name, person_key
from app.operations.finding._search_keys import follow_person
from app.operations.offices._resolution import superior_of, unit_today

TAKEN = "该身份证号码已经登记在册，不能重复添加。请与本人核对号码；确属调入的，请先由原单位办理调出。"
NUMBER_LENGTH = 18


def add(
    unit_id: int | None,
    name: str,
    id_number: str,
    *,
    actor: Actor,
    now: datetime,
    telephone: str | None = None,
    ethnicity: str | None = None,
) -> Person:
    """Enters a person in a unit's register; `unit_id` None for an officer who is nobody's applicant.

    Gender and birth date come from the number. Somebody who left a unit is taken over, known by number and
    name. Raises Invalid, and Conflict for a number in use, which does not tell by whom.
    """
    demand_unit(unit_id, actor, now)
    called = _name(name)
    number = _number(id_number, now)
    known = find(number)
    if known is not None:
        return _again(known, unit_id, called, actor, now)
    person = _made(unit_id, called, number, seal(number), now)
    person.telephone, person.ethnicity = _telephone(telephone), clean_name(ethnicity or "") or None
    insert(person, TAKEN)
    follow_person(person.id)
    record("person.added", person.id, actor, now, detail={"unit": unit_id})
    return person


def edit(
    person_id: int,
    *,
    actor: Actor,
    now: datetime,
    name: str | None = None,
    telephone: str | None = None,
    ethnicity: str | None = None,
) -> Person:
    """Changes what is given of a person; an empty text empties. ID numbers stay as they are (LIFE-03)."""
    person = own(person_id, actor, now)
    changed: dict[str, str | None] = {}
    if name is not None:
        changed |= {"name": _name(name), "name_key": person_key(_name(name))}
    if telephone is not None:
        changed["telephone"] = _telephone(telephone)
    if ethnicity is not None:
        changed["ethnicity"] = clean_name(ethnicity) or None
    for field, value in changed.items():
        setattr(person, field, value)
    if "name" in changed:
        follow_person(person.id)
    record("person.edited", person.id, actor, now, detail={"fields": sorted(changed)})
    return person


def leave(person_id: int, *, actor: Actor, now: datetime) -> None:
    """The person has left the unit (调出): no longer in its lists, free for another unit (LIFE-05).

    The account by which they applied is closed; the new unit opens one.
    """
    person = own(person_id, actor, now)
    if person.left_at is not None:
        raise Conflict("该人员已经调出。")
    person.left_at = now
    record("person.left", person.id, actor, now, detail={"unit": person.unit_id})
    close_account(person.id, actor, now)


def find(id_number: str) -> Person | None:
    """The person with a (clean) ID number, whatever the unit: for bars, which follow the person (ALL-02)."""
    return db.session.scalar(select(Person).where(Person.id_number_index == index_of(id_number)))


def id_number_of(person: Person) -> str:
    """The whole number, for documents that demand it; never for a list or a log."""
    return unseal(person.id_number_cipher, person.id_number_key_id, person.id_number_index)


def masked(person: Person, mask: Mask = DEFAULT_ID_MASK) -> str:
    """The ID number as a list shows it, by the scheme's own way; what is not kept in clear stays hidden."""
    hidden = "*" * (NUMBER_LENGTH - HEAD - TAIL)
    return mask.apply(person.id_number_head + hidden + person.id_number_tail)


def _made(unit_id: int | None, name: str, number: str, sealed: Sealed, now: datetime) -> Person:
    return Person(
        unit_id=unit_id,
        name=name,
        name_key=person_key(name),
        gender=gender(number),
        birth_date=birth_date(number),
        id_number_cipher=sealed.cipher,
        id_number_key_id=sealed.key_id,
        id_number_index=sealed.index,
        id_number_head=sealed.head,
        id_number_tail=sealed.tail,
        created_at=now,
    )


def _again(known: Person, unit_id: int | None, name: str, actor: Actor, now: datetime) -> Person:
    db.session.refresh(known, with_for_update=True)
    if known.left_at is not None and known.name == name:
        before, known.unit_id, known.left_at = known.unit_id, unit_id, None
        follow_person(known.id)
        record("person.joined", known.id, actor, now, detail={"from": before, "unit": unit_id})
        return known
    if known.left_at is None and known.unit_id == unit_id:
        raise Conflict(f"该身份证号码已在本单位名册中（{known.name}），不用重复添加。")
    raise Conflict(TAKEN)


def demand_unit(unit_id: int | None, actor: Actor, now: datetime) -> None:
    """Raises Forbidden unless the actor is of the unit, or of the department above it (JD-04)."""
    own = unit_id is not None and actor.organisation_id in (unit_id, _superior(unit_id, now))
    if not (own or actor.system or actor.has("administrator")):
        raise Forbidden("只能维护本单位和下属单位的人员。")


def _superior(unit_id: int, now: datetime) -> int | None:
    superior = superior_of(unit_today(unit_id), now)
    return superior[0] if superior else None


def own(person_id: int, actor: Actor, now: datetime) -> Person:
    """Somebody of a register that the actor keeps; NotFound alike for nobody and for another's."""
    person = db.session.get(Person, person_id, with_for_update=True)
    if person is None or (person.unit_id is None and not actor.has("administrator") and not actor.system):
        raise NotFound
    try:
        demand_unit(person.unit_id, actor, now)
    except Forbidden:
        raise NotFound from None
    return person


def _name(text: str) -> str:
    name = clean_name(text)
    if not 2 <= len(name) <= 50:
        raise Invalid({"name": ["请填写姓名（2 至 50 个字）。"]})
    return name


def _number(text: str, now: datetime) -> str:
    try:
        return clean_citizen_id(text, civil(now).date())
    except ValueError as error:
        raise Invalid({"id_number": [f"{error}。"]}) from None


def _telephone(text: str | None) -> str | None:
    try:
        return clean_mobile(text) if text and text.strip() else None
    except ValueError as error:
        raise Invalid({"telephone": [f"{error}。"]}) from None
