"""The second factor: codes of a device (TOTP, RFC 6238), recovery codes, and who has to have one."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pyotp.exceptions import OTPVerificationError
from sqlalchemy import ColumnElement, exists, select

from app.errors import Conflict, DomainError, Invalid
from app.extensions import db, settings
from app.models import Account, Organisation, SecondFactor
from app.operations._administration import record
from app.operations.access._attempts import (
    barred,
    check_address,
    count_failure,
    forget_failures,
    locked_account,
)
from app.operations.access._sessions import end_sessions, open_session
from app.operations.actors import APPLICANT, Actor
from app.operations.dates.clock import is_rehearsal

ISSUER = "工勤技能岗位等级考核"
"""Under this name the device lists the account."""
SKEW = 1
"""Time steps of 30 s by which the device's clock may be off, to either side (RFC 6238, 5.2 and 6)."""
RECOVERY_CODES = 10
UNMISTAKABLE = "abcdefghjkmnpqrstuvwxyz23456789"
NONCE_BYTES = 12
WRONG = "验证码不正确或已经用过。请核对设备的时间，等下一个验证码出现后再输入。"


class Unreadable(DomainError):
    """验证器的密钥无法解密：加密密钥与绑定时的不一致，请管理员核对 ID_NUMBER_KEY。"""

    status = 500
    code = "second_factor_unreadable"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a device is told to take part: the base32 secret, and the same as an address for a QR code."""

    secret: str
    address: str


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A new session's token, and the recovery codes, answered here and never again."""

    token: str
    recovery_codes: Sequence[str]


@dataclass(frozen=True, slots=True)
class Standing:
    """What the account's owner may know of the bound device."""

    since: datetime
    recovery_codes: int


def required(account: Account) -> bool:
    """Whether the account has to have a second factor: by the setting, or else by the database's mark."""
    kind = select(Organisation.kind).where(Organisation.id == account.organisation_id)
    return rule_asks(account.duties, db.session.scalar(kind), rehearsal=is_rehearsal())


def rule_asks(duties: Collection[str], kind: str | None, *, rehearsal: bool) -> bool:
    """The same of somebody with these duties in an organisation of this kind (None: in no organisation).

    Offices are asked, who decide for others, and administrators wherever they are, who decide over others.
    """
    rule = settings().second_factor or ("off" if rehearsal else "offices")
    if rule == "offices" and APPLICANT in duties:
        return False
    return rule == "all" or (rule == "offices" and (kind in (None, "office") or "administrator" in duties))


def missing(account: Account) -> bool:
    """Whether the account has yet to bind a device before it may do anything else."""
    return required(account) and not bound(account.id)


def bound(account_id: int) -> bool:
    """Whether the account has a second factor; then it is always asked for, whatever the setting."""
    return bool(db.session.scalar(select(bound_to(account_id))))


def bound_to(account_id: Any) -> ColumnElement[bool]:
    """`bound` as a condition, also of a column."""
    factor = SecondFactor.__table__.c
    return exists().where(factor.account_id == account_id, factor.confirmed_at.is_not(None))


def standing(account_id: int) -> Standing | None:
    """Since when a device is bound, and how many recovery codes are left; None without one."""
    row = db.session.get(SecondFactor, account_id)
    if row is None or row.confirmed_at is None:
        return None
    return Standing(row.confirmed_at, len(row.recovery_digests))


def start(account_id: int, now: datetime) -> Enrolment:
    """A new secret, which counts once a code of it was entered. Raises Conflict for a bound account."""
    account = locked_account(account_id)
    if bound(account_id):
        raise Conflict("该账号已经绑定验证器；更换设备请先解除绑定。")
    _delete(account_id)
    secret = pyotp.random_base32()
    cipher = _seal(secret, account_id)
    db.session.add(
        SecondFactor(
            account_id=account_id,
            secret_cipher=cipher,
            key_id=_key_id(),
            recovery_digests=[],
            last_step=0,
            started_at=now,
        )
    )
    db.session.flush()
    return _enrolment(secret, account.login)


def under_way(account_id: int) -> Enrolment | None:
    """The enrolment that was started and not yet confirmed."""
    row = db.session.get(SecondFactor, account_id)
    if row is None or row.confirmed_at is not None:
        return None
    login = db.session.scalars(select(Account.login).where(Account.id == account_id)).one()
    return _enrolment(_secret(row), login)


def enrol(code: str, *, actor: Actor, now: datetime) -> Enrolled:
    """Binds the device that shows the code; ends all sessions of the account but a new one.

    Raises Conflict where no enrolment was started, and Invalid.
    """
    account = locked_account(actor.account_id or 0)
    row = db.session.get(SecondFactor, account.id)
    if row is None or row.confirmed_at is not None:
        raise Conflict("请先开始绑定，再输入验证码。")
    step = _step_of(row, code, now)
    if step is None:
        raise Invalid({"code": [WRONG]})
    row.confirmed_at, row.last_step = now, step
    codes = _new_recovery_codes(row)
    record("second_factor.bound", account.id, actor, now)
    return Enrolled(_only_session(account, now), codes)


