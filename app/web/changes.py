"""What differs between two fillings of a form, field by field, in the words of the page."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import request
from flask_babel import gettext as _

from app.content.form_view import FieldView, FormView
from app.content.scheme import Scheme
from app.models import Attachment
from app.queries.tasks import Entered
from app.web import task_forms
from app.web.filters import day

Files = Mapping[str, Attachment]


@dataclass(frozen=True)
class Difference:
    """A field that two fillings have otherwise; `name` is the field's."""

    name: str
    label: str
    was: str
    is_: str


@dataclass(frozen=True)
class Amended:
    """What was changed at a step when it was done again."""

    step: str
    differences: Sequence[Difference]


def differences(was: FormView | None, is_: FormView | None) -> list[Difference]:
    """In the order of the form; what both lack or have alike is left out."""
    before, after = dict(_fields(was)), dict(_fields(is_))
    files = task_forms.files_in([view for view in (was, is_) if view])
    found = []
    for name in dict.fromkeys([*after, *before]):
        texts = [_text(side[name], files) if name in side else "" for side in (before, after)]
        if texts[0] != texts[1]:
            label = (after.get(name) or before[name]).label
            found.append(Difference(name, label, *texts))
    return found


def picked(mine: Mapping[str, Any], saved: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """One's own filling, but for those of these fields in which the saved one was chosen."""
    theirs = {name for name in names if request.form.get(f"pick-{name}") == "theirs"}
    own = {name: value for name, value in mine.items() if name not in theirs}
    return own | {name: saved[name] for name in theirs if name in saved}


def since(
    returned_at: datetime | None, entered: Sequence[Entered], scheme: Scheme, unit_id: int
) -> list[Amended]:
    """What was done again after an instant, each step against what stood there before it."""
    if returned_at is None:
        return []
    before: dict[tuple[str, str], Entered] = {}
    after: dict[tuple[str, str], Entered] = {}
    for one in entered:
        side = before if one.task.completed_at and one.task.completed_at <= returned_at else after
        side[one.task.process, one.task.element] = one
    found = []
    for step, one in after.items():
        if step in before:
            views = [
                task_forms.read_view(side.task.form, side.values, scheme, unit_id)
                for side in (before[step], one)
            ]
            found.append(Amended(one.task.name, differences(*views)))
    return found


def _fields(view: FormView | None) -> Iterator[tuple[str, FieldView]]:
    for section in view.sections if view else ():
        for field in section.fields:
            if field.visible:
                yield field.name, field


def _text(field: FieldView, files: Files) -> str:
    """What was entered, as one line."""
    if field.widget == "table":
        rows = [[_text(cell, files) for cell in row] for row in field.rows]
        return "\n".join("，".join(filter(None, row)) for row in rows if any(row))
    if field.widget == "file":
        names = [field.value] if isinstance(field.value, str) else list(field.value or ())
        return "、".join(files[name].title if name in files else name for name in names if name)
    if field.options:
        return "、".join(option.label for option in field.options if option.selected)
    if field.widget == "checkbox":
        return _("是") if field.value else _("否")
    if field.widget in ("date", "month"):
        return day(field.value or "")
    return "" if field.value is None else str(field.value)
