"""What a supervisor looks at: counts, ageing, incidents, and the cases of the region."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_

from app import edge
from app.content.phases import statuses_of
from app.content.scheme import Scheme
from app.errors import NotFound
from app.models import Case
from app.operations import incidents
from app.queries import cases, monitor
from app.queries.cases import CaseFilter
from app.queries.visibility import seen_by
from app.web import case_lists
from app.web.here import schemes_here
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
        schemes=schemes_here(),
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
    scope, wanted = _scope(scheme_id), _wanted(scheme_id)
    return render_template(
        "monitor/cases.html",
        chosen=scheme_id,
        page=cases.listing(scope, wanted, request.args.get("before")),
        count=cases.count(scope, wanted),
        processes=[(name, process.title) for name, process in scheme.processes.items()] if scheme else [],
        phases=[(phase.process, phase.title) for phase in scheme.phases] if scheme else [],
        statuses=_statuses(scope, scheme, wanted),
        regions=case_lists.regions(),
    )


def watched_list() -> tuple[str, ColumnElement[bool], CaseFilter]:
    """The scheme, and what a supervisor's list of cases is of."""
    scheme_id = _chosen_scheme()
    return scheme_id, _scope(scheme_id), _wanted(scheme_id)


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
    known = schemes_here()
    wanted = asked("scheme")
    return wanted if wanted in known else next(iter(known), "")


def _scope(scheme_id: str) -> ColumnElement[bool]:
    return and_(seen_by(signed_in().sight), Case.scheme_id == scheme_id)


def _statuses(scope: ColumnElement[bool], scheme: Scheme | None, wanted: CaseFilter) -> Sequence[str]:
    if scheme and wanted.phase:
        return statuses_of(scheme, wanted.phase)
    return cases.statuses(scope, scheme.id, wanted.process) if scheme and wanted.process else []


def _wanted(scheme_id: str) -> CaseFilter:
    begin, end = asked_days("from", "to")
    scheme = newest_schemes().get(scheme_id)
    phases = {phase.process for phase in scheme.phases} if scheme else set()
    phase = asked("phase") if asked("phase") in phases else ""
    return CaseFilter(
        phase=phase,
        phase_status=asked("status") if phase else "",
        region=asked("region"),
        process=asked("process"),
        name=asked("name"),
        unit=asked("unit"),
        status="" if phase else asked("status"),
        state=asked("state"),
        started_from=begin,
        started_before=end,
    )
