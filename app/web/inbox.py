"""The inbox 待办, what was done 已办, and decisions on many tasks at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from app import edge, jobs
from app.content.forms import Form
from app.content.scheme import Scheme
from app.errors import Invalid
from app.operations import tasks, work
from app.operations.work import MOST_ITEMS
from app.queries import imports, inbox
from app.queries import tasks as task_queries
from app.queries.inbox import TaskRow
from app.queries.paging import read_id_cursor
from app.queries.returns import came_back
from app.queries.saved_filters import usable
from app.web import task_forms
from app.web.desk import Place, list_address, own_desk, wanted_tasks
from app.web.listing import filters, ticked
from app.web.schemes import newest_schemes, now_of, scheme_of
from app.web.session import needs, signed_in
from app.web.task_forms import Errors, Values

bp = Blueprint("inbox", __name__, url_prefix="/inbox")

MOST_AT_ONCE = 200
"""Tasks that one request decides; more are long work."""


@bp.get("/")
@needs("operator")
def index() -> str:
    place, schemes = Place.asked(), newest_schemes()
    page = inbox.open_tasks(place.desk, place.wanted, request.args.get("after"), place.by)
    kinds = inbox.kinds(place.desk.organisation_id)
    return render_template(
        "inbox/index.html",
        page=page,
        returned=came_back([row.task.id for row in page.rows if row.task.returned_from]),
        tickable={row.task.id for row in page.rows if _tickable(row, place)},
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
    return redirect(url_for("tasks.show", task_id=following, **filters()))


@bp.get("/asked")
@needs("operator")
def asked() -> str:
    """Tasks of others on which an opinion is asked for."""
    return render_template("inbox/asked.html", page=inbox.asked(own_desk(), request.args.get("after")))


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
    batch = _Batch.asked(ticked(request.args))
    return batch.render({}, {}) if batch.rows else (batch.render({}, {}), 422)


@bp.post("/bulk")
@needs("operator")
def bulk_submit() -> Any:
    batch = _Batch.asked(ticked(request.form))
    values, errors = task_forms.posted(batch.form, signed_in().actor) if batch.form else ({}, {})
    if not batch.rows or "_submit" not in request.form:
        return batch.render(values, errors)
    errors = errors or batch.check(values)
    if errors:
        return batch.render(values, errors), 422
    return batch.complete(values) if len(batch.rows) <= MOST_AT_ONCE else batch.hand_over(values)


@dataclass(frozen=True)
class _Batch:
    """Ticked tasks of one step of one deployment; `message` says why there are none, or fewer than ticked."""

    rows: Sequence[TaskRow]
    scheme: Scheme | None
    form: Form | None
    message: str

    @classmethod
    def asked(cls, task_ids: list[int]) -> _Batch:
        """Those ticked, or all that the address narrows the inbox to, none newer than it was shown with."""
        upto = read_id_cursor(request.args.get("all"))
        return cls.of(task_ids) if upto is None else cls.of_kind(upto)

    @classmethod
    def of_kind(cls, upto: int) -> _Batch:
        rows = inbox.all_of_kind(own_desk(), wanted_tasks(), upto, MOST_ITEMS + 1)
        if not rows:
            return cls((), None, None, _("没有可以批量办理的事项；请先按环节筛选。"))
        if len(rows) > MOST_ITEMS:
            return cls((), None, None, _("符合条件的超过 %(most)s 件，请缩小筛选范围。", most=MOST_ITEMS))
        alike = [row for row in rows if row.case.deployment_id == rows[0].case.deployment_id]
        others = len(rows) - len(alike)
        told = _("有 %(others)s 件按另一发布版本办理，未列入，请随后再办。", others=others)
        return cls(alike, *_form_of(alike[0]), told if others else "")

    @classmethod
    def of(cls, task_ids: list[int]) -> _Batch:
        if not task_ids:
            return cls((), None, None, _("请先在待办列表里勾选要办理的事项。"))
        if len(task_ids) > MOST_AT_ONCE:
            return cls((), None, None, _("一次最多办理 %(most)s 件，请分批勾选。", most=MOST_AT_ONCE))
        rows = [row for row in inbox.chosen(task_ids, own_desk()) if row.task.bulk]
        if not rows:
            return cls((), None, None, _("勾选的事项已经办理，或不能批量办理。"))
        if len({(row.case.deployment_id, row.task.element) for row in rows}) > 1:
            return cls((), None, None, _("勾选的事项属于不同环节，请筛选后一次办理同一环节的事项。"))
        gone = len(task_ids) - len(rows)
        message = _("有 %(gone)s 件已经办理或不能批量办理，未列入。", gone=gone) if gone else ""
        return cls(rows, *_form_of(rows[0]), message)

    def check(self, values: Values) -> Errors:
        """What is wrong with the values themselves, before any item is tried."""
        try:
            if self.form:
                self.form.load(values)
        except Invalid as refusal:
            return refusal.fields
        return {}

    def complete(self, values: Values) -> str:
        subjects = {row.task.id: (row.case.id, subject_name(row)) for row in self.rows}
        results = tasks.complete_many(
            list(subjects),
            values,
            signed_in().actor,
            now_of(self.rows[0].task.scheme_id),
            edge.transaction,
        )
        return self.render(values, {}, result_rows(results, subjects))

    def hand_over(self, values: Values) -> Any:
        """Too many for one request: done in the background, and the page leads to where it is told."""
        chosen = [work.Chosen(row.task.id, row.case.id, subject_name(row)) for row in self.rows]
        scheme_id = self.rows[0].task.scheme_id
        with edge.transaction():
            accepted = work.accept_decisions(
                chosen,
                values,
                title=_("批量办理：%(name)s", name=self.rows[0].task.name),
                scheme_id=scheme_id,
                actor=signed_in().actor,
                at=now_of(scheme_id),
                now=edge.received_at(),
            )
            jobs.enqueue(accepted)
            work_id = accepted.id
        return redirect(url_for("work.show", work_id=work_id))

    def render(self, values: Values, errors: Errors, items: Sequence[dict[str, Any]] = ()) -> str:
        unit_id = self.rows[0].case.unit_id if self.rows and not items else 0
        view = task_forms.shown(self.form, values, errors, {}, unit_id) if self.form and not items else None
        return render_template(
            "inbox/bulk.html",
            rows=() if items else self.rows,
            items=items,
            view=view,
            updates=bool(self.form and self.form.conditions.controls),
            files=task_forms.files_in([view] if view else []),
            message=self.message,
            most_shown=MOST_AT_ONCE,
            long=len(self.rows) > MOST_AT_ONCE,
        )


def _tickable(row: TaskRow, place: Place) -> bool:
    """Whether it may be decided with others: not yet closed, and nobody else's."""
    task = row.task
    mine = task.assignee_id is None or task.assignee_id == place.desk.account_id
    in_time = task.closes_at is None or task.closes_at > now_of(task.scheme_id)
    return task.bulk and mine and in_time and not (task.delegated or task.awaits)


def _form_of(row: TaskRow) -> tuple[Scheme, Form | None]:
    scheme = scheme_of(row.case.deployment_id)
    return scheme, scheme.form(row.task.form) if row.task.form else None


def subject_name(row: TaskRow) -> str:
    return row.person.name if row.person else row.unit_name


def result_rows(
    results: Sequence[tasks.ItemResult], subjects: dict[int, tuple[int, str]]
) -> list[dict[str, Any]]:
    """A result per item, with the case and the name that people know it by."""
    rows = []
    for result in results:
        case_id, name = subjects[result.task_id]
        rows.append({"case_id": case_id, "subject": name, "ok": result.ok, "message": result.message})
    return rows


def _kind_name(kind: inbox.TaskKind, schemes: dict[str, Scheme]) -> str:
    if len(schemes) < 2 or kind.scheme_id not in schemes:
        return kind.name
    return f"{kind.name}（{schemes[kind.scheme_id].name}）"
