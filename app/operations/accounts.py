"""Accounts: units register, offices get theirs allotted; sign-in, passwords, duties (CQ-26)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, insert, select

from app.errors import Conflict, DomainError, Invalid, NotFound
from app.extensions import KEEP_ON_REFUSAL, db
from app.models import Account, LoginAttempt, Organisation, WebSession
from app.operations import _passwords, organisations
from app.operations._administration import demand, record
from app.operations._administration import insert as insert_new
from app.operations._names import clean_name
from app.operations._relations import subordinate
from app.operations._sessions import digest, end_sessions, live_session, open_session, seen
from app.operations.actors import SYSTEM, Actor
from app.operations.organisations import Profile

__all__ = [
    "DUTIES",
    "SignInRefused",
    "TooManyAttempts",
    "account_of",
    "actor_for",
    "allot",
    "change_password",
    "complete_unit_profile",
    "disable",
    "register_unit",
    "reset_password",
    "seen",
    "set_duties",
    "sign_in",
    "sign_out",
]

DUTIES = {"operator": "经办", "supervisor": "监督", "administrator": "系统管理", "designer": "流程设计"}
LOGIN = re.compile(r"[a-z0-9_.@-]{3,64}")

ALL_ALONG = datetime(1949, 10, 1, tzinfo=UTC)
"""A unit that registers states under whom it stands, not since when: roles may ask as of a past date."""

FREE_FAILURES = 5
FIRST_LOCK, LONGEST_LOCK = timedelta(minutes=1), timedelta(minutes=30)
ADDRESS_WINDOW = timedelta(minutes=10)
ADDRESS_FAILURES = 50
"""A whole office may come from one address; a guesser does not get far with fifty in ten minutes."""


class SignInRefused(DomainError):
    """登录名或密码不正确；多次输错的账号会暂时锁定（最长 30 分钟），请稍后再试或联系管理员。"""

    status = 401
    code = "sign_in_refused"


class TooManyAttempts(DomainError):
    """您所在的网络登录失败次数过多，请 10 分钟后再试。"""

    status = 429
    code = "too_many_attempts"


def register_unit(
    *,
    code: str,
    name: str,
    region: str,
    login: str,
    password: str,
    person_name: str,
    telephone: str,
    now: datetime,
) -> Account:
    """A unit registers itself with its 统一社会信用代码 and has yet to complete its data (CQ-26).

    Raises Conflict with a sentence where the code or the login is in use, and Invalid.
    """
    if not code.strip():
        raise Invalid({"code": ["请填写统一社会信用代码。"]})
    unit = organisations.create("unit", name, region, code=code, actor=SYSTEM, now=now)
    unit.contact, unit.telephone = clean_name(person_name), telephone.strip()
    return _make(unit.id, login, person_name, password, {"operator"}, SYSTEM, now)


def complete_unit_profile(
    superior_id: int | None, profile: Profile, *, actor: Actor, now: datetime
) -> Organisation:
    """A registered unit states once what its cases are routed by; later changes are an administrator's.

    `superior_id` is chosen from the list of departments; None for a unit without one (无隶属).
    """
    unit = db.session.get(Organisation, actor.organisation_id or 0, with_for_update=True)
    if unit is None or unit.kind != "unit":
        raise NotFound("您的账号不属于申报单位。")
    if unit.profile_complete:
        raise Conflict("单位资料已经完善；需要更改请联系管理员。")
    missing = {name: ["请选择。"] for name in ("level", "system", "nature") if not getattr(profile, name)}
    if missing:
        raise Invalid(missing)
    for field, value in asdict(profile).items():
        if value is not None:
            setattr(unit, field, value)
    unit.profile_complete = True
    if superior_id is not None:
        subordinate(unit.id, superior_id, ALL_ALONG, actor=actor, told_at=now)
    record("unit.completed", unit.id, actor, now, detail={"superior": superior_id, **asdict(profile)})
    return unit


def allot(
    organisation_id: int,
    login: str,
    name: str,
    duties: Collection[str],
    *,
    actor: Actor,
    now: datetime,
    person_id: int | None = None,
) -> tuple[Account, str]:
    """An account for a department, an office or a unit, with a first password that must be changed.

    The password is answered here and never again. Raises Conflict where the login is in use, and Invalid.
    """
    demand(actor, "administrator")
    organisation = db.session.get(Organisation, organisation_id)
    if organisation is None or organisation.closed_at is not None:
        raise NotFound("没有这个机构，或它已经撤销。")
    password = _passwords.first_password()
    account = _make(organisation_id, login, name, password, duties, actor, now)
    account.must_change_password, account.person_id = True, person_id
    return account, password


def sign_in(login: str, password: str, address: str, now: datetime) -> str:
    """The token of a new session.

    An unknown login, a wrong password and a locked account get the same answer in the same time. The caller's
    `atomic()` keeps the count of failures although this raises SignInRefused or TooManyAttempts.
    """
    if _failures_from(address, now) >= ADDRESS_FAILURES:
        raise TooManyAttempts
    account = db.session.scalars(
        select(Account).where(Account.login == _normal(login)).with_for_update()
    ).one_or_none()
    right = _passwords.matches(account.password_hash if account else None, password)
    if account is None or not right or _barred(account, now):
        _count_failure(account, address, now)
        raise SignInRefused
    account.failed_attempts, account.locked_until = 0, None
    if _passwords.outdated(account.password_hash):
        account.password_hash = _passwords.hashed(password)
    return open_session(account.id, now)


def sign_out(token: str, now: datetime) -> None:
    """Ends the session; its token is worth nothing from here on."""
    session = db.session.get(WebSession, digest(token))
    if session is not None and session.ended_at is None:
        session.ended_at = now


def account_of(token: str, now: datetime) -> Account | None:
    """Whose session it is: not ended, not idle for 30 minutes, not older than 12 hours, account not disabled.

    Reads only; `seen` keeps the session from going idle. Sessions go by the real clock.
    """
    query = select(Account).join(WebSession, WebSession.account_id == Account.id)
    return db.session.scalar(query.where(live_session(token, now), Account.disabled_at.is_(None)))


def actor_for(account: Account) -> Actor:
    """The account as it acts."""
    name = db.session.scalar(select(Organisation.name).where(Organisation.id == account.organisation_id))
    return Actor(
        account_id=account.id,
        organisation_id=account.organisation_id,
        organisation_name=name,
        person_id=account.person_id,
        name=account.name,
        duties=frozenset(account.duties),
    )


def change_password(account_id: int, old: str, new: str, now: datetime) -> str:
    """Changes one's own password, ends all sessions, and answers the token of a new one. Raises Invalid."""
    account = _locked_account(account_id)
    if not _passwords.matches(account.password_hash, old):
        raise Invalid({"old": ["原密码不正确。"]})
    if old == new:
        raise Invalid({"new": ["新密码不能与原密码相同。"]})
    _set_password(account, new, now)
    account.must_change_password = False
    return open_session(account.id, now)


