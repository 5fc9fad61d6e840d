"""What one does about a case beside its tasks: taking back 撤回, reminding 催办, copying 抄送."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from app import edge
from app.errors import Conflict, DomainError, Invalid, Refused
from app.models import Case, Task
from app.operations.company import copies, reminders
from app.operations.going_back import recalls
from app.queries import company, people, phrases
from app.queries.inbox import TaskRow
from app.queries.organisations import name_of
from app.queries.visibility import case_for
from app.web.schemes import now_of, scheme_of
from app.web.session import needs, signed_in

bp = Blueprint("company", __name__)

Errors = Mapping[str, Sequence[str]]


def add_company(app: Flask) -> None:
    parts = {"company": _company, "copy_choices": _choices, "phrases_here": _phrases}
    app.jinja_env.globals.update(parts, untouched=_untouched)


@bp.get("/tasks/<int:task_id>/recall")
@needs("operator", "applicant")
def recall_form(task_id: int) -> Any:
    return _recall_page(task_id)


@bp.post("/tasks/<int:task_id>/recall")
@needs("operator", "applicant")
def recall(task_id: int) -> Any:
    task, _case = company.task_in_sight(task_id, signed_in().sight)
    try:
        with edge.transaction():
            done = recalls.recall(
                *(task_id, signed_in().actor, now_of(task.scheme_id)),
                seen=request.form.get("seen", type=int),
                ground=request.form.get("ground", ""),
            )
    except Invalid as refusal:
        return _recall_page(task_id, "；".join(refusal.fields["ground"])), refusal.status
    except DomainError as refusal:
        return _recall_page(task_id, refusal.message), refusal.status
    flash(_("已撤回，可以改后重新提交。"), "done")
    if signed_in().has("applicant"):
        return redirect(_case_page(done.case_id))
    return redirect(url_for("tasks.show", task_id=done.task_id))


@bp.post("/tasks/<int:task_id>/remind")
@needs("operator", "supervisor", "applicant")
def remind(task_id: int) -> Any:
    """Reminds; a refusal keeps the note."""
    task, case = company.task_in_sight(task_id, signed_in().sight)
    note = request.form.get("note", "")
    try:
        with edge.transaction():
            reminders.remind(task_id, note, signed_in().actor, now_of(task.scheme_id))
    except Invalid as refusal:
        return _remind_page(task, case, errors=refusal.fields), refusal.status
    except (Conflict, Refused) as refusal:
        return _remind_page(task, case, refusal.message), refusal.status
    flash(_("已催办“%(name)s”，四小时后可以再催。", name=task.name), "done")
    return redirect(_case_page(case.id))


@bp.get("/cases/<int:case_id>/copy")
@needs("operator", "supervisor")
def copy_form(case_id: int) -> Any:
    return _copy_page(case_for(case_id, signed_in().sight), {})


@bp.post("/cases/<int:case_id>/copy")
@needs("operator", "supervisor")
def copy(case_id: int) -> Any:
    case = case_for(case_id, signed_in().sight)
    try:
        with edge.transaction():
            send_ticked(case, required=True)
    except Invalid as refusal:
        return _copy_page(case, refusal.fields), 422
    flash(_("已抄送。"), "done")
    return redirect(_case_page(case_id))


def send_ticked(case: Case, *, required: bool = False) -> None:
    """Copies the case to whom the request ticked, in the caller's transaction; nobody: nothing."""
    accounts, houses = (request.form.getlist(f"_copy_{kind}", type=int) for kind in ("account", "house"))
    if accounts or houses or required:
        note, actor = request.form.get("_copy_note", ""), signed_in().actor
        copies.send(case.id, accounts, houses, note, actor, now_of(case.scheme_id))


def copy_beside(case: Case) -> None:
    """`send_ticked` beside another act on the case, whose form tells it; what is wrong stands at no field."""
    try:
        send_ticked(case)
    except Invalid as refusal:
        raise Invalid({"": [text for texts in refusal.fields.values() for text in texts]}) from refusal


def _recall_page(task_id: int, refused: str = "") -> str:
    task, case = company.task_in_sight(task_id, signed_in().sight)
    told = None
    try:
        told = recalls.preview(task_id, signed_in().actor, now_of(task.scheme_id))
    except (Conflict, Refused) as reason:
        refused = refused or reason.message
    return render_template(
        "tasks/recall.html",
        task=task,
        told=told,
        refused=refused,
        longest=recalls.LONGEST_NOTE,
        **_subject(case),
    )


def _remind_page(task: Task, case: Case, refused: str = "", errors: Errors | None = None) -> str:
    told = {"refused": refused, "errors": errors or {}}
    return render_template("tasks/remind.html", task=task, **told, **_subject(case))


def _copy_page(case: Case, errors: Errors) -> str:
    return render_template("cases/copy.html", errors=errors, **_subject(case))


def _subject(case: Case) -> dict[str, Any]:
    return {
        "case": case,
        "scheme": scheme_of(case.deployment_id),
        "unit_name": name_of(case.unit_id),
        "person": people.of_case(case),
        "case_page": _case_page(case.id),
    }


def _case_page(case_id: int) -> str:
    if signed_in().has("applicant"):
        return url_for("applicant.case", case_id=case_id)
    return url_for("case.show", case_id=case_id)


def _company(case: Case) -> company.Company:
    return company.of_case(case, signed_in().actor, now_of(case.scheme_id))


def _choices(case: Case) -> dict[str, Any]:
    """Whom the case may be copied to."""
    actor, now = signed_in().actor, now_of(case.scheme_id)
    houses = copies.line(case, actor, now)
    return {"accounts": copies.colleagues(actor), "houses": houses, "longest": copies.LONGEST_NOTE}


def _phrases() -> Sequence[Any]:
    return phrases.usable(signed_in().actor)


def _untouched(rows: Sequence[TaskRow]) -> frozenset[int]:
    """The ids of those tasks of a list that the viewer may perhaps take back: nothing has happened since."""
    return company.untouched([row.task.id for row in rows], signed_in().actor)
