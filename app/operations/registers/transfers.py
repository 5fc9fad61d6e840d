"""Transfer of a person to another unit 人员调动, and of the case with it (LIFE-05)."""

from __future__ import annotations

from sqlalchemy import or_, update

from app.content.capabilities import CapabilityDeclaration
from app.errors import EngineError, NotFound
from app.extensions import db
from app.models import Case, Person
from app.operations._administration import record
from app.operations.actors import SYSTEM
from app.operations.capabilities import CapabilityRefused, Request, Values, capability
from app.operations.finding._search_keys import follow_person
from app.operations.offices import organisations

TRANSFER = CapabilityDeclaration(
    "transfer_person",
    "人员调入新单位",
    inputs={"unit": "调入单位：编号、统一社会信用代码或全称"},
    outputs={"unit": "调入单位的情况，与变量 unit 相同"},
    refusals={"unknown_unit": "没有这个单位，或它已撤销"},
    changes_unit=True,
)


@capability(TRANSFER, simulate=lambda inputs: {"unit": {"id": 0, "name": str(inputs["unit"])}})
def transfer_person(request: Request) -> Values:
    """Moves the case's person and the case to another unit; the step hands the unit's open tasks over to it.

    Without a result variable the case's `unit` becomes the new one. The diagram releases the place in the old
    unit and reserves one in the new.
    """
    named = request.inputs["unit"]
    try:
        unit_id = organisations.open_unit(named)
    except NotFound as unknown:
        sentence = "没有找到调入的单位，请填写它的统一社会信用代码或登记的全称。"
        raise CapabilityRefused("unknown_unit", sentence) from unknown
    if request.person_id is None:
        raise EngineError("办件不是关于一个人的，不能调动。", element=request.element)
    moved = update(Person).where(
        Person.id == request.person_id,
        or_(Person.unit_id.is_distinct_from(unit_id), Person.left_at.is_not(None)),
    )
    if db.session.execute(moved.values(unit_id=unit_id, left_at=None).returning(Person.id)).first():
        follow_person(request.person_id)
        detail = {"case": request.case_id, "from": request.unit_id, "unit": unit_id}
        record("person.transferred", request.person_id, SYSTEM, request.at, detail=detail)
    db.session.execute(update(Case).where(Case.id == request.case_id).values(unit_id=unit_id))
    return {"unit": organisations.facts(unit_id, request.at)}
