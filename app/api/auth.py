"""Who calls: the session token of a sign-in, as a bearer token (RFC 6750)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import g, request

from app import edge
from app.errors import DomainError, NotFound
from app.operations import accounts
from app.operations.actors import Actor
from app.queries.visibility import Sight

Handler = TypeVar("Handler", bound=Callable[..., Any])


class SignedOut(DomainError):
    """尚未登录，或登录已失效，请重新登录。"""

    status = 401
    code = "signed_out"


def signed_in(handler: Handler) -> Handler:
    """Lets only a signed-in account through; one that must change its password can do only that."""

    @wraps(handler)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        g.actor = _actor()
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


def current_sight() -> Sight:
    return Sight(current_actor().organisation_id)


def _actor() -> Actor:
    account = accounts.account_of(bearer(), edge.received_at())
    if account is None:
        raise SignedOut
    return account
