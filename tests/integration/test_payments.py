"""Payments: at the counter, online with odd callbacks, lapsed, refunded, reconciled (NY-09, LIFE-09)."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, select, update
from support.fees import FEES, PRICE, open_entry, pay_at_counter, payment_of, publish_fees
from support.world import LIBRARY, OFFICE, OTHER_UNIT, PUBLISHED, at, case_row, make_world, task_of

from app import clock as real_clock
from app.errors import Conflict, NotFound
from app.extensions import atomic, db, settings
from app.models import Payment, PaymentCallback, Reconciliation
from app.operations import cases, tasks, timers
from app.operations.dates import clock
from app.operations.evidence import verify
from app.operations.paying import online_payments
from app.operations.paying._payment_provider import SANDBOX, SIGNATURE, Sandbox, StatementLine, Told, provider
from app.operations.paying.payments import fen_of
from app.operations.trials.worlds import Built

NINE, TEN = at("2021-06-11 09:00"), at("2021-06-11 10:00")
CLOSES = at("2021-07-01 00:00")


@pytest.fixture
def world(app: Flask) -> Built:
    publish_fees()
    return make_world()


def sandbox() -> Sandbox:
    found = provider(settings(), True)
    assert isinstance(found, Sandbox)
    return found


def ordered(world: Built, case_id: int, unit: str = LIBRARY) -> str:
    with atomic():
        online_payments.place_order(payment_of(case_id).id, world.actors[unit], lambda name: name, "/back")
    return payment_of(case_id).order_number or ""


def told(order: str, amount: int = PRICE, reference: str = "R1") -> Told:
    return Told(order, reference, amount, datetime(2021, 6, 11, 2, tzinfo=UTC))


def call(what: Told | bytes, when: datetime = TEN, signature: str | None = None) -> str:
    """What the system answers to a callback that comes when the scheme's clock shows `when`."""
    body = what if isinstance(what, bytes) else sandbox().message(what)
    headers = {SIGNATURE: sandbox().sign(body) if signature is None else signature}
    with atomic():
        shift = clock.scheme_now(FEES, PUBLISHED) - PUBLISHED
        return online_payments.take_callback(SANDBOX, headers, body, when - shift)


def statuses() -> list[str]:
    db.session.expire_all()
    return list(db.session.scalars(select(PaymentCallback.verdict).order_by(PaymentCallback.id)))


def test_the_counter_takes_the_sum_and_a_receipt_is_one_units(world: Built) -> None:
    first, second = open_entry(world, NINE), open_entry(world, NINE, OTHER_UNIT)
    assert (payment_of(first).amount, payment_of(first).state) == (6050, "due")
    pay_at_counter(world, first, "No.1", TEN)
    paid = payment_of(first)
    assert (paid.state, paid.method, paid.receipt, paid.paid_at) == ("paid", "counter", "No.1", TEN)
    with pytest.raises(Conflict, match=r"No\.1 已登记给别的单位"):
        pay_at_counter(world, second, "No.1", TEN)
    assert payment_of(second).state == "due"
    assert case_row(second).status == "待缴费"
    third = open_entry(world, NINE)
    pay_at_counter(world, third, "No.1", TEN)
    assert payment_of(third).state == "paid"


def test_a_callback_takes_the_case_on(world: Built) -> None:
    case_id = open_entry(world, NINE)
    assert call(told(ordered(world, case_id))) == "accepted"
    paid = payment_of(case_id)
    assert (paid.state, paid.method, paid.reference) == ("paid", "online", "R1")
    assert case_row(case_id).status == "已报名"


def test_a_repeated_callback_changes_nothing_and_is_kept(world: Built) -> None:
    case_id = open_entry(world, NINE)
    order = ordered(world, case_id)
    call(told(order))
    before = case_row(case_id).seq
    assert call(told(order)) == "repeated"
    assert call(told(order, reference="R2")) == "doubled"
    assert case_row(case_id).seq == before
    assert payment_of(case_id).reference == "R1"
    assert statuses() == ["accepted", "repeated", "doubled"]


