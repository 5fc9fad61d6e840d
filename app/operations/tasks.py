"""Completing user tasks 待办事项, alone and in bulk; drafts."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.engine import Row

from app.content.mapping import output_mapping
from app.engine.types import TaskWait
from app.errors import Closed, Conflict, DomainError, NotFound, Refused
from app.extensions import db
from app.models import Account, Task, TaskDraft
from app.operations._entered import take_in, without_id_numbers
from app.operations._history import payload_digest
from app.operations._plain import to_json
from app.operations._prepared import Prepared
from app.operations._road import PENDING_FOR, Call, Moving, caught_up, lock_case_of
from app.operations.actors import Actor

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Completion:
    """What a completion led to: the case, how it now stands, and what waits in it for the same office."""

    case_id: int
    status: str
    element: str


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What became of one item of a bulk request; `message` is the new status, or why it was refused."""

    task_id: int
    ok: bool
    message: str


def complete(task_id: int, values: Values, actor: Actor, received_at: datetime) -> Completion:
    """Completes a task with what a person entered (journey 1).

    `received_at` is the instant at which the request was complete, by the scheme's clock. Raises NotFound
    for a task of another office, Closed from the due instant on, Conflict for one already done, Refused
    for who may not decide it (ALL-04), Invalid with a sentence a field.
    """
    moving = lock_case_of(task_id)
    moving.renew(received_at)
    tasks = _concerned(moving.id, task_id, actor)
    task = _own(tasks, task_id, actor)
    _check_open(task, received_at)
    with caught_up(moving, received_at):
        wait = _still_waiting(moving, task)
        _check_decider(moving, task, tasks, actor)
        form = moving.scheme.form(wait.form) if wait.form else None
        loaded = take_in(moving, form, values, actor, received_at) if form else {}
        stored = to_json(loaded)
        variables = output_mapping(wait.properties.get("outputs", ""), loaded)
        salt = secrets.token_bytes(16)
        arguments = {"token": wait.token, "values_digest": payload_digest(salt, stored).hex()}
        call = Call("complete", arguments, {"variables": to_json(variables)})
        moving.step(call, received_at, actor, element=wait.element, task_id=task.id)
        moving.changes.values.append({"task_id": task.id, "values": stored, "salt": salt})
        moving.changes.drafts_done.append({"of_task": task.id})
        moving.changes.flush()
    return Completion(moving.id, moving.status, wait.element)


def save_draft(task_id: int, values: Values, actor: Actor, received_at: datetime) -> None:
    """Keeps what a person has typed, unchecked; refused from the due instant on."""
    task = db.session.execute(_WANTED_TASK, {"task": task_id}).first()
    task = _own([task] if task else [], task_id, actor)
    _check_open(task, received_at)
    kept = to_json(without_id_numbers(values))
    draft = {"values": kept, "saved_at": received_at, "saved_by": actor.account_id}
    db.session.execute(
        upsert(TaskDraft)
        .values(task_id=task_id, **draft)
        .on_conflict_do_update(index_elements=["task_id"], set_=draft)
    )


def complete_many(
    task_ids: Sequence[int],
    values: Values | Callable[[int], Values],
    actor: Actor,
    received_at: datetime,
    transaction: Callable[[], AbstractContextManager[Any]],
) -> list[ItemResult]:
    """Completes ticked tasks one by one, each in a `transaction` of its own, with a result per item.

    All are marked as pending first, so that no timer due later than `received_at` beats one that is still
    waiting for its turn (decision 3). The mark is taken off again, and holds for an hour at most.
    """
    ids = list(dict.fromkeys(task_ids))
    with transaction():
        _mark_pending(ids, actor, received_at)
        one_by_one = set(db.session.execute(select(Task.id).where(Task.id.in_(ids), ~Task.bulk)).scalars())
    given = values if callable(values) else lambda task_id: values
    try:
        return [
            ItemResult(one, False, "这一环节须逐件办理，不能批量提交。")
            if one in one_by_one
            else _complete_item(one, given(one), actor, received_at, transaction)
            for one in ids
        ]
    finally:
        with transaction():
            mine = (Task.id.in_(ids), Task.pending_since == received_at)
            db.session.execute(update(Task).where(*mine).values(pending_since=None))


