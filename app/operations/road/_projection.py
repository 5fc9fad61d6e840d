"""What the inbox, the sweep and the lists read, written with the step that changed it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Boolean, bindparam, case, delete, insert, select, update

from app.engine.types import MessageWait, Snapshot, TaskWait, TimerWait
from app.extensions import SENT, db
from app.models import (
    Case,
    Cosigner,
    History,
    HistoryPayload,
    Incident,
    Message,
    Task,
    TaskDraft,
    TaskValue,
    Timer,
)
from app.models import MessageWait as MessageWaitRow
from app.operations._prepared import Prepared

Rows = list[dict[str, Any]]
Wait = TypeVar("Wait", TaskWait, TimerWait, MessageWait)


@dataclass(slots=True)
class Changes:
    """Rows gathered over one or many cases and written together, one statement a kind (decision 4).

    A row of `history` bears its payload too. Whoever does a task adds to the row of `tasks_done` what was
    entered, which takes the draft's place.
    """

    tasks: Rows = field(default_factory=list)
    tasks_done: Rows = field(default_factory=list)
    tasks_cancelled: Rows = field(default_factory=list)
    tasks_retimed: Rows = field(default_factory=list)
    tasks_handed: Rows = field(default_factory=list)
    timers: Rows = field(default_factory=list)
    timers_gone: Rows = field(default_factory=list)
    timers_retimed: Rows = field(default_factory=list)
    waits: Rows = field(default_factory=list)
    waits_gone: Rows = field(default_factory=list)
    waits_retimed: Rows = field(default_factory=list)
    messages: Rows = field(default_factory=list)
    history: Rows = field(default_factory=list)
    incidents: Rows = field(default_factory=list)
    cases: dict[int, dict[str, Any]] = field(default_factory=dict)
    others: dict[Prepared, Rows] = field(default_factory=dict)

    def later(self, statement: Prepared, row: dict[str, Any]) -> None:
        """Runs a capability's statement with the row when everything is written; nothing comes back."""
        self.others.setdefault(statement, []).append(row)

    def flush(self) -> None:
        """Writes everything; afterwards nothing is pending."""
        if self.messages:
            db.session.info[SENT] = True
        for name, statement in _STATEMENTS.items():
            rows: Rows = getattr(self, name)
            if rows:
                statement.run_each(rows)
                rows.clear()
        if self.cases:
            _UPDATE_CASE.run_each(list(self.cases.values()))
            self.cases.clear()
        for statement, rows in self.others.items():
            statement.run_each(rows)
        self.others.clear()


_TABLES = (Task, TaskDraft, Timer, MessageWaitRow, Cosigner)
_TASK, _DRAFT, _TIMER, _WAIT, _COSIGNER = (table.__table__ for table in _TABLES)


def _row(table: Any) -> Any:
    return insert(table).values({column.name: bindparam(column.name) for column in table.c})


def _of_token(statement: Any, table: Any) -> Any:
    return statement.where(table.c.case_id == bindparam("of_case"), table.c.token == bindparam("of_token"))


_UPDATE_CASE = Prepared(
    update(Case.__table__)
    .where(Case.__table__.c.id == bindparam("of_case"))
    .values(
        {
            name: bindparam(name)
            for name in (
                *("state", "status", "outcome", "listed", "phases", "engine_state", "engine", "overlays"),
                *("workdays", "seq", "head", "updated_at", "ended_at"),
            )
        }
    )
)  # fmt: skip

_DONE = _of_token(update(_TASK), _TASK).values(
    state=bindparam("done"),
    pending_since=None,
    completed_at=bindparam("completed_at"),
    completed_by=bindparam("completed_by"),
    completed_for=bindparam("completed_for"),
)

# What is new comes before what is gone: a timer that is due at once is made and fired in one writing.
_STATEMENTS = {
    name: Prepared(statement)
    for name, statement in {
        "history": _row(HistoryPayload.__table__).add_cte(_row(History.__table__).cte("logged")),
        "tasks": insert(_TASK),
        "tasks_done": _row(TaskValue.__table__).add_cte(
            _DONE.cte("done"), delete(_DRAFT).where(_DRAFT.c.task_id == bindparam("task_id")).cte("draft")
        ),
        "tasks_cancelled": _of_token(update(_TASK), _TASK).values(
            state="cancelled", pending_since=None, completed_at=bindparam("completed_at")
        ),
        "tasks_retimed": _of_token(update(_TASK), _TASK).values(
            closes_at=bindparam("closes_at"),
            due_at=case((bindparam("passed", type_=Boolean), _TASK.c.due_at), else_=bindparam("due_at")),
        ),
        # Nobody of the office that it comes from has it, or is asked, any longer.
        "tasks_handed": _of_token(update(_TASK), _TASK)
        .values(office_id=bindparam("office_id"), assignee_id=None, owner_id=None, delegated=False, awaits=0)
        .add_cte(
            update(_COSIGNER)
            .where(
                _COSIGNER.c.given_at.is_(None),
                _COSIGNER.c.removed_at.is_(None),
                _COSIGNER.c.task_id.in_(_of_token(select(_TASK.c.id), _TASK)),
            )
            .values(removed_at=bindparam("at"))
            .cte("asked")
        ),
        "timers": insert(_TIMER),
        "timers_gone": _of_token(delete(_TIMER), _TIMER),
        "timers_retimed": _of_token(update(_TIMER), _TIMER).values(
            due_at=bindparam("due_at"), dates=bindparam("dates")
        ),
        "waits": insert(_WAIT),
        "waits_gone": _of_token(delete(_WAIT), _WAIT),
        "waits_retimed": _of_token(update(_WAIT), _WAIT).values(closes_at=bindparam("closes_at")),
        "messages": insert(Message.__table__),
        "incidents": insert(Incident.__table__),
    }.items()
}


