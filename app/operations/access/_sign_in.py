"""Signing in by password or by a provider, the code that may follow, and who a session's token stands for."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, exists, select

from app.errors import DomainError
from app.extensions import db
from app.models import Account, DatabaseMark, Organisation, WebSession
from app.operations._prepared import Prepared
from app.operations.access import _passwords, second_factor
from app.operations.access._attempts import (
    barred,
    check_address,
    count_failure,
    forget_failures,
    locked_account,
)
from app.operations.access._sessions import (
    IDLE,
    SEEN_EVERY,
    awaiting_session,
    digest,
    lapsed_session,
    live_session,
    open_session,
)
from app.operations.actors import Actor


class SignInRefused(DomainError):
    """登录名或密码不正确；多次输错的账号会暂时锁定（最长 30 分钟），请稍后再试或联系管理员。"""

    status = 401
    code = "sign_in_refused"


class CodeRefused(DomainError):
    """验证码不正确或已经用过，请等下一个验证码出现后再输入；多次输错的账号会暂时锁定（最长 30 分钟）。"""

    status = 401
    code = "code_refused"


class CodeRequired(DomainError):
    """该账号已绑定验证器，请同时提供验证码。"""

    status = 401
    code = "code_required"


class SignInLapsed(DomainError):
    """登录已超时，请重新输入账号和密码。"""

    status = 401
    code = "sign_in_lapsed"


class NotLinked(DomainError):
    """统一认证通过了，但在本系统没有对应的账号，或该账号已停用；请联系系统管理员分配账号。"""

    status = 403
    code = "not_linked"


def normal_login(login: str) -> str:
    return unicodedata.normalize("NFKC", login).strip().casefold()


def sign_in(login: str, password: str, address: str, now: datetime) -> str:
    """The token of a new session, which awaits a code where the account has a second factor.

    An unknown login, a wrong password and a locked account get the same answer in the same time. The caller's
    `atomic()` keeps the count of failures although this raises SignInRefused or TooManyAttempts.
    """
    check_address(address, now)
    account = _by_login(login)
    right = _passwords.matches(account.password_hash if account else None, password)
    if account is None or not right or barred(account, now):
        count_failure(account, address, now)
        raise SignInRefused
    if _passwords.outdated(account.password_hash):
        account.password_hash = _passwords.hashed(password)
    return _opened(account, now)


def sign_in_by_provider(login: str, now: datetime) -> str:
    """The same for whom an OpenID Connect provider vouches, by an account's login.

    No account is made by it, and a second factor is asked for all the same. Raises NotLinked.
    """
    account = _by_login(login)
    if account is None or account.disabled_at is not None:
        raise NotLinked
    return _opened(account, now)


def awaits_code(token: str, now: datetime) -> bool:
    """Whether the token is of a session whose code is still to come: for five minutes."""
    found = select(WebSession.account_id).where(awaiting_session(token, now))
    return db.session.scalar(found) is not None


def confirm(token: str, code: str, address: str, now: datetime) -> str:
    """The token of a signed-in session for one that awaits a code, and the code.

    Wrong codes count as wrong passwords do. Raises SignInLapsed, CodeRefused and TooManyAttempts.
    """
    check_address(address, now)
    session = db.session.scalar(select(WebSession).where(awaiting_session(token, now)))
    if session is None:
        raise SignInLapsed
    account = locked_account(session.account_id)
    if barred(account, now) or not second_factor.passes(account, code, actor_for(account), now):
        count_failure(account, address, now)
        raise CodeRefused
    session.ended_at = now
    forget_failures(account)
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
    live = live_session(digest(token), now, now - IDLE)
    return db.session.scalar(query.where(live, Account.disabled_at.is_(None)))


def lapsed_actor(token: str, now: datetime) -> Actor | None:
    """Whose session it was that went idle or grew too old within the last day; None for one that was ended.

    It lets nobody in: it tells for whom something is kept until they sign in again.
    """
    query = select(Account).join(WebSession, WebSession.account_id == Account.id)
    lapsed = lapsed_session(digest(token), now)
    account = db.session.scalar(query.where(lapsed, Account.disabled_at.is_(None)))
    return actor_for(account) if account else None


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom a session's token stands for, and what they have yet to do before any business.

    `kind` is the organisation's. `unseen`: `seen` should be called, which was a minute ago.
    """

    actor: Actor
    kind: str | None
    profile_complete: bool
    must_change_password: bool
    must_bind: bool
    unseen: bool


def caller_of(token: str, now: datetime) -> Caller | None:
    """What every request asks first, in one statement; None where `account_of` finds nobody."""
    row = _CALLER.run({"digest": digest(token), "now": now, "idle_since": now - IDLE}).first()
    if row is None:
        return None
    duties = frozenset(row.duties)
    return Caller(
        actor=Actor(row.id, row.organisation_id, row.organisation, row.person_id, row.name, duties),
        kind=row.kind,
        profile_complete=row.profile_complete is not False,
        must_change_password=row.must_change_password,
        must_bind=not row.bound and second_factor.rule_asks(duties, row.kind, rehearsal=row.rehearsal),
        unseen=row.last_seen_at <= now - SEEN_EVERY,
    )


_ACCOUNT, _ORGANISATION, _SESSION = Account.__table__.c, Organisation.__table__.c, WebSession.__table__.c
_CALLER = Prepared(
    select(
        _ACCOUNT.id,
        _ACCOUNT.name,
        _ACCOUNT.person_id,
        _ACCOUNT.duties,
        _ACCOUNT.must_change_password,
        _ACCOUNT.organisation_id,
        _ORGANISATION.name.label("organisation"),
        _ORGANISATION.kind,
        _ORGANISATION.profile_complete,
        _SESSION.last_seen_at,
        second_factor.bound_to(_ACCOUNT.id).label("bound"),
        exists(DatabaseMark.__table__.select().where(DatabaseMark.__table__.c.rehearsal)).label("rehearsal"),
    )
    .join(WebSession.__table__, _SESSION.account_id == _ACCOUNT.id)
    .outerjoin(Organisation.__table__, _ORGANISATION.id == _ACCOUNT.organisation_id)
    .where(
        live_session(bindparam("digest"), bindparam("now"), bindparam("idle_since")),
        _ACCOUNT.disabled_at.is_(None),
    )
)


def caller_without_session(account_id: int) -> Caller | None:
    """An account whose long work is done while it may be away; None where it was disabled."""
    account = db.session.get(Account, account_id)
    if account is None or account.disabled_at is not None:
        return None
    kind = db.session.scalar(select(Organisation.kind).where(Organisation.id == account.organisation_id))
    return Caller(actor_for(account), kind, True, False, False, False)


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


def _by_login(login: str) -> Account | None:
    query = select(Account).where(Account.login == normal_login(login)).with_for_update()
    return db.session.scalars(query).one_or_none()


def _opened(account: Account, now: datetime) -> str:
    """A session; failures are forgotten once all that is asked for was shown, not before."""
    if second_factor.bound(account.id):
        return open_session(account.id, now, awaits_code=True)
    forget_failures(account)
    return open_session(account.id, now)
