"""Long work 长任务: accepted whole, done item by item, each in its own transaction; it may be cancelled."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import InterfaceError, OperationalError

from app.errors import Busy, Conflict, DomainError, NotFound, Refused
from app.extensions import db
from app.models import Account, Task, Work, WorkItem
from app.operations import tasks
from app.operations._administration import record
from app.operations._entered import without_id_numbers
from app.operations._road import PENDING_FOR
from app.operations._sign_in import actor_for
from app.operations.actors import Actor

log = logging.getLogger(__name__)

CHUNK = 50
"""Items that a worker does before other work has its turn: some seconds."""
MOST_LANES = 4
"""How many workers may share in one work at most; the others have theirs to do."""
MOST_ITEMS = 5_000
KEPT = timedelta(days=30)
LONGEST_TITLE = 100

LIVE = ("queued", "running")
TOO_LATE = "受理后一小时内没有办完，这一件没有办理；请重新提交。"
CANCELLED = "已取消，这一件没有办理。"
DEFECT = "系统出现故障，这一件没有办理；请联系系统管理员后重新提交。"

Values = Mapping[str, Any]
Transaction = Callable[[], AbstractContextManager[Any]]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A task that is to be decided, its case, the name that people know it by, and values of its own."""

    task_id: int
    case_id: int
    subject: str
    values: Values | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn of a worker at a lane of a work; what `go_on` needs of the world outside.

    `stopping` is asked before each item: a worker that has to go leaves the rest to another.
    """

    work_id: int
    lane: int
    now: Callable[[str], datetime]
    transaction: Transaction
    stopping: Callable[[], bool] = lambda: False


@dataclass(frozen=True, slots=True)
class _Item:
    work_id: int
    number: int
    task_id: int
    values: Values


class _Settled(Exception):
    """The item was settled meanwhile, so that what was just done is undone: cancelled, or done by another."""


def accept_decisions(
    chosen: Sequence[Chosen],
    values: Values,
    *,
    title: str,
    scheme_id: str,
    actor: Actor,
    at: datetime,
    now: datetime,
) -> Work:
    """Takes on the same decision on many tasks of a scheme, received at its instant `at`.

    The tasks are marked as pending, so that no timer due later beats them (decision 3), until all is done,
    for an hour at most. Raises Refused for an ID number among the values, which no list of work may hold, and
    for more than 5,000 tasks.
    """
    given = [values, *(one.values for one in chosen if one.values is not None)]
    if any(without_id_numbers(one) != dict(one) for one in given):
        raise Refused("填写的内容里有身份证号，不能批量提交，请逐件办理。")
    if len(chosen) > MOST_ITEMS:
        raise Refused(f"一次最多办理 {MOST_ITEMS} 件，请缩小筛选范围，分几次办理。")
    work = _accepted("decisions", title, len(chosen), actor, now, scheme_id=scheme_id, received_at=at)
    work.asked = {"values": dict(values)}
    db.session.flush()
    rows = [
        {
            "work_id": work.id,
            "number": number,
            "task_id": one.task_id,
            "case_id": one.case_id,
            "subject": one.subject,
            "values": {"own": one.values} if one.values is not None else {},
            "state": "waiting",
        }
        for number, one in enumerate(chosen, 1)
    ]
    db.session.execute(insert(WorkItem), rows)
    tasks.mark_pending([one.task_id for one in chosen], actor, at)
    record("work.accepted", work.id, actor, now, detail={"title": work.title, "items": work.total})
    return work


def _accepted(kind: str, title: str, total: int, actor: Actor, now: datetime, **more: Any) -> Work:
    work = Work(
        kind=kind,
        title=title[:LONGEST_TITLE],
        organisation_id=actor.organisation_id,
        account_id=actor.account_id,
        asked={},
        total=total,
        lanes=max(1, min(MOST_LANES, total // CHUNK)),
        done=0,
        failed=0,
        state="queued",
        created_at=now,
        **more,
    )
    db.session.add(work)
    db.session.flush()
    return work


def go_on(turn: Turn, now: datetime, *, at_most: int = CHUNK) -> bool:
    """Does the next items of a lane; whether it has more for another turn.

    What was done by a turn that was killed in the middle stays done, and the rest is done by the next one.
    Errors of the database are raised, so that the turn comes again; a defect at an item is told in it.
    """
    with turn.transaction():
        work = _begun(turn.work_id)
        if work is None or work.received_at is None:
            return False
        actor = actor_for(db.session.get_one(Account, work.account_id))
        received_at = work.received_at
        if turn.now(work.scheme_id or "") - received_at >= PENDING_FOR:
            _end(work, "done", TOO_LATE, now)
            return False
        items = _next_items(work, turn.lane, at_most)
    for item in items:
        if turn.stopping():
            return True
        _decide(item, actor, received_at, turn.transaction)
    with turn.transaction():
        return _more(turn, now)


def _begun(work_id: int) -> Work | None:
    """The work, now under way; None for one that is over, or gone."""
    work = _locked(work_id)
    if work is None or work.state not in LIVE:
        return None
    work.state = "running"
    db.session.flush()
    return work


def _locked(work_id: int) -> Work | None:
    query = select(Work).where(Work.id == work_id).with_for_update()
    return db.session.scalar(query.execution_options(populate_existing=True))


def _next_items(work: Work, lane: int, at_most: int) -> list[_Item]:
    waiting = (WorkItem.work_id == work.id, WorkItem.state == "waiting")
    query = select(WorkItem).where(*waiting, WorkItem.number % work.lanes == lane)
    found = db.session.scalars(query.order_by(WorkItem.number).limit(at_most))
    common = work.asked["values"]
    return [
        _Item(work.id, item.number, item.task_id, item.values["own"] if "own" in item.values else common)
        for item in found
    ]


def _decide(item: _Item, actor: Actor, received_at: datetime, transaction: Transaction) -> None:
    """Completes the task and settles the item with it, or leaves it waiting where its case is busy."""
    try:
        with transaction():
            done = tasks.complete(item.task_id, item.values, actor, received_at)
            if not _settle(item, "done", done.status):
                raise _Settled
    except (_Settled, Busy):
        return
    except DomainError as refusal:
        with transaction():
            _settle(item, "refused", tasks.told(refusal))
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("work %d, item %d", item.work_id, item.number)
        with transaction():
            _settle(item, "failed", DEFECT)


def _settle(item: _Item, state: str, message: str) -> bool:
    """False where it was settled before; what was entered is the case's now, or nobody's."""
    mine = (WorkItem.work_id == item.work_id, WorkItem.number == item.number)
    settled = update(WorkItem).where(*mine, WorkItem.state == "waiting")
    settled = settled.values(state=state, message=message, values={})
    return bool(db.session.execute(settled.returning(WorkItem.number)).first())


def _more(turn: Turn, now: datetime) -> bool:
    """Whether items of the lane wait; whoever finds none left at all ends the work."""
    work = _locked(turn.work_id)
    if work is None or work.state not in LIVE:
        return False
    if not counts(work).get("waiting"):
        _end(work, "done", None, now)
        return False
    return bool(_next_items(work, turn.lane, 1))


def counts(work: Work) -> dict[str, int]:
    """How many items of the decisions are in which state."""
    query = select(WorkItem.state, func.count()).where(WorkItem.work_id == work.id)
    return {state: count for state, count in db.session.execute(query.group_by(WorkItem.state))}


def cancel(work_id: int, *, actor: Actor, now: datetime) -> None:
    """Ends a work of the actor's own before its next item; what is done stays done.

    Raises NotFound alike for none and for somebody else's, and Conflict for one that is over.
    """
    work = _locked(work_id)
    if work is None or (work.account_id, work.organisation_id) != (actor.account_id, actor.organisation_id):
        raise NotFound
    if work.state not in LIVE:
        raise Conflict("该任务已经结束，不能取消。")
    _end(work, "cancelled", CANCELLED, now, items="cancelled")
    record("work.cancelled", work_id, actor, now, detail={"title": work.title, "done": work.done})


def give_up(work_id: int, now: datetime) -> None:
    """Ends a work that fails again and again, such as one that kills its worker."""
    work = _locked(work_id)
    if work is not None and work.state in LIVE:
        work.message = "系统出现故障，任务没有办完；请联系系统管理员。"
        _end(work, "failed", DEFECT, now, items="failed")


def _end(
    work: Work,
    state: Literal["done", "cancelled", "failed"],
    message: str | None,
    now: datetime,
    *,
    items: str = "refused",
) -> None:
    """Settles what still waits, keeps the counts, and takes the marks off, so that timers wait no longer."""
    waiting = (WorkItem.work_id == work.id, WorkItem.state == "waiting")
    left = update(WorkItem).where(*waiting).values(state=items, message=message, values={})
    db.session.execute(left)
    of_work = select(WorkItem.task_id).where(WorkItem.work_id == work.id)
    marked = (Task.id.in_(of_work), Task.pending_since == work.received_at)
    db.session.execute(update(Task).where(*marked).values(pending_since=None))
    found = counts(work)
    work.done, work.failed = found.get("done", 0), found.get("refused", 0) + found.get("failed", 0)
    work.state, work.finished_at, work.asked = state, now, {}
    db.session.flush()


def forget(now: datetime) -> None:
    """Forgets what was over a month ago."""
    db.session.execute(delete(Work).where(Work.finished_at < now - KEPT))
