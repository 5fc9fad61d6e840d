"""What a supervisor looks at: counts, ageing, incidents, and the cases of the region."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_

from app import edge
from app.errors import NotFound
from app.models import Case
from app.operations import incidents
from app.queries import cases, monitor
from app.queries.cases import CaseFilter
from app.queries.visibility import seen_by
from app.web.listing import asked, asked_days
from app.web.schemes import newest_schemes, now_of
from app.web.session import needs, signed_in

bp = Blueprint("monitor", __name__, url_prefix="/monitor")


@bp.get("/")
@needs("supervisor")
def index() -> str:
    scheme_id = _chosen_scheme()
    scope = _scope(scheme_id)
    return render_template(
        "monitor/index.html",
        chosen=scheme_id,
        schemes=newest_schemes(),
        counts=monitor.by_status(scope),
        offices=monitor.by_office(scope, now_of(scheme_id)) if scheme_id else [],
        ages=monitor.AGES,
        incidents=monitor.incidents(scope),
        undetermined=monitor.undetermined(scope) if scheme_id else [],
    )


@bp.get("/cases")
@needs("supervisor")
def listing() -> str:
    scheme_id = _chosen_scheme()
    scheme = newest_schemes().get(scheme_id)
    scope, wanted = _scope(scheme_id), _wanted()
    processes = [(name, process.title) for name, process in scheme.processes.items()] if scheme else []
    return render_template(
        "monitor/cases.html",
        chosen=scheme_id,
        page=cases.listing(scope, wanted, request.args.get("before")),
        count=cases.count(scope, wanted),
        processes=processes,
        statuses=cases.statuses(scope, scheme_id, wanted.process) if wanted.process else [],
    )


@bp.post("/incidents/<int:incident_id>/retry")
@needs("supervisor")
def retry(incident_id: int) -> Any:
    """Lets what failed be tried again at the next sweep."""
    found = monitor.incident(incident_id, seen_by(signed_in().sight))
    if found is None:
        raise NotFound
    with edge.transaction():
        incidents.retry(incident_id, signed_in().actor, now_of(found.scheme_id))
    flash(_("已安排重试，结果请稍后查看。"), "done")
    return redirect(url_for("monitor.index", scheme=found.scheme_id))


def _chosen_scheme() -> str:
    known = newest_schemes()
    wanted = asked("scheme")
    return wanted if wanted in known else next(iter(known), "")


def _scope(scheme_id: str) -> ColumnElement[bool]:
    return and_(seen_by(signed_in().sight), Case.scheme_id == scheme_id)


def _wanted() -> CaseFilter:
    begin, end = asked_days("from", "to")
    return CaseFilter(
        process=asked("process"),
        name=asked("name"),
        unit=asked("unit"),
        status=asked("status"),
        state=asked("state"),
        started_from=begin,
        started_before=end,
    )
