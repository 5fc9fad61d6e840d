"""Online payment 网上缴费: orders placed with a provider, its callbacks, and its daily statement (NY-09)."""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import exists, insert, select, update
from sqlalchemy.engine import Row

from app.content.messages import PAYMENT_RECEIVED
from app.engine.civil import civil
from app.errors import Conflict, DomainError, NotFound, Refused
from app.extensions import db, settings
from app.models import Case, MessageWait, Payment, PaymentCallback, Reconciliation
from app.operations.actors import SYSTEM, Actor
from app.operations.apart import savepoint
from app.operations.cases import receive
from app.operations.dates import clock
from app.operations.paying._payment_provider import (
    Forged,
    Headers,
    Order,
    Provider,
    StatementLine,
    Told,
    provider,
)
from app.operations.paying.payments import DUE, ONLINE, PAID
from app.operations.road._locking import lock_case
from app.operations.road._moving import Moving
from app.operations.road._road import caught_up

log = logging.getLogger(__name__)

LONGEST_CALLBACK = 64 * 1024

VERDICTS = {
    "accepted": "已入账",
    "repeated": "重复通知，已入过账",
    "doubled": "同一订单付了两次，第二次未入账，须由支付平台退回",
    "late": "办件已不再等待缴费，未入账，须由支付平台退回",
    "wrong_amount": "金额与订单不符，未入账",
    "unknown_order": "没有这个订单，未入账",
    "forged": "签名不符，未入账",
    "unreadable": "内容无法读懂，未入账",
}
RETRY_IN_VAIN = ("wrong_amount", "unknown_order", "forged", "unreadable")


class NoProvider(Refused):
    """没有开通网上缴费，请到柜台缴费。"""

    code = "no_provider"


class NotTakenIn(DomainError):
    """通知没有入账。"""

    status = 422

    def __init__(self, verdict: str) -> None:
        super().__init__(VERDICTS[verdict])
        self.code = verdict


def place_order(payment_id: int, actor: Actor, notify: Callable[[str], str], back: str) -> str:
    """Where the case's unit, or its person, pays; `notify` tells a provider's callback, `back` the way back.

    Raises NotFound for what is not the actor's, Conflict for what is no longer due.
    """
    at = _provider()
    if at is None:
        raise NoProvider
    found = select(Payment, Case.unit_id, Case.person_id).join(Case, Case.id == Payment.case_id)
    row = db.session.execute(found.where(Payment.id == payment_id).with_for_update(of=Payment)).first()
    if row is None or not (_of_unit(row, actor) or actor.is_applicant(row.person_id)):
        raise NotFound
    payment: Payment = row.Payment
    if payment.state != DUE:
        raise Conflict("这笔费用不是待缴状态，请刷新页面查看。")
    if not waits_for_payment(payment.case_id):
        raise Conflict("这笔费用不在网上缴，请到柜台缴费。")
    if payment.order_number is None or payment.provider != at.name:
        payment.order_number, payment.provider = secrets.token_hex(12), at.name
    urls = notify(at.name), back
    return at.checkout(Order(payment.order_number, payment.amount, payment.purpose, *urls))


def _of_unit(row: Row[Any], actor: Actor) -> bool:
    return bool(row.unit_id == actor.organisation_id and actor.has("operator"))


def take_callback(name: str, headers: Headers, body: bytes, real_now: datetime) -> str:
    """Takes in what a provider tells, and answers the verdict; but for "accepted" nothing changes.

    The case goes on in the same transaction, with the instant of receipt as for any submission (decision 3).
    Raises NotFound where no such provider is configured.
    """
    at = _provider()
    if at is None or at.name != name:
        raise NotFound
    told, payment = None, None
    try:
        told = at.read(headers, body)
    except Forged:
        verdict = "forged"
    except ValueError:
        verdict = "unreadable"
    else:
        verdict, payment = _take(at, told, real_now)
    if verdict != "accepted":
        log.warning("payment callback of %s: %s", name, verdict)
    _keep(name, told, body, verdict, payment, real_now)
    return verdict


def _keep(
    name: str, told: Told | None, body: bytes, verdict: str, payment: Payment | None, at: datetime
) -> None:
    db.session.execute(
        insert(PaymentCallback).values(
            provider=name,
            received_at=at,
            digest=hashlib.sha256(body).digest(),
            verdict=verdict,
            order_number=told and told.order_number[:64],
            reference=told and told.reference[:64],
            amount=told and told.amount,
            payment_id=payment and payment.id,
        )
    )


