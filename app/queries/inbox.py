"""The inbox 待办 and what was done 已办: tasks of an organisation, straight from the projection."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, select, text, tuple_
from sqlalchemy.orm import defer

from app.extensions import db
from app.models import Case, Organisation, Person, Task
from app.queries.paging import Page, all_rows, at_cursor, capped_count, cut, limited, read_at_cursor

ROWS = (
    select(Task, Case, Organisation.name, Person)
    .join(Case, Case.id == Task.case_id)
    .join(Organisation, Organisation.id == Case.unit_id)
    .outerjoin(Person, Person.id == Case.person_id)
    # A list never needs an instance of the engine.
    .options(defer(Case.engine_state, raiseload=True))
)


@dataclass(frozen=True)
class TaskRow:
    """A task with what a list says of its case."""

    task: Task
    case: Case
    unit_name: str
    person: Person | None


@dataclass(frozen=True)
class TaskFilter:
    """What a list is narrowed to; empty text means any. `kind` is "scheme/element"."""

    kind: str = ""
    unit: str = ""
    name: str = ""
    opened_from: datetime | None = None
    opened_before: datetime | None = None


@dataclass(frozen=True)
class TaskKind:
    """A step that the inbox holds tasks of, for the filter's list of choices."""

    key: str
    scheme_id: str
    name: str


def open_tasks(organisation_id: int, wanted: TaskFilter, after: str | None = None) -> Page[TaskRow]:
    """A page of the open tasks, the oldest first."""
    query = _narrowed(ROWS.where(*_open(organisation_id)), wanted).order_by(Task.opened_at, Task.id)
    place = read_at_cursor(after)
    if place:
        query = query.where(tuple_(Task.opened_at, Task.id) > place)
    return cut(_fetch(limited(query)), lambda row: at_cursor(row.task.opened_at, row.task.id))


def every_open(organisation_id: int, wanted: TaskFilter, *, long: bool = False) -> Iterator[TaskRow]:
    """All open tasks, the oldest first. Raises TooMany."""
    query = _narrowed(ROWS.where(*_open(organisation_id)), wanted).order_by(Task.opened_at, Task.id)
    return (TaskRow(*row) for row in all_rows(query, long=long))


def every_done(organisation_id: int, wanted: TaskFilter, *, long: bool = False) -> Iterator[TaskRow]:
    """All that the organisation completed, the newest first. Raises TooMany."""
    query = _narrowed(_done(organisation_id), wanted, Task.completed_at)
    query = query.order_by(Task.completed_at.desc(), Task.id.desc())
    return (TaskRow(*row) for row in all_rows(query, long=long))


def count_open(organisation_id: int, wanted: TaskFilter | None = None) -> tuple[int, bool]:
    return capped_count(
        _narrowed(ROWS.with_only_columns(Task.id), wanted or TaskFilter()).where(*_open(organisation_id))
    )


def kinds(organisation_id: int) -> Sequence[TaskKind]:
    """The steps of which the organisation has open tasks, each found by one look at the index."""
    found = db.session.execute(_KINDS, {"office": organisation_id})
    return [TaskKind(f"{scheme}/{element}", scheme, name) for scheme, element, name in found]


_KINDS = text("""
    WITH RECURSIVE kind AS (
        (SELECT scheme_id, element, name FROM task WHERE state = 'open' AND office_id = :office
         ORDER BY scheme_id, element, name LIMIT 1)
        UNION ALL
        SELECT later.* FROM kind, LATERAL (
            SELECT scheme_id, element, name FROM task WHERE state = 'open' AND office_id = :office
            AND (scheme_id, element, name) > (kind.scheme_id, kind.element, kind.name)
            ORDER BY scheme_id, element, name LIMIT 1
        ) later
    )
    SELECT scheme_id, element, name FROM kind ORDER BY scheme_id, name
""")


def newest_open(organisation_id: int) -> int:
    """The id of the newest open task, 0 for none: changes when something new came."""
    query = (
        select(Task.id)
        .where(Task.state == "open", Task.office_id == organisation_id)
        .order_by(Task.id.desc())
        .limit(1)
    )
    return db.session.scalar(query) or 0


def done_tasks(organisation_id: int, wanted: TaskFilter, after: str | None = None) -> Page[TaskRow]:
    """A page of what the organisation completed, the newest first; `opened_*` then means completed."""
    query = _narrowed(_done(organisation_id), wanted, Task.completed_at)
    query = query.order_by(Task.completed_at.desc(), Task.id.desc())
    place = read_at_cursor(after)
    if place:
        query = query.where(tuple_(Task.completed_at, Task.id) < place)
    return cut(
        _fetch(limited(query)),
        lambda row: at_cursor(row.task.completed_at or row.task.opened_at, row.task.id),
    )


def chosen(task_ids: Collection[int], organisation_id: int) -> Sequence[TaskRow]:
    """The ticked tasks that the organisation holds and that are still open, in the inbox's order."""
    query = ROWS.where(*_open(organisation_id), Task.id.in_(task_ids))
    return _fetch(query.order_by(Task.opened_at, Task.id))


def all_of_kind(organisation_id: int, wanted: TaskFilter, upto: int, most: int) -> Sequence[TaskRow]:
    """Up to `most` open tasks of a kind that are decided in bulk, none newer than the task `upto`."""
    query = _narrowed(ROWS.where(*_open(organisation_id)), wanted)
    query = query.where(Task.bulk, Task.id <= upto).order_by(Task.opened_at, Task.id)
    return _fetch(query.limit(most)) if wanted.kind else []


def _done(organisation_id: int) -> Select[Any]:
    """What it completed or gave back."""
    return ROWS.where(Task.completed_for == organisation_id)


def _open(organisation_id: int) -> tuple[ColumnElement[bool], ...]:
    return Task.state == "open", Task.office_id == organisation_id


def _narrowed(query: Select[Any], wanted: TaskFilter, at: Any = Task.opened_at) -> Select[Any]:
    scheme_id, _, element = wanted.kind.partition("/")
    if element:
        query = query.where(Task.scheme_id == scheme_id, Task.element == element)
    if wanted.opened_from:
        query = query.where(at >= wanted.opened_from)
    if wanted.opened_before:
        query = query.where(at < wanted.opened_before)
    if wanted.unit:
        query = query.where(Organisation.name.contains(wanted.unit, autoescape=True))
    if wanted.name:
        query = query.where(Person.name.contains(wanted.name, autoescape=True))
    return query


def _fetch(query: Select[Any]) -> Sequence[TaskRow]:
    return [TaskRow(*row) for row in db.session.execute(query)]
