"""Who calls: the session token of a sign-in, as a bearer token (RFC 6750)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, overload

from flask import g, request

from app import edge
from app.errors import DomainError, Forbidden, NotFound
from app.models import Account
from app.operations import accounts
from app.operations.actors import Actor
from app.queries import organisations
from app.queries.visibility import Sight

Handler = TypeVar("Handler", bound=Callable[..., Any])


class SignedOut(DomainError):
    """尚未登录，或登录已失效，请重新登录。"""

    status = 401
    code = "signed_out"


class Unfinished(Forbidden):
    """请先修改初始密码、完善单位资料，再办理业务。"""

    code = "unfinished"


@overload
def signed_in(handler: Handler, /) -> Handler: ...
@overload
def signed_in(*, unfinished: bool) -> Callable[[Handler], Handler]: ...
def signed_in(handler: Any = None, *, unfinished: bool = False) -> Any:
    """Lets only a signed-in account through.

    Unless `unfinished`, a first password has to be changed and a unit's data completed before (CQ-26).
    """
    if handler is None:
        return lambda handler: _guarded(handler, unfinished)
    return _guarded(handler, unfinished)


def _guarded(handler: Handler, unfinished: bool) -> Handler:
    @wraps(handler)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        _sign_in(unfinished)
        return handler(*args, **kwargs)

    guarded._apidoc = {  # type: ignore[attr-defined]
        **getattr(handler, "_apidoc", {}),
        "manual_doc": {"security": [{"session": []}]},
    }
    return guarded  # type: ignore[return-value]


def bearer() -> str:
    """The token of the request. Raises SignedOut."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise SignedOut
    return token


def current_actor() -> Actor:
    actor: Actor = g.actor
    return actor


def own_organisation() -> int:
    """The organisation that the account acts for. Raises NotFound for one without."""
    organisation_id = current_actor().organisation_id
    if organisation_id is None:
        raise NotFound
    return organisation_id


def current_account() -> Account:
    account: Account = g.account
    return account


def current_sight() -> Sight:
    return Sight(current_actor().organisation_id)


def _sign_in(unfinished: bool) -> None:
    account = accounts.account_of(bearer(), edge.received_at())
    if account is None:
        raise SignedOut
    g.account, g.actor = account, accounts.actor_for(account)
    organisation = organisations.one(account.organisation_id) if account.organisation_id else None
    incomplete = organisation is not None and not organisation.profile_complete
    if not unfinished and (account.must_change_password or incomplete):
        raise Unfinished
    with edge.transaction():
        accounts.seen(bearer(), edge.received_at())
