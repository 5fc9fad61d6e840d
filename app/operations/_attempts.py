"""Guessing is slowed: an account locks for longer and longer, and an address has only so many failures."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select

from app.errors import DomainError, NotFound
from app.extensions import KEEP_ON_REFUSAL, db
from app.models import Account, LoginAttempt

FREE_FAILURES = 5
FIRST_LOCK, LONGEST_LOCK = timedelta(minutes=1), timedelta(minutes=30)
ADDRESS_WINDOW = timedelta(minutes=10)
ADDRESS_FAILURES = 50
"""A whole office may come from one address; a guesser does not get far with fifty in ten minutes."""


class TooManyAttempts(DomainError):
    """您所在的网络登录失败次数过多，请 10 分钟后再试。"""

    status = 429
    code = "too_many_attempts"


def locked_account(account_id: int) -> Account:
    """The account, its row locked to the end of the transaction. Raises NotFound."""
    account = db.session.get(Account, account_id, with_for_update=True)
    if account is None:
        raise NotFound("没有这个账号。")
    return account


def check_address(address: str, now: datetime) -> None:
    """Raises TooManyAttempts for an address that fifty failures came from in the last ten minutes."""
    recent = LoginAttempt.at > now - ADDRESS_WINDOW
    counted = select(func.count()).where(LoginAttempt.address == address, recent)
    if db.session.scalars(counted).one() >= ADDRESS_FAILURES:
        raise TooManyAttempts


def barred(account: Account, now: datetime) -> bool:
    """Whether nobody gets in by this account now, whatever they know."""
    locked = account.locked_until is not None and account.locked_until > now
    return locked or account.disabled_at is not None


def count_failure(account: Account | None, address: str, now: datetime) -> None:
    """Counts a wrong guess; the caller's `atomic()` keeps the count although a refusal follows."""
    db.session.info[KEEP_ON_REFUSAL] = True
    db.session.execute(insert(LoginAttempt).values(address=address, at=now))
    outside = LoginAttempt.at <= now - ADDRESS_WINDOW
    db.session.execute(delete(LoginAttempt).where(LoginAttempt.address == address, outside))
    if account is None or barred(account, now):
        return
    account.failed_attempts += 1
    if account.failed_attempts >= FREE_FAILURES:
        doublings = min(account.failed_attempts - FREE_FAILURES, 10)
        account.locked_until = now + min(FIRST_LOCK * 2**doublings, LONGEST_LOCK)


def forget_failures(account: Account) -> None:
    """Whoever got in was no guesser."""
    account.failed_attempts, account.locked_until = 0, None
