"""From whom and why cases have come back 退回 to the tasks that are now open."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import aliased

from app.extensions import db
from app.models import Account, Organisation, Task, TaskValue


@dataclass(frozen=True)
class CameBack:
    """Who gave a case back at which step, and with what opinion; `straight`: it goes straight back there.

    `before`: who had done the step to which it came back; that is a hint, anybody of its office may do it.
    """

    name: str
    office: str | None
    actor: str | None
    at: datetime
    opinion: str
    straight: bool
    before_id: int | None
    before: str | None


def came_back(task_ids: Collection[int]) -> dict[int, CameBack]:
    """By task; nothing for those that came the ordinary way."""
    giver, doer = aliased(Task), aliased(Account)
    query = (
        select(
            *(Task.id, giver.name, Organisation.name, Account.name, giver.completed_at),
            *(TaskValue.values["opinion"].astext, Task.straight_back, doer.id, doer.name),
        )
        .join(giver, giver.id == Task.returned_from)
        .outerjoin(TaskValue, TaskValue.task_id == giver.id)
        .outerjoin(Organisation, Organisation.id == giver.completed_for)
        .outerjoin(Account, Account.id == giver.completed_by)
        .outerjoin(doer, doer.id == _done_before())
        .where(Task.id.in_(task_ids))
    )
    return {
        task_id: CameBack(name, office, actor, at, opinion or "", *more)
        for task_id, name, office, actor, at, opinion, *more in db.session.execute(query)
    }


def _done_before() -> Any:
    """The account that did the same step of the case last."""
    earlier = aliased(Task)
    same = (earlier.case_id == Task.case_id, earlier.process == Task.process, earlier.element == Task.element)
    done = select(earlier.completed_by).where(*same, earlier.state == "completed", earlier.token < Task.token)
    return done.order_by(earlier.token.desc()).limit(1).scalar_subquery()


@dataclass(frozen=True)
class GivenBack:
    """The newest return of a case: at which step, by whom, why."""

    name: str
    office: str | None
    actor: str | None
    at: datetime
    opinion: str


def last_return(case_id: int) -> GivenBack | None:
    """None for a case that was never given back."""
    query = (
        select(Task.name, Organisation.name, Account.name, Task.completed_at)
        .add_columns(TaskValue.values["opinion"].astext)
        .outerjoin(TaskValue, TaskValue.task_id == Task.id)
        .outerjoin(Organisation, Organisation.id == Task.completed_for)
        .outerjoin(Account, Account.id == Task.completed_by)
        .where(Task.case_id == case_id, Task.state == "returned")
        .order_by(Task.completed_at.desc(), Task.id.desc())
        .limit(1)
    )
    found = db.session.execute(query).first()
    if found is None:
        return None
    name, office, actor, at, opinion = found
    return GivenBack(name, office, actor, at, opinion or "")
