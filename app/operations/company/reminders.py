"""Reminding 催办 whoever has an open task, at most once in four hours a task."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.engine import Row

from app.engine.civil import civil
from app.errors import Closed, Conflict, NotFound, Refused
from app.extensions import db
from app.models import Account, Cosigner, Task
from app.operations.actors import APPLICANT, Actor
from app.operations.company._acts import REMINDED
from app.operations.road._beside import locked, log_beside, note_of, takes_part
from app.operations.telling import notices

EVERY = timedelta(hours=4)


class TooSoon(Conflict):
    """这项待办刚催办过，请稍后再催。"""

    code = "too_soon"


def remind(task_id: int, note: str, actor: Actor, received_at: datetime) -> datetime:
    """Reminds whoever has the task, by a notice and a mark in their inbox; when it can be done next.

    Whoever waits may: the case's unit or person, an office that has had the case, a supervisor; not those
    who have the task. Raises NotFound, Conflict for a task that is open no more, Closed for one that nobody
    can do any more, TooSoon within four hours of the last time by the scheme's clock, Invalid for the note.
    """
    said = note_of(note)
    case = locked(_case_of(task_id))
    task = db.session.execute(_TASK.where(Task.id == task_id)).one()
    if not takes_part(case, actor):
        raise NotFound
    _check(task, actor, received_at)
    db.session.execute(update(Task).where(Task.id == task_id).values(reminded_at=received_at))
    about = {"task": task.id, "token": task.token}
    log_beside(case, REMINDED, actor, received_at, text=said, element=task.element, **about)
    by = "、".join(name for name in (actor.organisation_name, actor.name) if name)
    told = f"催办“{task.name}”：{by}催请尽快办理。{said}"
    taken = _taken_by(task)
    accounts, office_id = (taken, None) if taken else (_applicants(task), task.office_id)
    kind = notices.REMINDER
    notices.tell(case.id, told, received_at, accounts=accounts, organisation_id=office_id, kind=kind)
    return received_at + EVERY


def next_possible(task: Any, at: datetime) -> datetime | None:
    """When somebody may remind of a task again; None: now."""
    last: datetime | None = task.reminded_at
    return last + EVERY if last is not None and at < last + EVERY else None


def waits_for_others(task: Any, actor: Actor) -> bool:
    """Whether a task is not the actor's own side's to do; a supervisor reminds their own office, too."""
    own = task.office_id == actor.organisation_id and not actor.has("supervisor")
    return not (own or actor.is_applicant(task.person_id))


_TASK = select(
    *(Task.id, Task.token, Task.element, Task.name, Task.state, Task.office_id, Task.person_id),
    *(Task.closes_at, Task.reminded_at, Task.assignee_id, Task.awaits),
)


def _case_of(task_id: int) -> int:
    case_id = db.session.scalar(select(Task.case_id).where(Task.id == task_id))
    if case_id is None:
        raise NotFound
    return case_id


def _check(task: Row[Any], actor: Actor, at: datetime) -> None:
    if task.state != "open":
        raise Conflict(f"“{task.name}”已不在等待办理，不必催办。请刷新页面查看结果。")
    if task.closes_at is not None and at >= task.closes_at:
        raise Closed(f"“{task.name}”已截止，不能再办理，不必催办。")
    if not waits_for_others(task, actor):
        raise Refused(f"“{task.name}”由您或本机构办理，不必催办。")
    again = next_possible(task, at)
    if again is not None:
        raise TooSoon(f"“{task.name}”四小时内已催办过，{civil(again):%m月%d日 %H:%M}以后才能再催。")


def _taken_by(task: Row[Any]) -> list[int]:
    """The accounts that the task waits for; none: anybody of its office, or the person whose it is, too."""
    if task.awaits:
        open_ones = (Cosigner.task_id == task.id, Cosigner.given_at.is_(None), Cosigner.removed_at.is_(None))
        return list(db.session.scalars(select(Cosigner.account_id).where(*open_ones)))
    return [] if task.assignee_id is None else [task.assignee_id]


def _applicants(task: Row[Any]) -> list[int]:
    """The accounts of the person whose task it is, too."""
    if task.person_id is None:
        return []
    own = (Account.person_id == task.person_id, Account.duties.contains([APPLICANT]))
    return list(db.session.scalars(select(Account.id).where(*own, Account.disabled_at.is_(None))))