def _complete_item(
    task_id: int,
    values: Values,
    actor: Actor,
    received_at: datetime,
    transaction: Callable[[], AbstractContextManager[Any]],
) -> ItemResult:
    try:
        with transaction():
            done = complete(task_id, values, actor, received_at)
        return ItemResult(task_id, True, done.status)
    except DomainError as refusal:
        return ItemResult(task_id, False, _told(refusal))


# Made once: to make a statement costs more than to run it.
_TASK, _ACCOUNT = Task.__table__.c, Account.__table__.c
_COLUMNS = (_TASK.id, _TASK.token, _TASK.role, _TASK.office_id, _TASK.name, _TASK.state, _TASK.closes_at)
_WANTED = _TASK.id == bindparam("task")
_WANTED_TASK = select(*_COLUMNS).where(_WANTED)
_CONCERNED_TASKS = Prepared(
    select(*_COLUMNS)
    .outerjoin(Account.__table__, _ACCOUNT.id == _TASK.completed_by)
    .where(
        _TASK.case_id == bindparam("case"),
        or_(_WANTED, _ACCOUNT.id == bindparam("account"), _ACCOUNT.person_id == bindparam("person")),
    )
    .distinct(_WANTED, _TASK.role)
)


def _concerned(case_id: int, task_id: int, actor: Actor) -> Sequence[Row[Any]]:
    """The task, and one for each role in which the actor has done one: as many as levels, not as rounds."""
    asked = {"case": case_id, "task": task_id, "account": actor.account_id, "person": actor.person_id}
    return _CONCERNED_TASKS.run(asked).all()


def _own(tasks: Sequence[Row[Any]], task_id: int, actor: Actor) -> Row[Any]:
    """The task, if the actor's office holds it; another office's is as if it were not there (404)."""
    found = next((task for task in tasks if task.id == task_id), None)
    if found is None or found.office_id is None or found.office_id != actor.organisation_id:
        raise NotFound()
    if not actor.has("operator"):
        raise NotFound()
    return found


def _check_open(task: Row[Any], received_at: datetime) -> None:
    if task.state == "completed":
        raise Conflict(f"“{task.name}”已经办理过，本次提交没有生效。请刷新页面查看结果。")
    if task.closes_at is not None and received_at >= task.closes_at:
        raise Closed(f"“{task.name}”已截止，本次提交没有生效。")
    if task.state != "open":
        raise Conflict(f"“{task.name}”已被撤销，本次提交没有生效。请刷新页面查看结果。")


def _still_waiting(moving: Moving, task: Row[Any]) -> TaskWait:
    wait = moving.task(task.token)
    if wait is None:
        raise Closed(f"“{task.name}”已不再等待办理，本次提交没有生效。请刷新页面查看结果。")
    return wait


def _check_decider(moving: Moving, task: Row[Any], tasks: Sequence[Row[Any]], actor: Actor) -> None:
    """Nobody decides on their own case, nor at two levels of one (ALL-04); a unit's steps are no decision."""
    if moving.scheme.roles[task.role].relation == "unit":
        return
    if actor.person_id is not None and actor.person_id == moving.person_id:
        raise Refused("您是该办件的申报人，不能办理自己的事项，请由本机构其他经办人办理。")
    for other in tasks:
        if other.role != task.role and moving.scheme.roles[other.role].relation != "unit":
            raise Refused(f"您已在“{other.name}”环节办理过该办件，同一人不能在两级审核中作出决定。")


def _mark_pending(ids: Sequence[int], actor: Actor, received_at: datetime) -> None:
    db.session.execute(
        update(Task)
        .where(
            Task.id.in_(ids),
            Task.state == "open",
            Task.office_id == actor.organisation_id,
            or_(Task.closes_at.is_(None), Task.closes_at > received_at),
            # Of two bulk requests for one task the earlier mark protects both.
            or_(Task.pending_since.is_(None), Task.pending_since <= received_at - PENDING_FOR),
        )
        .values(pending_since=received_at)
    )


def _told(refusal: DomainError) -> str:
    fields = getattr(refusal, "fields", {})
    sentences = [sentence for texts in fields.values() for sentence in texts]
    return "；".join([refusal.message, *sentences]) if sentences else refusal.message
