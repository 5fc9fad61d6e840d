"""The same done to many, one by one, each in a transaction of its own, with a result for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from app.errors import DomainError

Transaction = Callable[[], AbstractContextManager[Any]]


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What became of one item of a bulk request; `message` is the new status, or why it was refused."""

    task_id: int
    ok: bool
    message: str


def one_by_one(
    task_ids: Iterable[int], act: Callable[[int], str], transaction: Transaction
) -> list[ItemResult]:
    """Acts on each task, so that one that is refused hides no other; `act` answers the new status."""
    return [_one(task_id, act, transaction) for task_id in task_ids]


def _one(task_id: int, act: Callable[[int], str], transaction: Transaction) -> ItemResult:
    try:
        with transaction():
            return ItemResult(task_id, True, act(task_id))
    except DomainError as refusal:
        return ItemResult(task_id, False, told(refusal))


def told(refusal: DomainError) -> str:
    """A refusal as one sentence, with those of the form's fields."""
    fields = getattr(refusal, "fields", {})
    sentences = [sentence for texts in fields.values() for sentence in texts]
    return "；".join([refusal.message, *sentences]) if sentences else refusal.message
