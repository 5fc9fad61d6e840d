"""What somebody may do about a case beside its tasks: take back, remind, copy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import aliased

from app.errors import DomainError, NotFound
from app.extensions import db
from app.models import Case, History, Task, Work, WorkItem
from app.operations.actors import Actor
from app.operations.company import copies, reminders
from app.operations.going_back import recalls
from app.queries.inbox import ROWS, TaskRow
from app.queries.visibility import Sight, case_for


@dataclass(frozen=True)
class Remindable:
    """An open task that the actor may remind of; `again_at`: not before then."""

    task: Task
    again_at: datetime | None


@dataclass(frozen=True)
class Company:
    """`recallable` is the task whose completion may be taken back now."""

    recallable: recalls.Preview | None
    remindable: Sequence[Remindable]
    may_copy: bool


def of_case(case: Case, actor: Actor, at: datetime) -> Company:
    """What the actor may do about a case that they see."""
    part = copies.may_send(case, actor)
    running = case.ended_at is None
    return Company(
        recallable=_recallable(case.id, actor, at) if running else None,
        remindable=_remindable(case.id, actor, at) if part and running else [],
        may_copy=part,
    )


def untouched(task_ids: Sequence[int], actor: Actor) -> frozenset[int]:
    """Those of these tasks that the account has done and after which the case has not moved."""
    later = aliased(History)
    moved = exists().where(
        *(later.case_id == History.case_id, later.seq > History.seq),
        later.call.not_in(("record", "retime")),
    )
    query = (
        select(Task.id)
        .join(Case, Case.id == Task.case_id)
        .join(History, (History.case_id == Case.id) & (History.task_id == Task.id))
        .where(Task.id.in_(task_ids), Task.state == "completed", Task.completed_by == actor.account_id)
        .where(Case.ended_at.is_(None), ~moved)
    )
    return frozenset(db.session.scalars(query))


def done_by(actor: Actor, *, task_ids: Sequence[int] = (), work_id: int | None = None) -> Sequence[TaskRow]:
    """What the account has done of these tasks, the newest first; or of the decisions of its long work, as
    far as those cases still run.
    """
    those: ColumnElement[bool]
    if work_id is None:
        those = Task.id.in_(task_ids)
    else:
        own = (Work.account_id == actor.account_id, Work.kind == "decisions", WorkItem.state == "done")
        items = select(WorkItem.task_id).join(Work, Work.id == WorkItem.work_id)
        those = Task.id.in_(items.where(*own, Work.id == work_id)) & Case.ended_at.is_(None)
    mine = (Task.completed_by == actor.account_id, Task.completed_for == actor.organisation_id)
    query = ROWS.where(those, *mine, Task.state == "completed").order_by(Task.id.desc())
    return [TaskRow(*row) for row in db.session.execute(query)]


def task_in_sight(task_id: int, sight: Sight) -> tuple[Task, Case]:
    """A task of a case in sight; raises NotFound alike for none and for one of others."""
    task = db.session.get(Task, task_id)
    if task is None:
        raise NotFound
    return task, case_for(task.case_id, sight)


def _recallable(case_id: int, actor: Actor, at: datetime) -> recalls.Preview | None:
    """The newest task that the actor's side has done in the case, if it may be taken back."""
    mine = Task.completed_by == actor.account_id
    if actor.organisation_id is not None:
        mine |= Task.completed_for == actor.organisation_id
    done = select(Task.id).where(Task.case_id == case_id, Task.state == "completed", mine)
    newest = db.session.scalar(done.order_by(Task.completed_at.desc(), Task.id.desc()).limit(1))
    if newest is None:
        return None
    try:
        told = recalls.preview(newest, actor, at)
    except DomainError:
        return None
    return None if told.late else told


def _remindable(case_id: int, actor: Actor, at: datetime) -> list[Remindable]:
    open_ones = select(Task).where(Task.case_id == case_id, Task.state == "open").order_by(Task.id)
    return [
        Remindable(task, reminders.next_possible(task, at))
        for task in db.session.scalars(open_ones)
        if reminders.waits_for_others(task, actor) and (task.closes_at is None or at < task.closes_at)
    ]