@pytest.mark.parametrize(
    ("change", "verdict"),
    [({"amount": PRICE - 1}, "wrong_amount"), ({"order_number": "nobody's"}, "unknown_order")],
)
def test_a_wrong_callback_changes_nothing(world: Built, change: dict[str, object], verdict: str) -> None:
    case_id = open_entry(world, NINE)
    assert call(replace(told(ordered(world, case_id)), **change)) == verdict
    assert payment_of(case_id).state == "due"
    assert case_row(case_id).status == "待缴费"
    assert statuses() == [verdict]


def test_a_forged_callback_leaves_its_digest_alone(world: Built) -> None:
    case_id = open_entry(world, NINE)
    body = sandbox().message(told(ordered(world, case_id)))
    assert call(body, signature="0" * 64) == "forged"
    assert call(body, signature="签名") == "forged"
    kept = db.session.scalars(select(PaymentCallback)).first()
    assert kept is not None
    assert (kept.order_number, kept.amount) == (None, None)
    assert kept.digest == hashlib.sha256(body).digest()
    assert payment_of(case_id).state == "due"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff", json.dumps({"order_number": 1}).encode()])
def test_nonsense_with_a_signature_is_told(world: Built, body: bytes) -> None:
    assert call(body) == "unreadable"


@pytest.mark.parametrize(("microseconds", "verdict"), [(-1, "accepted"), (0, "late"), (1, "late")])
def test_the_last_instant_counts_for_a_payment_too(world: Built, microseconds: int, verdict: str) -> None:
    case_id = open_entry(world, NINE)
    order = ordered(world, case_id)
    assert call(told(order), CLOSES + timedelta(microseconds=microseconds)) == verdict
    assert payment_of(case_id).state == ("paid" if verdict == "accepted" else "due")


def test_what_lapsed_is_no_longer_owed_and_a_late_payment_is_shown(world: Built) -> None:
    case_id = open_entry(world, NINE)
    order = ordered(world, case_id)
    timers.sweep(lambda scheme_id: CLOSES + timedelta(minutes=2), atomic)
    assert payment_of(case_id).state == "void"
    assert call(told(order), CLOSES + timedelta(minutes=3)) == "late"
    assert payment_of(case_id).state == "void"
    with pytest.raises(Conflict):
        ordered(world, case_id)


def test_what_lapses_in_one_batch_is_no_longer_owed_and_what_was_paid_stays(world: Built) -> None:
    lapsing = [open_entry(world, NINE) for _ in range(3)]
    paid = open_entry(world, NINE)
    pay_at_counter(world, paid, "No.1", TEN)
    swept = timers.sweep(lambda scheme_id: CLOSES + timedelta(minutes=2), atomic)
    assert (swept.fired, swept.parked) == (3, 0)
    assert [payment_of(case_id).state for case_id in (*lapsing, paid)] == ["void", "void", "void", "paid"]


def test_what_was_paid_is_due_back_to_who_withdraws_and_the_refund_is_recorded(world: Built) -> None:
    case_id = open_entry(world, NINE)
    pay_at_counter(world, case_id, "No.1", TEN)
    with atomic():
        cases.message(case_id, "withdrawn", {}, world.actors[LIBRARY], TEN)
    assert payment_of(case_id).state == "refund_due"
    with atomic():
        tasks.complete(task_of(case_id, "refund"), {"reference": "T1"}, world.actors[OFFICE], TEN)
    back = payment_of(case_id)
    assert (back.state, back.refund_reference, back.refunded_at) == ("refunded", "T1", TEN)


def test_no_person_says_that_a_payment_came_in(world: Built) -> None:
    case_id = open_entry(world, NINE)
    with pytest.raises(NotFound), atomic():
        cases.message(case_id, "payment_received", {}, world.actors[LIBRARY], TEN)


def test_nobody_elses_payment_can_be_ordered(world: Built) -> None:
    case_id = open_entry(world, NINE)
    for stranger in (OTHER_UNIT, OFFICE):
        with pytest.raises(NotFound):
            ordered(world, case_id, stranger)


