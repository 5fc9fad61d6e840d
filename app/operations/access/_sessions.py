"""Server-side sessions: only a digest of the token is kept, so that the table lets nobody in."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, update

from app.extensions import db
from app.models import Account, WebSession

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
FOR_A_CODE = timedelta(minutes=5)
"""So long after the right password the code may come."""
SEEN_EVERY = timedelta(minutes=1)
LAPSED_FOR = timedelta(days=1)


def open_session(account_id: int, now: datetime, *, awaits_code: bool = False) -> str:
    """A new session's token: 256 random bits, shown to the browser once."""
    token = secrets.token_urlsafe(32)
    db.session.add(
        WebSession(
            token_digest=digest(token),
            account_id=account_id,
            created_at=now,
            last_seen_at=now,
            expires_at=now + (FOR_A_CODE if awaits_code else LONGEST),
            awaits_code=awaits_code,
        )
    )
    return token


def live_session(token_digest: Any, now: Any, idle_since: Any) -> ColumnElement[bool]:
    """Whether a row of `web_session` is the token's and still counts: not ended, not idle, not too old.

    Takes values, or parameters of a statement that is made once.
    """
    signed_in = WebSession.awaits_code.is_(False)
    return and_(_open(token_digest, now), signed_in, WebSession.last_seen_at > idle_since)


def lapsed_session(token_digest: bytes, now: datetime) -> ColumnElement[bool]:
    """Whether a row is the token's, nobody ended it, and it stopped counting within the last day."""
    mine = and_(WebSession.token_digest == token_digest, WebSession.awaits_code.is_(False))
    over = or_(WebSession.expires_at <= now, WebSession.last_seen_at <= now - IDLE)
    return and_(mine, WebSession.ended_at.is_(None), over, WebSession.last_seen_at > now - LAPSED_FOR)


def awaiting_session(token: str, now: datetime) -> ColumnElement[bool]:
    """Whether a row is the token's and a code would sign it in."""
    return and_(_open(digest(token), now), WebSession.awaits_code)


def seen(token: str, now: datetime) -> None:
    """Keeps a session from going idle; writes once a minute at most."""
    db.session.execute(
        update(WebSession)
        .where(live_session(digest(token), now, now - IDLE), WebSession.last_seen_at <= now - SEEN_EVERY)
        .values(last_seen_at=now)
    )


def end_sessions(accounts: ColumnElement[bool], now: datetime) -> None:
    """Ends all sessions of the accounts that the condition names."""
    theirs = WebSession.account_id.in_(select(Account.id).where(accounts))
    db.session.execute(update(WebSession).where(theirs, WebSession.ended_at.is_(None)).values(ended_at=now))


def digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _open(token_digest: Any, now: Any) -> ColumnElement[bool]:
    mine = WebSession.token_digest == token_digest
    return and_(mine, WebSession.ended_at.is_(None), WebSession.expires_at > now)
