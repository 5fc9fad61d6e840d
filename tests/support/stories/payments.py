"""Stories of money: an order, what a provider tells, a statement."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select

from app import clock
from app.extensions import atomic, db, settings
from app.models import Payment
from app.operations.actors import SYSTEM
from app.operations.dates import clock as clocks
from app.operations.paying import online_payments
from app.operations.paying._payment_provider import SANDBOX, SIGNATURE, Sandbox, StatementLine, Told, provider
from support.fees import FEES, PRICE, open_entry, payment_of, publish_fees
from support.stories import Act, Stage, story
from support.stories.stage import FILED
from support.world import LIBRARY


def _owed(stage: Stage) -> int:
    publish_fees()
    with atomic():
        clocks.open_clock(FEES, FILED, SYSTEM, clock.now())
    return payment_of(open_entry(stage.built, FILED)).id


@story("online_payments.place_order", again=True)
def an_order_is_placed(stage: Stage) -> Act:
    owed, unit = _owed(stage), stage.actors[LIBRARY]
    return lambda: online_payments.place_order(owed, unit, lambda name: name, "/back")


@story("online_payments.take_callback", again=True, differs=frozenset({"payment_callback"}))
def a_provider_tells_that_it_was_paid(stage: Stage) -> Act:
    owed, sandbox = _owed(stage), provider(settings(), True)
    assert isinstance(sandbox, Sandbox)
    with atomic():
        address = online_payments.place_order(owed, stage.actors[LIBRARY], lambda name: name, "/back")
    body = sandbox.message(Told(address.rpartition("/")[2], "R1", PRICE, datetime(2021, 6, 11, tzinfo=UTC)))
    headers = {SIGNATURE: sandbox.sign(body)}
    return lambda: online_payments.take_callback(SANDBOX, headers, body, clock.now())


@story("online_payments.come_in", again=True)
def a_payment_comes_in(stage: Stage) -> Act:
    _owed(stage)
    case_id = db.session.scalars(select(Payment.case_id)).one()

    def pays() -> None:
        if db.session.scalars(select(Payment.state)).one() == "due":
            online_payments.come_in(case_id, "R1", FILED)

    return pays


@story("online_payments.reconcile")
def a_statement_is_compared(stage: Stage) -> Act:
    line = StatementLine("0" * 24, "R9", PRICE, FILED.date())
    return lambda: online_payments.reconcile(SANDBOX, FILED.date(), [line], FILED)
