"""What a person says to a case, with a form or without, and cases that are begun about a case."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _

from app import edge
from app.content.messages import Saying
from app.errors import Invalid, NotFound
from app.models import Case
from app.operations import cases, sayings
from app.queries import cases as case_queries
from app.queries.visibility import case_for
from app.web import task_forms
from app.web.case_page import form_page
from app.web.schemes import now_of, scheme_of
from app.web.session import needs, signed_in
from app.web.task_forms import Values

bp = Blueprint("sayings", __name__, url_prefix="/cases")


@bp.post("/<int:case_id>/message")
@needs("operator", "supervisor")
def say(case_id: int) -> Any:
    """Says a message without a form, such as the deletion of an entry (CQ-11)."""
    return _said(case_for(case_id, signed_in().sight), request.form.get("message", ""), {})


@bp.get("/<int:case_id>/messages/<message>")
@needs("operator", "supervisor")
def form(case_id: int, message: str) -> str:
    case, saying, name = _asked(case_id, message)
    return form_page(case, scheme_of(case.deployment_id).form(name), saying.title, {}, {})


@bp.post("/<int:case_id>/messages/<message>")
@needs("operator", "supervisor")
def say_with_form(case_id: int, message: str) -> Any:
    """Says a message with what its form asks, such as the ground of a termination (LIFE-06)."""
    case, saying, name = _asked(case_id, message)
    asked = scheme_of(case.deployment_id).form(name)
    values, errors = task_forms.posted(asked, signed_in().actor)
    if "_submit" not in request.form or errors:
        return form_page(case, asked, saying.title, values, errors), 422 if errors else 200
    try:
        return _said(case, message, values)
    except Invalid as refusal:
        return form_page(case, asked, saying.title, values, refusal.fields), 422


@bp.post("/<int:case_id>/about")
@needs("operator")
def begin(case_id: int) -> Any:
    """Begins a case about this one (decision 8), and leads to its first task, if that is the starter's."""
    case, me = case_for(case_id, signed_in().sight), signed_in()
    with edge.transaction():
        begun = cases.start(
            case.scheme_id,
            request.form.get("process", ""),
            linked_case_id=case_id,
            actor=me.actor,
            received_at=now_of(case.scheme_id),
        )
    flash(_("已新建办件。"), "done")
    own = case_queries.open_tasks([begun], me.organisation_id).get(begun, [])
    if len(own) == 1:
        return redirect(url_for("tasks.show", task_id=own[0].id))
    return redirect(url_for("case.show", case_id=begun))


def _asked(case_id: int, message: str) -> tuple[Case, Saying, str]:
    """The case, what the actor may say to it, and the form that is asked; raises NotFound."""
    case = case_for(case_id, signed_in().sight)
    for found in sayings.sayable(case, signed_in().actor, now_of(case.scheme_id)):
        if found.saying.message == message and found.saying.form:
            return case, found.saying, found.saying.form
    raise NotFound


def _said(case: Case, message: str, values: Values) -> Any:
    with edge.transaction():
        status = cases.message(case.id, message, values, signed_in().actor, now_of(case.scheme_id))
    flash(_("已办理。办件现在的状态：%(status)s", status=status), "done")
    return redirect(url_for("case.show", case_id=case.id))
