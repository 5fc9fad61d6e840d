"""Whether tasks are assigned, delegated and countersigned as the logs say, and deputies named as acts say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Row

from app.engine.types import TaskWait
from app.extensions import db
from app.models import Act, Cosigner, Deputy, Task
from app.operations.company import deputies
from app.operations.company._handing import HANDED

_COSIGNER = (
    *(Cosigner.account_id, Cosigner.asked_by, Cosigner.asked_at, Cosigner.verdict, Cosigner.given_at),
    *(Cosigner.given_by, Cosigner.removed_at, Cosigner.removed_by, Cosigner.question, Cosigner.opinion),
)
_NAMES = tuple(column.key for column in _COSIGNER)
_ERASED = object()
"""Stands for a text whose payload was erased: whatever the register says is right."""


@dataclass(slots=True)
class _Held:
    """A task as the log has it."""

    assignee_id: int | None = None
    owner_id: int | None = None
    delegated: bool = False
    cosigners: list[dict[str, Any]] = field(default_factory=list)

    @property
    def waiting(self) -> list[dict[str, Any]]:
        return [one for one in self.cosigners if one["given_at"] is None and one["removed_at"] is None]

    def hand(self, row: Row[Any]) -> None:
        """To another office, where nobody has it or is asked."""
        self.assignee_id, self.owner_id, self.delegated = None, None, False
        for one in self.waiting:
            one["removed_at"] = row.at

    def name(self, account_id: int) -> None:
        """The diagram did, when the task was made."""
        self.assignee_id = account_id

    def act(self, row: Row[Any]) -> None:
        said, to = row.arguments, row.arguments.get("to")
        match said["act"]:
            case "claimed" | "released" | "transferred" | "resolved":
                self.assignee_id, self.owner_id, self.delegated = to, None, False
            case "delegated":
                self.assignee_id, self.owner_id, self.delegated = to, said["owner"], True
            case "cosign_asked":
                asked = {"account_id": to, "asked_by": row.actor_id, "asked_at": row.at}
                self.cosigners.append({**dict.fromkeys(_NAMES), **asked, "question": _text(row)})
            case "cosign_given":
                self._settle(said["of"], verdict=said["verdict"], given_at=row.at, given_by=row.actor_id)
                self._last(said["of"])["opinion"] = _text(row)
            case "cosign_removed":
                self._settle(to, removed_at=row.at, removed_by=row.actor_id)

    def _settle(self, account_id: int, **columns: Any) -> None:
        next(one for one in self.waiting if one["account_id"] == account_id).update(columns)

    def _last(self, account_id: int) -> dict[str, Any]:
        return next(one for one in reversed(self.cosigners) if one["account_id"] == account_id)


def assigning_findings(case_id: int, rows: Sequence[Row[Any]]) -> Iterator[str]:
    """What of a case's tasks is registered otherwise than its log says."""
    logged = _logged(rows)
    columns = (Task.token, Task.name, Task.assignee_id, Task.owner_id, Task.delegated, Task.awaits)
    tasks = select(Task.id, *columns).where(Task.case_id == case_id).order_by(Task.id)
    asked = _asked(case_id)
    for task in db.session.execute(tasks).all():
        held = logged.pop(task.token, _Held())
        wanted = (held.assignee_id, held.owner_id, held.delegated, len(held.waiting))
        if (task.assignee_id, task.owner_id, task.delegated, task.awaits) != wanted:
            yield f"待办事项“{task.name}”登记的签收、委派或加签与记录不符"
        if not _alike(asked.pop(task.id, []), held.cosigners):
            yield f"待办事项“{task.name}”登记的会签意见与记录不符"
    yield from _behalf_findings(case_id, rows)


def due_findings(case: Row[Any], waits: Iterable[TaskWait]) -> Iterator[str]:
    """Where an open task is due at another instant than its timers say.

    A reminder that has passed stands; tasks from before there were such instants have none.
    """
    tasks = select(Task.token, Task.name, Task.due_at).where(Task.case_id == case.id, Task.state == "open")
    known = {wait.token: wait for wait in waits}
    for token, name, due_at in db.session.execute(tasks.order_by(Task.token)):
        wait = known.get(token)
        passed = due_at is None or due_at <= case.updated_at
        if wait and due_at != wait.due_at and (wait.closes_at is not None or not passed):
            yield f"待办事项“{name}”登记的办理期限与流程状态不符"


def deputy_faults() -> Iterator[tuple[int | None, str]]:
    """Where a deputyship is registered otherwise than it was named and revoked."""
    kinds = (deputies.NAMED, deputies.REVOKED)
    acts = db.session.scalars(select(Act).where(Act.kind.in_(kinds)).order_by(Act.id)).all()
    named = {act.subject: act for act in acts if act.kind == deputies.NAMED}
    revoked = {act.subject: act.at for act in acts if act.kind == deputies.REVOKED}
    for row in db.session.scalars(select(Deputy).order_by(Deputy.id)):
        act = named.pop(str(row.id), None)
        if act is None or act.detail != deputies.told(row) or act.ground != row.ground:
            yield None, f"代理 {row.id} 与指定时的日志不符"
        elif revoked.get(str(row.id)) != row.revoked_at:
            yield None, f"代理 {row.id} 登记的撤销与日志不符"
    for subject in named:
        yield None, f"代理 {subject} 不见了，日志里指定过"


def _logged(rows: Sequence[Row[Any]]) -> dict[int, _Held]:
    held: dict[int, _Held] = {}
    for row in rows:
        if row.call != HANDED:
            for token in row.arguments.get("offices", {}):
                held.setdefault(int(token), _Held()).hand(row)
            for token, account_id in row.arguments.get("assignees", {}).items():
                held[int(token)].name(account_id)
        if row.call == "record" and "token" in row.arguments:
            held.setdefault(row.arguments["token"], _Held()).act(row)
    return held


def _text(row: Row[Any]) -> Any:
    return row.body["text"] if row.body is not None else _ERASED


def _asked(case_id: int) -> dict[int, list[dict[str, Any]]]:
    """The registered questions of a case's tasks, in the order in which they were asked."""
    query = select(Cosigner.task_id, *_COSIGNER).join(Task, Task.id == Cosigner.task_id)
    found: dict[int, list[dict[str, Any]]] = {}
    for task_id, *values in db.session.execute(query.where(Task.case_id == case_id).order_by(Cosigner.id)):
        found.setdefault(task_id, []).append(dict(zip(_NAMES, values, strict=True)))
    return found


def _alike(registered: list[dict[str, Any]], logged: list[dict[str, Any]]) -> bool:
    if len(registered) != len(logged):
        return False
    pairs = zip(registered, logged, strict=True)
    return all(one[name] == other[name] or other[name] is _ERASED for one, other in pairs for name in _NAMES)


def _behalf_findings(case_id: int, rows: Sequence[Row[Any]]) -> Iterator[str]:
    """Where somebody else than who had a task did it, and the log names nobody for whom."""
    done = {row.task_id: row for row in rows if row.task_id is not None and row.actor_id is not None}
    query = select(Task.id, Task.name, Task.assignee_id).where(Task.case_id == case_id, Task.id.in_(done))
    for task in db.session.execute(query.where(Task.assignee_id.is_not(None)).order_by(Task.id)):
        row = done[task.id]
        whose = row.arguments.get("for", {}).get("account", row.actor_id)
        if whose != task.assignee_id:
            yield f"待办事项“{task.name}”由并未签收也不代理的人办理"
