"""The pages: blueprints by group of users, thin; what all of them share is wired here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from app.operations import clock as clocks
from app.queries import notices
from app.web import account, case_page, home, inbox, monitor, people, tasks, uploads
from app.web import clocks as clock_pages
from app.web import notices as notice_pages
from app.web.errors import add_error_pages
from app.web.filters import add_filters
from app.web.listing import address_with
from app.web.schemes import listed_text, masked, newest_schemes, now_of, process_title, role_title, scheme_of
from app.web.security import protect
from app.web.session import SignedIn, add_sessions, viewer

BLUEPRINTS = (
    account.bp,
    home.bp,
    inbox.bp,
    tasks.bp,
    case_page.bp,
    people.bp,
    notice_pages.bp,
    monitor.bp,
    clock_pages.bp,
    uploads.bp,
)


def register(app: Flask) -> None:
    """Adds the pages to the application."""
    # A form may stand open for hours; the token lives as long as the session.
    app.config.update(WTF_CSRF_TIME_LIMIT=None)
    protect(app)
    add_sessions(app)
    add_filters(app)
    add_error_pages(app)
    app.jinja_env.globals.update(
        csrf=_csrf_field,
        zip=zip,
        address_with=address_with,
        listed_text=listed_text,
        masked=masked,
        now_of=now_of,
        process_title=process_title,
        role_title=role_title,
        scheme_of=scheme_of,
    )
    app.context_processor(_frame)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)


@dataclass(frozen=True)
class Link:
    """An entry of the navigation."""

    label: str
    address: str
    current: bool


def _csrf_field() -> Markup:
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(generate_csrf())


def _frame() -> dict[str, Any]:
    """What every page's frame shows: who is signed in, the navigation, the rehearsal's clocks."""
    me = viewer()
    rehearsal = clocks.is_rehearsal()
    return {
        "viewer": me,
        "navigation": _navigation(me) if me and not me.must_change_password else [],
        "rehearsal": rehearsal,
        "clocks": [(s.name, now_of(s.id)) for s in newest_schemes().values()] if rehearsal else [],
    }


def _navigation(me: SignedIn) -> Sequence[Link]:
    if me.incomplete:
        return [_link(_("单位信息"), "account.profile")]
    links = [_link(_("首页"), "home.index")]
    if me.actor.organisation_id is not None:
        if me.has("operator"):
            links += [
                _link(_("待办"), "inbox.index"),
                _link(_("已办"), "inbox.done"),
                _link(_("办件"), "cases.index"),
            ]
        if me.is_unit and me.has("operator"):
            links += [_link(_("人员"), "people.index"), _link(_("单位信息"), "account.profile")]
        if me.has("supervisor"):
            links.append(_link(_("监督"), "monitor.index"))
        count = notices.unread(me.organisation_id)
        links.append(_link(_("消息（%(count)s）", count=count) if count else _("消息"), "notices.index"))
    if me.has("administrator") and clocks.is_rehearsal():
        links.append(_link(_("演练时钟"), "clocks.index"))
    return links


def _link(label: str, endpoint: str) -> Link:
    return Link(label, url_for(endpoint), request.endpoint == endpoint)
