"""Taking back 撤回 what one has just done at a task, as long as nobody has acted on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Row

from app.engine import WayBack
from app.engine.types import Snapshot
from app.errors import Conflict, NotFound, Refused
from app.extensions import db
from app.models import History, Task, TaskDraft, TaskValue
from app.operations._one_by_one import ItemResult, Transaction, one_by_one
from app.operations.actors import Actor
from app.operations.company._acts import RECALLED
from app.operations.company._records import log_act
from app.operations.going_back import _undoing
from app.operations.going_back._going_back import (
    fallen_phases,
    held,
    instance_of,
    opened,
    stands_of,
    tried,
    undo,
)
from app.operations.road._assignee import acts_as
from app.operations.road._beside import LONGEST_NOTE, note_of
from app.operations.road._calls import Call
from app.operations.road._locking import lock_case_of, look_at_case_of
from app.operations.road._moving import Moving
from app.operations.road._road import PENDING_FOR, caught_up, renew
from app.operations.telling import notices

__all__ = ["LONGEST_NOTE", "Preview", "Recalled", "preview", "recall", "recall_many"]

HARMLESS = frozenset({"reminded", "copied", "claimed", "released"})
"""Records after which nothing has been done with the case yet: it was asked for, shown, or taken in hand."""

GONE_ON = "下一环节已经办理，不能撤回"
_STOPPED_BY = {
    "complete": GONE_ON,
    "fire": "其间已有定时到期，不能撤回",
    "receive": "办件其间收到了消息，不能撤回",
    "move": "办件其间已被退回或调整，不能撤回",
    "handed": "办件其间已转由其他单位或机构办理，不能撤回",
}


@dataclass(frozen=True, slots=True)
class Preview:
    """What falls when one takes back a task's completion: open tasks (name, office), clocks, places.

    `closes_at`: until when it could be done again; `late`: that is over, so it can't be taken back. `seq` is
    what `recall` may be told to have been `seen`.
    """

    task_id: int
    name: str
    tasks: Sequence[tuple[str, str | None]]
    clocks: Sequence[tuple[str, datetime | None]]
    releases: bool
    closes_at: datetime | None
    late: bool
    seq: int


@dataclass(frozen=True, slots=True)
class Recalled:
    """The case, how it now stands, and the task that is open again."""

    case_id: int
    status: str
    task_id: int


@dataclass(frozen=True, slots=True)
class _Way:
    back: WayBack
    undo: Sequence[str]


def preview(task_id: int, actor: Actor, at: datetime) -> Preview:
    """What would happen; nothing is changed. Raises as `recall` does, but not for `late`."""
    moving = look_at_case_of(task_id)
    task = _own(moving, task_id, actor)
    way = _way(moving, task, at)
    after = tried(moving, way.back, at)
    closes_at = opened(after, task.process, task.element).closes_at
    staying = {task.token for task in after.tasks} | {timer.token for timer in after.timers}
    stands = stands_of(moving)
    return Preview(
        task_id=task.id,
        name=task.name,
        tasks=held(moving.id, {wait.token for wait in stands.tasks} - staying),
        clocks=[(timer.name, timer.due_at) for timer in stands.timers if timer.token not in staying],
        releases=bool(way.undo),
        closes_at=closes_at,
        late=closes_at is not None and closes_at <= at,
        seq=moving.seq,
    )


def recall(
    task_id: int, actor: Actor, received_at: datetime, seen: int | None = None, ground: str = ""
) -> Recalled:
    """Takes back the completion of a task: it is open again, with what was entered as its draft.

    A step of an office is whose it was; one of a unit is any of its operators'. The ground may be left out.

    Whoever completed it may, of a unit any of its operators, as long as nobody has acted on it, no timer has
    fired, no message has come or gone to another case, and the step has caused nothing that can't be undone:
    notices stay, places are released. What is done in another branch meanwhile does not matter. Raises
    NotFound for a task of others, Refused with the reason, Conflict where the case moved since it was `seen`,
    Invalid for the ground.
    """
    said = note_of(ground, "ground")
    moving = lock_case_of(task_id)
    renew(moving, received_at)
    task = _own(moving, task_id, actor)
    with caught_up(moving, received_at):
        if seen is not None and moving.seq != seen:
            raise Conflict("办件在您查看之后有了变化，撤回没有生效。请重新核对撤回的后果。")
        way = _way(moving, task, received_at)
        after = _move(moving, task, way, said, actor, received_at)
        wait = opened(after, task.process, task.element)
        if wait.closes_at is not None and wait.closes_at <= received_at:
            raise Refused(f"“{task.name}”已过办理期限，撤回后无法再办理，不能撤回。")
        again = _reopen(moving, task, wait.token, actor, received_at)
        _tell_assignees(moving.id, way, said, received_at)
    return Recalled(moving.id, moving.status, again)


def recall_many(
    task_ids: Iterable[int],
    ground: str,
    actor: Actor,
    at_of: Callable[[int], datetime],
    transaction: Transaction,
) -> list[ItemResult]:
    """Takes back many completions, the newest first, each in its own transaction, with a result for each.

    `at_of` gives the present instant by the clock of a task's scheme. Raises Invalid for the ground.
    """
    note_of(ground, "ground")
    newest_first = sorted(set(task_ids), reverse=True)
    return one_by_one(
        newest_first,
        lambda task_id: recall(task_id, actor, at_of(task_id), ground=ground).status,
        transaction,
    )


def _own(moving: Moving, task_id: int, actor: Actor) -> Row[Any]:
    """The task, if the actor may take it back at all. Raises NotFound, and Refused for one not completed."""
    columns = (
        *(Task.id, Task.process, Task.element, Task.token, Task.name, Task.role, Task.state),
        *(Task.completed_by, Task.completed_for, Task.returned_from, Task.straight_back, Task.person_id),
        Task.assignee_id,
    )
    task = db.session.execute(select(*columns).where(Task.id == task_id)).one()
    if not _done_by(moving, task, actor):
        raise NotFound()
    if task.state != "completed":
        told = {RECALLED: "已经撤回", "returned": "是退回，不能撤回"}
        raise Refused(f"“{task.name}”{told.get(task.state, '没有办理过，不能撤回')}。")
    return task


def _done_by(moving: Moving, task: Row[Any], actor: Actor) -> bool:
    if not actor.has("operator") and not actor.is_applicant(task.person_id):
        return False
    same_house = task.completed_for == actor.organisation_id
    of_unit = moving.scheme.roles[task.role].relation == "unit" and actor.organisation_id is not None
    return same_house and (task.completed_by == actor.account_id or of_unit)


# May it be taken back?


def _way(moving: Moving, task: Row[Any], at: datetime) -> _Way:
    """How the case goes back to before the completion. Raises Refused with what stands in the way."""
    own, later = _log_since(moving.id, task.id)
    if instance_of(moving).is_over:
        raise Refused("办件已经办结，不能撤回。")
    caused = _undoing.caused(moving.scheme, [row.happened for row in own])
    _refuse(caused.obstacle)
    _refuse(_on_its_way(moving, at))
    back = _back(moving, task, [one for row in own for one in row.happened])
    for row in later:
        _refuse(_acted(row, back))
    if back is None:
        raise Refused("办件已不在这一步之后，或这一步同时由几方办理、在已经结束的子流程里，不能撤回。")
    if not back.certain:
        raise Refused("这一步之后几路已经汇合，撤回后无法还原各路的进度，不能撤回。")
    return _Way(back, caused.undo)


def _refuse(reason: str | None) -> None:
    if reason:
        raise Refused(f"{reason}。")


def _log_since(case_id: int, task_id: int) -> tuple[list[Row[Any]], list[Row[Any]]]:
    """The row of the completion, with those by which opinions were carried on, and the later ones."""
    columns = (History.call, History.element, History.arguments, History.happened)
    done = select(History.seq).where(History.case_id == case_id, History.task_id == task_id)
    rows = select(*columns).where(History.case_id == case_id, History.seq >= done.scalar_subquery())
    first, *later = db.session.execute(rows.order_by(History.seq)).all()
    carried = list(takewhile(lambda row: "stands" in row.arguments, later))
    return [first, *carried], later[len(carried) :]


def _acted(row: Row[Any], back: WayBack | None) -> str | None:
    """Why a later row of the log keeps the task from being taken back."""
    if row.call == "retime" or (row.call == "record" and row.arguments.get("act") in HARMLESS):
        return None
    elsewhere = back is not None and row.element not in {element for _, element in back.between}
    if row.call == "complete" and elsewhere:
        return None
    return _STOPPED_BY.get(row.call, "办件其间已有其他人办理，不能撤回")


def _on_its_way(moving: Moving, at: datetime) -> str | None:
    """What is about to be done, and was received before this."""
    if moving.message_since is not None:
        return "给办件的消息正在送达，不能撤回"
    if moving.pending_since is not None and at - moving.pending_since < PENDING_FOR:
        return "下一环节已提交批量办理，不能撤回"
    return None


def _back(moving: Moving, task: Row[Any], happened: Sequence[Mapping[str, Any]]) -> WayBack | None:
    """The way from a token that came of the completion, if nothing but such tokens falls."""
    entered = {one["token"] for one in happened if one["kind"] == "entered"}
    flows = {one["element"] for one in happened if one["kind"] == "flow"}
    instance, to = instance_of(moving), (task.process, task.element)
    standing = [at for at in instance.positions() if at.kind != "boundaryEvent" and at.token > task.token]
    own = {at.token for at in standing if at.token in entered or at.via in flows}
    for token in sorted(own):
        back = instance.way_before(token, task.token, to)
        if back is not None and own.issuperset(back.cancel):
            return back
    return None


# Doing it


def _move(moving: Moving, task: Row[Any], way: _Way, ground: str, actor: Actor, at: datetime) -> Snapshot:
    arguments = {
        "act": RECALLED,
        "task": task.id,
        "cancel": list(way.back.cancel),
        "start": [list(start) for start in way.back.start],
        "undone": undo(moving, way.undo, task.token, task.element, at),
    }
    fallen = fallen_phases(way.back, task.process)
    moving.phases = {name: status for name, status in moving.phases.items() if name not in fallen}
    call = Call("move", arguments, {"text": ground} if ground else {})
    after = moving.step(call, at, actor, element=task.element)
    moving.changes.flush()
    return after


def _tell_assignees(case_id: int, way: _Way, ground: str, at: datetime) -> None:
    """Whoever had taken what fell is told why it is gone."""
    elements = [element for _, element in way.back.between]
    fallen = (Task.case_id == case_id, Task.state == "cancelled", Task.completed_at == at)
    taken = select(Task.name, Task.assignee_id).where(*fallen, Task.element.in_(elements))
    for name, account_id in db.session.execute(taken.where(Task.assignee_id.is_not(None))):
        told = f"“{name}”不必再办理：上一环节的人撤回了办件。{ground}"
        notices.tell(case_id, told, at, accounts=[account_id])


def _reopen(moving: Moving, task: Row[Any], token: int, actor: Actor, at: datetime) -> int:
    """The new task: it begins with what was entered, and came back from where the former one did."""
    db.session.execute(update(Task).where(Task.id == task.id).values(state=RECALLED))
    came_back = {"returned_from": task.returned_from, "straight_back": task.straight_back}
    again = update(Task).where(Task.case_id == moving.id, Task.token == token).values(came_back)
    reopened = db.session.execute(again.returning(Task.id, Task.office_id, Task.assignee_id)).one()
    values = select(TaskValue.values).where(TaskValue.task_id == task.id).scalar_subquery()
    draft = {"task_id": reopened.id, "values": values, "saved_at": at, "saved_by": actor.account_id}
    db.session.execute(insert(TaskDraft).values(draft))
    if reopened.assignee_id is None and reopened.office_id == actor.organisation_id:
        _give_back(moving, task, {"task": reopened.id, "token": token}, actor, at)
    return int(reopened.id)


def _give_back(
    moving: Moving, task: Row[Any], reopened: Mapping[str, int], actor: Actor, at: datetime
) -> None:
    """A step of an office is whoever's it was: the recaller's, or theirs for whom the recaller acts.

    One of a unit stays anybody's of the unit, its applicant's too.
    """
    if moving.scheme.roles[task.role].relation == "unit" or actor.account_id is None:
        return
    former = task.assignee_id
    whose = former if former and acts_as(former, moving.scheme.id, actor, at) else actor.account_id
    db.session.execute(update(Task).where(Task.id == reopened["task"]).values(assignee_id=whose))
    log_act(moving, "claimed", actor, at, task=reopened, element=task.element, to=whose)
