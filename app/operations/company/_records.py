"""Acts beside the way of a case, as rows of its log: who has a task, who was asked, who answered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.errors import Invalid
from app.operations.actors import Actor
from app.operations.road._calls import Call
from app.operations.road._deciding import AtHand
from app.operations.road._moving import Moving
from app.operations.telling import notices

LONGEST_TEXT = 1000


def log_act(
    moving: Moving,
    act: str,
    actor: Actor,
    at: datetime,
    *,
    task: Mapping[str, Any] | None = None,
    text: str = "",
    element: str | None = None,
    **more: Any,
) -> None:
    """A row with what was done as `act`, which replays as nothing; what a person wrote stands in its payload.

    `task`: the id and the token of the task that it concerns.
    """
    call = Call("record", {"act": act, **(task or {}), **more}, {"text": text} if text else {})
    moving.step(call, at, actor, element=element)
    moving.changes.flush()


def log_task_act(at_hand: AtHand, act: str, text: str = "", **more: Any) -> None:
    """The same about the task at hand."""
    task = {"task": at_hand.task.id, "token": at_hand.task.token}
    log_act(
        at_hand.moving,
        act,
        at_hand.actor,
        at_hand.received_at,
        task=task,
        text=text,
        element=at_hand.wait.element,
        **more,
        **at_hand.on_behalf,
    )


def tell(at_hand: AtHand, account_id: int | None, text: str) -> None:
    """Tells somebody else than the actor what they have to do with the task from now on."""
    if account_id is not None and account_id != at_hand.actor.account_id:
        told = f"“{at_hand.task.name}”：{at_hand.actor.name}{text}"
        notices.tell(at_hand.moving.id, told, at_hand.received_at, accounts=[account_id])


def said(text: str, field: str, wanted: str) -> str:
    """What a person has to write, without the blanks around it. Raises Invalid."""
    kept = text.strip()
    if not kept:
        raise Invalid({field: [wanted]})
    if len(kept) > LONGEST_TEXT:
        raise Invalid({field: [f"最多 {LONGEST_TEXT} 个字，现有 {len(kept)} 个字。"]})
    return kept
