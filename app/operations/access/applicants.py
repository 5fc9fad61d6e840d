"""Accounts of applicants 申报人: opened by the unit, taken into use by a one-time code, closed on leaving."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from app.content.identity import clean_citizen_id
from app.engine.civil import civil
from app.errors import Conflict, DomainError, Invalid
from app.extensions import db
from app.models import Account, Activation, Person
from app.operations._administration import insert, record
from app.operations.access import _passwords
from app.operations.access._applicant_accounts import live, live_account
from app.operations.access._attempts import (
    barred,
    check_address,
    count_failure,
    forget_failures,
    locked_account,
)
from app.operations.access._sessions import end_sessions, open_session
from app.operations.actors import APPLICANT, Actor
from app.operations.finding._names import clean_name
from app.operations.registers import people

CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
CODE_LENGTH = 12
CODE_LASTS = timedelta(days=30)
MOST_AT_ONCE = 500


class ActivationRefused(DomainError):
    """姓名、身份证号码或激活码不正确，或激活码已用过、已过期；多次输错会暂时锁定，请核对或向单位重新领取。"""

    status = 401
    code = "activation_refused"


@dataclass(frozen=True, slots=True)
class Opened:
    """What the unit hands to the person, once: the login, and the code until when it lets them in."""

    person_id: int
    name: str
    login: str
    code: str
    until: datetime


def open_account(person_id: int, *, actor: Actor, now: datetime) -> Opened:
    """An account for one of the unit's people, or a new code for the account that they have.

    With a new code the old password and all sessions end. Raises NotFound for another unit's, Conflict for
    somebody who has left.
    """
    person = people.own(person_id, actor, now)
    if person.left_at is not None:
        raise Conflict("该人员已经调出，不能开通账号。")
    account = live_account(person_id) or _new(person, actor, now)
    return _coded(account, person, actor, now)


def open_missing(unit_id: int, *, actor: Actor, now: datetime) -> Sequence[Opened]:
    """The same for those of the unit who have no account yet, the first five hundred by name."""
    people.demand_unit(unit_id, actor, now)
    has_one = select(Account.person_id).where(*live())
    without = (
        select(Person)
        .where(Person.unit_id == unit_id, Person.left_at.is_(None), Person.id.not_in(has_one))
        .order_by(Person.name_key, Person.id)
        .limit(MOST_AT_ONCE)
        .with_for_update()
    )
    found = db.session.scalars(without).all()
    return [_coded(_new(person, actor, now), person, actor, now) for person in found]


def activate(
    name: str, id_number: str, code: str, password: str, address: str, now: datetime
) -> tuple[str, str]:
    """The person sets their password; answers the token of a session and the login, to be remembered.

    Wrong names, numbers and codes get the same answer, and count as wrong passwords do. Raises
    ActivationRefused, TooManyAttempts, and Invalid for a weak password.
    """
    check_address(address, now)
    account = _account_of(name, id_number, now)
    activation = db.session.get(Activation, account.id, with_for_update=True) if account else None
    kept = activation.code_digest if activation and activation.expires_at > now else b""
    right = hmac.compare_digest(_digest(account.id if account else 0, code), kept)
    if account is None or activation is None or not right or barred(account, now):
        count_failure(account, address, now)
        raise ActivationRefused
    if weak := _passwords.weakness(password, account.login):
        raise Invalid({"password": [weak]})
    account.password_hash, account.password_changed_at = _passwords.hashed(password), now
    db.session.delete(activation)
    forget_failures(account)
    return open_session(account.id, now), account.login


def _new(person: Person, actor: Actor, now: datetime) -> Account:
    account = Account(
        login=f"a{secrets.randbelow(10**8):08d}",
        password_hash="",
        name=person.name,
        organisation_id=None,
        person_id=person.id,
        duties=[APPLICANT],
        must_change_password=False,
        failed_attempts=0,
        created_at=now,
    )
    insert(account, "账号没有开通成功，请再试一次。")
    detail = {"login": account.login, "person": person.id}
    record("applicant.opened", account.id, actor, now, detail=detail)
    return account


def _coded(account: Account, person: Person, actor: Actor, now: datetime) -> Opened:
    if account.password_hash:
        account.password_hash = ""
        end_sessions(Account.id == account.id, now)
    forget_failures(account)
    code = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
    until = now + CODE_LASTS
    db.session.merge(
        Activation(
            account_id=account.id, code_digest=_digest(account.id, code), made_at=now, expires_at=until
        )
    )
    record("applicant.coded", account.id, actor, now, detail={"login": account.login})
    parted = "-".join(code[start : start + 4] for start in range(0, CODE_LENGTH, 4))
    return Opened(person.id, person.name, account.login, parted, until)


def _account_of(name: str, id_number: str, now: datetime) -> Account | None:
    """The live account of whoever bears this name and number."""
    try:
        number = clean_citizen_id(id_number, civil(now).date())
    except ValueError:
        return None
    person = people.find(number)
    if person is None or person.name != clean_name(name):
        return None
    account = live_account(person.id)
    return locked_account(account.id) if account else None


def _digest(account_id: int, code: str) -> bytes:
    """Codes are random and long enough for a plain digest; people type them with or without dashes."""
    typed = "".join(letter for letter in code.upper() if letter.isalnum())
    return hashlib.sha256(f"{account_id}:{typed}".encode()).digest()
