"""The rehearsal clocks: seeing them, and moving one forward (decision 13)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from app import edge
from app.errors import Conflict, NotFound
from app.extensions import atomic
from app.operations.dates import clock as clocks
from app.operations.dates import rehearsal
from app.web.filters import CHINA, instant
from app.web.schemes import newest_schemes
from app.web.session import needs, signed_in

bp = Blueprint("clocks", __name__, url_prefix="/clocks")


@bp.get("/")
@needs("administrator")
def index() -> str:
    return _page({})


@bp.post("/<scheme_id>")
@needs("administrator")
def move(scheme_id: str) -> Any:
    """Moves a scheme's clock, then fires everything that fell due on the way, in due order."""
    if scheme_id not in newest_schemes():
        raise NotFound
    to = _instant(request.form.get("to", ""))
    if to is None:
        return _page({f"to-{scheme_id}": [_("请填写日期和时间。")]}), 422
    try:
        with edge.transaction():
            clocks.set_clock(scheme_id, to, signed_in().actor, edge.received_at())
    except Conflict as refusal:
        return _page({f"to-{scheme_id}": [refusal.message]}), 409
    swept = rehearsal.let_pass(scheme_id, edge.received_at(), atomic)
    told = _("时钟已拨到 %(to)s，触发定时 %(fired)s 个，异常 %(parked)s 个。")
    flash(told % {"to": instant(to), "fired": swept.fired, "parked": swept.parked}, "done")
    return redirect(url_for("clocks.index"))


def _page(errors: dict[str, list[str]]) -> str:
    if not clocks.is_rehearsal():
        raise NotFound
    dates = {name: _dates(scheme) for name, scheme in newest_schemes().items()}
    return render_template("clocks/index.html", schemes=newest_schemes(), dates=dates, errors=errors)


def _dates(scheme: Any) -> list[tuple[str, str, datetime]]:
    """The scheme's named dates in order: title, edge, instant."""
    resolved = scheme.calendar.resolve()
    named = [(date.title, date.edge, resolved.get(name)) for name, date in scheme.calendar.dates.items()]
    return sorted((found for found in named if found[2] is not None), key=lambda found: found[2])


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=CHINA)
    except ValueError:
        return None
