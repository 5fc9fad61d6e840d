"""A case's page: subject, status, where it stands, what happened, its diagram and files; acts on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from app import edge
from app.content.forms import Form
from app.content.head import RecordKind
from app.content.scheme import Scheme
from app.errors import DomainError, Invalid, NotFound
from app.models import Case
from app.operations import cases as case_operations
from app.operations import sayings
from app.operations.offices import organisations
from app.queries import cases as case_queries
from app.queries import certificates, files, pictures, proofs, timeline
from app.queries.assigning import assignees
from app.queries.organisations import name_of
from app.queries.people import of_case
from app.queries.returns import came_back
from app.queries.visibility import case_for, seen_by
from app.web import history, task_forms
from app.web.schemes import blank_reason, field_labels, listed_text, now_of, scheme_of
from app.web.session import needs, signed_in
from app.web.task_forms import Errors, Values

bp = Blueprint("case", __name__, url_prefix="/cases")


@bp.get("/<int:case_id>")
@needs("operator", "supervisor")
def show(case_id: int) -> str:
    case = case_for(case_id, signed_in().sight)
    scheme = scheme_of(case.deployment_id)
    steps = timeline.steps(case_id, request.args.get("before"))
    told = history.entries(steps.rows, case, scheme)
    waits = timeline.waits(case_id)
    drawn, words = pictures.of_case(case, scheme, waits)
    return render_template(
        "cases/show.html",
        case=case,
        scheme=scheme,
        person=of_case(case),
        unit_name=name_of(case.unit_id),
        code=proofs.code_of(case),
        facts=_facts(case, scheme),
        waits=waits,
        returned=came_back([task.id for task, _office in waits.tasks]),
        assigned=assignees([task for task, _office in waits.tasks], signed_in().organisation_id),
        entries=told,
        clauses=history.clauses_of(told),
        earlier=steps.next,
        pictures=drawn,
        way=words,
        files=files.of_case(case_id),
        files_by_id=task_forms.files_in([entry.view for entry in told if entry.view]),
        certificates=certificates.of_case(case_id),
        linked=case_queries.linked(case, seen_by(signed_in().sight)),
        sayings=sayings.sayable(case, signed_in().actor, now_of(case.scheme_id)),
        beginnings=case_operations.offered_about(case, signed_in().actor, now_of(case.scheme_id)),
        records=_records(case, scheme),
        me=signed_in(),
        now=now_of(case.scheme_id),
    )


@bp.get("/<int:case_id>/records/<kind>")
@needs("operator", "supervisor")
def record_form(case_id: int, kind: str) -> str:
    case, scheme, declared = _declared(case_id, kind)
    return form_page(case, scheme.form(declared.form), declared.title, {}, {})


@bp.post("/<int:case_id>/records/<kind>")
@needs("operator", "supervisor")
def record(case_id: int, kind: str) -> Any:
    """Logs an entry without effect on the way of the case, such as the paper set's arrival (CQ-29)."""
    case, scheme, declared = _declared(case_id, kind)
    form = scheme.form(declared.form)
    values, errors = task_forms.posted(form, signed_in().actor)
    if "_submit" not in request.form or errors:
        return form_page(case, form, declared.title, values, errors), 422 if errors else 200
    try:
        with edge.transaction():
            case_operations.record(case_id, kind, values, signed_in().actor, now_of(case.scheme_id))
    except Invalid as refusal:
        return form_page(case, form, declared.title, values, refusal.fields), 422
    flash(_("已登记：%(title)s", title=declared.title), "done")
    return redirect(url_for("case.show", case_id=case_id))


def _declared(case_id: int, kind: str) -> tuple[Case, Scheme, RecordKind]:
    case = case_for(case_id, signed_in().sight)
    scheme = scheme_of(case.deployment_id)
    declared = dict(_records(case, scheme)).get(kind)
    if declared is None:
        raise NotFound
    return case, scheme, declared


def form_page(case: Case, form: Form, title: str, values: Values, errors: Errors) -> str:
    """The page of a form that belongs to a case but to none of its tasks."""
    view = task_forms.shown(form, values, errors, {}, case.unit_id)
    return render_template(
        "cases/record.html",
        case=case,
        title=title,
        person=of_case(case),
        unit_name=name_of(case.unit_id),
        view=view,
        updates=bool(form.conditions.controls),
        files=task_forms.files_in([view]),
    )


def _records(case: Case, scheme: Scheme) -> Sequence[tuple[str, RecordKind]]:
    """The entries that the scheme lets the actor's organisation log on this case."""
    if not signed_in().has("operator"):
        return []
    now = now_of(case.scheme_id)
    return [
        (kind, declared)
        for kind, declared in scheme.records.items()
        if any(_holds(scheme, role, case, now) for role in declared.roles)
    ]


def _holds(scheme: Scheme, role: str, case: Case, now: Any) -> bool:
    try:
        holder = organisations.resolve_role(scheme.roles[role], case.unit_id, now)
    except DomainError:  # nobody holds it for this unit
        return False
    return holder == signed_in().organisation_id


def _facts(case: Case, scheme: Scheme) -> list[tuple[str, str]]:
    labels = field_labels(scheme)
    return [
        (labels.get(name, name), listed_text(scheme, value, name) or blank_reason(case, name))
        for name, value in case.listed.items()
    ]
