"""What a task's page knows beside the case: who else has it open, what was kept for its reader."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.extensions import db
from app.models import Account, KeptForm, TaskPresence
from app.operations.company.kept_forms import Kind
from app.operations.company.presence import HERE


@dataclass(frozen=True)
class Present:
    """A colleague who has the page open, and since when."""

    name: str
    opened_at: datetime


def others(task_id: int, account_id: int | None, now: datetime) -> Sequence[Present]:
    """Who else has the task's page open, the longest first."""
    query = (
        select(Account.name, TaskPresence.opened_at)
        .join(Account, Account.id == TaskPresence.account_id)
        .where(TaskPresence.task_id == task_id, TaskPresence.seen_at >= now - HERE)
        .where(TaskPresence.account_id != account_id)
        .order_by(TaskPresence.opened_at)
    )
    return [Present(*row) for row in db.session.execute(query)]


def kept(task_id: int, account_id: int | None, kind: Kind = "task") -> KeptForm | None:
    """What the account sent and could not be taken."""
    return db.session.get(KeptForm, (account_id, task_id, kind)) if account_id is not None else None


def all_kept(task_ids: Collection[int], account_id: int | None) -> dict[int, KeptForm]:
    """The same of several tasks, by task."""
    own = (KeptForm.account_id == account_id, KeptForm.kind == "task")
    query = select(KeptForm).where(*own, KeptForm.task_id.in_(task_ids))
    return {found.task_id: found for found in db.session.scalars(query)}


def name_of(account_id: int | None) -> str:
    """Empty for nobody."""
    found = db.session.get(Account, account_id) if account_id is not None else None
    return found.name if found else ""
