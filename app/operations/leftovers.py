"""What nobody needs any more: ended sessions, old counts of tries, answers to requests of long ago, and
what a day later no desk asks for.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, func, literal_column, or_, select

from app.extensions import db
from app.models import (
    Act,
    IdempotencyKey,
    KeptForm,
    LoginAttempt,
    Post,
    RegistrationAttempt,
    TaskPresence,
    WebSession,
)
from app.operations._administration import record
from app.operations.actors import SYSTEM

SESSIONS_KEPT = timedelta(days=30)
"""Who was signed in when may be asked for so long."""
POST_KEPT = timedelta(days=90)
"""Whether somebody was told may be asked for so long."""
COUNTS_KEPT = timedelta(days=1)
"""Longer than any window in which tries are counted, or an answer is given again."""
AT_ONCE = 5_000
CLEARED = "leftovers.cleared"
CLEARING = 0x6C656674  # names the advisory lock

Transaction = Callable[[], AbstractContextManager[Any]]


def clear_away_daily(now: datetime, transaction: Transaction) -> int | None:
    """Clears away by one of all nodes once a day, a few thousand rows a transaction; answers how many.

    None when it was done already. Sessions that still let somebody in stay, however old.
    """
    with transaction():
        db.session.execute(select(func.pg_advisory_xact_lock(CLEARING)))
        before = db.session.scalar(select(Act.at).where(Act.kind == CLEARED).order_by(Act.id.desc()).limit(1))
        if before and now - before < timedelta(days=1):
            return None
        record(CLEARED, "sessions", SYSTEM, now)
    return sum(_cleared(table, useless, transaction) for table, useless in _useless(now).items())


def _useless(now: datetime) -> dict[Table, ColumnElement[bool]]:
    old_session, old_count = now - SESSIONS_KEPT, now - COUNTS_KEPT
    over = or_(WebSession.ended_at < old_session, WebSession.expires_at < old_session)
    return {
        WebSession.__table__: over,
        LoginAttempt.__table__: LoginAttempt.at < old_count,
        RegistrationAttempt.__table__: RegistrationAttempt.at < old_count,
        IdempotencyKey.__table__: IdempotencyKey.created_at < old_count,
        Post.__table__: (Post.made_at < now - POST_KEPT) & Post.state.in_(("sent", "dropped")),
        KeptForm.__table__: KeptForm.kept_at < old_count,
        TaskPresence.__table__: TaskPresence.seen_at < old_count,
    }


def _cleared(table: Table, useless: ColumnElement[bool], transaction: Transaction) -> int:
    row: ColumnElement[str] = literal_column("ctid")
    removed, more = 0, True
    while more:
        with transaction():
            few = select(row).select_from(table).where(useless).limit(AT_ONCE)
            found = len(db.session.execute(delete(table).where(row.in_(few)).returning(row)).all())
        removed, more = removed + found, found == AT_ONCE
    return removed
