"""Correcting an ID number 更正证件号码: by a case in which another person examines the proof (LIFE-03)."""

from __future__ import annotations

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from app.content.capabilities import CapabilityDeclaration
from app.content.identity import birth_date, gender
from app.errors import EngineError
from app.extensions import db
from app.models import Bar, EnteredIdNumber, Person
from app.operations._administration import record
from app.operations.actors import SYSTEM
from app.operations.capabilities import CapabilityRefused, Request, Values, capability
from app.operations.finding._id_numbers import seal, unseal
from app.operations.finding._search_keys import follow_person
from app.operations.registers import bars

CORRECT = CapabilityDeclaration(
    "correct_id_number",
    "更正证件号码",
    inputs={"number": "表单里填写的新号码（format: id_number 的字段）"},
    outputs={"bars": "按新号码查到的、仍然有效的限制"},
    refusals={"duplicate": "新号码已经登记在另一个人名下"},
)


@capability(CORRECT, simulate=lambda inputs: {"bars": []})
def correct_id_number(request: Request) -> Values:
    """Gives the case's person the ID number that was entered in the case, with birth date and gender from it.

    The bars go along with the person and are looked up again; the former number stays sealed. Refuses a
    number that somebody else bears.
    """
    entered = _entered(request, str(request.inputs["number"]))
    person = db.session.get(Person, request.person_id, with_for_update=True, populate_existing=True)
    if person is None:
        raise EngineError("办件不是关于一个人的，不能更正证件号码。", element=request.element)
    if person.id_number_index != entered.index:
        try:
            with db.session.begin_nested():
                _rename(request, person, entered)
        except IntegrityError as clash:
            raise CapabilityRefused(
                "duplicate", "新的证件号码已经登记在另一个人名下，不能更正；请先核对两份登记。"
            ) from clash
    here, _ = bars.live(person.id, request.jurisdiction, request.scheme.year, request.at)
    return {"bars": here}


def numbers_to_examine(case_id: int) -> list[str]:
    """The ID numbers entered in a case, whole, newest first: for who compares them with the proof."""
    entered = select(EnteredIdNumber).where(
        EnteredIdNumber.case_id == case_id, EnteredIdNumber.former.is_(False)
    )
    return [
        unseal(one.cipher, one.key_id, one.index)
        for one in db.session.scalars(entered.order_by(EnteredIdNumber.id.desc()))
    ]


def _entered(request: Request, shown: str) -> EnteredIdNumber:
    found = db.session.scalar(
        select(EnteredIdNumber)
        .where(
            EnteredIdNumber.case_id == request.case_id,
            EnteredIdNumber.shown == shown,
            EnteredIdNumber.former.is_(False),
        )
        .order_by(EnteredIdNumber.id.desc())
        .limit(1)
    )
    if found is None:
        raise EngineError("新的证件号码不是在本办件的表单里填写的，请核对流程图。", element=request.element)
    return found


def _rename(request: Request, person: Person, entered: EnteredIdNumber) -> None:
    db.session.execute(
        insert(EnteredIdNumber).values(
            case_id=request.case_id,
            shown=f"{person.id_number_head}…{person.id_number_tail}",
            former=True,
            cipher=person.id_number_cipher,
            key_id=person.id_number_key_id,
            index=person.id_number_index,
            entered_at=request.at,
        )
    )
    number = unseal(entered.cipher, entered.key_id, entered.index)
    sealed = seal(number)
    person.id_number_cipher, person.id_number_key_id = sealed.cipher, sealed.key_id
    person.id_number_index = sealed.index
    person.id_number_head, person.id_number_tail = sealed.head, sealed.tail
    person.birth_date, person.gender = birth_date(number), gender(number)
    db.session.execute(update(Bar).where(Bar.person_id == person.id).values(id_number_index=sealed.index))
    follow_person(person.id)
    record("person.id_number_corrected", person.id, SYSTEM, request.at, detail={"case": request.case_id})
