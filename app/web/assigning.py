"""Who has a task, on its page and on one of its own: claiming, handing on, asking colleagues, answering."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict

from app import edge
from app.errors import Conflict, Invalid
from app.models import Task
from app.operations.actors import Actor
from app.operations.company import assignments, cosigning, delegations
from app.operations.company.assignments import LONGEST_TEXT
from app.queries import assigning as told
from app.queries import tasks as task_queries
from app.queries.assigning import Act, Countersigning
from app.queries.colleagues import Colleague, colleagues
from app.web.desk import in_list, onward
from app.web.history import act_title
from app.web.listing import url_in_list
from app.web.schemes import now_of, scheme_of
from app.web.session import needs, signed_in

bp = Blueprint("assigning", __name__, url_prefix="/tasks")

DONE = {
    "claim": _l("已签收，由您办理。"),
    "release": _l("已放回，本机构经办人都可以办理。"),
    "transfer": _l("已转办。"),
    "delegate": _l("已委派；对方答复后，事项回到您这里。"),
    "resolve": _l("已答复，事项已交还委派人。"),
    "cosign": _l("已发出会签；全部答复后才能办理。"),
    "answer": _l("会签意见已提交。"),
    "uncosign": _l("已减签。"),
}


@dataclass(frozen=True)
class Assigning:
    """What a task's page says of who has it, and what the viewer can do about that.

    `blocked`: why the viewer cannot complete it now. `asked`: the question that the viewer answers.
    `can`: the verbs of `DONE`. `errors` and `typed` belong to the form of the verb `tried`.
    """

    task: Task
    assignee: str | None
    owner: str | None
    blocked: str | None
    acting_for: str | None
    asked: Countersigning | None
    can: frozenset[str]
    colleagues: Sequence[Colleague]
    cosigners: Sequence[Countersigning]
    acts: Sequence[Act]
    tried: str = ""
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)
    typed: MultiDict[str, str] = field(default_factory=MultiDict)
    longest = LONGEST_TEXT

    @property
    def may_decide(self) -> bool:
        return self.blocked is None

    def error(self, verb: str, name: str) -> str:
        return "；".join(self.errors.get(name, ())) if verb == self.tried else ""

    def text(self, verb: str, name: str) -> str:
        return self.typed.get(name, "") if verb == self.tried else ""

    def chosen(self, verb: str) -> set[str]:
        return set(self.typed.getlist("to")) if verb == self.tried else set()

    def title(self, act: Act) -> str:
        return act_title(act.act, act.to)


def assigning_context(page: task_queries.TaskPage, **more: Any) -> dict[str, Any]:
    """What `tasks/assigning.html` needs; nothing for who is not of the task's office.

    Of a task that is over what was asked and said is told, if anything was.
    """
    actor, task = signed_in().actor, page.task
    if actor.organisation_id is None or actor.organisation_id != task.office_id:
        return {"assigning": None}
    at = now_of(task.scheme_id)
    opens = task.state == "open" and (task.closes_at is None or at < task.closes_at)
    asked, done = told.cosigners(task.id), told.acts(page.case.id, task.id)
    if not opens and not done:
        return {"assigning": None}
    mine = next((one for one in asked if one.waiting and _answers(one, task, actor, at)), None)
    holds = assignments.holds(task, actor, at)
    acting = holds and task.assignee_id not in (None, actor.account_id)
    shown = Assigning(
        task=task,
        assignee=page.assignee,
        owner=page.owner,
        blocked=assignments.hindrance(task, actor, at) if opens and actor.has("operator") else None,
        acting_for=page.assignee if acting else None,
        asked=mine,
        can=_verbs(task, actor, at, holds, mine) if opens else frozenset(),
        # Of what lies with a delegate one can have it back oneself.
        colleagues=colleagues(actor.organisation_id, () if task.delegated else {actor.account_id or 0})
        if opens
        else (),
        cosigners=asked,
        acts=done,
        **more,
    )
    return {"assigning": shown}


def _answers(one: Countersigning, task: Task, actor: Actor, at: datetime) -> bool:
    return assignments.acts_as(one.cosigner.account_id, task.scheme_id, actor, at)


def _verbs(
    task: Task, actor: Actor, at: datetime, holds: bool, asked: Countersigning | None
) -> frozenset[str]:
    """What the viewer can do; whether they may (ALL-04) is told when they try."""
    can: set[str] = set()
    own = actor.has("operator") and holds and not task.delegated
    if own:
        can |= {"delegate", "cosign", "claim" if task.assignee_id is None else "release"}
    owner = task.owner_id is not None and assignments.acts_as(task.owner_id, task.scheme_id, actor, at)
    if own or owner or actor.has("supervisor"):
        can |= {"transfer", "uncosign"}
    if actor.has("operator") and task.delegated and holds:
        can.add("resolve")
    if actor.has("operator") and asked:
        can.add("answer")
    return frozenset(can)


@bp.get("/<int:task_id>/assigning")
@needs("operator", "supervisor")
def show(task_id: int) -> str:
    return _page(task_id)


@bp.post("/<int:task_id>/claim")
@needs("operator")
def claim(task_id: int) -> Any:
    return _do("claim", task_id, lambda actor, at: assignments.claim(task_id, actor, at))


@bp.post("/<int:task_id>/release")
@needs("operator")
def release(task_id: int) -> Any:
    return _do("release", task_id, lambda actor, at: assignments.release(task_id, actor, at))


@bp.post("/<int:task_id>/transfer")
@needs("operator", "supervisor")
def transfer(task_id: int) -> Any:
    return _do(
        *("transfer", task_id),
        lambda actor, at: assignments.transfer(task_id, _to(), _said("ground"), actor, at),
        hands_on=True,
    )


@bp.post("/<int:task_id>/delegate")
@needs("operator")
def delegate(task_id: int) -> Any:
    return _do(
        *("delegate", task_id),
        lambda actor, at: delegations.delegate(task_id, _to(), _said("question"), actor, at),
    )


@bp.post("/<int:task_id>/resolve")
@needs("operator")
def resolve(task_id: int) -> Any:
    return _do(
        *("resolve", task_id),
        lambda actor, at: delegations.resolve(task_id, _said("opinion"), actor, at),
    )


@bp.post("/<int:task_id>/cosign")
@needs("operator")
def cosign(task_id: int) -> Any:
    return _do(
        *("cosign", task_id),
        lambda actor, at: cosigning.ask(task_id, _ids("to"), _said("question"), actor, at),
    )


@bp.post("/<int:task_id>/cosign/answer")
@needs("operator")
def answer(task_id: int) -> Any:
    verdict: Any = _said("verdict")
    return _do(
        *("answer", task_id),
        lambda actor, at: cosigning.answer(task_id, verdict, _said("opinion"), actor, at),
    )


@bp.post("/<int:task_id>/cosign/remove")
@needs("operator", "supervisor")
def uncosign(task_id: int) -> Any:
    return _do(
        *("uncosign", task_id),
        lambda actor, at: cosigning.remove(task_id, _to(), _said("ground"), actor, at),
    )


def _said(name: str) -> str:
    return request.form.get(name, "")


def _ids(name: str) -> list[int]:
    return [int(text) for text in request.form.getlist(name) if text.isdecimal() and len(text) < 19]


def _to() -> int:
    """The account that was chosen; 0, which is nobody's, for none."""
    return next(iter(_ids("to")), 0)


