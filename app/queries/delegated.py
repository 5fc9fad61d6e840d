"""Tasks that one has delegated 委派出去的 and that have not come back yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from app.extensions import db
from app.models import Cosigner, History, HistoryPayload, Task
from app.queries.inbox import ROWS, Desk, TaskRow, asked_of
from app.queries.paging import COUNT_CAP, Page, cut, limited, read_id_cursor


@dataclass(frozen=True)
class DelegatedRow:
    """A task with its delegate as the assignee: what was asked, and when."""

    row: TaskRow
    question: str
    asked_at: datetime | None


def delegated(desk: Desk, after: str | None = None) -> Page[DelegatedRow]:
    """A page of what an account, or who it acts for, has delegated and waits to be answered; oldest first."""
    last = read_id_cursor(after)
    query = ROWS.where(_lent(desk)).order_by(Task.id)
    if last is not None:
        query = query.where(Task.id > last)
    rows = [TaskRow(*row) for row in db.session.execute(limited(query))]
    asked = _questions(rows)
    told = [DelegatedRow(row, *asked.get(row.task.id, ("", None))) for row in rows]
    return cut(told, lambda one: str(one.row.task.id))


def awaited(desk: Desk) -> tuple[int, int]:
    """How many opinions an account is asked for, and for how many it waits; both counted up to the cap."""
    asked = select(Cosigner.id).join(Task, Task.id == Cosigner.task_id)
    asked = asked.where(Task.state == "open", asked_of(desk))
    lent = select(Task.id).where(_lent(desk))
    of_me, by_me = db.session.execute(select(_counted(asked), _counted(lent))).one()
    return of_me, by_me


def _lent(desk: Desk) -> ColumnElement[bool]:
    """Each account's by the index of what it has delegated."""
    owners = [
        and_(Task.owner_id == account_id, *([Task.scheme_id == scheme_id] if scheme_id else []))
        for account_id, scheme_id in ((desk.account_id, None), *desk.principals)
    ]
    office = Task.office_id == desk.organisation_id
    return and_(Task.state == "open", Task.owner_id.is_not(None), office, or_(*owners))


def _counted(query: Select[Any]) -> Any:
    return select(func.count()).select_from(query.limit(COUNT_CAP).subquery()).scalar_subquery()


def _questions(rows: Sequence[TaskRow]) -> dict[int, tuple[str, datetime]]:
    """By task what was asked last, and when; a question whose text was erased is empty."""
    concerned = History.arguments["task"].as_integer()
    query = (
        select(concerned, HistoryPayload.body["text"].astext, History.at)
        .outerjoin(
            HistoryPayload,
            (HistoryPayload.case_id == History.case_id) & (HistoryPayload.seq == History.seq),
        )
        .where(History.case_id.in_({row.case.id for row in rows}), History.call == "record")
        .where(History.arguments["act"].astext == "delegated")
        .where(concerned.in_([row.task.id for row in rows]))
        .order_by(History.seq)
    )
    return {task_id: (text or "", at) for task_id, text, at in db.session.execute(query)}
