"""Open tasks of one step as a table 多行填写: a row a person, a cell a field, what was typed in each.

A row's controls are named `t<task>-<field>`. Beside them it carries when its draft was saved (`_seen`), a
digest of its cells as they were saved (`_was`), and whether it began with what an ended session had sent
(`_kept`): a row that nobody touched is left alone, and one that was saved meanwhile by somebody else is told,
not overwritten.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from flask import request
from flask_babel import gettext as _

from app.content.beginnings import begins_with
from app.content.form_cells import columns_of, option_value
from app.content.form_post import filled
from app.content.form_view import FieldView
from app.content.forms import Form
from app.content.scheme import Scheme
from app.errors import Invalid
from app.models import KeptForm, TaskDraft
from app.operations import tasks
from app.queries import desk as beside
from app.queries import tasks as task_queries
from app.queries.inbox import TaskRow
from app.web import task_forms
from app.web.filters import instant
from app.web.schemes import now_of
from app.web.task_forms import Values

MANY_OPTIONS = 30
"""Beyond so many a cell is typed in, with suggestions that all rows share."""


@dataclass(frozen=True)
class Part:
    """A part of a form: its title and fields, and what of the whole form cells may hold."""

    title: str
    fields: Sequence[str]
    cells: frozenset[str]


def parts_of(form: Form) -> list[Part]:
    """The sections of a form that have something to be filled in by cells."""
    cells = frozenset(found.name for found in columns_of(form))
    parts = [Part(section.title or form.title, section.fields, cells) for section in form.sections]
    return [part for part in parts if part.cells.intersection(part.fields)]


@dataclass
class Row:
    """A task with what its form begins with (`base`), and what stands in its cells now (`values`).

    `kept` is what its reader sent when their session had ended, and nobody has saved yet.
    """

    found: TaskRow
    form: Form
    part: Part
    base: Values
    variables: Values
    draft: TaskDraft | None = None
    saved_by: str = ""
    kept: KeptForm | None = None
    values: Values = field(default_factory=dict)
    typed: frozenset[str] = frozenset()
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)
    message: str = ""

    @property
    def id(self) -> int:
        return self.found.task.id

    @property
    def name(self) -> str:
        return self.found.person.name if self.found.person else self.found.unit_name

    @property
    def version(self) -> str:
        return self.draft.saved_at.isoformat() if self.draft else ""

    @property
    def closed(self) -> bool:
        closes_at = self.found.task.closes_at
        return closes_at is not None and closes_at <= now_of(self.found.task.scheme_id)

    @property
    def tickable(self) -> bool:
        task = self.found.task
        return task.bulk and not (self.closed or task.delegated or task.awaits)

    @property
    def troubled(self) -> bool:
        return bool(self.errors or self.message)

    @property
    def elsewhere(self) -> list[str]:
        """What is wrong with fields that this table doesn't show."""
        return [text for name, texts in self.errors.items() if name not in self.part.fields for text in texts]

    # What was sent

    @property
    def start(self) -> Values:
        """What the row held when the page was drawn that was sent."""
        return dict(self.kept.values if self.kept and self._key("_kept") in request.form else self.base)

    def take(self) -> None:
        """Puts what was typed over what the row began with."""
        own = [name for name in self.part.fields if name in self.part.cells]
        sent = [name for name in own if self._key(name) in request.form]
        texts = {name: self._texts(name) for name in sent}
        parsed = self.form.parse_post(texts)
        given = {name: parsed[name] for name in sent if name in parsed and self._says(name, parsed[name])}
        merged = {name: value for name, value in self.start.items() if name not in sent} | given
        shows = self.form.conditions.visible
        self.values = {n: v for n, v in merged.items() if n not in self.form.fields or shows(n, merged)}
        self.typed = frozenset(sent)

    @property
    def touched(self) -> bool:
        if self.kept and self._key("_kept") in request.form:
            return True
        was = request.form.get(self._key("_was"))
        shown = [name for name in self.part.fields if name in self.typed]
        return bool(shown) and was != _digest((name, "\n".join(self._texts(name))) for name in shown)

    @property
    def stale(self) -> bool:
        """Whether a draft was saved since the page was drawn."""
        return request.form.get(self._key("_seen"), "") != self.version

    def check(self, *, whole: bool) -> None:
        """Finds what is wrong: with all of the form, or only with what was filled in here."""
        try:
            self.form.load(self.values)
        except Invalid as refusal:
            told = refusal.fields
            filled_in = self.typed & filled(self.values).keys()
            self.errors = told if whole else {n: texts for n, texts in told.items() if n in filled_in}

    def refuse_stale(self) -> None:
        if not self.touched:
            self.values = self.start
        who, at = self.saved_by, instant(self.draft.saved_at if self.draft else None)
        self.message = _(
            "这一件已由%(who)s于 %(at)s 另行保存，没有被覆盖。请核对后再保存；再次保存以这里的填写为准。",
            who=who,
            at=at,
        )

    def _key(self, name: str) -> str:
        return f"t{self.id}-{name}"

    def _texts(self, name: str) -> list[str]:
        known = self.form.fields[name]
        sent = [text for text in request.form.getlist(self._key(name)) if text.strip()]
        if known.options is not None:
            return [option_value(known, text) for text in sent]
        return sent

    def _says(self, name: str, value: Any) -> bool:
        """A box that nobody ticked says nothing where nothing was saved."""
        unticked = value is False and self.form.fields[name].widget == "checkbox"
        return not unticked or name in self.base

    # What is shown

    @cached_property
    def cells(self) -> dict[str, FieldView]:
        """The part's fields as the page shows them, by their names in the form."""
        return {name: replace(one, name=self._key(name)) for name, one in self._views(self.values).items()}

    def _views(self, values: Values) -> dict[str, FieldView]:
        errors = {name: texts for name, texts in self.errors.items() if name in self.part.fields}
        view = self.form.view(values, errors, self.variables)
        fields = {one.name: one for section in view.sections for one in section.fields}
        return {name: fields[name] for name in self.part.fields}

    @property
    def digest(self) -> str:
        """Of the cells as they are saved, of those that are shown."""
        saved = self._views(self.base)
        shown = [n for n in self.part.fields if n in self.part.cells and self.cells[n].visible]
        return _digest((name, _control_text(saved[name])) for name in shown)

    def saved_text(self, name: str) -> str:
        """Of a row that was saved meanwhile, or kept: what is saved in a cell that holds something else."""
        if not (self.draft and (self.kept or (self.message and self.stale))):
            return ""
        saved = self._views(self.base)[name]
        if _control_text(saved) == _control_text(self.cells[name]):
            return ""
        chosen = next((option.label for option in saved.options if option.selected), None)
        return chosen or _control_text(saved) or _("（空）")


