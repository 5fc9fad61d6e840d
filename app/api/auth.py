"""Who calls: the session token of a sign-in, as a bearer token (RFC 6750)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from flask import g, request
from flask_smorest import Blueprint

from app import edge
from app.errors import DomainError, Forbidden
from app.models import Account
from app.operations import accounts, second_factor
from app.operations.actors import Actor
from app.queries import organisations
from app.queries.visibility import Sight, sight_of

Handler = TypeVar("Handler", bound=Callable[..., Any])


class SignedOut(DomainError):
    """尚未登录，或登录已失效，请重新登录。"""

    status = 401
    code = "signed_out"


class Unfinished(Forbidden):
    """请先修改初始密码、绑定验证器、完善单位资料，再办理业务。"""

    code = "unfinished"


@dataclass(frozen=True)
class SignedIn:
    """The account that acts in this request."""

    actor: Actor
    sight: Sight
    kind: str | None
    must_change_password: bool
    must_bind: bool
    profile_complete: bool

    @property
    def organisation_id(self) -> int:
        """Raises Forbidden for an account that acts for no organisation."""
        if self.actor.organisation_id is None:
            raise Forbidden("您的账号没有所属单位，不能办理业务；请使用单位或经办机构的账号。")
        return self.actor.organisation_id

    @property
    def unfinished(self) -> bool:
        incomplete = not self.profile_complete and self.actor.has("operator")
        return self.must_change_password or self.must_bind or incomplete


def me() -> SignedIn:
    signed_in: SignedIn = g.signed_in
    return signed_in


def signed_in(*duties: str, unfinished: bool = False) -> Callable[[Handler], Handler]:
    """Lets through who is signed in and has one of the duties (none: whatever they are).

    Unless `unfinished`, a first password has to be changed, a second factor bound where one is asked for,
    and a unit's data completed before (CQ-26).
    """

    def guard(handler: Handler) -> Handler:
        @wraps(handler)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            _sign_in()
            if not unfinished and me().unfinished:
                raise Unfinished
            if duties and not any(me().actor.has(duty) for duty in duties):
                raise Forbidden
            return handler(*args, **kwargs)

        documented: Handler = Blueprint.doc(security=[{"session": []}])(guarded)
        return documented

    return guard


def bearer() -> str:
    """The token of the request. Raises SignedOut."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise SignedOut
    return token


def _sign_in() -> None:
    token, now = bearer(), edge.received_at()
    with edge.transaction():
        accounts.seen(token, now)
        account = accounts.account_of(token, now)
        if account is None:
            raise SignedOut
        g.signed_in = _known(account)


def _known(account: Account) -> SignedIn:
    actor = accounts.actor_for(account)
    organisation = organisations.one(account.organisation_id) if account.organisation_id else None
    return SignedIn(
        actor=actor,
        sight=sight_of(actor, organisation, edge.received_at()),
        kind=organisation.kind if organisation else None,
        must_change_password=account.must_change_password,
        must_bind=second_factor.missing(account),
        profile_complete=organisation is None or organisation.profile_complete,
    )
