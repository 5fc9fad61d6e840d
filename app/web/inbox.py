"""The inbox 待办, what was done 已办, and decisions on many tasks at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from app import edge
from app.content.forms import Form
from app.content.returns import may_return
from app.content.scheme import Scheme
from app.errors import Invalid
from app.operations import tasks
from app.operations.actors import Actor
from app.queries import delegated as queries
from app.queries import imports, inbox
from app.queries import tasks as task_queries
from app.queries.company import untouched
from app.queries.inbox import TaskRow
from app.queries.returns import came_back
from app.queries.saved_filters import usable
from app.web import batches, kept_many, task_forms
from app.web.batches import Batch, result_rows, subjects
from app.web.desk import Place, list_address, own_desk, wanted_tasks
from app.web.listing import ticked, url_in_list
from app.web.schemes import newest_schemes, now_of, scheme_of
from app.web.session import after_lapse, needs, signed_in
from app.web.task_forms import Errors, Values

bp = Blueprint("inbox", __name__, url_prefix="/inbox")


@bp.get("/")
@needs("operator")
def index() -> str:
    place, schemes = Place.asked(), newest_schemes()
    page = inbox.open_tasks(place.desk, place.wanted, request.args.get("after"), place.by)
    kinds = inbox.kinds(place.desk.organisation_id)
    tickable = [row for row in page.rows if _tickable(row, place)]
    return render_template(
        "inbox/index.html",
        page=page,
        returned=came_back([row.task.id for row in page.rows if row.task.returned_from]),
        tickable={row.task.id for row in tickable},
        returnable=any(_returnable(row) for row in tickable),
        count=inbox.count_open(place.desk, place.wanted),
        newest=inbox.newest_open(place.desk),
        tag=inbox.tag(own_desk()),
        kinds=[(kind.key, _kind_name(kind, schemes)) for kind in kinds],
        can_import=bool(imports.kinds(place.desk.organisation_id)),
        saved=usable("inbox", signed_in().actor),
        list_name="inbox",
    )


@bp.get("/newest")
@needs("operator")
def newest() -> BaseResponse:
    """Nothing but a tag that changes when a task has come; pages ask for it now and then."""
    response = make_response("", 200)
    response.set_etag(inbox.tag(own_desk()))
    return response.make_conditional(request)


@bp.get("/after/<int:task_id>")
@needs("operator")
def after(task_id: int) -> BaseResponse:
    """The next task of the list, whether this one was done or not."""
    task = task_queries.one(task_id, signed_in().organisation_id).task
    following = Place.asked().following(task)
    if following is None:
        flash(_("列表里没有别的事项了。"), "done")
        return redirect(list_address())
    return redirect(url_in_list("tasks.show", task_id=following))


@bp.get("/asked")
@needs("operator")
def asked() -> str:
    """Tasks of others on which an opinion is asked for."""
    return render_template("inbox/asked.html", page=inbox.asked(own_desk(), request.args.get("after")))


@bp.get("/delegated")
@needs("operator")
def delegated() -> str:
    """One's own tasks that lie with a colleague until they answer."""
    page = queries.delegated(own_desk(), request.args.get("after"))
    return render_template("inbox/delegated.html", page=page)


@bp.get("/done")
@needs("operator")
def done() -> str:
    me = signed_in().organisation_id
    page = inbox.done_tasks(me, wanted_tasks(), request.args.get("after"))
    saved = usable("done", signed_in().actor)
    return render_template("inbox/done.html", page=page, saved=saved, list_name="done")


@bp.get("/bulk")
@needs("operator")
def bulk() -> Any:
    """The form for the ticked tasks, once for all."""
    kept = kept_many.found("bulk")
    batch = Batch.asked(kept_many.tasks_asked(kept))
    return _bulk_page(batch, kept.values if kept else {}, {}), 200 if batch.rows else 422


@bp.post("/bulk")
@needs("operator")
def bulk_submit() -> Any:
    batch = Batch.asked(ticked(request.form))
    form = _form_of(batch)
    values, errors = task_forms.posted(form, signed_in().actor) if form else ({}, {})
    if not batch.rows or "_submit" not in request.form:
        return _bulk_page(batch, values, errors)
    errors = errors or _check(form, values)
    if errors:
        return _bulk_page(batch, values, errors), 422
    if batch.long:
        kept_many.forget("bulk")
        return batch.hand_over(values, _("批量办理：%(name)s", name=batch.rows[0].task.name))
    at = now_of(batch.rows[0].task.scheme_id)
    results = tasks.complete_many(batch.ids, values, signed_in().actor, at, edge.transaction)
    kept_many.forget("bulk")
    return _bulk_page(batch, values, {}, result_rows(results, subjects(batch.rows)))


@after_lapse("inbox.bulk_submit")
def keep_for(actor: Actor) -> str | None:
    """Keeps what an ended session has sent until its account signs in again; where to go on then."""
    if actor.organisation_id is None:
        return None
    batch = Batch.asked(ticked(request.form), kept_many.lapsed_desk(actor))
    form = _form_of(batch)
    texts = {name: request.form.getlist(name) for name in request.form if name != "task"}
    return kept_many.keep("bulk", actor, batch.ids, form.parse_post(texts) if form else {}, "inbox.bulk")


def _check(form: Form | None, values: Values) -> Errors:
    """What is wrong with the values themselves, before any item is tried."""
    try:
        if form:
            form.load(values)
    except Invalid as refusal:
        return refusal.fields
    return {}


def _bulk_page(batch: Batch, values: Values, errors: Errors, items: Sequence[dict[str, Any]] = ()) -> str:
    form = None if items else _form_of(batch)
    view = task_forms.shown(form, values, errors, {}, batch.rows[0].case.unit_id) if form else None
    return render_template(
        "inbox/bulk.html",
        rows=() if items else batch.rows,
        items=items,
        recallable=sorted(untouched([one["task_id"] for one in items if one["ok"]], signed_in().actor)),
        **kept_many.shown("bulk"),
        view=view,
        updates=bool(form and form.conditions.controls),
        files=task_forms.files_in([view] if view else []),
        message=batch.message,
        most_shown=batches.MOST_AT_ONCE,
        long=batch.long,
    )


def _form_of(batch: Batch) -> Form | None:
    if not batch.rows:
        return None
    row = batch.rows[0]
    return scheme_of(row.case.deployment_id).form(row.task.form) if row.task.form else None


def _tickable(row: TaskRow, place: Place) -> bool:
    """Whether it may be decided with others: not yet closed, and nobody else's than whom one acts for."""
    task = row.task
    acts_as = {(place.desk.account_id, None), *place.desk.principals}
    mine = task.assignee_id is None or not acts_as.isdisjoint(
        {(task.assignee_id, None), (task.assignee_id, task.scheme_id)}
    )
    in_time = task.closes_at is None or task.closes_at > now_of(task.scheme_id)
    return task.bulk and mine and in_time and not (task.delegated or task.awaits)


def _returnable(row: TaskRow) -> bool:
    process = scheme_of(row.case.deployment_id).definitions.processes[row.task.process]
    return may_return(process.elements[row.task.element])


def _kind_name(kind: inbox.TaskKind, schemes: dict[str, Scheme]) -> str:
    if len(schemes) < 2 or kind.scheme_id not in schemes:
        return kind.name
    return f"{kind.name}（{schemes[kind.scheme_id].name}）"
