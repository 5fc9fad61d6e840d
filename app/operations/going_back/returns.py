"""Giving a case back 退回 to an earlier step: where to, what falls, and doing it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import func, select, update
from sqlalchemy.engine import Row

from app.content.returns import named
from app.engine import WayBack
from app.engine.types import Snapshot, TaskWait
from app.errors import Conflict, Invalid, Refused
from app.extensions import db
from app.models import Account, Organisation, PlaceClaim, PostQuota, Task
from app.operations import tasks
from app.operations._one_by_one import ItemResult, Transaction
from app.operations.actors import Actor
from app.operations.going_back._going_back import (
    fallen_phases,
    held,
    instance_of,
    opened,
    stands_of,
    tried,
    undo,
)
from app.operations.going_back._undoing import Since, since
from app.operations.road._calls import Call
from app.operations.road._deciding import AtHand, deciding, step_with
from app.operations.road._locking import look_at_case_of
from app.operations.road._moving import Moving
from app.operations.telling import notices

Then = Literal["on", "back"]
LONGEST_OPINION = 1000


@dataclass(frozen=True, slots=True)
class Done:
    """A task that somebody has done in this case."""

    task_id: int
    name: str
    office: str | None
    actor: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Target:
    """An earlier task that a case can be given back to.

    `straight`: once it is amended, the case can go straight back, the opinions in between standing; where a
    wait lies in between it goes the diagram's way.
    """

    element: str
    done: Done
    straight: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """What falls if a case is given back: open tasks (name, office), opinions, clocks (name, due), places.

    `branches`: other parallel branches fall, too. `closes_at` is the deadline of the step it comes back to;
    `late`: it is over, so the case cannot be given back there. `seq` is what `give_back` may be told to have
    been `seen`.
    """

    target: Target
    tasks: Sequence[tuple[str, str | None]]
    opinions: Sequence[Done]
    clocks: Sequence[tuple[str, datetime | None]]
    places: Sequence[str]
    branches: bool
    closes_at: datetime | None
    late: bool
    seq: int


@dataclass(frozen=True, slots=True)
class Returned:
    """The case, how it now stands, and the step to which it came back."""

    case_id: int
    status: str
    element: str


@dataclass(frozen=True, slots=True)
class _Way:
    target: Target
    earlier: Row[Any]
    back: WayBack
    since: Since


def targets(task_id: int) -> list[Target]:
    """The earlier tasks that a case can be given back to, the latest first. Raises as `preview` does."""
    moving = look_at_case_of(task_id)
    return [way.target for way in _ways(moving, _wait(moving, task_id))]


def common_targets(task_ids: Sequence[int]) -> list[Target]:
    """Where many tasks of one step can be given back at once: what all their cases have done before.

    Whether each of them can is seen when it is: the way is looked for in the first one's case alone.
    Raises as `preview` does.
    """
    cases = select(Task.case_id).where(Task.id.in_(task_ids)).distinct()
    done = select(Task.element, func.count(Task.case_id.distinct())).group_by(Task.element)
    done = done.where(Task.case_id.in_(cases), Task.state == "completed")
    in_cases = dict(db.session.execute(done).tuples().all())
    number = db.session.scalar(select(func.count()).select_from(cases.subquery()))
    return [one for one in targets(task_ids[0]) if in_cases.get(one.element) == number]


def preview(task_id: int, element: str, at: datetime) -> Preview:
    """What would fall, and how long there would be to amend; nothing is changed.

    Raises NotFound for no task, Conflict for one that waits no more, Refused for a step that is no target.
    """
    moving = look_at_case_of(task_id)
    wait = _wait(moving, task_id)
    return _preview(moving, wait, _way(moving, wait, element), at)


def previews(task_id: int, at: datetime) -> list[Preview]:
    """What would fall, for each of the `targets`."""
    moving = look_at_case_of(task_id)
    wait = _wait(moving, task_id)
    return [_preview(moving, wait, way, at) for way in _ways(moving, wait)]


def give_back(
    task_id: int,
    element: str,
    opinion: str,
    then: Then,
    actor: Actor,
    received_at: datetime,
    seen: int | None = None,
) -> Returned:
    """Gives a case back to an earlier step with an opinion, instead of completing the task.

    `then` is "on" (once amended, the diagram's way from there) or "back" (straight to this step again,
    `_straight_back`). Places that were claimed since are released. Raises what completing a task raises;
    Refused for a step that is no target or that closed in the meantime; Conflict where the case has moved
    since it was `seen`; Invalid without an opinion.
    """
    said = _opinion(opinion)
    with deciding(task_id, actor, received_at) as at_hand:
        moving, task, wait = at_hand.moving, at_hand.task, at_hand.wait
        if seen is not None and moving.seq != seen:
            raise Conflict("办件在您查看之后有了变化，退回没有生效。请重新核对退回的后果。")
        way = _way(moving, wait, element)
        if then == "back" and not way.target.straight:
            raise Refused("其间有等待的环节，补正后须重新等待，请选择重新逐级审核。")
        undone = undo(moving, way.since.undo, wait.token, wait.element, received_at)
        arguments = {
            "token": wait.token,
            "cancel": list(way.back.cancel),
            "start": [list(start) for start in way.back.start],
            "to": way.target.done.task_id,
            "then": then,
            "undone": undone,
            **at_hand.on_behalf,
        }
        call = Call("move", arguments)
        fallen = fallen_phases(way.back, way.earlier.process)
        moving.phases = {name: status for name, status in moving.phases.items() if name not in fallen}
        after = step_with(moving, call, wait, task.id, {"opinion": said}, actor, received_at)
        _mark(at_hand, way, after, then)
    return Returned(moving.id, moving.status, element)


def give_back_many(
    task_ids: Sequence[int],
    element: str,
    opinion: str,
    then: Then,
    actor: Actor,
    received_at: datetime,
    transaction: Transaction,
) -> list[ItemResult]:
    """Gives ticked cases back one by one, with one opinion, each in a `transaction` of its own.

    Raises Invalid without an opinion.
    """
    _opinion(opinion)
    return tasks.decide_many(
        task_ids,
        lambda task_id: give_back(task_id, element, opinion, then, actor, received_at).status,
        actor,
        received_at,
        transaction,
    )


def _opinion(text: str) -> str:
    said = text.strip()
    if not said:
        raise Invalid({"opinion": ["请填写退回意见，写明要补正什么。"]})
    if len(said) > LONGEST_OPINION:
        raise Invalid({"opinion": [f"最多 {LONGEST_OPINION} 个字，现有 {len(said)} 个字。"]})
    return said


# Where to


def _wait(moving: Moving, task_id: int) -> TaskWait:
    token = db.session.execute(select(Task.token).where(Task.id == task_id)).scalar_one()
    wait = moving.task(token)
    if wait is None:
        raise Conflict("这项待办已不再等待办理，不能退回。请刷新页面查看结果。")
    return wait


def _way(moving: Moving, wait: TaskWait, element: str) -> _Way:
    for way in _ways(moving, wait, obstructed=True):
        if way.target.element == element:
            if way.since.obstacle:
                raise Refused(f"{way.since.obstacle}。")
            return way
    raise Refused("不能退回到这个环节：流程图不允许，或者它不在这一步之前，或者在另一个并行分支里。")


def _ways(moving: Moving, wait: TaskWait, *, obstructed: bool = False) -> Iterator[_Way]:
    instance, allowed = instance_of(moving), _allowed(moving, wait)
    if allowed == ():
        return
    for earlier in _done_before(moving.id, wait):
        if allowed is not None and earlier.element not in allowed:
            continue
        back = instance.way_back(wait.token, earlier.token, (earlier.process, earlier.element))
        if back is None:
            continue
        happened = since(moving.scheme, moving.id, earlier.id, {name for _, name in back.between})
        if obstructed or happened.obstacle is None:
            yield _Way(_target(earlier, happened), earlier, back, happened)


def _allowed(moving: Moving, wait: TaskWait) -> tuple[str, ...] | None:
    return named(moving.scheme.definitions.processes[wait.process].elements[wait.element])


def _done_before(case_id: int, wait: TaskWait) -> list[Row[Any]]:
    """The last completion of each of the case's other steps before a task, the latest first."""
    columns = (
        *(Task.id, Task.process, Task.element, Task.token, Task.name),
        *(Task.completed_at, Task.completed_by),
    )
    rows = (
        select(*columns, Organisation.name.label("office"), Account.name.label("actor"))
        .outerjoin(Organisation, Organisation.id == Task.office_id)
        .outerjoin(Account, Account.id == Task.completed_by)
        .where(Task.case_id == case_id, Task.state == "completed", Task.token < wait.token)
        .where((Task.process != wait.process) | (Task.element != wait.element))
        .order_by(Task.token.desc())
    )
    last: dict[tuple[str, str], Row[Any]] = {}
    for row in db.session.execute(rows):
        last.setdefault((row.process, row.element), row)
    return list(last.values())