def renew_recovery_codes(code: str, address: str, *, actor: Actor, now: datetime) -> Sequence[str]:
    """New recovery codes for a code of the device; the old ones are worth nothing. Raises Invalid."""
    account = _proved(code, address, actor, now)
    record("second_factor.codes_renewed", account.id, actor, now)
    return _new_recovery_codes(db.session.get_one(SecondFactor, account.id))


def unbind(code: str, address: str, *, actor: Actor, now: datetime) -> str:
    """Gives up the device, for which a code (or a recovery code) is asked; the token of a new session.

    Whoever has to have a second factor binds another one next. Raises Invalid.
    """
    account = _proved(code, address, actor, now)
    _delete(account.id)
    record("second_factor.unbound", account.id, actor, now)
    return _only_session(account, now)


def forget(account_id: int) -> None:
    """Deletes the second factor. Raises Conflict where there is none."""
    if not _delete(account_id):
        raise Conflict("该账号没有绑定验证器。")


def passes(account: Account, code: str, actor: Actor, now: datetime) -> bool:
    """Whether a code is right: of the device, or a recovery code; it is spent by that.

    The account's row is locked by the caller, so that two requests never spend one code.
    """
    row = db.session.get(SecondFactor, account.id, populate_existing=True)
    if row is None or row.confirmed_at is None:
        return False
    step = _step_of(row, code, now)
    if step is not None:
        row.last_step = step
        return True
    digest = _recovery_digest(account.id, code)
    if digest not in row.recovery_digests:
        return False
    row.recovery_digests = [kept for kept in row.recovery_digests if kept != digest]
    left = {"left": len(row.recovery_digests)}
    record("second_factor.recovery_code_used", account.id, actor, now, detail=left)
    return True


def _proved(code: str, address: str, actor: Actor, now: datetime) -> Account:
    check_address(address, now)
    account = locked_account(actor.account_id or 0)
    if barred(account, now) or not passes(account, code, actor, now):
        count_failure(account, address, now)
        raise Invalid({"code": [WRONG + "多次输错后会暂时锁定。"]})
    forget_failures(account)
    return account


def _only_session(account: Account, now: datetime) -> str:
    end_sessions(Account.id == account.id, now)
    return open_session(account.id, now)


def _enrolment(secret: str, login: str) -> Enrolment:
    return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER))


def _step_of(row: SecondFactor, code: str, now: datetime) -> int | None:
    """The time step that a code belongs to, newer than any before; None for a wrong or used one."""
    totp = pyotp.TOTP(_secret(row))
    try:
        step = totp.verify_and_get_timecode(_plain(code), for_time=now, valid_window=SKEW)
    except OTPVerificationError:
        return None
    return step if step > row.last_step else None


def _plain(code: str) -> str:
    """A code as people may type it: full width, in groups, in capitals."""
    return "".join(unicodedata.normalize("NFKC", code).split()).replace("-", "").lower()


def _new_recovery_codes(row: SecondFactor) -> Sequence[str]:
    codes = ["".join(secrets.choice(UNMISTAKABLE) for _ in range(10)) for _ in range(RECOVERY_CODES)]
    row.recovery_digests = [_recovery_digest(row.account_id, code) for code in codes]
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _recovery_digest(account_id: int, code: str) -> bytes:
    return hmac.digest(_key(b"recovery codes"), f"{account_id}:{_plain(code)}".encode(), "sha256")


def _delete(account_id: int) -> bool:
    row = db.session.get(SecondFactor, account_id, populate_existing=True)
    if row is None:
        return False
    db.session.delete(row)
    db.session.flush()
    return True


def _seal(secret: str, account_id: int) -> bytes:
    """AES-256-GCM, bound to the account, so that no two rows can swap theirs."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(_key(b"secrets")).encrypt(nonce, secret.encode(), str(account_id).encode())


def _secret(row: SecondFactor) -> str:
    if row.key_id != _key_id():
        raise Unreadable
    nonce, cipher = row.secret_cipher[:NONCE_BYTES], row.secret_cipher[NONCE_BYTES:]
    try:
        return AESGCM(_key(b"secrets")).decrypt(nonce, cipher, str(row.account_id).encode()).decode()
    except InvalidTag as error:
        raise Unreadable from error


def _key(purpose: bytes) -> bytes:
    """A key of its own for each purpose (RFC 5869) from the one that encrypts ID numbers."""
    return HKDF(SHA256(), 32, None, b"second factor: " + purpose).derive(settings().id_number_key)


def _key_id() -> str:
    return hashlib.sha256(b"second factor key id" + _key(b"secrets")).hexdigest()[:8]
