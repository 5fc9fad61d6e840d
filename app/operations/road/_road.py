"""The one road by which a case moves: lock (`_locking`), catch up (here), step, project and log (`_moving`).

Decision 3, journeys 1 and 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from app.engine.types import TimerWait
from app.extensions import KEEP_ON_REFUSAL, db
from app.operations.actors import SYSTEM
from app.operations.road._calls import Call
from app.operations.road._moving import Moving

GRACE = timedelta(seconds=60)
"""A timer fires this long after it is due: a request received in time has had its chance (decision 3)."""

PENDING_FOR = timedelta(hours=1)
"""So long a bulk request may hold timers up: one that was killed on its way leaves its marks behind."""


@contextmanager
def caught_up(moving: Moving, received_at: datetime) -> Iterator[None]:
    """Fires what is overdue, then lets the body act under a savepoint.

    A refusal (409, 422) in the body undoes the body and keeps the catching up: the edge commits it
    (`app.extensions.atomic`). Any other error undoes all.
    """
    before = moving.seq
    fire_due(moving, received_at - GRACE)
    if moving.seq == before:
        yield
        return
    moving.changes.flush()
    db.session.info[KEEP_ON_REFUSAL] = True
    with db.session.begin_nested():
        yield


def fire_due(moving: Moving, upto: datetime) -> int:
    """Fires everything due at or before `upto`, in due order, each as of its own due instant."""
    return renew(moving, upto + GRACE) + _fire(moving, upto)


def renew(moving: Moving, at: datetime) -> int:
    """Computes the timers anew whose dates were moved, or whose working days corrected, since they were.

    What was due when a date was moved stays due, and fires first, however late the scheduler was; a
    deadline in working days always lay where the right calendar has it. Answers how many fired.
    """
    if not moving.behind or moving.instance is None:
        return 0
    names, moving.behind = moving.behind, frozenset()
    decided = [moving.moved.decided[name] for name in names & moving.moved.decided.keys()]
    fired = _fire(moving, min(*decided, at - GRACE)) if decided else 0
    stood = moving.instance.canonical()
    moving.instance.retime(moving.context(at), names)
    if moving.instance.canonical() != stood:
        moving.step(Call("retime", {"names": sorted(names)}), at, SYSTEM)
    moving.changes.flush()
    return fired


def due_timers(moving: Moving, upto: datetime) -> list[TimerWait]:
    """Timers due at or before `upto`, in due order.

    Parked ones wait for a person; one due after a bulk request was received, or after a message was sent
    that is on its way to the case, waits for its turn.
    """
    if moving.message_since is not None:
        upto = min(upto, moving.message_since)
    if moving.pending_since is not None and upto - moving.pending_since < PENDING_FOR:
        upto = min(upto, moving.pending_since)
    timers = moving.stands.timers if moving.stands else ()
    found = [
        timer
        for timer in timers
        if timer.due_at is not None and timer.due_at <= upto and timer.token not in moving.parked
    ]
    return sorted(found, key=lambda timer: (timer.due_at, timer.token))


def _fire(moving: Moving, upto: datetime) -> int:
    fired = 0
    while due := due_timers(moving, upto):
        timer = due[0]
        if timer.due_at is None:
            raise AssertionError("an undetermined timer is never due")
        moving.step(Call("fire", {"token": timer.token}), timer.due_at, SYSTEM, element=timer.element)
        fired += 1
    return fired
