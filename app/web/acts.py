"""A page for one administrative act: its fields, its ground, and what is refused of it (ALL-03)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, TypeVar

from flask import render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app import edge
from app.engine.civil import start_of_day
from app.errors import Conflict, Invalid

LONGEST = 500
EARLIEST, LATEST = date(1949, 10, 1), date(2200, 1, 1)

Values = Mapping[str, Any]
Errors = Mapping[str, Sequence[str]]
Option = TypeVar("Option", bound=str)


@dataclass(frozen=True)
class Field:
    """What the act asks for beside its ground."""

    name: str
    label: Any
    kind: Literal["text", "date", "select", "checkboxes"] = "text"
    options: Iterable[tuple[Any, Any]] = ()
    help: Any = ""
    required: bool = True
    blank: Any = ""


@dataclass(frozen=True)
class Act:
    """`about` is what it is done to, `back` the address to return to."""

    title: Any
    about: str
    back: str
    button: Any
    note: Any = ""
    fields: Sequence[Field] = ()
    danger: bool = False


GROUND = Field("ground", _l("依据"), help=_l("文号、审批意见或书面申请，记入日志"))


def answer(
    act: Act, work: Callable[[Values], Any], done: Callable[[Any], Any], values: Values | None = None
) -> Any:
    """The page of the act, or what came of it: done in one transaction, or refused with a sentence.

    `values` are what the fields show at first; `done` makes the answer from what `work` returned.
    """
    if request.method == "GET":
        return page(act, values or {}, {})
    sent = read(act)
    try:
        with edge.transaction():
            result = work(sent)
    except (Invalid, Conflict) as refusal:
        return page(act, sent, told(refusal)), refusal.status
    return done(result)


def page(act: Act, values: Values, errors: Errors) -> str:
    fields = [*act.fields, GROUND]
    labels = {field.name: field.label for field in fields}
    return render_template(
        "administration/act.html", act=act, fields=fields, labels=labels, values=values, errors=errors
    )


def read(act: Act) -> dict[str, Any]:
    """What was sent of the act's fields: texts, and of check boxes a list of texts."""
    sent: dict[str, Any] = {}
    for field in (*act.fields, GROUND):
        texts = [text.replace("\x00", "").strip()[:LONGEST] for text in request.form.getlist(field.name)]
        sent[field.name] = texts if field.kind == "checkboxes" else (texts or [""])[0]
    return sent


def told(refusal: Invalid | Conflict) -> Errors:
    fields = refusal.fields if isinstance(refusal, Invalid) else {}
    return fields or {"_": [refusal.message]}


def since(text: str, field: str = "since") -> datetime:
    """When the act begins to count: 00:00 of the day stated, without one at once. Raises Invalid."""
    if not text:
        return edge.received_at()
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not EARLIEST <= day <= LATEST:
        raise Invalid({field: [_("请填写日期，如 2021-07-01。")]})
    return start_of_day(day)


def chosen(text: str, options: Iterable[Option], field: str) -> Option | None:
    """One of the options, None for none. Raises Invalid for what is not among them."""
    found = next((one for one in options if one == text), None)
    if text and found is None:
        raise Invalid({field: [_("请选择。")]})
    return found