def test_eight_callbacks_at_once_are_one_payment(app: Flask, world: Built) -> None:
    case_id = open_entry(world, NINE)
    what = told(ordered(world, case_id))

    def one(_: int) -> str:
        with app.app_context():
            try:
                return call(what)
            finally:
                db.session.remove()

    with ThreadPoolExecutor(8) as pool:
        verdicts = sorted(pool.map(one, range(8)))
    assert verdicts == ["accepted"] + ["repeated"] * 7


def test_a_statement_is_compared_with_what_came_in(world: Built) -> None:
    first, second = open_entry(world, NINE), open_entry(world, NINE, OTHER_UNIT)
    orders = [ordered(world, first), ordered(world, second, OTHER_UNIT)]
    call(told(orders[0]))
    call(told(orders[1], reference="R2"))
    day = told("").paid_at.date()
    lines = [StatementLine(orders[0], "R1", PRICE - 50, day), StatementLine("strange", "R9", 100, day)]
    with atomic():
        made = online_payments.reconcile(SANDBOX, day, lines, real_clock.now())
    found = {d["kind"]: d["order_number"] for d in db.session.get_one(Reconciliation, made).differences}
    assert found == {"amount": orders[0], "only_there": "strange", "only_here": orders[1]}
    agreed = [StatementLine(order, f"R{n}", PRICE, day) for n, order in enumerate(orders, 1)]
    with atomic():
        again = online_payments.reconcile(SANDBOX, day, agreed, real_clock.now())
    assert db.session.get_one(Reconciliation, again).differences == []
    with atomic():
        twice = online_payments.reconcile(SANDBOX, day, [*agreed, agreed[0]], real_clock.now())
    assert [d["kind"] for d in db.session.get_one(Reconciliation, twice).differences] == ["only_there"]


@pytest.mark.parametrize(
    ("value", "fen"),
    [
        *((60, 6000), (60.5, 6050), ("0.01", 1), (1_000_000, 100_000_000)),
        *((0.1 + 0.2, None), (0, None), (-1, None), (None, None), (True, None)),
        *(("1e400", None), ("NaN", None), (1_000_000.01, None)),
    ],
)
def test_sums(value: object, fen: int | None) -> None:
    assert fen_of(value) == fen


@pytest.mark.corrupts
@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"state": "paid"}, "状态与记录不符"),
        ({"amount": 1}, "金额与记录不符"),
        ({"state": "paid", "method": "online", "reference": "R9"}, "状态与记录不符"),
    ],
)
def test_an_altered_payment_is_found(world: Built, changed: dict[str, object], told: str) -> None:
    payment_id = payment_of(open_entry(world, NINE)).id
    with atomic() as session:
        session.execute(update(Payment).where(Payment.id == payment_id).values(changed))
    assert told in " ".join(finding.what for finding in verify.verify_all())


@pytest.mark.corrupts
def test_a_forged_and_a_removed_payment_are_found(world: Built) -> None:
    case_id, other = open_entry(world, NINE), open_entry(world, NINE, OTHER_UNIT)
    with atomic() as session:
        session.execute(delete(Payment).where(Payment.case_id == case_id))
        forged = {"jurisdiction": "990000", "purpose": "别的", "amount": 1, "state": "due", "asked_at": NINE}
        session.add(Payment(case_id=other, **forged))
    told = [(finding.case_id, finding.what) for finding in verify.verify_all()]
    assert any(of == case_id and "不见了" in what for of, what in told)
    assert any(of == other and "没有登记过缴费" in what for of, what in told)


@pytest.mark.corrupts
def test_a_payment_that_was_taken_back_is_found(world: Built) -> None:
    case_id = open_entry(world, NINE)
    call(told(ordered(world, case_id)))
    with atomic() as session:
        session.execute(update(Payment).where(Payment.case_id == case_id).values(reference="R2"))
    assert "状态与记录不符" in " ".join(finding.what for finding in verify.verify_all())
