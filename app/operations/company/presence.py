"""Who has a task's page open 正在办理: written by the page and what it asks for, never by a decision."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import case
from sqlalchemy.dialects.postgresql import insert as upsert

from app.extensions import db
from app.models import TaskPresence

HERE = timedelta(seconds=75)
"""So long after a page was heard of last it counts as open; it asks every twenty seconds."""


def be_here(task_id: int, account_id: int, now: datetime) -> None:
    """Notes that the account has the page open; `opened_at` starts anew after it was away."""
    new = {"task_id": task_id, "account_id": account_id, "opened_at": now, "seen_at": now}
    back = case((TaskPresence.seen_at < now - HERE, now), else_=TaskPresence.opened_at)
    db.session.execute(
        upsert(TaskPresence)
        .values(new)
        .on_conflict_do_update(
            index_elements=["task_id", "account_id"], set_={"opened_at": back, "seen_at": now}
        )
    )
