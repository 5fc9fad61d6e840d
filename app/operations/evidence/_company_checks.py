"""Whether reminders and copies stand as the log of their case says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Row

from app.extensions import db
from app.models import CaseCopy, Task
from app.operations.company._acts import COPIED, REMINDED


def company_findings(case: Row[Any], rows: Sequence[Row[Any]]) -> Iterator[str]:
    yield from _reminder_findings(case, rows)
    yield from _copy_findings(case, rows)


def _reminder_findings(case: Row[Any], rows: Sequence[Row[Any]]) -> Iterator[str]:
    last = {row.arguments["task"]: row.at for row in rows if row.arguments.get("act") == REMINDED}
    tasks = select(Task.id, Task.name, Task.reminded_at).where(Task.case_id == case.id)
    for task in db.session.execute(tasks.order_by(Task.token)):
        if task.reminded_at != last.get(task.id):
            yield f"待办事项“{task.name}”登记的催办与记录不符"


def _copy_findings(case: Row[Any], rows: Sequence[Row[Any]]) -> Iterator[str]:
    """Who was given sight of the case, row by row of the log; and the note, unless it was erased."""
    columns = (CaseCopy.account_id, CaseCopy.organisation_id, CaseCopy.sent_by, CaseCopy.sent_at)
    found: dict[int, set[Any]] = {}
    query = select(CaseCopy.seq, CaseCopy.note, *columns).where(CaseCopy.case_id == case.id)
    notes = {row.seq: row.body.get("text", "") for row in rows if row.body is not None}
    for seq, note, *copy in db.session.execute(query):
        found.setdefault(seq, set()).add(tuple(copy))
        if seq in notes and note != notes[seq]:
            yield f"第 {seq} 条记录的抄送附言与记录不符"
    told = {
        row.seq: {(one, None, row.actor_id, row.at) for one in row.arguments["accounts"]}
        | {(None, one, row.actor_id, row.at) for one in row.arguments["organisations"]}
        for row in rows
        if row.arguments.get("act") == COPIED
    }
    if found != told:
        yield "办件登记的抄送与记录不符"