@dataclass(frozen=True, slots=True)
class Completion:
    """Which task's token a step completed, and by whom; `state` is `completed` or `returned`."""

    token: int
    actor_id: int | None
    organisation_id: int | None
    state: str = "completed"


OfficeOf = Callable[[TaskWait], tuple[str, str, int | None, int | None, int | None]]
"""Role id, role title, the office that holds it for this case (None: nobody, told as an incident), the case's
person where the role lets applicants, and the account that the diagram names."""


def project(
    changes: Changes,
    case_id: int,
    scheme_id: str,
    before: Snapshot | None,
    after: Snapshot,
    at: datetime,
    office_of: OfficeOf,
    completion: Completion | None = None,
) -> None:
    """Adds to `changes` what differs between two snapshots of a case; tokens are never reused."""
    of_case = {"case_id": case_id, "scheme_id": scheme_id}
    _project_tasks(changes, of_case, before.tasks if before else (), after.tasks, at, office_of, completion)
    _project_timers(changes, of_case, before.timers if before else (), after.timers)
    _project_waits(changes, of_case, before.messages if before else (), after.messages)


def _project_tasks(
    changes: Changes,
    of_case: Mapping[str, Any],
    before: Sequence[TaskWait],
    after: Sequence[TaskWait],
    at: datetime,
    office_of: OfficeOf,
    completion: Completion | None,
) -> None:
    old, new = _by_token(before), _by_token(after)
    for token in old.keys() - new.keys():
        key = {"of_case": of_case["case_id"], "of_token": token, "completed_at": at}
        if completion is not None and completion.token == token:
            by = {"completed_by": completion.actor_id, "completed_for": completion.organisation_id}
            changes.tasks_done.append({**key, **by, "done": completion.state})
        else:
            changes.tasks_cancelled.append(key)
    for token, wait in new.items():
        if token not in old:
            changes.tasks.append({**of_case, **_task_row(wait, at, office_of)})
        elif (old[token].closes_at, old[token].due_at) != (wait.closes_at, wait.due_at):
            key = {
                "of_case": of_case["case_id"],
                "of_token": token,
                "passed": _reminded(old[token], wait, at),
            }
            changes.tasks_retimed.append({**key, "closes_at": wait.closes_at, "due_at": wait.due_at})


def _reminded(before: TaskWait, after: TaskWait, at: datetime) -> bool:
    """Whether the instant until when a task should be done has passed: then it stands."""
    return after.closes_at is None and before.due_at is not None and before.due_at <= at


def _task_row(wait: TaskWait, at: datetime, office_of: OfficeOf) -> dict[str, Any]:
    role, title, office_id, person_id, assignee_id = office_of(wait)
    return {
        "token": wait.token,
        "process": wait.process,
        "element": wait.element,
        "name": wait.name,
        "role": role,
        "office_id": office_id,
        "person_id": person_id,
        "assignee_id": assignee_id,
        "form": wait.form,
        "status": status_of(wait, title),
        "bulk": wait.properties.get("bulk") == "true",
        "state": "open",
        "opened_at": at,
        "closes_at": wait.closes_at,
        "due_at": wait.due_at,
    }


def status_of(wait: TaskWait, role_title: str) -> str | None:
    """The state's name as people read it (CQ-19); `{role}` stands for the office's title."""
    status = wait.properties.get("status")
    return status.replace("{role}", role_title) if status else None


def _project_timers(
    changes: Changes, of_case: Mapping[str, Any], before: Sequence[TimerWait], after: Sequence[TimerWait]
) -> None:
    old, new = _by_token(before), _by_token(after)
    for token in old.keys() - new.keys():
        changes.timers_gone.append({"of_case": of_case["case_id"], "of_token": token})
    for token, wait in new.items():
        if token not in old:
            row = {"element": wait.element, "name": wait.name, "dates": list(wait.dates)}
            changes.timers.append({**of_case, "token": token, "due_at": wait.due_at, **row})
        elif (old[token].due_at, old[token].dates) != (wait.due_at, wait.dates):
            key = {"of_case": of_case["case_id"], "of_token": token}
            changes.timers_retimed.append({**key, "due_at": wait.due_at, "dates": list(wait.dates)})


def _project_waits(
    changes: Changes, of_case: Mapping[str, Any], before: Sequence[MessageWait], after: Sequence[MessageWait]
) -> None:
    old, new = _by_token(before), _by_token(after)
    for token in old.keys() - new.keys():
        changes.waits_gone.append({"of_case": of_case["case_id"], "of_token": token})
    for token, wait in new.items():
        if token not in old:
            row = {"element": wait.element, "name": wait.name, "message": wait.message, "key": wait.key}
            changes.waits.append({**of_case, "token": token, "closes_at": wait.closes_at, **row})
        elif old[token].closes_at != wait.closes_at:
            key = {"of_case": of_case["case_id"], "of_token": token}
            changes.waits_retimed.append({**key, "closes_at": wait.closes_at})


def _by_token(waits: Iterable[Wait]) -> dict[int, Wait]:
    return {wait.token: wait for wait in waits}
