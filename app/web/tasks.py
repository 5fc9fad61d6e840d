"""The page on which a task is done: drafts, two windows at one form, refusals that keep what was typed."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from flask import Blueprint, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app import edge
from app.errors import Conflict, DomainError, Invalid, NotFound
from app.operations import tasks
from app.operations.actors import Actor
from app.operations.company import kept_forms, presence
from app.queries import desk as beside
from app.queries import tasks as task_queries
from app.web import task_forms
from app.web.changes import Difference, differences, picked
from app.web.company import copy_beside
from app.web.desk import onward
from app.web.listing import url_in_list
from app.web.schemes import now_of, real_now, scheme_of
from app.web.session import after_lapse, needs, signed_in
from app.web.task_desk import TaskDesk
from app.web.task_forms import Errors, Values

bp = Blueprint("tasks", __name__, url_prefix="/tasks")


@bp.get("/<int:task_id>")
@needs("operator")
def show(task_id: int) -> str:
    desk, me = TaskDesk.of(task_id), signed_in().actor.account_id
    if desk.stands and me is not None:
        with edge.transaction():
            presence.be_here(task_id, me, real_now())
    kept = beside.kept(task_id, me) if desk.stands else None
    return desk.render(kept.values if kept else desk.draft(), kept=kept)


@bp.get("/<int:task_id>/presence")
@needs("operator")
def present(task_id: int) -> Response:
    """Who else has the page open, asked for again and again; nothing where nothing has changed."""
    task_queries.one(task_id, signed_in().organisation_id)
    me, now = signed_in().actor.account_id, real_now()
    if me is not None:
        with edge.transaction():
            presence.be_here(task_id, me, now)
    response = make_response(
        render_template("tasks/presence.html", others=beside.others(task_id, me, now), now=now)
    )
    response.add_etag()
    return response.make_conditional(request)


@bp.post("/<int:task_id>")
@needs("operator")
def submit(task_id: int) -> Any:
    """Submits, keeps a draft, or only draws the form anew, by the button that was pressed."""
    desk = TaskDesk.of(task_id)
    values, errors = task_forms.posted(desk.form, signed_in().actor) if desk.form else ({}, {})
    if "_submit" in request.form:
        return _complete(desk, values, errors)
    if "_draft" in request.form:
        return _save(desk, values, errors)
    return desk.render(values, errors, kept=_kept(desk))


@bp.post("/<int:task_id>/merge")
@needs("operator")
def merge(task_id: int) -> Response:
    """Goes on with one's own values, but for the fields in which the saved ones were chosen."""
    desk, me = TaskDesk.of(task_id), signed_in().actor.account_id or 0
    mine = beside.kept(task_id, me)
    if mine is None or not desk.stands:
        raise NotFound
    saved = desk.page.draft.values if desk.page.draft else {}
    merged = picked(mine.values, saved, {*mine.values, *saved})
    with edge.transaction():
        kept_forms.keep(me, task_id, merged, edge.received_at())
    return redirect(url_in_list("tasks.show", task_id=task_id))


def _complete(desk: TaskDesk, values: Values, errors: Errors) -> Any:
    if errors:
        return desk.render(values, errors, kept=_kept(desk)), 422
    if _saved_meanwhile(desk, values):
        return _compare(desk, values)
    try:
        with edge.transaction():
            done = tasks.complete(desk.task_id, values, signed_in().actor, now_of(desk.scheme.id))
            copy_beside(desk.page.case)
            _forget(desk.task_id)
    except Invalid as refusal:
        return desk.render(values, refusal.fields, kept=_kept(desk)), 422
    except Conflict as refusal:
        return _too_late(desk.task_id, values, refusal.message)
    return onward(desk.page, _submitted(done.status))


def _submitted(status: str) -> str:
    return _("已提交。办件现在的状态：%(status)s", status=status)


