"""Firing due timers: the sweep, and what becomes of a timer that fails (journey 2, decisions 3 and 4)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import bindparam, distinct, select, update
from sqlalchemy.engine import Row

from app.engine import WORKDAYS
from app.engine.types import TimerWait
from app.errors import EngineError
from app.extensions import db
from app.models import Case, Deployment, Message, MessageWait, Task, Timer
from app.operations import deployments, incidents
from app.operations._prepared import Prepared
from app.operations.capabilities import Together
from app.operations.road._locking import load, lock_case, locked_cases, on_its_way
from app.operations.road._moving import Moving
from app.operations.road._projection import Changes
from app.operations.road._quota_paths import may_lock_quota
from app.operations.road._road import GRACE, PENDING_FOR, due_timers, fire_due

log = logging.getLogger(__name__)

Transaction = Callable[[], AbstractContextManager[Any]]
BATCH = 50
"""Cases a transaction; measured in `bench/`."""


class RegisteredWrongly(EngineError):
    """定时的登记与流程状态不一致，没有触发，请核验该办件。"""


@dataclass(slots=True)
class Swept:
    """What a sweep did; `retimed` are the cases whose timers were computed anew on the way."""

    fired: int = 0
    retimed: int = 0
    parked: int = 0


def sweep(
    now_for: Callable[[str], datetime],
    transaction: Transaction,
    *,
    grace: timedelta = GRACE,
    only: str | None = None,
) -> Swept:
    """Fires every timer that is due, each as of its own due instant; any number of sweeps may run at once.

    `now_for` tells a scheme's instant; `only` keeps to one scheme. A case that fails becomes an incident and
    never stops the sweep.
    """
    swept = Swept()
    with transaction():
        # Not asked of the timers, of which there may be a million that are not due.
        schemes = [only] if only else db.session.scalars(select(distinct(Deployment.scheme_id))).all()
    for scheme_id in schemes:
        upto = now_for(scheme_id) - grace
        size = BATCH
        while size:
            size = _sweep_batch(scheme_id, upto, size, transaction, swept)
    return swept


def retime(
    now_for: Callable[[str], datetime], transaction: Transaction, names: Collection[str] = (WORKDAYS,)
) -> int:
    """Computes anew the waiting timers that used these dates, or counted working days, where those changed.

    Each case in a `transaction` of its own; answers how many moved on. Whatever else is done to a case in
    between does the same first (`Moving.renew`), so it may be stopped and begun again at any time.
    """
    with transaction():
        found = db.session.execute(
            select(distinct(Timer.case_id), Timer.scheme_id)
            .where(Timer.dates.overlap(list(names)))
            .order_by(Timer.case_id)
        ).all()
    return sum(retime_case(case_id, now_for(scheme_id), transaction) for case_id, scheme_id in found)


def retime_case(case_id: int, now: datetime, transaction: Transaction) -> bool:
    """Brings one case up to the dates and working days as they are by now; whether it moved on."""
    with transaction():
        moving = lock_case(case_id)
        before = moving.seq
        fire_due(moving, now - GRACE)
        moving.changes.flush()
        return moving.seq != before


# Whatever breaks one case must not stop the others, so the next two catch every kind of error.


def _sweep_batch(scheme_id: str, upto: datetime, size: int, transaction: Transaction, swept: Swept) -> int:
    """Fires the due timers of up to `size` cases in one transaction, and answers the size of the next batch.

    0 when nothing moved; 1 as long as there are cases that may touch a quota.
    """
    before = replace(swept)
    asked = {"scheme": scheme_id, "upto": upto, "held_since": upto - PENDING_FOR}
    batch = _Batch()
    try:
        with transaction():
            batch.fire(_CLAIM.run({**asked, "size": size}), upto)
        batch.count(swept)
        left = batch.idle
    except Exception as error:
        log.warning("a batch of %d cases failed (%s); one by one", len(batch.claimed), type(error).__name__)
        left = batch.claimed
    for case_id in left:
        _fire_alone(case_id, asked, transaction, swept)
    if swept == before:
        return 0
    return 1 if batch.touching else BATCH


@dataclass(slots=True)
class _Batch:
    """The cases of one transaction; `touching` are those that may touch a quota.

    `idle` are those where nothing fired: another sweep was faster, or a row is wrong.
    """

    claimed: list[int] = field(default_factory=list)
    fired: int = 0
    retimed: int = 0
    idle: list[int] = field(default_factory=list)
    touching: list[Moving] = field(default_factory=list)

    def fire(self, rows: Iterable[Row[Any]], upto: datetime) -> None:
        """Fires in order of id (decision 4): all that touch no quota, and last a single one that may."""
        by_id = {row.id: row for row in rows}  # a case with two due timers comes twice
        self.claimed.extend(sorted(by_id))
        changes, together = Changes(), Together(self.claimed)
        for case_id in self.claimed:
            row = by_id[case_id]
            moving = load(row)
            moving.changes, moving.together = changes, together
            # What will be due where dates have changed is not known yet.
            if moving.behind or _touches_quota(row, due_timers(moving, upto)):
                self.touching.append(moving)
            else:
                self._fire(moving, upto)
        for moving in self.touching[:1]:
            self._fire(moving, upto)
        changes.flush()

    def _fire(self, moving: Moving, upto: datetime) -> None:
        before = moving.seq
        fired = fire_due(moving, upto)
        self.fired += fired
        self.retimed += moving.seq - before - fired
        if moving.seq == before:
            self.idle.append(moving.id)

    def count(self, swept: Swept) -> None:
        swept.fired += self.fired
        swept.retimed += self.retimed


def _touches_quota(row: Row[Any], due: Iterable[TimerWait]) -> bool:
    drawn = (row.deployment_id, row.deployment_hash, row.process)
    return any(_may_lock_quota(*drawn, element) for element in {timer.element for timer in due})


@cache
def _may_lock_quota(deployment_id: int, content_hash: str, process: str, element: str) -> bool:
    return may_lock_quota(deployments.pinned(deployment_id, content_hash).definitions, process, element)


def _fire_alone(case_id: int, asked: dict[str, Any], transaction: Transaction, swept: Swept) -> None:
    batch = _Batch()
    try:
        with transaction():
            batch.fire(_CLAIM_ONE.run({**asked, "case": case_id}), asked["upto"])
            if batch.idle:
                raise RegisteredWrongly
        batch.count(swept)
    except incidents.NO_DATABASE as error:
        log.warning("case %d is left for the next sweep (%s)", case_id, type(error).__name__)
    except Exception as error:
        with transaction():
            swept.parked += _park(case_id, asked["upto"], error)


_CASE, _TASK, _TIMER = Case.__table__.c, Task.__table__.c, Timer.__table__.c

_PENDING_IN_TIME = (
    select(_TASK.id)
    .where(
        _TASK.case_id == _TIMER.case_id,
        _TASK.state == "open",
        _TASK.pending_since < _TIMER.due_at,
        _TASK.pending_since > bindparam("held_since"),
    )
    .exists()
)
"""A task of the case waits for its turn in a bulk request that was received before the due instant."""

_MESSAGE_IN_TIME = (
    select(Message.id)
    .where(
        MessageWait.case_id == _TIMER.case_id,
        on_its_way(),
        Message.sent_at < _TIMER.due_at,
    )
    .correlate(Timer.__table__)
    .exists()
)
"""A message to the case was sent before the due instant, and another process is only now delivering it."""

# From the due timers in the order of their index to their cases, passing over those that are locked: what it
# reads grows neither with the timers that are not due nor with the cases.
_DUE = (
    locked_cases()
    .join(Timer.__table__, _TIMER.case_id == _CASE.id)
    .where(
        _TIMER.scheme_id == bindparam("scheme"),
        _TIMER.due_at <= bindparam("upto"),
        _TIMER.due_at.is_not(None),
        _TIMER.parked_at.is_(None),
        ~_PENDING_IN_TIME,
        ~_MESSAGE_IN_TIME,
    )
    .with_for_update(of=Case.__table__, skip_locked=True)
)
_CLAIM = Prepared(_DUE.order_by(_TIMER.due_at, _TIMER.id).limit(bindparam("size")))
_CLAIM_ONE = Prepared(_DUE.where(_CASE.id == bindparam("case")).limit(1))


def _park(case_id: int, upto: datetime, error: Exception) -> int:
    """Sets the first due timer aside as an incident."""
    _lock(case_id)
    first = db.session.execute(
        select(Timer.id, Timer.element)
        .where(Timer.case_id == case_id, Timer.due_at <= upto, Timer.parked_at.is_(None))
        .order_by(Timer.due_at, Timer.token)
        .limit(1)
    ).first()
    if first is None:
        return 0
    db.session.execute(update(Timer).where(Timer.id == first.id).values(parked_at=upto))
    incidents.tell(case_id, "timer", first.element, error, upto, timer_id=first.id)
    return 1


def _lock(case_id: int) -> None:
    db.session.execute(select(Case.id).where(Case.id == case_id).with_for_update())
