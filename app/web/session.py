"""Who is signed in: a server-side session whose token lies in the signed cookie, and what it may open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Flask, Request, redirect, request, session, url_for
from flask_login import UserMixin, current_user

from app.errors import Forbidden
from app.extensions import atomic, login_manager
from app.models import Organisation
from app.operations import accounts
from app.operations.actors import Actor
from app.queries import organisations
from app.queries.visibility import Sight
from app.web.schemes import real_now

TOKEN = "token"  # noqa: S105 - the name of the cookie's entry, not a secret
UNNOTICED = frozenset({"static", "inbox.newest"})
"""What the browser asks for by itself: it keeps no session from going idle."""

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class SignedIn(UserMixin):  # type: ignore[misc]
    """The account that acts in this request."""

    actor: Actor
    organisation: Organisation | None
    must_change_password: bool

    @property
    def name(self) -> str:
        return self.actor.name

    @property
    def organisation_name(self) -> str | None:
        return self.actor.organisation_name

    @property
    def organisation_id(self) -> int:
        """Raises Forbidden for an account that acts for no organisation."""
        if self.actor.organisation_id is None:
            raise Forbidden("您的账号没有所属单位，不能办理业务；请使用单位或经办机构的账号。")
        return self.actor.organisation_id

    @property
    def is_unit(self) -> bool:
        return self.organisation is not None and self.organisation.kind == "unit"

    @property
    def incomplete(self) -> bool:
        """A unit that has yet to say what its cases are routed by (CQ-26)."""
        return self.organisation is not None and not self.organisation.profile_complete

    @property
    def sight(self) -> Sight:
        """An office's supervisor sees the office's region."""
        office = self.organisation if self.organisation and self.organisation.kind == "office" else None
        region = office.region if office and self.has("supervisor") else None
        return Sight(self.actor.organisation_id, region)

    def has(self, *duties: str) -> bool:
        return any(self.actor.has(duty) for duty in duties)


def signed_in() -> SignedIn:
    return cast(SignedIn, current_user)


def viewer() -> SignedIn | None:
    """Whoever is signed in, for pages that are open to all."""
    return signed_in() if current_user.is_authenticated else None


def needs(*duties: str, unfinished: bool = False) -> Callable[[View], View]:
    """Lets through who is signed in and has one of the duties; others get the sign-in page, or 403.

    Unless `unfinished`, a first password has to be changed and a unit's data completed before.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if not current_user.is_authenticated:
                return login_manager.unauthorized()
            me = signed_in()
            if not unfinished and me.must_change_password:
                return redirect(url_for("account.password"))
            if not unfinished and me.incomplete and me.has("operator"):
                return redirect(url_for("account.profile"))
            if duties and not me.has(*duties):
                raise Forbidden
            return view(*args, **kwargs)

        return cast(View, guarded)

    return guard


def begin(token: str) -> None:
    """Puts a new session's token into a fresh cookie, so that nothing set before sign-in stays."""
    session.clear()
    session[TOKEN] = token


def end() -> str | None:
    """Empties the cookie; returns the token that was in it."""
    token: str | None = session.get(TOKEN)
    session.clear()
    return token


def add_sessions(app: Flask) -> None:
    login_manager.request_loader(_load)
    login_manager.unauthorized_handler(_to_sign_in)
    app.before_request(_notice)


def _load(_request: Request) -> SignedIn | None:
    token = session.get(TOKEN)
    account = accounts.account_of(token, real_now()) if isinstance(token, str) else None
    if account is None:
        return None
    organisation = organisations.one(account.organisation_id) if account.organisation_id else None
    return SignedIn(accounts.actor_for(account), organisation, account.must_change_password)


def _notice() -> None:
    token = session.get(TOKEN)
    if isinstance(token, str) and request.endpoint not in UNNOTICED:
        with atomic():
            accounts.seen(token, real_now())


def _to_sign_in() -> Any:
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("account.sign_in", next=wanted))
