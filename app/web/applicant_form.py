"""An applicant's form in steps: a section a page, kept at every step, checked as a whole before it goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _

from app import edge
from app.errors import Conflict, Invalid, NotFound
from app.operations import tasks
from app.operations.actors import APPLICANT, Actor
from app.operations.company import filled_in, kept_forms
from app.queries import applicants
from app.queries import desk as beside
from app.web import meanwhile, uploads
from app.web.applicant_desk import Desk
from app.web.applicant_pages import check_page, compare_page, field_page, step_page
from app.web.changes import Difference, picked
from app.web.schemes import now_of, scheme_of
from app.web.session import after_lapse, needs, signed_in
from app.web.task_forms import Errors, Values

bp = Blueprint("applicant_form", __name__, url_prefix="/my/tasks")

LATER = ("_save", "_drop", "_update")
"""Buttons that leave the person on the step where they are."""


@bp.get("/<int:task_id>")
@needs("applicant")
def begin(task_id: int) -> Any:
    """Leads to the first step where something is missing; a form without any, to its check."""
    desk = Desk.of(task_id)
    errors = desk.faults(desk.values)
    wanted = next((number for number in desk.numbers if desk.at(number, errors)), None)
    if wanted is None or not desk.stands:
        return redirect(url_for("applicant_form.check", task_id=task_id))
    return redirect(url_for("applicant_form.step", task_id=task_id, number=wanted))


@bp.get("/<int:task_id>/steps/<int:number>")
@needs("applicant")
def step(task_id: int, number: int) -> Any:
    desk = Desk.of(task_id).demand(number)
    if not desk.stands:
        return redirect(url_for("applicant_form.check", task_id=task_id))
    told = desk.at(number, desk.faults(desk.values)) if "missing" in request.args else {}
    kept = beside.kept(task_id, signed_in().actor.account_id)
    if kept is None or not desk.part(number, kept.values):
        return step_page(desk, number, desk.values, told)
    return step_page(
        desk,
        number,
        desk.with_step(number, kept.values),
        told,
        kept=True,
        seen=kept.values.get(meanwhile.SEEN),
        note=_("下面是您填写的内容，已经保留，还没有保存；点“保存”或“下一步”留下。"),
    )


@bp.post("/<int:task_id>/steps/<int:number>")
@needs("applicant")
def keep(task_id: int, number: int) -> Any:
    """Keeps what stands on the step, whatever is still missing, and goes where the button says."""
    desk = Desk.of(task_id).demand(number)
    return _keep(desk, number, *desk.merged(number))


def _keep(desk: Desk, number: int, values: Values, refused: Errors) -> Any:
    quiet = "_quiet" in request.form  # a script keeps it, nobody waits for a page
    found = desk.collisions(number, values)
    if found:
        return (_told_quietly(), 409) if quiet else _compare(desk, number, values, found)
    values = desk.settled(number, values)
    try:
        with edge.transaction():
            desk.save(values)
            if "_kept" in request.form:
                kept_forms.forget(signed_in().actor.account_id or 0, desk.task.id)
    except tasks.SavedElsewhere:  # at this very moment
        desk = Desk.of(desk.task.id)
        return _keep(desk, number, desk.with_step(number, values), refused)
    except Conflict as refusal:
        told = refusal.message
        return told if quiet else step_page(desk, number, values, {}, refused=told), 409
    if quiet:
        return "", 204, {"Draft-Seen": meanwhile.marks(values, desk.names(number))}
    return _onward(desk, number, values, refused)


def _onward(desk: Desk, number: int, values: Values, refused: Errors) -> Any:
    """Where the button says, once the step was saved; what is wrong with it is told before."""
    wrong = {**desk.wrong(number, values), **refused}
    if wrong and "_back" not in request.form:
        return step_page(desk, number, values, wrong, saved=values), 422
    if any(button in request.form for button in LATER):
        note = _("已保存。可以关掉页面，下次登录接着填。") if "_save" in request.form else ""
        return step_page(desk, number, values, {}, saved=values, note=note)
    return redirect(desk.address(number, values))


def _told_quietly() -> str:
    return _("这一步已在另一个窗口或由单位保存过，您刚填写的还没有保存。点“保存”或“下一步”，可以逐项核对。")


def _compare(desk: Desk, number: int, values: Values, found: Sequence[Difference]) -> Any:
    with edge.transaction():
        mine = desk.part(number, values)
        kept_forms.keep(signed_in().actor.account_id or 0, desk.task.id, mine, edge.received_at())
    return compare_page(desk, number, values, found), 409


@bp.post("/<int:task_id>/steps/<int:number>/merge")
@needs("applicant")
def merge(task_id: int, number: int) -> Any:
    """Goes on with one's own step, but for the fields in which the saved ones were chosen."""
    desk, me = Desk.of(task_id).demand(number), signed_in().actor.account_id or 0
    mine = beside.kept(task_id, me)
    if mine is None or not desk.stands:
        raise NotFound
    merged = picked(mine.values, desk.values, desk.names(number))
    with edge.transaction():
        kept_forms.keep(me, task_id, merged, edge.received_at())
    return redirect(url_for("applicant_form.step", task_id=task_id, number=number))