def _target(earlier: Row[Any], happened: Since) -> Target:
    return Target(earlier.element, _done(earlier), not happened.waited)


def _done(row: Row[Any]) -> Done:
    return Done(row.id, row.name, row.office, row.actor, row.completed_at)


# What falls


def _preview(moving: Moving, wait: TaskWait, way: _Way, at: datetime) -> Preview:
    before, after = stands_of(moving), tried(moving, way.back, at)
    closes_at = opened(after, way.earlier.process, way.earlier.element).closes_at
    staying = {task.token for task in after.tasks} | {timer.token for timer in after.timers}
    fallen = {task.token for task in before.tasks} - staying - {wait.token}
    return Preview(
        target=way.target,
        tasks=held(moving.id, fallen),
        opinions=_opinions(moving.id, wait, way),
        clocks=[(timer.name, timer.due_at) for timer in before.timers if timer.token not in staying],
        places=_places(moving) if way.since.undo else (),
        branches=len(way.back.cancel) > 1,
        closes_at=closes_at,
        late=closes_at is not None and closes_at <= at,
        seq=moving.seq,
    )


def _opinions(case_id: int, wait: TaskWait, way: _Way) -> list[Done]:
    """What was decided between the earlier step and this one, and holds no more."""
    done = (row for row in _done_before(case_id, wait) if row.token > way.earlier.token)
    return [_done(row) for row in done if (row.process, row.element) in way.back.between]


