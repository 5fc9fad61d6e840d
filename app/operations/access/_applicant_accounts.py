"""Which account a person applies by; closing it when they leave their unit."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, any_, literal_column, select

from app.extensions import db
from app.models import Account
from app.operations._administration import record
from app.operations.access._sessions import end_sessions
from app.operations.actors import APPLICANT, Actor


def live_account(person_id: int) -> Account | None:
    return db.session.scalar(select(Account).where(Account.person_id == person_id, *live()))


def live() -> tuple[ColumnElement[bool], ...]:
    """Accounts of applicants that are in use, in the words of the index over them."""
    duty: ColumnElement[str] = literal_column(f"'{APPLICANT}'")
    return duty == any_(Account.duties), Account.disabled_at.is_(None)


def close_account(person_id: int, actor: Actor, now: datetime) -> None:
    """Disables the account by which a person applies, if there is one; an officer's stays as it is."""
    account = live_account(person_id)
    if account is None:
        return
    account.disabled_at = now
    end_sessions(Account.id == account.id, now)
    record("applicant.closed", account.id, actor, now, detail={"login": account.login})
