"""An applicant's form in steps: a section a page, kept at every step, checked as a whole before it goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from app import edge
from app.content.form_post import empty
from app.content.form_view import FieldView, FormView, SectionView
from app.content.forms import Form
from app.content.scheme import Scheme
from app.errors import Conflict, Invalid, NotFound
from app.operations import filled_in, tasks
from app.queries import applicants
from app.queries import tasks as task_queries
from app.queries.returns import came_back
from app.web import applicant_words, task_forms, uploads
from app.web.schemes import field_labels, listed_text, now_of, scheme_of
from app.web.session import needs, signed_in
from app.web.task_forms import Errors, Values

bp = Blueprint("applicant_form", __name__, url_prefix="/my/tasks")

LATER = ("_save", "_drop", "_update")
"""Buttons that leave the person on the step where they are."""


@bp.get("/<int:task_id>")
@needs("applicant")
def begin(task_id: int) -> Any:
    """Leads to the first step where something is missing; a form without any, to its check."""
    desk = _Desk.of(task_id)
    errors = desk.faults(desk.values)
    wanted = next((number for number in desk.numbers if desk.at(number, errors)), None)
    if wanted is None or not desk.stands:
        return redirect(url_for("applicant_form.check", task_id=task_id))
    return redirect(url_for("applicant_form.step", task_id=task_id, number=wanted))


@bp.get("/<int:task_id>/steps/<int:number>")
@needs("applicant")
def step(task_id: int, number: int) -> Any:
    desk = _Desk.of(task_id).demand(number)
    if not desk.stands:
        return redirect(url_for("applicant_form.check", task_id=task_id))
    told = desk.at(number, desk.faults(desk.values)) if "missing" in request.args else {}
    return desk.page(number, desk.values, told)


@bp.post("/<int:task_id>/steps/<int:number>")
@needs("applicant")
def keep(task_id: int, number: int) -> Any:
    """Keeps what stands on the step, whatever is still missing, and goes where the button says."""
    desk = _Desk.of(task_id).demand(number)
    values, refused = desk.merged(number)
    try:
        with edge.transaction():
            tasks.save_draft(task_id, values, signed_in().actor, now_of(desk.scheme.id))
    except Conflict as refusal:
        return desk.page(number, values, {}, refused=refusal.message), 409
    if "_quiet" in request.form:
        return "", 204
    wrong = {**desk.wrong(number, values), **refused}
    if wrong and "_back" not in request.form:
        return desk.page(number, values, wrong), 422
    if any(button in request.form for button in LATER):
        return desk.page(number, values, {}, kept="_save" in request.form)
    return redirect(desk.address(number, values))


@bp.post("/<int:task_id>/files/<name>")
@needs("applicant")
def upload(task_id: int, name: str) -> Any:
    """Takes one file as soon as it was chosen, and answers its field as it looks now.

    The same `_once` takes it once, however often a shaky network sends it.
    """
    desk = _Desk.of(task_id)
    field = desk.form.fields.get(name) if desk.form else None
    if desk.form is None or field is None or not desk.stands:
        raise NotFound
    texts = {name: request.form.getlist(name)} if field.type == "array" else {}
    refused = uploads.take(desk.form, texts, signed_in().actor, once=request.form.get("_once", "")[:64])
    values = {**desk.values, **desk.form.parse_post(texts)}
    if not refused:
        with edge.transaction():
            tasks.save_draft(task_id, values, signed_in().actor, now_of(desk.scheme.id))
    shown = desk.field(name, values, refused)
    page = render_template("applicant/field.html", field=shown, task=desk.task, files=desk.files(shown))
    return page, 422 if refused else 200


@bp.get("/<int:task_id>/check")
@needs("applicant")
def check(task_id: int) -> Any:
    return _Desk.of(task_id).check_page({})


@bp.post("/<int:task_id>/check")
@needs("applicant")
def submit(task_id: int) -> Any:
    """Submits the whole form; sent twice, it is done once, and both times the case's page answers."""
    desk = _Desk.of(task_id)
    actor, now = signed_in().actor, now_of(desk.scheme.id)
    if desk.task.completed_by == actor.account_id:
        return _done(desk, desk.page_of.case.status)
    try:
        with edge.transaction():
            if desk.unit_submits:
                filled_in.hand_to_unit(task_id, actor, now)
                status = desk.page_of.case.status
            else:
                status = tasks.complete(task_id, desk.values, actor, now).status
    except Invalid as refusal:
        return desk.check_page(refusal.fields), 422
    except Conflict as refusal:
        return _Desk.of(task_id).check_page({}, refused=refusal.message), 409
    return _done(desk, status)