def _places(moving: Moving) -> list[str]:
    live = (PlaceClaim.case_id == moving.id, PlaceClaim.released_at.is_(None))
    grades = select(PostQuota.grade).join(PlaceClaim, PlaceClaim.quota_id == PostQuota.id).where(*live)
    return [moving.scheme.grade_title(grade) for grade in db.session.scalars(grades)]


# Doing it


def _mark(at_hand: AtHand, way: _Way, after: Snapshot, then: Then) -> None:
    """Tells the reopened task where it came back from, and whoever did it before that it has; refuses one
    that nobody could do any more.
    """
    moving, at = at_hand.moving, at_hand.received_at
    wait = opened(after, way.earlier.process, way.earlier.element)
    if wait.closes_at is not None and wait.closes_at <= at:
        raise Refused(f"“{wait.name}”已过办理期限，退回后无法补正，不能退回到这一步。")
    db.session.execute(
        update(Task)
        .where(Task.case_id == moving.id, Task.token == wait.token)
        .values(returned_from=at_hand.task.id, straight_back=then == "back")
    )
    before = way.earlier.completed_by
    if before is not None and before != at_hand.actor.account_id:
        told = f"“{wait.name}”已被退回，上次由您办理，请按退回意见补正后重新提交。"
        notices.tell(moving.id, told, at, accounts=[before])