def _too_late(task_id: int, values: Values, message: str) -> Any:
    """Done meanwhile: what was done beside what was typed; the same, by the same person, is no conflict."""
    desk = TaskDesk.of(task_id)
    done = next((one for one in task_queries.entered(desk.page.case.id) if one.task.id == task_id), None)
    if done is None:
        return desk.render(values, refused=message), 409
    compared = differences(desk.view(done.values), desk.view(values))
    if not compared and desk.page.task.completed_by == signed_in().actor.account_id:
        return onward(desk.page, _submitted(desk.page.case.status))
    return desk.render(values, refused=message, compared=compared), 409


def _save(desk: TaskDesk, values: Values, errors: Errors) -> Any:
    quiet = "_quiet" in request.form  # a script keeps it, nobody waits for a page
    now = now_of(desk.scheme.id)
    try:
        with edge.transaction():
            tasks.save_draft(desk.task_id, values, signed_in().actor, now, _seen())
            _forget(desk.task_id)
    except tasks.SavedElsewhere as refusal:
        return (refusal.message, 409) if quiet else _compare(TaskDesk.of(desk.task_id), values)
    except Conflict as refusal:
        return desk.render(values, refused=refusal.message), 409
    if quiet:
        return "", 204, {"Draft-Seen": now.isoformat()}
    if errors:
        return TaskDesk.of(desk.task_id).render(values, errors, saved=True), 422
    flash(_("已暂存，尚未提交。"), "done")
    return redirect(url_in_list("tasks.show", task_id=desk.task_id))


def _compare(desk: TaskDesk, values: Values) -> Any:
    """Another window, or a colleague, has saved meanwhile: both side by side, and nothing is lost."""
    draft = desk.page.draft
    if draft is None:
        return desk.render(values), 409
    with edge.transaction():
        kept_forms.keep(signed_in().actor.account_id or 0, desk.task_id, values, edge.received_at())
    found: list[Difference] = differences(desk.view(draft.values), desk.view(tasks.as_draft(values)))
    return desk.compare(found, beside.name_of(draft.saved_by)), 409


def _saved_meanwhile(desk: TaskDesk, values: Values) -> bool:
    """Whether a draft was saved, with other values, since the page was drawn."""
    draft = desk.page.draft
    if _seen() == "any" or draft is None or request.form["_seen"] == desk.version:
        return False
    return bool(draft.values != tasks.as_draft(values))


def _seen() -> datetime | Literal["any"] | None:
    """When the draft was saved that the page began with; `any` for a request that doesn't tell."""
    text = request.form.get("_seen")
    try:
        return "any" if text is None else datetime.fromisoformat(text) if text else None
    except ValueError:
        return "any"


def _kept(desk: TaskDesk) -> Any:
    """What was kept for the reader, if the form that was sent came from it."""
    return beside.kept(desk.task_id, signed_in().actor.account_id) if "_kept" in request.form else None


def _forget(task_id: int) -> None:
    if "_kept" in request.form:
        kept_forms.forget(signed_in().actor.account_id or 0, task_id)


@after_lapse("tasks.submit")
def keep_for(actor: Actor, task_id: int) -> str | None:
    """Keeps what an ended session has sent until its account signs in again; where to go on then."""
    if actor.organisation_id is None or actor.account_id is None:
        return None
    try:
        page = task_queries.one(task_id, actor.organisation_id)
    except DomainError:
        return None
    scheme = scheme_of(page.case.deployment_id)
    if page.task.form and page.task.state == "open":
        texts = {name: request.form.getlist(name) for name in request.form}
        values = scheme.form(page.task.form).parse_post(texts)
        with edge.transaction():
            kept_forms.keep(actor.account_id, task_id, values, edge.received_at())
        flash(_("登录已超时。您填写的内容已经保留，登录后可以接着办理；上传的文件需要重新选择。"), "warning")
    return url_in_list("tasks.show", task_id=task_id)
