"""A task of an applicant's own with all that its pages show: the steps, what is missing, what was refused."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _

from app.content.beginnings import begins_with
from app.content.form_post import empty
from app.content.form_view import FieldView, FormView, SectionView
from app.content.forms import Form
from app.content.scheme import Scheme
from app.errors import Invalid, NotFound
from app.models import Task
from app.operations import tasks
from app.queries import applicants
from app.queries import tasks as task_queries
from app.web import meanwhile, task_forms, uploads
from app.web.changes import Difference, differences
from app.web.filters import instant
from app.web.schemes import now_of, scheme_of
from app.web.session import signed_in
from app.web.task_forms import Errors, Values


@dataclass(frozen=True)
class Desk:
    """A task of the person's own, with the form that its pages are made of."""

    owned: applicants.OwnTask
    scheme: Scheme
    form: Form | None

    @classmethod
    def of(cls, task_id: int) -> Desk:
        page = applicants.own_task(task_id, signed_in().person_id)
        scheme = scheme_of(page.case.deployment_id)
        return cls(page, scheme, scheme.form(page.task.form) if page.task.form else None)

    @property
    def task(self) -> Any:
        return self.owned.task

    @property
    def unit_submits(self) -> bool:
        return self.scheme.roles[self.task.role].unit_submits

    @cached_property
    def variables(self) -> Values:
        return task_forms.variables_of(self.owned.case, self.scheme, self.task.token)

    @cached_property
    def known(self) -> Values:
        """What the form begins with and shows."""
        return begins_with(self.scheme, self.task.process, self.task.element, self.variables)

    @cached_property
    def values(self) -> Values:
        return task_queries.typed([self.task.id]).get(self.task.id) or self._first_values()

    def _first_values(self) -> Values:
        """What an untouched form begins with, so that keeping one step does not empty the others."""
        fields = self.form.fields.values() if self.form else ()
        given = {f.name: self.known.get(f.name, f.default) for f in fields if not f.read_only}
        return {name: value for name, value in given.items() if value is not None}

    @cached_property
    def view(self) -> FormView:
        return self.view_of(self.values, {})

    @property
    def stands(self) -> bool:
        closes_at = self.task.closes_at
        return self.task.state == "open" and (closes_at is None or now_of(self.scheme.id) < closes_at)

    def save(self, values: Values) -> None:
        """Saves the whole draft, in the caller's transaction.

        Raises SavedElsewhere if somebody has saved another one since this was read.
        """
        read = self.owned.draft.saved_at if self.owned.draft else None
        now = now_of(self.scheme.id)
        tasks.save_draft(self.task.id, values, signed_in().actor, now, read, meanwhile.page_sent())

    def saved_since(self, names: Collection[str]) -> set[str]:
        """The fields that were saved otherwise since the page was drawn that was sent, not by that page."""
        draft = self.owned.draft
        here = draft and draft.saved_by == signed_in().actor.account_id and draft.saved_from
        return set() if here and here == meanwhile.page_sent() else meanwhile.saved_since(self.values, names)

    @property
    def numbers(self) -> list[int]:
        """The sections with something to show, counted from 1 in the order of the form."""
        return self.numbers_of(self.view)

    def numbers_of(self, view: FormView) -> list[int]:
        parts = ((number, self.without_last(section)) for number, section in enumerate(view.sections, 1))
        return [number for number, part in parts if any(_has_something(field) for field in part.fields)]

    def demand(self, number: int) -> Desk:
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
        others = {name: value for name, value in self.values.items() if name not in mine}
        values = others | self.read(texts, mine)
        conditions = self.form.conditions
        return {n: v for n, v in values.items() if n not in mine or conditions.visible(n, values)}, refused

    def with_step(self, number: int, kept: Values) -> Values:
        """The draft with a step as it was kept."""
        others = {name: value for name, value in self.values.items() if name not in self.names(number)}
        return others | self.part(number, kept)

    def part(self, number: int, values: Values) -> Values:
        mine = self.names(number)
        return {name: value for name, value in values.items() if name in mine}

    def collisions(self, number: int, values: Values) -> list[Difference]:
        """Where a step as it was sent differs from what was saved of it since the page was drawn."""
        since = self.saved_since(self.names(number))
        found = differences(self.view_of(self.values, {}), self.view_of(values, {})) if since else []
        return [one for one in found if one.name in since]

    def settled(self, number: int, values: Values) -> Values:
        """Without `collisions`: what the sender left alone stays as it was saved, such as a newer file."""
        since = self.saved_since(self.names(number))
        theirs = meanwhile.left_alone(values, since)
        return values | {name: value for name, value in self.values.items() if name in theirs}

    def overtaken(self) -> list[str]:
        """The titles of the fields that were saved since the form was shown for its check."""
        fields = self.form.fields if self.form else {}
        since = meanwhile.saved_since(self.values, fields)
        return [fields[name].title for name in fields if name in since]

    @cached_property
    def asked_last(self) -> set[str]:
        """The fields that no draft keeps, ID numbers: they are typed where the form is submitted."""
        fields = self.form.fields.values() if self.form else ()
        return {field.name for field in fields if field.format == "id_number"}

    def typed_last(self) -> Values:
        """What was typed in them beside the button that submits."""
        texts = {name: request.form.getlist(name) for name in self.asked_last if name in request.form}
        return self.read(texts, self.asked_last)

    def read(self, texts: Mapping[str, Sequence[str]], names: Collection[str]) -> Values:
        """The values of these fields alone: boxes of others, of which nothing was sent, stay as they are."""
        sent = self.form.parse_post(texts) if self.form else {}
        return {name: value for name, value in sent.items() if name in names}

    def faults(self, values: Values) -> Errors:
        """Everything that keeps the form from being submitted, by the name of the field."""
        if self.form is None:
            return {}
        try:
            self.form.load(values)
        except Invalid as refusal:
            return {name: texts for name, texts in refusal.fields.items() if name not in self.asked_last}
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
        numbers = self.numbers_of(self.view_of(values, {}))
        back = "_back" in request.form
        others = [n for n in numbers if (n < number if back else n > number)]
        if not others:
            return url_for("applicant_form.check", task_id=self.task.id) if not back else self.home
        wanted = others[-1] if back else others[0]
        return url_for("applicant_form.step", task_id=self.task.id, number=wanted)

    @property
    def home(self) -> str:
        return url_for("applicant.case", case_id=self.task.case_id)

    def view_of(self, values: Values, errors: Errors) -> FormView:
        if self.form is None:
            return FormView("", "", (), ())
        return task_forms.shown(self.form, values, errors, self.known, self.owned.case.unit_id)

    def without_last(self, section: SectionView) -> SectionView:
        return replace(section, fields=[f for f in section.fields if f.name not in self.asked_last])


def progress(task: Task) -> str:
    """How far the person's form has come, in a sentence."""
    desk = Desk.of(task.id)
    if desk.form is None:
        return ""
    if desk.owned.draft is None:
        return _("还没有填写。")
    lacking = sum(len(texts) for texts in desk.faults(desk.values).values())
    saved = _("上次保存：%(time)s。", time=instant(desk.owned.draft.saved_at))
    if lacking:
        return saved + _("还缺 %(count)s 项。", count=lacking)
    if desk.unit_submits:
        return saved + _("已填齐；由单位核对后提交。")
    return saved + _("已填齐，还没有提交。")


def _has_something(field: FieldView) -> bool:
    return field.visible and bool(field.value or field.rows or not field.read_only)


def _filled(values: Values, name: str) -> bool:
    """Whether something stands where a fault was found; of a table, in its cell."""
    field, _dash, rest = name.partition("-")
    value = values.get(field)
    if not rest or not isinstance(value, list):
        return not empty(value)
    row, _dash, column = rest.partition("-")
    cell = value[int(row)] if row.isdigit() and int(row) < len(value) else {}
    return isinstance(cell, dict) and not empty(cell.get(column))
