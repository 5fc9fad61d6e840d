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
from app.operations.access import accounts
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

    caller: accounts.Caller

    @property
    def actor(self) -> Actor:
        return self.caller.actor

    @property
    def sight(self) -> Sight:
        organisation_id = self.actor.organisation_id
        organisation = organisations.one(organisation_id) if organisation_id is not None else None
        return sight_of(self.actor, organisation, edge.received_at())

    @property
    def applicant(self) -> int | None:
        """The person, where this is somebody who acts for nobody but themselves."""
        return self.actor.person_id if self.actor.is_applicant(self.actor.person_id) else None

    @property
    def organisation_id(self) -> int:
        """Raises Forbidden for an account that acts for no organisation."""
        return self.actor.acts_for

    @property
    def unfinished(self) -> bool:
        caller = self.caller
        incomplete = not caller.profile_complete and caller.actor.has("operator")
        return caller.must_change_password or caller.must_bind or incomplete


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
    """Reads only, mostly, so that the handler's own transaction goes on from here."""
    token, now = bearer(), edge.received_at()
    caller = accounts.caller_of(token, now)
    if caller is None:
        raise SignedOut
    if caller.unseen:
        with edge.transaction():
            accounts.seen(token, now)
    g.signed_in = SignedIn(caller)
