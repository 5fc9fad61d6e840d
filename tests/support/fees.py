"""A made-up scheme that takes money: 60.50 yuan, at the counter or online; the tiny world's people.

`entry` of a unit asks for the sum and waits: the office's `counter`, or `payment_received`, or `closes`.
Then it waits for `sit`, until when it may be `withdrawn`: what was paid is due back, `refund` records it.
"""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import select

from app.extensions import atomic, db
from app.models import Payment
from app.operations import cases, deployments, tasks
from app.operations.actors import SYSTEM
from app.operations.dates import clock
from app.operations.trials.worlds import Built
from support.life import _border, _choice, _service, _task
from support.waits import NAMED, end, ends_at, flows, process
from support.world import LIBRARY, OFFICE, PUBLISHED, task_of

FEES = "fees-2021"
PRICE = 6050

SHEET = """\
id: fees-2021
name: 收费（样例）
jurisdiction: "990000"
year: 2021
grades: [{code: senior, title: 高级工, rank: 1}]
processes:
  entry: {title: 报名缴费, subject: unit, start: {role: unit}}
"""
CALENDAR = """\
dates:
  closes: {day: 2021-06-30, edge: closes, title: 截止}
"""
ROLES = """\
roles:
  unit: {title: 申报单位, relation: unit}
  office: {title: 省考核办, relation: jurisdiction, function: final_review, region: "990000"}
"""
FORMS = {
    "counter.json": ("柜台缴费", {"receipt": {"type": "string", "title": "票据号"}}),
    "refund.json": ("退费", {"reference": {"type": "string", "title": "凭证号"}}),
    "note.json": ("考试", {"text": {"type": "string", "title": "内容"}}),
}
_MINE = "text(case.id)"


def publish_fees() -> int:
    with atomic():
        clock.mark_database(True, PUBLISHED)
        return deployments.publish(fees_files(), SYSTEM, PUBLISHED)


def open_entry(world: Built, when: datetime, unit: str = LIBRARY) -> int:
    with atomic():
        unit_id, actor = world.organisations[unit], world.actors[unit]
        return cases.start(FEES, "entry", unit_id=unit_id, actor=actor, received_at=when)


def pay_at_counter(world: Built, case_id: int, receipt: str, when: datetime) -> None:
    with atomic():
        tasks.complete(task_of(case_id, "counter"), {"receipt": receipt}, world.actors[OFFICE], when)


def payment_of(case_id: int) -> Payment:
    """The only payment of a case, as the database has it now."""
    db.session.expire_all()
    return db.session.scalars(select(Payment).where(Payment.case_id == case_id)).one()


def fees_files() -> dict[str, bytes]:
    folder = f"bpmn/{FEES}/"
    forms = {
        name: {"type": "object", "title": title, "required": list(fields), "properties": fields}
        for name, (title, fields) in FORMS.items()
    }
    return {
        f"{folder}entry.bpmn": _document(),
        f"{folder}scheme.yaml": SHEET.encode(),
        f"{folder}calendar.yaml": CALENDAR.encode(),
        f"{folder}roles.yaml": ROLES.encode(),
        f"{folder}clauses.yaml": b"{}",
        **{f"forms/{FEES}/{name}": json.dumps(form).encode() for name, form in forms.items()},
    }


def _document() -> bytes:
    names = ("payment_received", "withdrawn")
    known = "".join(f'<bpmn:message id="m_{name}" name="{name}"/>' for name in names)
    return (
        '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
        ' xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" targetNamespace="t">'
        f'{known}<bpmn:error id="e_receipt_used" errorCode="receipt_used"/>{_entry()}</bpmn:definitions>'
    ).encode()


def _entry() -> str:
    return process(
        "entry",
        _service("ask", "request_payment", "owed", amount="60.5")
        + _task("counter", "office", "counter.json", "receipt", "待缴费")
        + _border("online", "counter", "payment_received", variable="paid", correlation=_MINE)
        + flows("online", "sit")
        + ends_at("counter", NAMED, "lapsed")
        .replace("until_lapsed_to_lapsed", "void_to_lapsed")
        .replace('sourceRef="until_lapsed"', 'sourceRef="void"')
        + _service("void", "cancel_payment", "voided", ground='"逾期未缴"')
        + flows("until_lapsed", "void")
        + _service("take", "record_payment", "taken", receipt="receipt")
        + _task("sit", "unit", "note.json", "text", "已报名")
        + _border("leaves", "sit", "withdrawn")
        + _service("give_up", "cancel_payment", "back", ground='"撤回"')
        + flows("leaves", "give_up", "owes")
        + _choice("owes", ("back.refund", "refund"), ("", "withdrawn_end"))
        + _task("refund", "office", "refund.json", "reference", "待退费")
        + _service("given", "record_refund", "refunded", reference="reference")
        + end("withdrawn_end")
        + flows("refund", "given", "withdrawn_end"),
        "ask",
        "counter",
        "take",
        "sit",
    )
