"""Cases 办件 of a unit: the list of entries, submitting ticked ones, starting by hand, saying a message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from app import edge
from app.content.head import Process
from app.content.scheme import Scheme
from app.errors import DomainError
from app.models import Person
from app.operations import cases as case_operations
from app.operations.dates import windows
from app.operations.offices import organisations
from app.queries import cases, inbox, people, register
from app.queries.cases import CaseRow
from app.queries.paging import Page
from app.web import case_lists, submissions
from app.web.batches import MOST_AT_ONCE
from app.web.desk import own_desk
from app.web.here import schemes_here
from app.web.schemes import now_of
from app.web.session import needs, signed_in
from app.web.submissions import submittable

bp = Blueprint("cases", __name__, url_prefix="/cases")


@bp.get("/")
@needs("operator")
def index() -> str:
    return _list_page()


@bp.get("/submit")
@needs("operator")
def submit_all() -> Any:
    """What would be submitted of a whole list, before it is."""
    meant = submissions.all_of_list()
    page = render_template("cases/submit.html", meant=meant, most_shown=MOST_AT_ONCE)
    return page, 200 if meant.rows else 422


@bp.post("/submit")
@needs("operator")
def submit() -> Any:
    """Submits the ticked entries, or those of a whole list, with what was saved for each (CQ-11).

    Of a few each result is told at once; more are long work.
    """
    meant = submissions.all_of_list() if "all" in request.args else submissions.ticked_ones()
    if not meant.rows:
        return _list_page(message=meant.message), 422
    if len(meant.rows) > MOST_AT_ONCE:
        return redirect(submissions.hand_over(meant))
    return _list_page(items=submissions.submit(meant))


@bp.get("/start")
@needs("operator")
def choose() -> str:
    return render_template("cases/start.html", starts=_startable(), is_unit=signed_in().is_unit)


@bp.post("/start")
@needs("operator")
def start() -> Any:
    """Starts a case and leads to its first task, if that is the starter's own."""
    scheme_id, process = request.form.get("scheme", ""), request.form.get("process", "")
    me = signed_in()
    with edge.transaction():
        case_id = case_operations.start(
            scheme_id,
            process,
            unit_id=_unit_meant(),
            person_id=request.form.get("person", type=int),
            actor=me.actor,
            received_at=now_of(scheme_id),
        )
    flash(_("已新建办件。"), "done")
    own = cases.open_tasks([case_id], me.organisation_id).get(case_id, [])
    if len(own) == 1:
        return redirect(url_for("tasks.show", task_id=own[0].id))
    return redirect(url_for("case.show", case_id=case_id))


def _unit_meant() -> int | None:
    """The unit that an office names, or else the organisation itself. Raises NotFound."""
    text = request.form.get("unit", "").strip()
    return organisations.open_unit(text, organisations.SUBJECTS) if text else signed_in().organisation_id


@dataclass(frozen=True)
class _Start:
    """A process that the organisation may start by hand; `closes` is the end of the window, if it has one.

    `for_unit`: it is about a unit that the office looks after, which it has to name, or about one of the
    `units` below the department. `people`: it is about one of the unit's people, who may begin it, too.
    """

    scheme: Scheme
    process: Process
    opens: datetime | None
    closes: datetime | None
    open: bool
    for_unit: bool
    units: Sequence[str] = ()
    people: Sequence[Person] = ()


def _startable() -> Sequence[_Start]:
    found = []
    for scheme in schemes_here().values():
        now = now_of(scheme.id)
        for process in scheme.processes.values():
            if process.start.role and not process.start.about and _holds(scheme, process.start.role, now):
                opens, closes = windows.window(scheme, process, signed_in().organisation_id)
                inside = (opens is None or opens <= now) and (closes is None or now < closes)
                relation = scheme.roles[process.start.role].relation
                for_unit = relation != "unit" and process.subject == "unit"
                below = register.subordinates(signed_in().organisation_id, now) if for_unit else {}
                units = list(below.values()) if relation == "superior" else []
                staff = people.choices(signed_in().organisation_id) if process.subject == "person" else ()
                found.append(_Start(scheme, process, opens, closes, inside, for_unit, units, staff))
    return found


def _holds(scheme: Scheme, role: str, now: datetime) -> bool:
    me = signed_in().organisation_id
    if scheme.roles[role].relation == "unit":
        return signed_in().is_unit
    if scheme.roles[role].relation == "superior":
        return bool(register.subordinates(me, now))
    try:
        return organisations.resolve_role(scheme.roles[role], me, now) == me
    except DomainError:  # nobody holds it here
        return False


def _list_page(items: Sequence[Mapping[str, Any]] = (), message: str = "") -> str:
    me = signed_in()
    scope = case_lists.scope_of(me)
    choices = case_lists.kinds(scope)
    shown = case_lists.asked_list(scope, choices)
    rows: Page[CaseRow] = Page((), None)
    count = (0, False)
    if shown:
        wanted = shown.wanted()
        rows = cases.listing(scope, wanted, request.args.get("before"))
        count = cases.count(scope, wanted)
    schemes, kinds = case_lists.tabs(choices, shown.scheme.id if shown else "")
    own = cases.open_tasks([row.case.id for row in rows.rows], me.organisation_id)
    return render_template(
        "cases/index.html",
        page=rows,
        count=count,
        shown=shown,
        schemes=schemes,
        choices=kinds,
        regions=case_lists.regions(),
        own=own,
        can_submit=any(submittable(task) for of_case in own.values() for task in of_case),
        submittable=submittable,
        newest=inbox.newest_open(own_desk()),
        is_unit=me.is_unit,
        can_start=me.is_unit or bool(_startable()),
        items=items,
        message=message,
    )
