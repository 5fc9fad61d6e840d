"""A task of an applicant's own with all that its pages show: the steps, what is missing, what was refused."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from flask import render_template, request, url_for
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
from app.queries.returns import came_back
from app.web import applicant_words, meanwhile, task_forms, uploads
from app.web.changes import Difference, differences
from app.web.filters import instant
from app.web.schemes import now_of, scheme_of
from app.web.session import signed_in
from app.web.task_desk import saver
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
        return self._view(self.values, {})

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
        return self._numbers(self.view)

    def _numbers(self, view: FormView) -> list[int]:
        parts = ((number, self._without_last(section)) for number, section in enumerate(view.sections, 1))
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
        found = differences(self._view(self.values, {}), self._view(values, {})) if since else []
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
        numbers = self._numbers(self._view(values, {}))
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
        return task_forms.shown(self.form, values, errors, self.known, self.owned.case.unit_id)

    def field(self, name: str, values: Values, errors: Errors) -> FieldView:
        view = self._view(values, errors)
        return next(f for section in view.sections for f in section.fields if f.name == name)

    def files(self, *fields: FieldView) -> Mapping[str, Any]:
        return task_forms.files_in([FormView("", "", (SectionView("", fields),), ())])

    def page(
        self,
        number: int,
        values: Values,
        errors: Errors,
        *,
        saved: Values | None = None,
        seen: str | None = None,
        kept: bool = False,
        refused: str = "",
        note: str = "",
    ) -> str:
        """A step as it stands; `saved` is the draft if it was just saved, `seen` what the page began with."""
        begun = meanwhile.marks(self.values if saved is None else saved, self.names(number))
        whole = self._view(values, errors)
        section = self._without_last(whole.sections[number - 1])
        view = replace(whole, sections=(section,))
        numbers = sorted({*self._numbers(whole), number})
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
            note=note,
            kept=kept,
            seen=begun if seen is None else seen,
            page=meanwhile.new_page(),
        )

    def compare(self, number: int, values: Values, found: Sequence[Difference]) -> str:
        """The page on which the step as it was sent stands beside what was saved of it meanwhile."""
        draft = self.owned.draft
        by_unit = saver(draft)
        return render_template(
            "tasks/compare.html",
            **self._common(),
            differences=found,
            theirs=meanwhile.left_alone(values, {one.name for one in found}),
            saved_by=_("单位") if by_unit else signed_in().name,
            merge=url_for("applicant_form.merge", task_id=self.task.id, number=number),
            case_page=self._home,
        )

    def _without_last(self, section: SectionView) -> SectionView:
        return replace(section, fields=[f for f in section.fields if f.name not in self.asked_last])

    def _last_view(self, errors: Errors) -> FormView | None:
        """The fields that are typed beside the button that submits; the unit types them where it submits."""
        typed = {**self.values, **self.typed_last()}
        found = [f for s in self._view(typed, errors).sections for f in s.fields]
        last = [f for f in found if f.name in self.asked_last and f.visible]
        return FormView("", "", (SectionView("", last),), ()) if last and not self.unit_submits else None

    def check_page(self, errors: Errors, refused: str = "") -> str:
        told = {**self.faults(self.values), **errors}
        view = self._view(self.values, {})
        view = replace(view, sections=[self._without_last(section) for section in view.sections])
        return render_template(
            "applicant/check.html",
            **self._common(),
            missing=self._missing(told),
            lacking={n for n in self._numbers(view) if self.at(n, told)},
            view=view,
            last=self._last_view(errors),
            seen=meanwhile.marks(self.values, self.form.fields if self.form else ()),
            files=task_forms.files_in([view]),
            refused=refused,
            steps=[(n, view.sections[n - 1].title or view.title) for n in self._numbers(view)],
        )

    def _missing(self, errors: Errors) -> Sequence[tuple[str, str]]:
        """Each sentence with the address of its field."""
        found = []
        for name, texts in errors.items():
            if name in self.asked_last:
                found += [(text, f"#{name}") for text in texts]
                continue
            number = next((n for n in range(1, 1 + len(self.view.sections)) if self.at(n, {name: texts})), 1)
            place = url_for("applicant_form.step", task_id=self.task.id, number=number, missing=1)
            found += [(text, f"{place}#{name}") for text in texts]
        return found

    def _common(self) -> dict[str, Any]:
        task, case = self.task, self.owned.case
        drawn = self.scheme.definitions.processes[task.process].elements[task.element]
        now = now_of(self.scheme.id)
        return {
            "task": task,
            "case": case,
            "scheme": self.scheme,
            "stands": self.stands,
            "unit_submits": self.unit_submits,
            "remaining": applicant_words.remaining(task.closes_at, now) if task.closes_at else "",
            "came_back": came_back([task.id]).get(task.id),
            "saved_at": self.owned.draft.saved_at if self.owned.draft else None,
            "saved_by_unit": bool(saver(self.owned.draft)),
            "context": task_forms.facts(drawn, self.scheme, case, self.variables),
        }


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