def reconcile(name: str, day: date, lines: Sequence[StatementLine], real_now: datetime) -> int:
    """Compares a provider's statement of a day with our payments; the id of the record of differences.

    Made again for the same day it is a new record; the earlier one stays.
    """
    found = select(Payment).where(Payment.provider == name, Payment.provider_day == day)
    ours = {payment.order_number or "": payment for payment in db.session.scalars(found)}
    differences = list(_differences(lines, ours))
    made = insert(Reconciliation).values(
        provider=name,
        day=day,
        made_at=real_now,
        lines=len(lines),
        total=sum(line.amount for line in lines),
        differences=differences,
    )
    return db.session.execute(made.returning(Reconciliation.id)).scalar_one()


def _differences(
    lines: Sequence[StatementLine], ours: Mapping[str, Payment]
) -> Iterator[dict[str, str | int | None]]:
    """What stands in one of the two only, what differs in sum, and what the statement has twice."""
    seen: set[str] = set()
    for line in lines:
        mine = ours.get(line.order_number)
        if line.order_number in seen or mine is None or mine.reference != line.reference:
            kind = "only_there"
        elif mine.amount != line.amount:
            kind = "amount"
        else:
            kind = ""
        seen.add(line.order_number)
        if kind:
            yield _difference(kind, line.order_number, line.reference, line.amount, mine)
    for number, payment in ours.items():
        if number not in seen:
            yield _difference("only_here", number, payment.reference, None, payment)


def _difference(
    kind: str, number: str, reference: str | None, there: int | None, mine: Payment | None
) -> dict[str, str | int | None]:
    here, case = (mine.amount, mine.case_id) if mine else (None, None)
    ours: dict[str, str | int | None] = {"order_number": number, "here": here, "case": case}
    return {"kind": kind, "reference": reference, "there": there, **ours}


DIFFERENCES = {
    "only_there": "支付平台有，系统没有",
    "only_here": "系统有，支付平台没有",
    "amount": "金额不符",
}


def _take(at: Provider, told: Told, real_now: datetime) -> tuple[str, Payment | None]:
    order = select(Payment.id, Payment.case_id, Case.scheme_id).join(Case, Case.id == Payment.case_id)
    meant = db.session.execute(
        order.where(Payment.order_number == told.order_number, Payment.provider == at.name)
    ).first()
    if meant is None:
        return "unknown_order", None
    moving = lock_case(meant.case_id)
    payment = db.session.get_one(Payment, meant.id, with_for_update=True, populate_existing=True)
    verdict = _verdict(payment, told)
    if verdict is None:
        verdict = _receive(moving, meant, payment, told, clock.scheme_now(meant.scheme_id, real_now))
    return verdict, payment


def _verdict(payment: Payment, told: Told) -> str | None:
    """What is plain from the payment alone; None: it may be taken in."""
    if payment.state != DUE and payment.reference is not None:
        return "repeated" if payment.reference == told.reference else "doubled"
    if payment.state != DUE:
        return "late"
    return "wrong_amount" if payment.amount != told.amount else None


def come_in(case_id: int, reference: str, at: datetime) -> None:
    """What a case owes has been paid online: a scenario's word for a provider's. Raises Conflict, Closed."""
    moving = lock_case(case_id)
    owed = select(Payment.id).where(Payment.case_id == case_id, Payment.state == DUE)
    payment_id = db.session.scalar(owed.order_by(Payment.id).limit(1))
    if payment_id is None:
        raise Conflict("这件办件没有待缴的费用。")
    _enter(moving, payment_id, reference, civil(at).date(), at)


def waits_for_payment(case_id: int) -> bool:
    """Whether the case goes on when a payment comes in online."""
    waits = exists().where(MessageWait.case_id == case_id, MessageWait.message == PAYMENT_RECEIVED)
    return bool(db.session.scalar(select(waits)))


def _enter(moving: Moving, payment_id: int, reference: str, day: date, at: datetime) -> None:
    payload = {"payment_reference": reference, "paid_on": civil(at).date()}
    with caught_up(moving, at):
        paid = {"state": PAID, "method": ONLINE, "reference": reference, "paid_at": at, "provider_day": day}
        db.session.execute(update(Payment).where(Payment.id == payment_id).values(paid))
        receive(moving, PAYMENT_RECEIVED, str(moving.id), payload, SYSTEM, at)


def _receive(moving: Moving, meant: Row[Any], payment: Payment, told: Told, at: datetime) -> str:
    try:
        with savepoint():
            _enter(moving, payment.id, told.reference, civil(told.paid_at).date(), at)
    except (Conflict, NotFound) as refusal:
        log.info("payment for case %d came too late: %s", meant.case_id, refusal.code)
        return "late"
    return "accepted"


def _provider() -> Provider | None:
    return provider(settings(), clock.is_rehearsal())
