"""What was sent and could not be taken: a session had ended, or another window had saved meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert as upsert

from app.extensions import db
from app.models import KeptForm
from app.operations.tasks import as_draft

Kind = Literal["task", "bulk", "return", "recall"]
"""Of a task's own form, or of one for many tasks, kept beside the first of them."""


def keep(
    account_id: int, task_id: int, values: Mapping[str, Any], now: datetime, kind: Kind = "task"
) -> None:
    """Keeps the values for that account alone, the newest of a task; ID numbers have to be typed again."""
    kept = {"values": as_draft(values), "kept_at": now}
    db.session.execute(
        upsert(KeptForm)
        .values(account_id=account_id, task_id=task_id, kind=kind, **kept)
        .on_conflict_do_update(index_elements=["account_id", "task_id", "kind"], set_=kept)
    )


def forget(account_id: int, task_id: int, kind: Kind = "task") -> None:
    """Once it was saved, submitted, or given up."""
    own = (KeptForm.account_id == account_id, KeptForm.task_id == task_id, KeptForm.kind == kind)
    db.session.execute(delete(KeptForm).where(*own))