@after_lapse("applicant_form.keep")
def keep_for(actor: Actor, task_id: int, number: int) -> str | None:
    """Keeps what an ended session has sent until its account signs in again; where to go on then."""
    if actor.person_id is None or actor.account_id is None or not actor.has(APPLICANT):
        return None
    try:
        page = applicants.own_task(task_id, actor.person_id)
    except NotFound:
        return None
    form = scheme_of(page.case.deployment_id).forms.get(page.task.form or "")
    if form is not None and page.task.state == "open" and 1 <= number <= len(form.sections):
        texts = {name: request.form.getlist(name) for name in request.form}
        sent, mine = form.parse_post(texts), form.sections[number - 1].fields
        # What was saved before the sign-in stands against it as against the page that was sent.
        values = {name: value for name, value in sent.items() if name in mine} | _seen()
        with edge.transaction():
            kept_forms.keep(actor.account_id, task_id, values, edge.received_at())
        flash(_("登录已超时。您填写的内容已经保留，登录后可以接着填；上传的文件需要重新选择。"), "warning")
    return url_for("applicant_form.step", task_id=task_id, number=number)


def _seen() -> Values:
    return {meanwhile.SEEN: request.form[meanwhile.SEEN]} if meanwhile.SEEN in request.form else {}


@bp.post("/<int:task_id>/files/<name>")
@needs("applicant")
def upload(task_id: int, name: str) -> Any:
    """Takes one file as soon as it was chosen, and answers its field as it looks now.

    The same `_once` takes it once, however often a shaky network sends it.
    """
    desk = Desk.of(task_id)
    field = desk.form.fields.get(name) if desk.form else None
    if desk.form is None or field is None or not desk.stands:
        raise NotFound
    # Several join those that are saved, whoever did that; one takes the place of the one that was shown.
    texts = {name: list(desk.values.get(name) or ())} if field.type == "array" else {}
    refused = uploads.take(desk.form, texts, signed_in().actor, once=request.form.get("_once", "")[:64])
    texts = {name: list(dict.fromkeys(names)) for name, names in texts.items()}
    values = {**desk.values, **desk.read(texts, {name})}
    if not refused and field.type != "array" and _replaced(desk, name, values):
        refused = {name: [_("这份材料在您打开以后换过。请核对；仍要更换的，请再选一次文件。")]}
        values = desk.values
    if not refused:
        with edge.transaction():
            desk.save(values)
    page = field_page(desk, name, values, refused)
    return page, 422 if refused else 200, {"Draft-Seen": meanwhile.remarked(values, name)}


def _replaced(desk: Desk, name: str, values: Values) -> bool:
    """Whether the file was another one when the page was drawn; the same sent again is no other."""
    return bool(desk.saved_since({name})) and not meanwhile.alike(values, desk.values, name)


@bp.get("/<int:task_id>/check")
@needs("applicant")
def check(task_id: int) -> Any:
    return check_page(Desk.of(task_id), {})


@bp.post("/<int:task_id>/check")
@needs("applicant")
def submit(task_id: int) -> Any:
    """Submits the whole form; sent twice, it is done once, and both times the case's page answers."""
    desk = Desk.of(task_id)
    actor, now = signed_in().actor, now_of(desk.scheme.id)
    if desk.task.completed_by == actor.account_id:
        return _done(desk, desk.owned.case.status)
    overtaken = desk.overtaken() if desk.stands else []
    if overtaken:
        named = "、".join(overtaken)
        told = _("这份表单在您打开以后又保存过：%(fields)s。请核对下面的内容，再提交。", fields=named)
        return check_page(desk, {}, refused=told), 409
    try:
        with edge.transaction():
            if desk.unit_submits:
                filled_in.hand_to_unit(task_id, actor, now)
                status = desk.owned.case.status
            else:
                status = tasks.complete(task_id, {**desk.values, **desk.typed_last()}, actor, now).status
    except Invalid as refusal:
        return check_page(desk, refusal.fields), 422
    except Conflict as refusal:
        return check_page(Desk.of(task_id), {}, refused=refusal.message), 409
    return _done(desk, status)


def _done(desk: Desk, status: str) -> Any:
    if desk.unit_submits:
        flash(_("已告诉单位：您填好了。单位核对以后提交，您可以在这里看到进展。"), "done")
    else:
        flash(_("已提交。现在的状态：%(status)s", status=status), "done")
    return redirect(url_for("applicant.case", case_id=desk.task.case_id))
