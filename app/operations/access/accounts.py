"""Accounts: units register, offices get theirs allotted; sign-in, passwords, duties (CQ-26)."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import asdict
from datetime import UTC, datetime

from app.content.identity import clean_citizen_id
from app.engine.civil import civil
from app.errors import Conflict, Invalid, NotFound
from app.extensions import db
from app.models import Account, Organisation
from app.operations._administration import demand, ground_by, record
from app.operations._administration import insert as insert_new
from app.operations.access import _passwords, second_factor
from app.operations.access._attempts import (
    ADDRESS_FAILURES,
    ADDRESS_REGISTRATIONS,
    ADDRESS_WINDOW,
    CODE_REGISTRATIONS,
    FREE_FAILURES,
    TooManyAttempts,
    TooManyRegistrations,
    count_registration,
    forget_failures,
    locked_account,
)
from app.operations.access._sessions import end_sessions, open_session, seen
from app.operations.access._sign_in import (
    Caller,
    CodeRefused,
    CodeRequired,
    NotLinked,
    SignInLapsed,
    SignInRefused,
    account_of,
    actor_for,
    awaits_code,
    caller_of,
    caller_without_session,
    confirm,
    lapsed_actor,
    normal_login,
    sign_in,
    sign_in_by_provider,
    sign_out,
)
from app.operations.actors import APPLICANT, SYSTEM, Actor
from app.operations.finding._names import clean_name
from app.operations.offices import organisations
from app.operations.offices._relations import subordinate
from app.operations.offices.organisations import Profile
from app.operations.registers import people

__all__ = [
    "ADDRESS_FAILURES",
    "ADDRESS_REGISTRATIONS",
    "ADDRESS_WINDOW",
    "CODE_REGISTRATIONS",
    "DUTIES",
    "FREE_FAILURES",
    "Caller",
    "CodeRefused",
    "CodeRequired",
    "NotLinked",
    "SignInLapsed",
    "SignInRefused",
    "TooManyAttempts",
    "TooManyRegistrations",
    "account_of",
    "actor_for",
    "allot",
    "awaits_code",
    "caller_of",
    "caller_without_session",
    "change_password",
    "complete_unit_profile",
    "confirm",
    "count_registration",
    "disable",
    "lapsed_actor",
    "register_unit",
    "reset_password",
    "reset_second_factor",
    "seen",
    "set_duties",
    "sign_in",
    "sign_in_by_provider",
    "sign_out",
]

DUTIES = {"operator": "经办", "supervisor": "监督", "administrator": "系统管理", "designer": "流程设计"}
LOGIN = re.compile(r"[a-z0-9_.@-]{3,64}")

ALL_ALONG = datetime(1949, 10, 1, tzinfo=UTC)
"""A unit that registers states under whom it stands, not since when: roles may ask as of a past date."""


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
    ground: str | None = None,
    id_number: str | None = None,
) -> tuple[Account, str]:
    """An account for a department, an office or a unit, with a first password that must be changed.

    The password is answered here and never again. An officer's ID number links the account to the register,
    so that nobody decides on their own case (ALL-04). Raises Conflict where the login is in use, and Invalid.
    """
    demand(actor, "administrator")
    reason = ground_by(actor, ground)
    organisation = db.session.get(Organisation, organisation_id)
    if organisation is None or organisation.closed_at is not None:
        raise NotFound("没有这个机构，或它已经撤销。")
    password = _passwords.first_password()
    account = _make(organisation_id, login, name, password, duties, actor, now, reason)
    account.must_change_password = True
    if id_number:
        account.person_id = _officer(name, id_number, actor, now)
    return account, password


def change_password(account_id: int, old: str, new: str, now: datetime) -> str:
    """Changes one's own password, ends all sessions, and answers the token of a new one. Raises Invalid."""
    account = locked_account(account_id)
    if not _passwords.matches(account.password_hash, old):
        raise Invalid({"old": ["原密码不正确。"]})
    if old == new:
        raise Invalid({"new": ["新密码不能与原密码相同。"]})
    _set_password(account, new, now)
    account.must_change_password = False
    return open_session(account.id, now)


def reset_password(account_id: int, *, actor: Actor, now: datetime, ground: str | None = None) -> str:
    """A new first password for somebody who lost theirs; unlocks the account and ends its sessions."""
    demand(actor, "administrator")
    reason, account = ground_by(actor, ground), locked_account(account_id)
    _not_oneself(account, actor)
    password = _passwords.first_password()
    _set_password(account, password, now)
    account.must_change_password = True
    forget_failures(account)
    record("account.reset", account.id, actor, now, ground=reason, detail={"login": account.login})
    return password


def reset_second_factor(account_id: int, *, actor: Actor, now: datetime, ground: str | None = None) -> None:
    """Gives up the device of somebody who lost it and the recovery codes too; ends the account's sessions.

    Raises Conflict where no device is bound.
    """
    demand(actor, "administrator")
    reason, account = ground_by(actor, ground), locked_account(account_id)
    _not_oneself(account, actor)
    second_factor.forget(account_id)
    forget_failures(account)
    end_sessions(Account.id == account.id, now)
    record("second_factor.reset", account.id, actor, now, ground=reason, detail={"login": account.login})


def set_duties(
    account_id: int, duties: Collection[str], *, actor: Actor, now: datetime, ground: str | None = None
) -> None:
    """Gives an account its duties; nobody changes their own. Ends its sessions."""
    demand(actor, "administrator")
    reason, account = ground_by(actor, ground), locked_account(account_id)
    _not_oneself(account, actor)
    if APPLICANT in account.duties:
        raise Conflict("这是申报人本人的账号，不能改任其他职责；请另行分配账号。")
    before, account.duties = account.duties, _known_duties(duties)
    end_sessions(Account.id == account.id, now)
    changed = {"from": before, "to": account.duties}
    record("account.duties", account.id, actor, now, ground=reason, detail=changed)


def disable(account_id: int, *, actor: Actor, now: datetime, ground: str | None = None) -> None:
    """Closes an account for good; what it did stays under its name. Raises Conflict for a closed one."""
    demand(actor, "administrator")
    reason, account = ground_by(actor, ground), locked_account(account_id)
    _not_oneself(account, actor)
    if account.disabled_at is not None:
        raise Conflict("该账号已经停用。")
    account.disabled_at = now
    end_sessions(Account.id == account.id, now)
    record("account.disabled", account.id, actor, now, ground=reason, detail={"login": account.login})


def _make(
    organisation_id: int,
    login: str,
    name: str,
    password: str,
    duties: Collection[str],
    actor: Actor,
    now: datetime,
    ground: str | None = None,
) -> Account:
    wanted = normal_login(login)
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
    record("account.created", account.id, actor, now, ground=ground, detail=detail)
    return account


def _officer(name: str, id_number: str, actor: Actor, now: datetime) -> int:
    """The person of the register who is the officer; entered, if not known, as nobody's applicant."""
    try:
        number = clean_citizen_id(id_number, civil(now).date())
    except ValueError as error:
        raise Invalid({"id_number": [f"{error}。"]}) from None
    known = people.find(number)
    if known is None:
        return people.add(None, name, number, actor=actor, now=now).id
    if known.name != clean_name(name):
        raise Invalid({"id_number": ["该身份证号码在人员库中登记的姓名与此不同，请核对。"]})
    return known.id


def _known_duties(duties: Collection[str]) -> list[str]:
    unknown = set(duties) - DUTIES.keys()
    if unknown or not duties:
        raise Invalid({"duties": ["请从经办、监督、系统管理、流程设计中选择。"]})
    return sorted(set(duties))


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
