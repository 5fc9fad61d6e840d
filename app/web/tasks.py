"""The page on which a task is done: its form, drafts, refusals that keep what was typed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from app import edge
from app.content.form_view import FormView
from app.content.forms import Form
from app.content.returns import may_return
from app.content.scheme import Scheme
from app.engine import Element
from app.errors import Conflict, Invalid
from app.operations import corrections, tasks
from app.queries import tasks as task_queries
from app.queries.returns import came_back
from app.web import task_forms
from app.web.schemes import field_labels, listed_text, now_of, scheme_of
from app.web.session import needs, signed_in
from app.web.task_forms import Errors, Values

bp = Blueprint("tasks", __name__, url_prefix="/tasks")


@bp.get("/<int:task_id>")
@needs("operator")
def show(task_id: int) -> str:
    desk = _Desk.of(task_id)
    return desk.render(desk.draft())


@bp.post("/<int:task_id>")
@needs("operator")
def submit(task_id: int) -> Any:
    """Submits, keeps a draft, or only draws the form anew, by the button that was pressed."""
    desk = _Desk.of(task_id)
    values, errors = task_forms.posted(desk.form, signed_in().actor) if desk.form else ({}, {})
    if "_submit" in request.form:
        return _complete(desk, values, errors)
    if "_draft" in request.form:
        return _save(desk, values, errors)
    return desk.render(values, errors)


def _complete(desk: _Desk, values: Values, errors: Errors) -> Any:
    if errors:
        return desk.render(values, errors), 422
    try:
        with edge.transaction():
            done = tasks.complete(desk.task_id, values, signed_in().actor, now_of(desk.scheme.id))
    except Invalid as refusal:
        return desk.render(values, refusal.fields), 422
    except Conflict as refusal:
        return _Desk.of(desk.task_id).render(values, refused=refusal.message), 409
    flash(_("已提交。办件现在的状态：%(status)s", status=done.status), "done")
    return redirect(url_for("case.show", case_id=done.case_id))


def _save(desk: _Desk, values: Values, errors: Errors) -> Any:
    try:
        with edge.transaction():
            tasks.save_draft(desk.task_id, values, signed_in().actor, now_of(desk.scheme.id))
    except Conflict as refusal:
        return _Desk.of(desk.task_id).render(values, refused=refusal.message), 409
    if "_quiet" in request.form:  # a script kept it, nobody waits for a page
        return "", 204
    if errors:
        return desk.render(values, errors), 422
    flash(_("已暂存，尚未提交。"), "done")
    return redirect(url_for("tasks.show", task_id=desk.task_id))


@dataclass(frozen=True)
class _Desk:
    """A task, with what its page is made of."""

    page: task_queries.TaskPage
    scheme: Scheme
    form: Form | None
    variables: Values = field(default_factory=dict)

    @classmethod
    def of(cls, task_id: int) -> _Desk:
        page = task_queries.one(task_id, signed_in().organisation_id)
        scheme = scheme_of(page.case.deployment_id)
        form = scheme.form(page.task.form) if page.task.form else None
        return cls(page, scheme, form, task_forms.variables_of(page.case, scheme, page.task.token))

    @property
    def task_id(self) -> int:
        return self.page.task.id

    def draft(self) -> Values:
        return task_queries.typed([self.task_id]).get(self.task_id, {})

    def render(self, values: Values, errors: Errors | None = None, refused: str = "") -> str:
        page, unit_id = self.page, self.page.case.unit_id
        view = (
            task_forms.shown(self.form, values, errors or {}, self.variables, unit_id) if self.form else None
        )
        earlier = [
            _Earlier.of(entered, self.scheme, unit_id) for entered in task_queries.entered(page.case.id)
        ]
        views = [part.view for part in earlier if part.view] + ([view] if view else [])
        stands = page.task.state == "open" and not self._closed()
        return render_template(
            "tasks/show.html",
            task=page.task,
            case=page.case,
            scheme=self.scheme,
            unit_name=page.unit_name,
            person=page.person,
            view=view,
            updates=bool(self.form and self.form.conditions.controls),
            saved_at=page.draft.saved_at if page.draft and request.method == "GET" else None,
            shown=self._context(),
            entered=[part for part in earlier if part.view],
            files=task_forms.files_in(views),
            refused=refused,
            stands=stands,
            came_back=came_back([self.task_id]).get(self.task_id),
            returnable=stands and may_return(self._element()),
            numbers=corrections.numbers_to_examine(page.case.id) if stands else [],
        )

    def _closed(self) -> bool:
        closes_at = self.page.task.closes_at
        return closes_at is not None and closes_at <= now_of(self.scheme.id)

    def _element(self) -> Element:
        return self.scheme.definitions.processes[self.page.task.process].elements[self.page.task.element]

    def _context(self) -> list[tuple[str, str]]:
        """The variables that the diagram wants shown above the form, with the names that forms give them."""
        names = self._element().properties.get("show", "").replace("\n", ";").split(";")
        values = {**self.page.case.listed, **self.variables}
        labels = field_labels(self.scheme)
        texts = [(name, listed_text(self.scheme, values.get(name), name)) for name in map(str.strip, names)]
        return [(labels.get(name, name), text) for name, text in texts if text]


@dataclass(frozen=True)
class _Earlier:
    """What was entered at an earlier task, ready to read."""

    name: str
    who: str
    at: datetime | None
    view: FormView | None

    @classmethod
    def of(cls, entered: task_queries.Entered, scheme: Scheme, unit_id: int) -> _Earlier:
        who = " · ".join(part for part in (entered.office, entered.actor) if part)
        view = task_forms.read_view(entered.task.form, entered.values, scheme, unit_id)
        return cls(entered.task.name, who, entered.task.completed_at, view)
