"""Lists that somebody took out of the system: who, which, narrowed to what."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from app.operations._administration import record
from app.operations.actors import Actor

EXPORTED = "list.exported"


def log(name: str, narrowed_to: Mapping[str, str], rows: int, *, actor: Actor, now: datetime) -> None:
    """Logs that an account exported so many rows of a list (CQ-25)."""
    detail = {"list": name, "filters": dict(narrowed_to), "rows": rows}
    record(EXPORTED, actor.account_id, actor, now, detail=detail)
