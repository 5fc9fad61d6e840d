"""The inbox 待办, what was done 已办, and decisions on many tasks at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, make_response, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from app import edge
from app.content.forms import Form
from app.content.scheme import Scheme
from app.errors import Invalid
from app.operations import tasks
from app.queries import imports, inbox
from app.queries.inbox import TaskRow
from app.queries.returns import came_back
from app.web import task_forms
from app.web.listing import asked, asked_days, ticked
from app.web.schemes import newest_schemes, now_of, scheme_of
from app.web.session import needs, signed_in
from app.web.task_forms import Errors, Values

bp = Blueprint("inbox", __name__, url_prefix="/inbox")

MOST_AT_ONCE = 200


@bp.get("/")
@needs("operator")
def index() -> str:
    me, wanted, schemes = signed_in().organisation_id, wanted_tasks(), newest_schemes()
    page = inbox.open_tasks(me, wanted, request.args.get("after"))
    return render_template(
        "inbox/index.html",
        page=page,
        returned=came_back([row.task.id for row in page.rows if row.task.returned_from]),
        count=inbox.count_open(me, wanted),
        kinds=[(kind.key, _kind_name(kind, schemes)) for kind in inbox.kinds(me)],
        tag=f'"{inbox.newest_open(me)}"',
        can_import=bool(imports.kinds(me)),
    )


@bp.get("/newest")
@needs("operator")
def newest() -> BaseResponse:
    """Nothing but a tag that changes when a task has come; pages ask for it now and then."""
    response = make_response("", 200)
    response.set_etag(str(inbox.newest_open(signed_in().organisation_id)))
    return response.make_conditional(request)


@bp.get("/done")
@needs("operator")
def done() -> str:
    me = signed_in().organisation_id
    return render_template(
        "inbox/done.html", page=inbox.done_tasks(me, wanted_tasks(), request.args.get("after"))
    )


@bp.get("/bulk")
@needs("operator")
def bulk() -> Any:
    """The form for the ticked tasks, once for all."""
    batch = _Batch.of(ticked(request.args))
    return batch.render({}, {}) if batch.rows else (batch.render({}, {}), 422)


@bp.post("/bulk")
@needs("operator")
def bulk_submit() -> Any:
    batch = _Batch.of(ticked(request.form))
    values, errors = task_forms.posted(batch.form, signed_in().actor) if batch.form else ({}, {})
    if not batch.rows or "_submit" not in request.form:
        return batch.render(values, errors)
    errors = errors or batch.check(values)
    if errors:
        return batch.render(values, errors), 422
    return batch.complete(values)


@dataclass(frozen=True)
class _Batch:
    """Ticked tasks of one step of one deployment; `message` says why there are none, or fewer than ticked."""

    rows: Sequence[TaskRow]
    scheme: Scheme | None
    form: Form | None
    message: str

    @classmethod
    def of(cls, task_ids: list[int]) -> _Batch:
        if not task_ids:
            return cls((), None, None, _("请先在待办列表里勾选要办理的事项。"))
        if len(task_ids) > MOST_AT_ONCE:
            return cls((), None, None, _("一次最多办理 %(most)s 件，请分批勾选。", most=MOST_AT_ONCE))
        rows = [row for row in inbox.chosen(task_ids, signed_in().organisation_id) if row.task.bulk]
        if not rows:
            return cls((), None, None, _("勾选的事项已经办理，或不能批量办理。"))
        if len({(row.case.deployment_id, row.task.element) for row in rows}) > 1:
            return cls((), None, None, _("勾选的事项属于不同环节，请筛选后一次办理同一环节的事项。"))
        scheme = scheme_of(rows[0].case.deployment_id)
        form = scheme.form(rows[0].task.form) if rows[0].task.form else None
        gone = len(task_ids) - len(rows)
        message = _("有 %(gone)s 件已经办理或不能批量办理，未列入。", gone=gone) if gone else ""
        return cls(rows, scheme, form, message)

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
        )


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


def wanted_tasks() -> inbox.TaskFilter:
    """What the address narrows the list to."""
    begin, end = asked_days("from", "to")
    return inbox.TaskFilter(asked("kind"), asked("unit"), asked("name"), begin, end)


def _kind_name(kind: inbox.TaskKind, schemes: dict[str, Scheme]) -> str:
    if len(schemes) < 2 or kind.scheme_id not in schemes:
        return kind.name
    return f"{kind.name}（{schemes[kind.scheme_id].name}）"