def reset_password(account_id: int, *, actor: Actor, now: datetime) -> str:
    """A new first password for somebody who lost theirs; unlocks the account and ends its sessions."""
    demand(actor, "administrator")
    account = _locked_account(account_id)
    password = _passwords.first_password()
    _set_password(account, password, now)
    account.must_change_password, account.failed_attempts, account.locked_until = True, 0, None
    record("account.reset", account.id, actor, now, detail={"login": account.login})
    return password


def set_duties(account_id: int, duties: Collection[str], *, actor: Actor, now: datetime) -> None:
    """Gives an account its duties; nobody changes their own. Ends its sessions."""
    demand(actor, "administrator")
    account = _locked_account(account_id)
    _not_oneself(account, actor)
    before, account.duties = account.duties, _known_duties(duties)
    end_sessions(Account.id == account.id, now)
    record("account.duties", account.id, actor, now, detail={"from": before, "to": account.duties})


def disable(account_id: int, *, actor: Actor, now: datetime) -> None:
    """Closes an account for good; what it did stays under its name."""
    demand(actor, "administrator")
    account = _locked_account(account_id)
    _not_oneself(account, actor)
    account.disabled_at = account.disabled_at or now
    end_sessions(Account.id == account.id, now)
    record("account.disabled", account.id, actor, now, detail={"login": account.login})


def _make(
    organisation_id: int,
    login: str,
    name: str,
    password: str,
    duties: Collection[str],
    actor: Actor,
    now: datetime,
) -> Account:
    wanted = _normal(login)
    if not LOGIN.fullmatch(wanted):
        raise Invalid({"login": ["登录名为 3 至 64 个字母、数字或 _ . @ -。"]})
    if not clean_name(name):
        raise Invalid({"name": ["请填写姓名。"]})
    _check_password(password, wanted, "password")
    account = Account(
        login=wanted,
        password_hash=_passwords.hashed(password),
        name=clean_name(name),
        organisation_id=organisation_id,
        duties=_known_duties(duties),
        must_change_password=False,
        failed_attempts=0,
        created_at=now,
        password_changed_at=now,
    )
    insert_new(account, "该登录名已被使用，请换一个。")
    detail = {"login": wanted, "organisation": organisation_id, "duties": account.duties}
    record("account.created", account.id, actor, now, detail=detail)
    return account


def _normal(login: str) -> str:
    return unicodedata.normalize("NFKC", login).strip().casefold()


def _known_duties(duties: Collection[str]) -> list[str]:
    unknown = set(duties) - DUTIES.keys()
    if unknown or not duties:
        raise Invalid({"duties": ["请从经办、监督、系统管理、流程设计中选择。"]})
    return sorted(set(duties))


def _locked_account(account_id: int) -> Account:
    account = db.session.get(Account, account_id, with_for_update=True)
    if account is None:
        raise NotFound("没有这个账号。")
    return account


def _not_oneself(account: Account, actor: Actor) -> None:
    if account.id == actor.account_id:
        raise Conflict("不能更改自己的账号，请由另一位管理员办理。")


def _check_password(password: str, login: str, field: str) -> None:
    weak = _passwords.weakness(password, login)
    if weak:
        raise Invalid({field: [weak]})


def _set_password(account: Account, password: str, now: datetime) -> None:
    _check_password(password, account.login, "new")
    account.password_hash = _passwords.hashed(password)
    account.password_changed_at = now
    end_sessions(Account.id == account.id, now)


def _barred(account: Account, now: datetime) -> bool:
    locked = account.locked_until is not None and account.locked_until > now
    return locked or account.disabled_at is not None


def _count_failure(account: Account | None, address: str, now: datetime) -> None:
    db.session.info[KEEP_ON_REFUSAL] = True
    db.session.execute(insert(LoginAttempt).values(address=address, at=now))
    outside = LoginAttempt.at <= now - ADDRESS_WINDOW
    db.session.execute(delete(LoginAttempt).where(LoginAttempt.address == address, outside))
    if account is None or _barred(account, now):
        return
    account.failed_attempts += 1
    if account.failed_attempts >= FREE_FAILURES:
        doublings = min(account.failed_attempts - FREE_FAILURES, 10)
        account.locked_until = now + min(FIRST_LOCK * 2**doublings, LONGEST_LOCK)


def _failures_from(address: str, now: datetime) -> int:
    recent = LoginAttempt.at > now - ADDRESS_WINDOW
    counted = select(func.count()).where(LoginAttempt.address == address, recent)
    return db.session.scalars(counted).one()
