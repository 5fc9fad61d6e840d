"""What every page's frame shows: who is signed in, the navigation, the rehearsal's clocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from app.operations.dates import clock
from app.operations.registers import register
from app.queries import notices, outbox
from app.web.desk import desk_tabs
from app.web.dues import due_of
from app.web.here import schemes_here
from app.web.listing import address_with, filters, url_in_list
from app.web.schemes import (
    blank_reason,
    listed_briefly,
    listed_text,
    masked,
    now_of,
    process_title,
    real_now,
    role_title,
    scheme_of,
)
from app.web.session import SignedIn, viewer


def add_frame(app: Flask) -> None:
    app.context_processor(_frame)
    app.jinja_env.globals.update(
        csrf=_csrf_field,
        zip=zip,
        address_with=address_with,
        blank_reason=blank_reason,
        due_of=due_of,
        filters=filters,
        url_in_list=url_in_list,
        lists_here=desk_tabs,
        listed_briefly=listed_briefly,
        listed_text=listed_text,
        masked=masked,
        now_of=now_of,
        process_title=process_title,
        real_now=real_now,
        role_title=role_title,
        scheme_of=scheme_of,
    )


MOST_IN_SIGHT = 5
"""Entries of the navigation that a phone has room for; the rest stand under one more."""


DESK = ("inbox", "tasks", "assigning", "returns", "many_returns", "many_recalls", "started", "copies")
"""The pages of one's tasks, by blueprint."""


@dataclass(frozen=True)
class Link:
    """An entry of the navigation: a page, or a few `pages` under one name."""

    label: str
    address: str
    current: bool
    pages: Sequence[Link] = ()


def _csrf_field() -> Markup:
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(generate_csrf())


def _frame() -> dict[str, Any]:
    me = viewer()
    rehearsal = clock.is_rehearsal()
    ready = me is not None and not (me.must_change_password or me.must_bind)
    return {
        "viewer": me,
        "navigation": _navigation(me) if me and ready else [],
        "own_pages": _own_pages(me) if me else [],
        "searches": me is not None and ready and _searches(me),
        "rehearsal": rehearsal,
        "clocks": [(s.name, now_of(s.id)) for s in schemes_here().values()] if rehearsal else [],
    }


def _searches(me: SignedIn) -> bool:
    """Whether the page's head has the search; its own page has a larger one."""
    works = me.actor.organisation_id is not None and me.has("operator", "supervisor")
    return works and not me.incomplete and request.blueprint != "search"


def _navigation(me: SignedIn) -> Sequence[Link]:
    if me.incomplete:
        return [_link(_("单位信息"), "account.profile")]
    daily, now_and_then = _daily(me), _now_and_then(me)
    room = MOST_IN_SIGHT - len(daily)
    if len(now_and_then) <= max(room, 1):
        return [*daily, *now_and_then]
    more = Link(_("更多"), "", any(link.current for link in now_and_then), now_and_then)
    return [*daily, more]


def _daily(me: SignedIn) -> list[Link]:
    """What one opens every day."""
    if me.is_applicant:
        return [_link(_("我的申报"), "applicant.home", "applicant", "applicant_form"), _notices(me)]
    officer = me.is_unit and me.has("operator")
    links = [_link(_("工作台") if officer else _("首页"), "home.index", *(["unit_desk"] if officer else []))]
    if me.actor.organisation_id is not None:
        if me.has("operator"):
            links.append(_link(_("待办"), "inbox.index", *DESK))
            links.append(_link(_("办件"), "cases.index", "case"))
        if me.is_unit and me.has("operator"):
            links.append(_link(_("人员"), "people.index", "people"))
        if me.has("supervisor"):
            links.append(_link(_("监督"), "monitor.index", "monitor"))
        links.append(_notices(me))
    return links


def _notices(me: SignedIn) -> Link:
    count = notices.unread(me.actor)
    return _link(_("消息（%(count)s）", count=count) if count else _("消息"), "notices.index")


def _now_and_then(me: SignedIn) -> list[Link]:
    links = []
    if me.actor.organisation_id is not None:
        if me.caller.kind == "department" and me.has("operator"):
            links.append(_link(_("人员"), "people.index", "people"))
        if me.is_unit and me.has("operator"):
            links.append(_link(_("单位信息"), "account.profile"))
        if me.caller.kind == "office" and me.has("operator") and register.may_import(me.actor, real_now()):
            links.append(Link(_("导入结果"), url_for("people.register.index", kind="results"), False))
        if me.has("operator", "supervisor"):
            links.append(_link(_("缴费"), "payments.index"))
        if me.has("supervisor"):
            links.append(_link(_("本机构人员"), "deputies.office", "handovers"))
        if not me.is_unit and me.has("operator", "supervisor"):
            links.append(_link(_("日期调整"), "overlays.index", "overlays"))
    if me.has("administrator"):
        links += [
            _link(_("机构"), "organisations.index", "organisations"),
            _link(_("账号"), "administration.index", "administration"),
            _link(_("长任务"), "work.index", "work"),
            _link(_("对账"), "payments.reconciliations"),
            _post(),
        ]
    if me.has("designer", "administrator"):
        links.append(_link(_("方案"), "designs.index", "designs"))
        links.append(_link(_("界面规范"), "design.index"))
    if me.has("administrator") and clock.is_rehearsal():
        links.append(_link(_("演练时钟"), "clocks.index"))
    return links


def _post() -> Link:
    count = outbox.failed()
    return _link(_("外发通知（%(count)s）", count=count) if count else _("外发通知"), "outbox.index")


def _own_pages(me: SignedIn) -> list[Link]:
    """What concerns the account itself."""
    links = [_link(_("修改密码"), "account.password"), _link(_("两步验证"), "second_factor.index")]
    links.append(_link(_("通知方式"), "contacts.index"))
    if me.actor.organisation_id is not None and me.has("operator"):
        links.append(_link(_("常用语"), "phrases.index"))
        links.append(_link(_("代理人"), "deputies.index", "deputies"))
    return links


def _link(label: str, endpoint: str, *blueprints: str) -> Link:
    """An entry that is marked on its own page, and on all pages of the blueprints."""
    return Link(label, url_for(endpoint), request.endpoint == endpoint or request.blueprint in blueprints)
