"""Payments 缴费 of cases: asked for, received, no longer owed, refunded (CQ-37, NY-14, LIFE-09).

Sums are yuan in diagrams and on forms, fen in the tables. What is paid online comes in by `online_payments`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import bindparam, func, select, update

from app.content.capabilities import CapabilityDeclaration
from app.extensions import db
from app.models import Case, Payment
from app.operations._prepared import Prepared
from app.operations.capabilities import CapabilityRefused, Request, Values, capability
from app.operations.road._links import line_of, lines_that_have

DUE, PAID, VOID, REFUND_DUE, REFUNDED = "due", "paid", "void", "refund_due", "refunded"
STATES = {DUE: "待缴", PAID: "已缴", VOID: "不再应缴", REFUND_DUE: "应退", REFUNDED: "已退"}
COUNTER, ONLINE = "counter", "online"
METHODS = {COUNTER: "柜台", ONLINE: "网上"}
PURPOSE = "考核费"
MOST_YUAN = 1_000_000

_STANDS = {"payments": "所涉各笔缴费的编号和现在的状态"}
_PURPOSE = {"purpose": f"费用名称（缺省“{PURPOSE}”）"}

REQUEST = CapabilityDeclaration(
    "request_payment",
    "登记应缴费用",
    inputs={"amount": "金额（元，最多两位小数）", **_PURPOSE},
    optional=frozenset({"purpose"}),
    outputs={"amount": "应缴金额（元）", "paid": "是否已经缴过", **_STANDS},
    refusals={"no_amount": "没有金额，或不是大于 0、最多两位小数的数"},
    repeatable=True,
)
RECORD = CapabilityDeclaration(
    "record_payment",
    "登记柜台缴费",
    inputs={"receipt": "票据号", **_PURPOSE},
    optional=frozenset({"purpose"}),
    outputs={"amount": "实缴金额（元）", **_STANDS},
    refusals={"nothing_due": "没有待缴的费用", "receipt_used": "票据号已登记给别的单位"},
)
CANCEL = CapabilityDeclaration(
    "cancel_payment",
    "不再收费，已缴的应退",
    inputs={"ground": "依据", "refundable": "已缴的是否应退（缺省应退）"},
    optional=frozenset({"refundable"}),
    outputs={"refund": "是否有应退的费用", "amount": "应退金额（元）", **_STANDS},
)
RECORD_REFUND = CapabilityDeclaration(
    "record_refund",
    "登记退费",
    inputs={"reference": "退费凭证号"},
    outputs={"amount": "已退金额（元）", **_STANDS},
    refusals={"no_refund_due": "没有应退的费用"},
)


@capability(REQUEST, simulate=lambda inputs: {"amount": inputs["amount"], "paid": False, "payments": {}})
def request_payment(request: Request) -> Values:
    """What the case owes for a purpose; asked again with another sum while it is due, it is that sum.

    An order already placed with a provider for the former sum can no longer be paid.
    """
    amount, purpose = _fen(request.inputs["amount"]), _purpose(request)
    known = _live(request.case_id, purpose)
    if known is None:
        owed = {"case_id": request.case_id, "purpose": purpose, "amount": amount, "state": DUE}
        known = Payment(jurisdiction=request.jurisdiction, asked_at=request.at, **owed)
        db.session.add(known)
        db.session.flush()
        request.together.forget(_owing)
    elif known.state == DUE and known.amount != amount:
        _change(known, amount=amount, order_number=None, provider=None)
    return {"amount": yuan(known.amount), "paid": known.state == PAID, **_standing(known)}


@capability(RECORD, simulate=lambda inputs: {"amount": 0, "payments": {}})
def record_payment(request: Request) -> Values:
    """The counter took the sum and gave a receipt, which may be for several people of one unit."""
    receipt, known = str(request.inputs["receipt"] or "").strip(), _live(request.case_id, _purpose(request))
    if known is None or (known.state == PAID and known.receipt != receipt):
        raise CapabilityRefused("nothing_due", "这件办件没有待缴的费用，请刷新页面查看。")
    if known.state == DUE:
        if _with_another_unit(request, receipt):
            raise CapabilityRefused("receipt_used", f"票据号 {receipt} 已登记给别的单位，请核对。")
        _change(known, state=PAID, method=COUNTER, receipt=receipt, paid_at=request.at)
    return {"amount": yuan(known.amount), **_standing(known)}


@capability(CANCEL, simulate=lambda inputs: {"refund": False, "amount": 0, "payments": {}})
def cancel_payment(request: Request) -> Values:
    """The case, or the nearest one that it is about, owes nothing any longer; what was paid is due back.

    Not refundable (LIFE-08: absent from the examination): what was paid stays paid.
    """
    refundable = request.inputs.get("refundable", True) is not False
    ground = str(request.inputs["ground"])
    payments = _of_line(request, (DUE, PAID, REFUND_DUE))
    for payment in payments:
        if payment.state == DUE:
            _change(payment, state=VOID, ground=ground)
        elif payment.state == PAID and refundable:
            _change(payment, state=REFUND_DUE, ground=ground)
    owed_back = sum(payment.amount for payment in payments if payment.state == REFUND_DUE)
    return {"refund": owed_back > 0, "amount": yuan(owed_back), **_standing(*payments)}


@capability(RECORD_REFUND, simulate=lambda inputs: {"amount": 0, "payments": {}})
def record_refund(request: Request) -> Values:
    """Whoever took the sums has paid them back (LIFE-09)."""
    reference = str(request.inputs["reference"]).strip()
    done = _of_line(request, (REFUNDED,))
    owed = _of_line(request, (REFUND_DUE,)) or [p for p in done if p.refund_reference == reference]
    if not owed:
        raise CapabilityRefused("no_refund_due", "这件办件没有应退的费用，请刷新页面查看。")
    for payment in owed:
        if payment.state == REFUND_DUE:
            _change(payment, state=REFUNDED, refund_reference=reference, refunded_at=request.at)
    return {"amount": yuan(sum(payment.amount for payment in owed)), **_standing(*owed)}


def _standing(*payments: Payment) -> Values:
    """What the log keeps of payments, so that `verify` finds one that was altered: number and state."""
    return {"payments": {str(payment.id): payment.state for payment in payments}}


def _with_another_unit(request: Request, receipt: str) -> bool:
    """Whether a receipt is with a case of another unit; nobody else records it before this is over."""
    name = f"receipt {request.jurisdiction} {receipt}"
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))
    known = select(Payment.id).join(Case, Case.id == Payment.case_id)
    mine = (Payment.jurisdiction == request.jurisdiction, Payment.receipt == receipt)
    return db.session.scalar(known.where(*mine, Case.unit_id != request.unit_id).limit(1)) is not None


def yuan(fen: int) -> int | float:
    """A sum as diagrams and people have it."""
    return fen // 100 if fen % 100 == 0 else fen / 100


def fen_of(value: Any) -> int | None:
    """A sum in yuan, a number or its text, as fen; None where it is none that could be owed."""
    try:
        exact = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    if isinstance(value, bool) or not exact.is_finite() or not 0 < exact <= MOST_YUAN:
        return None
    return int(exact * 100) if exact * 100 == int(exact * 100) else None


def _fen(value: Any) -> int:
    fen = fen_of(value)
    if fen is None:
        raise CapabilityRefused("no_amount", "应缴金额应是大于 0 的数，最多两位小数，请核对金额。")
    return fen


def _purpose(request: Request) -> str:
    return str(request.inputs.get("purpose") or PURPOSE)


def _live(case_id: int, purpose: str) -> Payment | None:
    mine = select(Payment).where(Payment.case_id == case_id, Payment.purpose == purpose)
    live = mine.where(Payment.state.in_((DUE, PAID))).with_for_update()
    return db.session.scalar(live, execution_options=_AS_LOCKED)


# What was read before the lock may have changed since.
_AS_LOCKED = {"populate_existing": True}

# Made once: a midnight asks it of thousands, and hardly any of them has paid.
_THEIRS = select(Payment).where(Payment.case_id == bindparam("case")).order_by(Payment.id).with_for_update()
_OWING = Prepared(lines_that_have(Payment.__table__.c.case_id))


def _owing(case_ids: Sequence[int]) -> Collection[int]:
    """Those that were ever to pay, or that are about a case that was."""
    return set(_OWING.run({"cases": case_ids}).scalars())


def _of_line(request: Request, states: Sequence[str]) -> list[Payment]:
    """Payments in these states of the case, or of the nearest that it is about and that has any; locked."""
    if not request.together.ask(_owing, request.case_id):
        return []
    for each in line_of(request.case_id):
        payments = db.session.scalars(_THEIRS, {"case": each}, execution_options=_AS_LOCKED).all()
        if payments:
            return [payment for payment in payments if payment.state in states]
    return []


def _change(payment: Payment, **values: Any) -> None:
    db.session.execute(update(Payment).where(Payment.id == payment.id).values(**values))
    db.session.refresh(payment)