def _done(desk: _Desk, status: str) -> Any:
    if desk.unit_submits:
        flash(_("已告诉单位：您填好了。单位核对以后提交，您可以在这里看到进展。"), "done")
    else:
        flash(_("已提交。现在的状态：%(status)s", status=status), "done")
    return redirect(url_for("applicant.case", case_id=desk.task.case_id))


@dataclass(frozen=True)
class _Desk:
    """A task of the person's own, with the form that its pages are made of."""

    page_of: applicants.OwnTask
    scheme: Scheme
    form: Form | None

    @classmethod
    def of(cls, task_id: int) -> _Desk:
        page = applicants.own_task(task_id, signed_in().person_id)
        scheme = scheme_of(page.case.deployment_id)
        return cls(page, scheme, scheme.form(page.task.form) if page.task.form else None)

    @property
    def task(self) -> Any:
        return self.page_of.task

    @property
    def unit_submits(self) -> bool:
        return self.scheme.roles[self.task.role].unit_submits

    @cached_property
    def variables(self) -> Values:
        return task_forms.variables_of(self.page_of.case, self.scheme, self.task.token)

    @cached_property
    def values(self) -> Values:
        return task_queries.typed([self.task.id]).get(self.task.id) or self._first_values()

    def _first_values(self) -> Values:
        """What an untouched form begins with, so that keeping one step does not empty the others."""
        fields = self.form.fields.values() if self.form else ()
        given = {f.name: self.variables.get(f.name, f.default) for f in fields if not f.read_only}
        return {name: value for name, value in given.items() if value is not None}

    @cached_property
    def view(self) -> FormView:
        return self._view(self.values, {})

    @property
    def stands(self) -> bool:
        closes_at = self.task.closes_at
        return self.task.state == "open" and (closes_at is None or now_of(self.scheme.id) < closes_at)

    @property
    def numbers(self) -> list[int]:
        """The sections with something to show, counted from 1 in the order of the form."""
        return _numbers(self.view)

    def demand(self, number: int) -> _Desk:
        """Raises NotFound for a section that the form never has."""
        if self.form is None or not 1 <= number <= len(self.form.sections):
            raise NotFound
        return self

    def names(self, number: int) -> set[str]:
        return set(self.form.sections[number - 1].fields) if self.form else set()

    def merged(self, number: int) -> tuple[Values, Errors]:
        """The draft with this step as it was sent; and the uploads that were refused."""
        if self.form is None:
            return {}, {}
        mine, dropped = self.names(number), request.form.get("_drop")
        texts = {
            name: request.form.getlist(name)
            for name in request.form
            if name.partition("-")[0] in mine and not (dropped and name.startswith(f"{dropped}-"))
        }
        refused = uploads.take(self.form, texts, signed_in().actor)
        kept = {name: value for name, value in self.values.items() if name not in mine}
        values = kept | self.form.parse_post(texts)
        conditions = self.form.conditions
        return {n: v for n, v in values.items() if n not in mine or conditions.visible(n, values)}, refused

    def faults(self, values: Values) -> Errors:
        """Everything that keeps the form from being submitted, by the name of the field."""
        if self.form is None:
            return {}
        try:
            self.form.load(values)
        except Invalid as refusal:
            return refusal.fields
        return {}

    def at(self, number: int, errors: Errors) -> Errors:
        mine = self.names(number)
        return {name: texts for name, texts in errors.items() if name.partition("-")[0] in mine}

    def wrong(self, number: int, values: Values) -> Errors:
        """What was filled in wrongly on a step; what is only missing can wait for the check."""
        found = self.at(number, self.faults(values))
        return {name: texts for name, texts in found.items() if _filled(values, name)}

    def address(self, number: int, values: Values) -> str:
        """Where the button leads: the step before or after this one, or the check."""
        numbers = _numbers(self._view(values, {}))
        back = "_back" in request.form
        others = [n for n in numbers if (n < number if back else n > number)]
        if not others:
            return url_for("applicant_form.check", task_id=self.task.id) if not back else self._home
        wanted = others[-1] if back else others[0]
        return url_for("applicant_form.step", task_id=self.task.id, number=wanted)

    @property
    def _home(self) -> str:
        return url_for("applicant.case", case_id=self.task.case_id)

    def _view(self, values: Values, errors: Errors) -> FormView:
        if self.form is None:
            return FormView("", "", (), ())
        return task_forms.shown(self.form, values, errors, self.variables, self.page_of.case.unit_id)

    def field(self, name: str, values: Values, errors: Errors) -> FieldView:
        view = self._view(values, errors)
        return next(f for section in view.sections for f in section.fields if f.name == name)

    def files(self, *fields: FieldView) -> Mapping[str, Any]:
        return task_forms.files_in([FormView("", "", (SectionView("", fields),), ())])

    def page(
        self, number: int, values: Values, errors: Errors, *, refused: str = "", kept: bool = False
    ) -> str:
        whole = self._view(values, errors)
        section = whole.sections[number - 1]
        view = replace(whole, sections=(section,), errors=[e for e in whole.errors])
        numbers = sorted({*_numbers(whole), number})
        return render_template(
            "applicant/step.html",
            **self._common(),
            number=number,
            place=numbers.index(number) + 1,
            steps=[(n, whole.sections[n - 1].title or whole.title) for n in numbers],
            missing={n for n in numbers if self.at(n, self.faults(values))},
            view=view,
            updates=bool(self.form and self.form.conditions.controls & self.names(number)),
            files=self.files(*section.fields),
            refused=refused,
            kept=kept,
        )

    def check_page(self, errors: Errors, refused: str = "") -> str:
        told = {**self.faults(self.values), **errors}
        view = self._view(self.values, {})
        return render_template(
            "applicant/check.html",
            **self._common(),
            missing=self._missing(told),
            view=view,
            files=task_forms.files_in([view]),
            refused=refused,
            steps=[(n, view.sections[n - 1].title or view.title) for n in _numbers(view)],
        )

    def _missing(self, errors: Errors) -> Sequence[tuple[str, str]]:
        """Each sentence with the address of its field."""
        found = []
        for name, texts in errors.items():
            number = next((n for n in range(1, 1 + len(self.view.sections)) if self.at(n, {name: texts})), 1)
            place = url_for("applicant_form.step", task_id=self.task.id, number=number, missing=1)
            found += [(text, f"{place}#{name}") for text in texts]
        return found

    def _common(self) -> dict[str, Any]:
        task, case = self.task, self.page_of.case
        now = now_of(self.scheme.id)
        return {
            "task": task,
            "case": case,
            "scheme": self.scheme,
            "stands": self.stands,
            "unit_submits": self.unit_submits,
            "remaining": applicant_words.remaining(task.closes_at, now) if task.closes_at else "",
            "came_back": came_back([task.id]).get(task.id),
            "saved_at": self.page_of.draft.saved_at if self.page_of.draft else None,
            "context": self._context(),
        }

    def _context(self) -> list[tuple[str, str]]:
        """The variables that the diagram wants shown above the form."""
        drawn = self.scheme.definitions.processes[self.task.process].elements[self.task.element]
        names = map(str.strip, drawn.properties.get("show", "").replace("\n", ";").split(";"))
        labels, values = field_labels(self.scheme), {**self.page_of.case.listed, **self.variables}
        texts = [(name, listed_text(self.scheme, values.get(name), name)) for name in names if name]
        return [(labels.get(name, name), text) for name, text in texts if text]


def _numbers(view: FormView) -> list[int]:
    return [
        number
        for number, section in enumerate(view.sections, 1)
        if any(
            field.visible and (field.value or field.rows or not field.read_only) for field in section.fields
        )
    ]


def _filled(values: Values, name: str) -> bool:
    """Whether something stands where a fault was found; of a table, in its cell."""
    field, _dash, rest = name.partition("-")
    value = values.get(field)
    if not rest or not isinstance(value, list):
        return not empty(value)
    row, _dash, column = rest.partition("-")
    cell = value[int(row)] if row.isdigit() and int(row) < len(value) else {}
    return isinstance(cell, dict) and not empty(cell.get(column))
