"""What a rehearsal's moved clock sets off: everything that is due by then, in the order of time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from app.extensions import db
from app.models import Timer
from app.operations import messages, timers
from app.operations.dates import overlays
from app.operations.dates.clock import scheme_now

Transaction = Callable[[], AbstractContextManager[Any]]

STRIDE = timedelta(hours=1)
"""What falls due within one stride of a moved clock is swept together, as in one sweep of a real clock."""


def let_pass(scheme_id: str, real_now: datetime, transaction: Transaction) -> timers.Swept:
    """Fires what is due by a scheme's clock, at once and in the order of time, with the messages in between.

    Without the grace that a real sweep leaves: nobody's request is on its way when a clock is moved, and who
    moves it to 24:00 wants to see what closes then (decision 13). Opens its own transactions.
    """
    messages.deliver(transaction)
    with transaction():
        upto = scheme_now(scheme_id, real_now)
        first = _next_due(scheme_id, None)
    total = timers.Swept()
    # As of an instant at which nothing is due that should fire in its turn.
    decided = min(upto, first) if first else upto
    while overlays.carry_out(lambda _: decided, transaction, only=scheme_id):
        pass
    instant: datetime | None = None
    while instant != upto:
        with transaction():
            due = _next_due(scheme_id, instant)
        instant = min(upto, due + STRIDE) if due else upto
        while _pass(scheme_id, instant, transaction, total):
            pass
    return total


def _pass(scheme_id: str, upto: datetime, transaction: Transaction, total: timers.Swept) -> bool:
    """One sweep and its messages; whether there may be more: a message can start what is due already."""
    swept = timers.sweep(lambda _: upto, transaction, grace=timedelta(0), only=scheme_id)
    total.fired += swept.fired
    total.parked += swept.parked
    return messages.deliver(transaction) > 0


def _next_due(scheme_id: str, after: datetime | None) -> datetime | None:
    waiting = select(func.min(Timer.due_at)).where(Timer.scheme_id == scheme_id, Timer.parked_at.is_(None))
    return db.session.scalar(waiting.where(Timer.due_at > after) if after else waiting)
