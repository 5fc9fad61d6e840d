"""Who is signed in: a server-side session whose token lies in the signed cookie, and what it may open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any, TypeVar, cast

from flask import Flask, Request, g, redirect, request, session, url_for
from flask_babel import gettext as _
from flask_login import UserMixin, current_user
from werkzeug.wrappers import Response

from app.errors import Forbidden
from app.extensions import atomic, login_manager
from app.models import Organisation
from app.operations.access import accounts
from app.operations.actors import Actor
from app.queries import organisations
from app.queries.visibility import Sight, sight_of
from app.web.schemes import real_now

TOKEN = "token"  # noqa: S105 - the name of the cookie's entry, not a secret
UNNOTICED = frozenset({"static", "inbox.newest", "work.progress", "tasks.present"})
"""What the browser asks for by itself: it keeps no session from going idle."""

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class SignedIn(UserMixin):
    """The account that acts in this request."""

    caller: accounts.Caller

    @property
    def actor(self) -> Actor:
        return self.caller.actor

    @cached_property
    def organisation(self) -> Organisation | None:
        organisation_id = self.actor.organisation_id
        return organisations.one(organisation_id) if organisation_id is not None else None

    @property
    def must_change_password(self) -> bool:
        return self.caller.must_change_password

    @property
    def must_bind(self) -> bool:
        return self.caller.must_bind

    @property
    def name(self) -> str:
        return self.actor.name

    @property
    def organisation_name(self) -> str | None:
        return _("申报人") if self.is_applicant else self.actor.organisation_name

    @property
    def is_applicant(self) -> bool:
        """Whether this is somebody who acts for nobody but themselves."""
        return self.actor.is_applicant(self.actor.person_id)

    @property
    def person_id(self) -> int:
        """Raises Forbidden for who is no applicant."""
        if not self.is_applicant or self.actor.person_id is None:
            raise Forbidden
        return self.actor.person_id

    @property
    def organisation_id(self) -> int:
        """Raises Forbidden for an account that acts for no organisation."""
        return self.actor.acts_for

    @property
    def is_unit(self) -> bool:
        return self.caller.kind == "unit"

    @property
    def incomplete(self) -> bool:
        """A unit that has yet to say what its cases are routed by (CQ-26)."""
        return not self.caller.profile_complete

    @property
    def sight(self) -> Sight:
        return sight_of(self.actor, self.organisation, real_now())

    def has(self, *duties: str) -> bool:
        return any(self.actor.has(duty) for duty in duties)


def signed_in() -> SignedIn:
    return cast(SignedIn, current_user)


def viewer() -> SignedIn | None:
    """Whoever is signed in, for pages that are open to all."""
    return signed_in() if current_user.is_authenticated else None


def needs(*duties: str, unfinished: bool = False) -> Callable[[View], View]:
    """Lets through who is signed in and has one of the duties; others get the sign-in page, or 403.

    Unless `unfinished`, a first password has to be changed, a second factor bound where one is asked for,
    and a unit's data completed before.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if not current_user.is_authenticated:
                return login_manager.unauthorized()
            me = signed_in()
            if not unfinished and me.must_change_password:
                return redirect(url_for("account.password"))
            if not unfinished and me.must_bind:
                return redirect(url_for("second_factor.index"))
            if not unfinished and me.incomplete and me.has("operator"):
                return redirect(url_for("account.profile"))
            if duties and not me.has(*duties):
                raise Forbidden
            return view(*args, **kwargs)

        return cast(View, guarded)

    return guard


def begin(opened: str) -> None:
    """Puts a new session's token into a fresh cookie, so that nothing set before sign-in stays."""
    session.clear()
    session[TOKEN] = opened


def token() -> str | None:
    """The token in the cookie, whatever it is worth."""
    found = session.get(TOKEN)
    return found if isinstance(found, str) else None


def enter(opened: str, wanted: str | None) -> Any:
    """Goes on after a sign-in: to the code that is still to come, or to where the person was going."""
    begin(opened)
    if accounts.awaits_code(opened, real_now()):
        return redirect(url_for("second_factor.code", next=wanted))
    return redirect(_own_address(wanted))


def end() -> str | None:
    """Empties the cookie; returns the token that was in it."""
    ended = token()
    session.clear()
    return ended


def add_sessions(app: Flask) -> None:
    login_manager.request_loader(_load)
    login_manager.unauthorized_handler(_to_sign_in)
    app.before_request(_notice)


def _load(_request: Request) -> SignedIn | None:
    presented = token()
    caller = accounts.caller_of(presented, real_now()) if presented else None
    return SignedIn(caller) if caller else None


def act_as(account_id: int) -> None:
    """Makes an account the one that acts in this context, which no browser has opened: long work of its own.

    Raises Forbidden for one that was disabled meanwhile.
    """
    caller = accounts.caller_without_session(account_id)
    if caller is None:
        raise Forbidden("账号已停用。")
    g._login_user = SignedIn(caller)


def _notice() -> None:
    presented = token()
    if not presented or request.endpoint in UNNOTICED:
        return
    me = viewer()
    if me and me.caller.unseen:
        with atomic():
            accounts.seen(presented, real_now())


def after_lapse(endpoint: str) -> Callable[[View], View]:
    """Registers what becomes of a form that was sent after its session had gone idle or grown too old.

    It gets the actor whose session it was and the address' arguments, and returns where to go on after the
    sign-in.
    """

    def add(view: View) -> View:
        _LAPSED[endpoint] = view
        return view

    return add


_LAPSED: dict[str, Callable[..., str | None]] = {}


def _to_sign_in() -> Any:
    wanted = request.full_path.rstrip("?") if request.method == "GET" else _after_lapse()
    address = url_for("account.sign_in", next=wanted)
    if "HX-Request" in request.headers:
        return Response("", headers={"HX-Redirect": address})
    return redirect(address)


def _after_lapse() -> str | None:
    keep, presented = _LAPSED.get(request.endpoint or ""), token()
    actor = accounts.lapsed_actor(presented, real_now()) if keep and presented else None
    return keep(actor, **(request.view_args or {})) if keep and actor else None


def _own_address(wanted: str | None) -> str:
    """Where to go after signing in: an address of this site, whatever was asked for."""
    if wanted and wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and "\n" not in wanted:
        return wanted
    return url_for("home.index")
