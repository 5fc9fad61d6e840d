"""Firing due timers: the sweep, and what becomes of a timer that fails (journey 2, decisions 3 and 4)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import distinct, select, update

from app.errors import EngineError
from app.extensions import db
from app.models import Case, Task, Timer
from app.operations import deployments, incidents
from app.operations._projection import Changes
from app.operations._road import GRACE, PENDING_FOR, Call, load, lock_case, locked_cases
from app.operations.actors import SYSTEM
from app.operations.capabilities import capabilities

log = logging.getLogger(__name__)

Transaction = Callable[[], AbstractContextManager[Any]]
BATCH = 50
"""Cases a transaction; measured in `bench/`."""


class RegisteredWrongly(EngineError):
    """定时的登记与流程状态不一致，没有触发，请核验该办件。"""


@dataclass(slots=True)
class Swept:
    """What a sweep did."""

    fired: int = 0
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
        schemes = [only] if only else db.session.execute(select(distinct(Timer.scheme_id))).scalars().all()
    for scheme_id in schemes:
        upto = now_for(scheme_id) - grace
        for processes, batch in _partitions(scheme_id, transaction):
            while _sweep_batch(scheme_id, processes, upto, batch, transaction, swept):
                pass
    return swept


def retime(
    now_for: Callable[[str], datetime], transaction: Transaction, names: Collection[str] | None = None
) -> int:
    """Computes anew the waiting timers that used these named dates; without names, the undetermined ones.

    Called when what they rest on has changed: a year's holidays published, a date fixed (decision 5). Each
    case in a `transaction` of its own; answers in how many something changed.
    """
    concerned = Timer.due_at.is_(None) if names is None else Timer.dates.overlap(list(names))
    with transaction():
        found = db.session.execute(
            select(distinct(Timer.case_id), Timer.scheme_id).where(concerned).order_by(Timer.case_id)
        ).all()
    changed = 0
    for case_id, scheme_id in found:
        with transaction():
            changed += _retime_case(case_id, now_for(scheme_id), names)
    return changed


def _retime_case(case_id: int, now: datetime, names: Collection[str] | None) -> bool:
    moving = lock_case(case_id)
    fired = moving.fire_due(now - GRACE)
    before = moving.stands.timers if moving.stands else ()
    if before:
        after = moving.step(Call("retime", {"names": names and sorted(names)}), now, SYSTEM).timers
        if after == before and not fired:
            # Nothing has changed, so nothing is written, and the log has no row without effect.
            return False
    moving.changes.flush()
    return bool(before or fired)


def _partitions(scheme_id: str, transaction: Transaction) -> list[tuple[list[str], int]]:
    """The scheme's processes that may touch a quota, one case a transaction, and the others in batches."""
    with transaction():
        rows = db.session.execute(
            select(distinct(Case.process), Case.deployment_id).where(
                Case.scheme_id == scheme_id, Case.ended_at.is_(None)
            )
        ).all()
        touching = {process for process, deployment_id in rows if _locks_quota(deployment_id, process)}
    others = sorted({process for process, _ in rows} - touching)
    found = [(others, BATCH), (sorted(touching), 1)]
    return [(processes, batch) for processes, batch in found if processes]


def _locks_quota(deployment_id: int, process: str) -> bool:
    processes = deployments.scheme(deployment_id).definitions.processes
    known = capabilities()
    pending, seen = [process], {process}
    while pending:
        definition = processes[pending.pop()]
        if any(name in known and known[name].declaration.locks_quota for name in definition.capabilities):
            return True
        pending.extend(definition.called - seen)
        seen |= definition.called
    return False


# Whatever breaks one case must not stop the others, so the next two catch every kind of error.


def _sweep_batch(
    scheme_id: str,
    processes: Sequence[str],
    upto: datetime,
    batch: int,
    transaction: Transaction,
    swept: Swept,
) -> bool:
    """Fires the due timers of up to `batch` cases in one transaction; False when it moved nothing."""
    before = (swept.fired, swept.parked)
    claim = _claim(scheme_id, processes, upto)
    claimed: list[int] = []
    try:
        with transaction():
            fired, left = _fire_claimed(claim.limit(batch), upto, claimed)
        swept.fired += fired
    except Exception as error:
        log.warning("a batch of %d cases failed (%s); one by one", len(claimed), type(error).__name__)
        left = claimed
    for case_id in left:
        _fire_alone(case_id, claim, upto, transaction, swept)
    return (swept.fired, swept.parked) != before


def _fire_claimed(claim: Any, upto: datetime, claimed: list[int]) -> tuple[int, list[int]]:
    """How many timers fired, and the cases where none did: another sweep was faster, or a row is wrong."""
    rows = db.session.execute(claim).all()
    claimed.extend(row.id for row in rows)
    shared = Changes()
    fired, idle = 0, []
    for row in rows:
        moving = load(row)
        moving.changes = shared
        if fired_here := moving.fire_due(upto):
            fired += fired_here
        else:
            idle.append(row.id)
    shared.flush()
    return fired, idle


def _claim(scheme_id: str, processes: Sequence[str], upto: datetime) -> Any:
    due = (
        select(Timer.case_id)
        .where(
            Timer.scheme_id == scheme_id,
            Timer.due_at <= upto,
            Timer.due_at.is_not(None),
            Timer.parked_at.is_(None),
            Timer.case_id == Case.id,
            ~_in_time_and_pending(upto),
        )
        .exists()
    )
    return (
        locked_cases()
        .where(Case.scheme_id == scheme_id, Case.process.in_(processes), due)
        .order_by(Case.id)
        .with_for_update(of=Case, skip_locked=True)
    )


def _in_time_and_pending(upto: datetime) -> Any:
    """A task of the case waits for its turn in a bulk request that was received before the due instant."""
    return (
        select(Task.id)
        .where(
            Task.case_id == Timer.case_id,
            Task.state == "open",
            Task.pending_since < Timer.due_at,
            Task.pending_since > upto - PENDING_FOR,
        )
        .exists()
    )


def _fire_alone(case_id: int, claim: Any, upto: datetime, transaction: Transaction, swept: Swept) -> None:
    try:
        with transaction():
            fired, idle = _fire_claimed(claim.where(Case.id == case_id), upto, [])
            if idle:
                raise RegisteredWrongly
        swept.fired += fired
    except incidents.NO_DATABASE as error:
        log.warning("case %d is left for the next sweep (%s)", case_id, type(error).__name__)
    except Exception as error:
        with transaction():
            swept.parked += _park(case_id, upto, error)


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
