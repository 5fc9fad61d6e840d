"""The first page after signing in: what waits, by duty."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, url_for

from app.models import Case
from app.operations.dates.windows import dates_for
from app.queries import cases, inbox, monitor, notices
from app.queries.cases import CaseFilter
from app.queries.visibility import seen_by
from app.web.desk import own_desk
from app.web.here import schemes_here
from app.web.schemes import now_of
from app.web.session import SignedIn, needs, signed_in
from app.web.unit_desk import desk_of

MOST_DEADLINES = 8

bp = Blueprint("home", __name__)


@bp.get("/")
@needs()
def index() -> Any:
    me = signed_in()
    if me.is_applicant:
        return redirect(url_for("applicant.home"))
    if me.actor.organisation_id is None:
        return (
            redirect(url_for("organisations.index"))
            if me.has("administrator")
            else render_template("home/index.html")
        )
    own = Case.unit_id == me.organisation_id
    return render_template(
        "home/index.html",
        waiting=inbox.count_open(own_desk()) if me.has("operator") else None,
        newest=inbox.open_tasks(own_desk(), inbox.TaskFilter()).rows[:5] if me.has("operator") else [],
        running=cases.count(own, CaseFilter(state="running")) if me.is_unit else None,
        unread=notices.unread(me.actor),
        deadlines=_deadlines(me.organisation_id) if me.is_unit else [],
        watched=_watched(me) if me.has("supervisor") else None,
        desk=desk_of(me) if me.is_unit and me.has("operator") else None,
        me=me,
    )


def _watched(me: SignedIn) -> tuple[tuple[int, bool], int]:
    """What a supervisor has in sight: running cases, counted up to a cap, and open incidents."""
    scope = seen_by(me.sight)
    return cases.count(scope, CaseFilter(state="running")), len(monitor.incidents(scope))


def _deadlines(unit_id: int) -> list[tuple[str, str, Any]]:
    """The schemes' closing dates that lie nearest ahead for the unit: scheme, title, instant."""
    found = []
    for scheme in schemes_here().values():
        dates, now = dates_for(scheme, unit_id), now_of(scheme.id)
        for name, declared in scheme.calendar.dates.items():
            at = dates.get(name)
            if declared.edge == "closes" and at is not None and at > now:
                found.append((at - now, (scheme.name, declared.title, at)))
    return [told for _, told in sorted(found)[:MOST_DEADLINES]]
