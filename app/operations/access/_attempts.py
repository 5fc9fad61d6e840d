"""Guessing is slowed: an account locks for longer and longer, and an address has only so many failures."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import delete, func, insert, select

from app.engine.civil import civil
from app.errors import DomainError, NotFound
from app.extensions import KEEP_ON_REFUSAL, db
from app.models import Account, LoginAttempt, RegistrationAttempt

FREE_FAILURES = 5
FIRST_LOCK, LONGEST_LOCK = timedelta(minutes=1), timedelta(minutes=30)
ADDRESS_WINDOW = timedelta(minutes=10)
ADDRESS_FAILURES = 50
"""A whole office may come from one address; a guesser does not get far with fifty in ten minutes."""


REGISTRATION_WINDOW = timedelta(hours=1)
ADDRESS_REGISTRATIONS, CODE_REGISTRATIONS = 30, 5
"""Tries in an hour, whatever came of them: many units may share an address, a code is one unit's."""


class TooManyRegistrations(DomainError):
    """注册次数过多，请稍后再试。"""

    status = 429
    code = "too_many_registrations"


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
    newest = select(LoginAttempt.at).where(LoginAttempt.address == address)
    bound = db.session.scalar(newest.order_by(LoginAttempt.at.desc()).offset(ADDRESS_FAILURES - 1).limit(1))
    if bound is not None and bound > now - ADDRESS_WINDOW:
        raise TooManyAttempts(retry_after=ceil((bound + ADDRESS_WINDOW - now).total_seconds()))


def count_registration(address: str, credit_code: str, now: datetime) -> None:
    """Counts a try to register, in a transaction of its own, before what the try itself may write.

    Several processes agree: the keys are locked to the end of the transaction. Raises TooManyRegistrations,
    which tells when to try again; a try that is refused so does not count.
    """
    limits = {
        f"address:{address}": (ADDRESS_REGISTRATIONS, "您所在的网络注册次数过多"),
        f"code:{credit_code.strip().upper()[:30]}": (CODE_REGISTRATIONS, "该统一社会信用代码注册次数过多"),
    }
    for key in sorted(limits):
        db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
    db.session.execute(
        delete(RegistrationAttempt).where(
            RegistrationAttempt.key.in_(limits), RegistrationAttempt.at <= now - REGISTRATION_WINDOW
        )
    )
    for key, (most, told) in limits.items():
        _demand_fewer(key, most, told, now)
    db.session.execute(insert(RegistrationAttempt), [{"key": key, "at": now} for key in limits])


def _demand_fewer(key: str, most: int, told: str, now: datetime) -> None:
    newest = select(RegistrationAttempt.at).where(RegistrationAttempt.key == key)
    bound = db.session.scalar(newest.order_by(RegistrationAttempt.at.desc()).offset(most - 1).limit(1))
    if bound is not None:
        again = bound + REGISTRATION_WINDOW
        soonest = civil(again + timedelta(minutes=1))
        sentence = f"{told}，请在 {soonest:%H:%M} 以后再试；急需注册的，请联系系统管理员。"
        raise TooManyRegistrations(sentence, retry_after=ceil((again - now).total_seconds()))


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
