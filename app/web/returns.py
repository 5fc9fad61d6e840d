"""The page on which a case is given back 退回: the step, what falls, the opinion, and how it goes on."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import gettext as _

from app import edge
from app.errors import Conflict, Invalid, NotFound
from app.operations.actors import Actor
from app.operations.going_back import returns
from app.queries import tasks as task_queries
from app.web import kept_many
from app.web.desk import onward
from app.web.schemes import now_of, scheme_of
from app.web.session import after_lapse, needs, signed_in

bp = Blueprint("returns", __name__, url_prefix="/tasks")


@bp.get("/<int:task_id>/return")
@needs("operator")
def form(task_id: int) -> str:
    return _page(task_id)


@bp.post("/<int:task_id>/return")
@needs("operator")
def submit(task_id: int) -> Any:
    page = task_queries.one(task_id, signed_in().organisation_id)
    said = request.form
    then: returns.Then = "back" if said.get("then") == "back" else "on"
    seen = said.get("seen", type=int)
    if not said.get("to"):
        return _page(task_id, {"to": [_("请选择退回到哪一步。")]}), 422
    try:
        with edge.transaction():
            done = returns.give_back(
                task_id,
                said["to"],
                said.get("opinion", ""),
                then,
                signed_in().actor,
                now_of(page.task.scheme_id),
                seen,
            )
    except Invalid as refusal:
        return _page(task_id, refusal.fields), 422
    except Conflict as refusal:
        return _page(task_id, refused=refusal.message), 409
    kept_many.forget("return")
    return onward(page, _("已退回。办件现在的状态：%(status)s", status=done.status))


@after_lapse("returns.submit")
def keep_for(actor: Actor, task_id: int) -> str | None:
    """Keeps what an ended session has sent until its account signs in again; where to go on then."""
    if actor.organisation_id is None:
        return None
    try:
        task_queries.one(task_id, actor.organisation_id)
    except NotFound:
        return None
    return kept_many.keep("return", actor, [task_id], said_of_return(), "returns.form", task_id=task_id)


def said_of_return() -> dict[str, str]:
    """What the form of a return says, of one or of many."""
    return {name: request.form.get(name, "") for name in ("to", "opinion", "then")}


def _page(task_id: int, errors: dict[str, list[str]] | None = None, refused: str = "") -> str:
    page = task_queries.one(task_id, signed_in().organisation_id)
    now = now_of(page.task.scheme_id)
    try:
        found = returns.previews(task_id, now)
    except Conflict as gone:
        found, refused = [], refused or gone.message
    return render_template(
        "tasks/return.html",
        task=page.task,
        case=page.case,
        scheme=scheme_of(page.case.deployment_id),
        unit_name=page.unit_name,
        person=page.person,
        previews=found,
        errors=errors or {},
        refused=refused,
        **kept_many.shown("return"),
        now=now,
        longest=returns.LONGEST_OPINION,
    )