def _do(verb: str, task_id: int, act: Callable[[Actor, datetime], None], *, hands_on: bool = False) -> Any:
    """Does it and goes back to the task; to the next of the list from one that was handed on.

    A refusal keeps what was typed.
    """
    page = _one(task_id)
    try:
        with edge.transaction():
            act(signed_in().actor, now_of(page.task.scheme_id))
    except Invalid as refusal:
        return _page(task_id, tried=verb, errors=refusal.fields, typed=request.form), 422
    except Conflict as refusal:
        return _page(task_id, refused=refusal.message, tried=verb, typed=request.form), 409
    if hands_on and in_list() and _to() != signed_in().actor.account_id:
        return onward(page, str(DONE[verb]))
    flash(str(DONE[verb]), "done")
    there = "tasks.show" if signed_in().has("operator") else "assigning.show"
    return redirect(url_in_list(there, task_id=task_id))


def _one(task_id: int) -> task_queries.TaskPage:
    return task_queries.one(task_id, signed_in().organisation_id)


def _page(task_id: int, refused: str = "", **tried: Any) -> str:
    page = _one(task_id)
    return render_template(
        "tasks/assign.html",
        task=page.task,
        case=page.case,
        scheme=scheme_of(page.case.deployment_id),
        unit_name=page.unit_name,
        person=page.person,
        refused=refused,
        back=url_in_list("tasks.show", task_id=task_id)
        if signed_in().has("operator")
        else url_for("case.show", case_id=page.case.id),
        **assigning_context(page, **tried),
    )