def read_rows(
    found: Sequence[TaskRow], scheme: Scheme, form: Form, part: Part, account_id: int | None
) -> list[Row]:
    """The rows of open tasks of one step and one deployment, with what is saved or kept in them."""
    ids = [row.task.id for row in found]
    begun, saved, kept = task_queries.typed(ids), task_queries.drafts(ids), beside.all_kept(ids, account_id)
    states = task_queries.states({row.case.id for row in found})
    rows = []
    for one in found:
        seen = task_forms.variables_in(states[one.case.id], scheme, one.task.token)
        variables = begins_with(scheme, one.task.process, one.task.element, seen)
        base = _beginning(form, begun.get(one.task.id, {}), variables)
        draft, who = saved.get(one.task.id, (None, ""))
        mine = kept.get(one.task.id)
        shown = dict(mine.values if mine else base)
        rows.append(Row(one, form, part, base, variables, draft, who, mine, shown))
    return rows


def settle(rows: Sequence[Row]) -> None:
    """What was typed in these rows has been saved."""
    saved = task_queries.drafts([row.id for row in rows])
    for row in rows:
        row.base, row.kept = filled(tasks.as_draft(row.values)), None
        row.draft, row.saved_by = saved[row.id]


def columns(rows: Sequence[Row], part: Part) -> list[str]:
    """The fields that some row shows: what no row is asked for has no column."""
    return [name for name in part.fields if any(row.cells[name].visible for row in rows)]


def _beginning(form: Form, values: Values, variables: Values) -> Values:
    """What a form begins with, written out: once anything is saved, nothing else is filled in by itself."""
    if values:
        return filled(values)
    known = {name: variables.get(name, one.default) for name, one in form.fields.items() if not one.read_only}
    return filled(tasks.as_draft({n: str(v) if hasattr(v, "isoformat") else v for n, v in known.items()}))


def _digest(pairs: Iterable[tuple[str, str]]) -> str:
    told = "\0".join(f"{name}={' '.join(text.split())}" for name, text in pairs)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _control_text(view: FieldView) -> str:
    """What the control of a cell sends."""
    if view.widget == "checkbox":
        return "true" if view.value else ""
    if view.options:
        return next((option.value for option in view.options if option.selected), str(view.value or ""))
    return str(view.value or "")
