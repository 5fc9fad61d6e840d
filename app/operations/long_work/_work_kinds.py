"""What the kinds of long work do at a turn: decisions on tasks, taking them back, an import, a handover."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import func, select, update
from sqlalchemy.exc import InterfaceError, OperationalError

from app.errors import Busy, DomainError
from app.extensions import db
from app.models import Task, Work, WorkItem
from app.operations import tasks
from app.operations.actors import Actor
from app.operations.company import handovers
from app.operations.going_back import recalls, returns
from app.operations.long_work import imports

log = logging.getLogger(__name__)

DEFECT = "系统出现故障，这一件没有办理；请联系系统管理员后重新提交。"

Values = Mapping[str, Any]
Transaction = Callable[[], AbstractContextManager[Any]]


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn of a worker at a lane of a work; `now` is the present instant by a scheme's clock.

    `stopping` is asked before each item: a worker that has to go leaves the rest to another.
    """

    work_id: int
    lane: int
    now: Callable[[str], datetime]
    transaction: Transaction
    stopping: Callable[[], bool] = lambda: False


class Kind(Protocol):
    """The items of a work, wherever they are kept."""

    def counts(self, work: Work) -> dict[str, int]:
        """How many items are waiting, done, refused, failed, cancelled."""

    def waits(self, work: Work, lane: int) -> bool:
        """Whether an item of the lane waits."""

    def share(self, work: Work, actor: Actor, turn: Turn, at_most: int) -> Callable[[], None]:
        """The next items of the turn's lane, read now; called later, each is done in its own transaction."""

    def end(self, work: Work, state: str, message: str | None) -> None:
        """Settles what still waits, and takes the marks off its tasks, so that timers wait no longer."""


class _Settled(Exception):
    """The item was settled meanwhile, so that what was just done is undone: cancelled, or done by another."""


@dataclass(frozen=True, slots=True)
class _Item:
    work_id: int
    number: int
    task_id: int
    values: Values


class Decisions:
    """The same decision on many tasks, each an item."""

    def counts(self, work: Work) -> dict[str, int]:
        query = select(WorkItem.state, func.count()).where(WorkItem.work_id == work.id)
        return {state: count for state, count in db.session.execute(query.group_by(WorkItem.state))}

    def waits(self, work: Work, lane: int) -> bool:
        return bool(_next_items(work, lane, 1))

    def share(self, work: Work, actor: Actor, turn: Turn, at_most: int) -> Callable[[], None]:
        items, act = _next_items(work, turn.lane, at_most), self.act(work, actor, turn)

        def do() -> None:
            for item in items:
                if turn.stopping():
                    return
                _do(item, act, turn.transaction)

        return do

    def act(self, work: Work, actor: Actor, turn: Turn) -> Callable[[_Item], str]:
        """What is done to each item, and answers how that came out."""
        received_at = work.received_at
        if received_at is None:
            raise AssertionError("decisions are made as of their acceptance")
        return lambda item: tasks.complete(item.task_id, item.values, actor, received_at).status

    def end(self, work: Work, state: str, message: str | None) -> None:
        waiting = (WorkItem.work_id == work.id, WorkItem.state == "waiting")
        db.session.execute(update(WorkItem).where(*waiting).values(state=state, message=message, values={}))
        if work.received_at is None:
            return
        of_work = select(WorkItem.task_id).where(WorkItem.work_id == work.id)
        marked = (Task.id.in_(of_work), Task.pending_since == work.received_at)
        db.session.execute(update(Task).where(*marked).values(pending_since=None))


def _next_items(work: Work, lane: int, at_most: int) -> list[_Item]:
    waiting = (WorkItem.work_id == work.id, WorkItem.state == "waiting")
    query = select(WorkItem).where(*waiting, WorkItem.number % work.lanes == lane)
    found = db.session.scalars(query.order_by(WorkItem.number).limit(at_most))
    return [_Item(work.id, item.number, item.task_id, _values_of(item, work)) for item in found]


def _values_of(item: WorkItem, work: Work) -> Values:
    own: Values | None = item.values.get("own")
    common: Values = work.asked["values"] if own is None else own
    return common


def _do(item: _Item, act: Callable[[_Item], str], transaction: Transaction) -> None:
    """Does what is asked and settles the item with it, or leaves it waiting where its case is busy."""
    try:
        with transaction():
            if not _settle(item, "done", act(item)):
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


class Returns(Decisions):
    """Many cases given back 退回 to one step with one opinion; received as of the acceptance."""

    def act(self, work: Work, actor: Actor, turn: Turn) -> Callable[[_Item], str]:
        received_at = work.received_at
        if received_at is None:
            raise AssertionError("cases are given back as of the acceptance")

        def give_back(item: _Item) -> str:
            said = (item.values["element"], item.values["opinion"], item.values["then"])
            return returns.give_back(item.task_id, *said, actor, received_at).status

        return give_back


class Recalls(Decisions):
    """What the actor has done at many tasks, taken back 撤回; each task is an item."""

    def act(self, work: Work, actor: Actor, turn: Turn) -> Callable[[_Item], str]:
        ground: str = work.asked["ground"]

        def recall(item: _Item) -> str:
            at = turn.now(item.values["scheme"])
            return recalls.recall(item.task_id, actor, at, ground=ground).status

        return recall


class Handovers(Decisions):
    """What somebody who leaves has, to a colleague; each part in a task is an item."""

    def act(self, work: Work, actor: Actor, turn: Turn) -> Callable[[_Item], str]:
        from_id, to_id, ground = (work.asked[name] for name in ("from", "to", "ground"))

        def hand(item: _Item) -> str:
            part, at = item.values["part"], turn.now(item.values["scheme"])
            handovers.hand_item(item.task_id, part, from_id, to_id, ground, actor, at)
            return handovers.HANDED

        return hand


class ImportLines:
    """A confirmed import; its lines are the items, and keep their results themselves."""

    def counts(self, work: Work) -> dict[str, int]:
        found = imports.counts(work.import_id) if work.import_id else {}
        return {
            "waiting": found.get("good", 0),
            "done": found.get("done", 0),
            "refused": found.get("refused", 0),
        }

    def waits(self, work: Work, lane: int) -> bool:
        return bool(work.import_id and imports.waiting(work.import_id, imports.Lane(lane, work.lanes)))

    def share(self, work: Work, actor: Actor, turn: Turn, at_most: int) -> Callable[[], None]:
        import_id, lane = work.import_id, imports.Lane(turn.lane, work.lanes)
        at = turn.now(work.scheme_id or "")

        def do() -> None:
            if import_id:
                imports.go_on(
                    import_id,
                    actor=actor,
                    at=at,
                    transaction=turn.transaction,
                    at_most=at_most,
                    lane=lane,
                    stopping=turn.stopping,
                )

        return do

    def end(self, work: Work, state: str, message: str | None) -> None:
        if work.import_id:
            imports.end(work.import_id, message)


class Exports:
    """A list that is written to a file; its rows are told on the work itself."""

    def counts(self, work: Work) -> dict[str, int]:
        return {"done": work.done, "waiting": work.total - work.done}

    def waits(self, work: Work, lane: int) -> bool:
        return work.done < work.total

    def share(self, work: Work, actor: Actor, turn: Turn, at_most: int) -> Callable[[], None]:
        raise NotImplementedError("a list is written by the room that shows it")

    def end(self, work: Work, state: str, message: str | None) -> None:
        """Nothing was marked."""
