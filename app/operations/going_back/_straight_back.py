"""A case that was given back and amended goes straight to where it came from: opinions in between stand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Row

from app.engine.types import TaskWait
from app.extensions import db
from app.models import Task, TaskValue
from app.operations.actors import SYSTEM
from app.operations.road._deciding import complete_with
from app.operations.road._moving import Moving

_Step = tuple[str, str, int | None]
"""A process, an element of it, and the office that does it."""


def go_straight_back(moving: Moving, done: Row[Any], at: datetime) -> None:
    """Does again, with what was entered then, each task between `done` and the one that gave it back.

    The case goes the diagram's way: rules are applied to what was amended, places are claimed, routes chosen.
    Where that leads to a step or an office that has not decided yet, the case waits there as ever. Raises
    Refused when a capability refuses.
    """
    from_task = _task(done.returned_from)
    opinions = _opinions(moving.id, done)
    while (wait := _next(moving, done.token, opinions, from_task, at)) is not None:
        opened = _row(moving.id, wait.token)
        standing = opinions.pop((wait.process, wait.element, opened.office_id))
        complete_with(moving, wait, opened.id, standing.values, SYSTEM, at, stands=standing.id)


def _next(
    moving: Moving, after: int, opinions: dict[_Step, Row[Any]], from_task: Row[Any], at: datetime
) -> TaskWait | None:
    """A task that is open now and on which an opinion stands; never the one that gave the case back.

    A step that is done several times at once is decided anew.
    """
    for wait in moving.stands.tasks if moving.stands else ():
        place = (wait.process, wait.element)
        several = moving.scheme.definitions.processes[wait.process].repeats(wait.element)
        late = wait.closes_at is not None and wait.closes_at <= at
        if wait.token <= after or late or several or place == (from_task.process, from_task.element):
            continue
        if (*place, _row(moving.id, wait.token).office_id) in opinions:
            return wait
    return None


def _opinions(case_id: int, done: Row[Any]) -> dict[_Step, Row[Any]]:
    """What was entered, last at each step, since the step that is now done was done before."""
    amended = _task(done.id)
    former = (
        select(Task.token)
        .where(Task.case_id == case_id, Task.state == "completed", Task.token < amended.token)
        .where(Task.process == amended.process, Task.element == amended.element)
        .order_by(Task.token.desc())
        .limit(1)
        .scalar_subquery()
    )
    columns = (Task.id, Task.process, Task.element, Task.office_id, TaskValue.values)
    rows = (
        select(*columns)
        .join(TaskValue, TaskValue.task_id == Task.id)
        .where(Task.case_id == case_id, Task.state == "completed")
        .where(Task.token > former, Task.token < amended.token)
        .order_by(Task.token)
    )
    return {(row.process, row.element, row.office_id): row for row in db.session.execute(rows)}


def _task(task_id: int) -> Row[Any]:
    columns = (Task.process, Task.element, Task.token)
    return db.session.execute(select(*columns).where(Task.id == task_id)).one()


def _row(case_id: int, token: int) -> Row[Any]:
    row = select(Task.id, Task.office_id).where(Task.case_id == case_id, Task.token == token)
    return db.session.execute(row).one()
