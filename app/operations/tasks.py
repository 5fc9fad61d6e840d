"""Completing user tasks 待办事项, alone and in bulk; drafts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.errors import Conflict
from app.extensions import db
from app.models import Deputy, Task, TaskDraft
from app.operations._one_by_one import ItemResult, Transaction, one_by_one, told
from app.operations.actors import Actor
from app.operations.going_back._straight_back import go_straight_back
from app.operations.road._deciding import complete_with, deciding, open_task
from app.operations.road._entered import take_in, without_id_numbers
from app.operations.road._plain import to_json
from app.operations.road._road import PENDING_FOR

__all__ = [
    "Completion",
    "ItemResult",
    "SavedElsewhere",
    "as_draft",
    "complete",
    "complete_many",
    "decide_many",
    "mark_pending",
    "save_draft",
    "told",
]

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Completion:
    """What a completion led to: the case, how it now stands, and what waits in it for the same office."""

    case_id: int
    status: str
    element: str


def complete(task_id: int, values: Values, actor: Actor, received_at: datetime) -> Completion:
    """Completes a task with what a person entered (journey 1).

    `received_at` is the instant at which the request was complete, by the scheme's clock. Raises NotFound
    for a task of another office, Closed from the due instant on, Conflict for one already done, in somebody
    else's hands or waiting for opinions, Refused for who may not decide it (ALL-04), Invalid with a sentence
    a field.
    """
    with deciding(task_id, actor, received_at) as at_hand:
        moving, task, wait = at_hand.moving, at_hand.task, at_hand.wait
        form = moving.scheme.form(wait.form) if wait.form else None
        loaded = take_in(moving, form, values, actor, received_at) if form else {}
        stored = to_json(loaded)
        complete_with(moving, wait, task.id, stored, actor, received_at, **at_hand.on_behalf)
        if task.straight_back:
            go_straight_back(moving, task, received_at)
    return Completion(moving.id, moving.status, wait.element)


def as_draft(values: Values) -> dict[str, Any]:
    """What is kept of values that were typed and not submitted: an ID number has to be typed again."""
    plain: dict[str, Any] = to_json(without_id_numbers(values))
    return plain


class SavedElsewhere(Conflict):
    """这份表单已在另一个窗口或由同事保存过，请核对后再保存。"""

    code = "saved_elsewhere"


def save_draft(
    task_id: int,
    values: Values,
    actor: Actor,
    received_at: datetime,
    seen: datetime | Literal["any"] | None = "any",
    page: str | None = None,
) -> None:
    """Keeps what a person has typed, unchecked; refused from the due instant on.

    `seen`: when the draft was saved that the person began with, None if there was none. Another one that was
    saved meanwhile raises SavedElsewhere, unless `any` will do. `page` is the key of the page that sent it.
    """
    open_task(task_id, actor, received_at)
    draft = {"values": as_draft(values), "saved_at": received_at, "saved_by": actor.account_id}
    draft["saved_from"] = page
    saved = db.session.execute(
        upsert(TaskDraft)
        .values(task_id=task_id, **draft)
        .on_conflict_do_update(
            index_elements=["task_id"],
            set_=draft,
            where=None if seen == "any" else TaskDraft.saved_at == seen,
        )
        .returning(TaskDraft.task_id)
    )
    if saved.first() is None:
        raise SavedElsewhere


def complete_many(
    task_ids: Sequence[int],
    values: Values | Callable[[int], Values],
    actor: Actor,
    received_at: datetime,
    transaction: Transaction,
) -> list[ItemResult]:
    """Completes ticked tasks one by one, each in a `transaction` of its own, with a result per item."""
    given = values if callable(values) else lambda task_id: values

    def decide(task_id: int) -> str:
        return complete(task_id, given(task_id), actor, received_at).status

    return decide_many(task_ids, decide, actor, received_at, transaction)


def decide_many(
    task_ids: Sequence[int],
    decide: Callable[[int], str],
    actor: Actor,
    received_at: datetime,
    transaction: Transaction,
) -> list[ItemResult]:
    """Decides ticked tasks one by one; those of a step that is to be done alone are refused.

    All are marked as pending first, so that no timer due later than `received_at` beats one that is still
    waiting for its turn (decision 3). The mark is taken off again, and holds for an hour at most.
    """
    ids = list(dict.fromkeys(task_ids))
    with transaction():
        mark_pending(ids, actor, received_at)
        alone = set(db.session.execute(select(Task.id).where(Task.id.in_(ids), ~Task.bulk)).scalars())
    try:
        done = one_by_one([one for one in ids if one not in alone], decide, transaction)
    finally:
        with transaction():
            mine = (Task.id.in_(ids), Task.pending_since == received_at)
            db.session.execute(update(Task).where(*mine).values(pending_since=None))
    results = {one: ItemResult(one, False, "这一环节须逐件办理，不能批量提交。") for one in alone}
    results |= {result.task_id: result for result in done}
    return [results[one] for one in ids]


def mark_pending(ids: Sequence[int], actor: Actor, received_at: datetime) -> None:
    """Marks the actor's open tasks as accepted for work that was received at this instant (decision 3)."""
    db.session.execute(
        update(Task)
        .where(
            Task.id.in_(ids),
            Task.state == "open",
            Task.office_id == actor.organisation_id,
            _may_be_done_by(actor),
            or_(Task.closes_at.is_(None), Task.closes_at > received_at),
            # Of two bulk requests for one task the earlier mark protects both.
            or_(Task.pending_since.is_(None), Task.pending_since <= received_at - PENDING_FOR),
        )
        .values(pending_since=received_at)
    )


def _may_be_done_by(actor: Actor) -> ColumnElement[bool]:
    """What nobody has, the actor has, or somebody whose deputy the actor is, now or not."""
    acts_for = select(Deputy.principal_id).where(Deputy.deputy_id == actor.account_id)
    mine = or_(Task.assignee_id == actor.account_id, Task.assignee_id.in_(acts_for))
    return and_(~Task.delegated, or_(Task.assignee_id.is_(None), mine))
