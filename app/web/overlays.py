"""Moving dates 日期调整: what has been moved, a proposal, and its approval with what it would reach."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import and_

from app import edge
from app.content.calendar import describe
from app.content.overlays import SCOPES
from app.engine.civil import civil
from app.errors import Conflict, Invalid, NotFound
from app.extensions import atomic
from app.models import Overlay
from app.operations.dates import overlays
from app.operations.dates.clock import scheme_now
from app.operations.dates.movable_dates import Movable, movable
from app.queries import overlays as queries
from app.web import acts
from app.web.acts import Act, Field, Values, chosen
from app.web.filters import closing, day, instant
from app.web.here import schemes_here
from app.web.organisations import regions
from app.web.schemes import newest_schemes, now_of
from app.web.session import needs, signed_in

bp = Blueprint("overlays", __name__, url_prefix="/overlays")

STATES = {
    "proposed": _l("待批准"),
    "approved": _l("已批准"),
    "rejected": _l("未批准"),
    "withdrawn": _l("已撤回"),
}
AT_ONCE = 50
"""Cases whose timers follow within the request; the rest are the scheduler's."""
CASE_NUMBER = re.compile(r"(?:.*-)?([0-9]{1,18})")


@bp.get("/")
@needs("operator", "supervisor", "administrator")
def index() -> str:
    page = queries.listing(_scope(), request.args.get("before"))
    return render_template("overlays/index.html", page=page, movable=_movable(), **_words())


@bp.get("/<int:overlay_id>")
@needs("operator", "supervisor", "administrator")
def show(overlay_id: int) -> str:
    return _page(overlay_id, {})


@bp.route("/new/<scheme_id>/<name>", methods=("GET", "POST"))
@needs("operator")
def propose(scheme_id: str, name: str) -> Any:
    date = _movable().get(scheme_id, {}).get(name)
    if date is None:
        raise NotFound
    scopes = {scope: SCOPES[scope] for scope in date.scopes}
    areas = {code: title for code, title in regions().items() if code in date.areas}
    act = Act(
        _("提出日期调整"),
        date.named.title,
        url_for("overlays.index"),
        _("提出"),
        _note(scheme_id, date),
        (
            Field("scope", _l("为谁调整"), "select", scopes.items()),
            *([Field("area", _l("地区"), "select", areas.items(), required=False)] if areas else []),
            Field("case", _l("办件编号"), help=_l("只为一件办件调整时填写"), required=False),
            Field("day", _l("新的日期"), help=_l("写作 2021-07-10 或 2021-07-10 17:30；尚未确定的写“未定”")),
            Field("document", _l("文号"), required=False),
        ),
    )

    def work(sent: Values) -> int:
        scope = chosen(sent["scope"], scopes, "scope")
        if scope is None:
            raise Invalid({"scope": [_("请选择。")]})
        return overlays.propose(
            scheme_id,
            name,
            _day(sent["day"]),
            area=_area(sent, areas) if scope == "area" else None,
            case_id=_case(sent["case"]) if scope == "case" else None,
            ground=sent["ground"],
            document=sent["document"],
            actor=signed_in().actor,
            now=now_of(scheme_id),
        )

    return acts.answer(act, work, lambda made: _shown(made, _("已提出，等待另一人批准。")))


@bp.post("/<int:overlay_id>/approve")
@needs("operator")
def approve(overlay_id: int) -> Any:
    """Approves; the first cases follow before the answer, so that who looks sees them moved."""
    real_now = edge.received_at()
    answer = _decide(overlay_id, overlays.approve, _("已批准，未触发的定时按新的日期重新计算。"))
    overlays.carry_out(lambda scheme_id: scheme_now(scheme_id, real_now), atomic, limit=AT_ONCE)
    return answer


@bp.post("/<int:overlay_id>/reject")
@needs("operator")
def reject(overlay_id: int) -> Any:
    return _decide(overlay_id, overlays.reject, _("已退回，日期不变。"))


@bp.post("/<int:overlay_id>/withdraw")
@needs("operator")
def withdraw(overlay_id: int) -> Any:
    def work(overlay_id: int, *, opinion: str, **told: Any) -> None:
        overlays.withdraw(overlay_id, **told)

    return _decide(overlay_id, work, _("已撤回。"))


def _decide(overlay_id: int, decide: Any, done: str) -> Any:
    overlay = queries.known(overlay_id, _scope())
    opinion = request.form.get("opinion", "").replace("\x00", "")[: acts.LONGEST]
    try:
        with edge.transaction():
            decide(overlay_id, opinion=opinion, actor=signed_in().actor, now=now_of(overlay.scheme_id))
    except (Invalid, Conflict) as refusal:
        return _page(overlay_id, acts.told(refusal)), refusal.status
    return _shown(overlay_id, done)


def _page(overlay_id: int, errors: acts.Errors) -> str:
    overlay = queries.known(overlay_id, _scope())
    me, now = signed_in(), now_of(overlay.scheme_id)
    return render_template(
        "overlays/show.html",
        overlay=overlay,
        effect=queries.effect(overlay, now),
        decides=overlays.may_decide(overlay, me.actor, now),
        errors=errors,
        mine=overlay.proposed_for == me.actor.organisation_id,
        own=overlay.proposed_by == me.actor.account_id,
        organisations=queries.organisations_of(overlay),
        **_words(),
    )


def _words() -> dict[str, Any]:
    return {"told": _told, "states": STATES, "schemes": newest_schemes(), "regions": regions()}


def _told(overlay: Overlay) -> str:
    scheme = newest_schemes().get(overlay.scheme_id)
    named = scheme.calendar.dates.get(overlay.date) if scheme else None
    if overlay.at is None:
        return _("尚未确定")
    if named is not None and named.edge == "day":
        return day(civil(overlay.at).date())
    return closing(overlay.at) if named is not None and named.edge == "closes" else instant(overlay.at)


def _shown(overlay_id: int, message: str) -> Any:
    flash(message, "done")
    return redirect(url_for("overlays.show", overlay_id=overlay_id))


def _scope() -> Any:
    return and_(queries.visible_to(signed_in().organisation), Overlay.scheme_id.in_(list(schemes_here())))


def _movable() -> dict[str, dict[str, Movable]]:
    """The dates that the account's organisation may propose to move, by scheme."""
    me, codes = signed_in(), regions()
    if not me.has("operator"):
        return {}
    found = {}
    for scheme in schemes_here().values():
        dates = movable(scheme, me.actor.organisation_id, codes, now_of(scheme.id))
        found[scheme.id] = {name: date for name, date in dates.items() if date.scopes}
    return {scheme_id: dates for scheme_id, dates in found.items() if dates}


def _note(scheme_id: str, date: Movable) -> str:
    now = describe(date.at, date.named.edge)
    bounds = date.rule.bounds(newest_schemes()[scheme_id].calendar)
    if bounds is None:
        return _("现在是 %(now)s。", now=now)
    return _("现在是 %(now)s；可以定在 %(first)s 至 %(last)s。", now=now, first=bounds[0], last=bounds[1])


def _day(text: str) -> str | None:
    return None if text == _("未定") else text


def _area(sent: Values, areas: Any) -> str:
    area = chosen(sent.get("area", ""), areas, "area")
    if area is None:
        raise Invalid({"area": [_("请选择。")]})
    return area


def _case(text: str) -> int:
    found = CASE_NUMBER.fullmatch(text)
    if found is None:
        raise Invalid({"case": [_("请填写办件编号。")]})
    return int(found[1])
