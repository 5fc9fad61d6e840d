"""A task's form between the browser and the scheme: what was posted, what is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import request
from flask_babel import gettext as _

from app.content.form_fields import Field, Option
from app.content.form_view import FieldView, FormView
from app.content.forms import Form
from app.content.scheme import Scheme
from app.engine import Element, Instance
from app.engine.definitions import split_list
from app.models import Attachment, Case
from app.operations import live
from app.operations.actors import Actor
from app.queries import colleagues, files, people
from app.web import uploads
from app.web.schemes import field_labels, known_fields, listed_text
from app.web.session import viewer

Values = dict[str, Any]
Errors = Mapping[str, Sequence[str]]


def posted(form: Form, actor: Actor) -> tuple[Values, Errors]:
    """What the browser sent: values, with new uploads stored and named in them; and refused uploads.

    A row whose delete button was pressed is left out, and so is what stands in a field that the other
    answers have made invisible: the page no longer shows it, so nobody could clear it.
    """
    dropped = request.form.get("_drop")
    texts = {
        name: request.form.getlist(name)
        for name in request.form
        if name != "task" and not (dropped and name.startswith(f"{dropped}-"))
    }
    errors = uploads.take(form, texts, actor)
    values = form.parse_post(texts)
    return {name: value for name, value in values.items() if _may_stand(form, name, values)}, errors


def _may_stand(form: Form, name: str, values: Values) -> bool:
    return name not in form.fields or form.conditions.visible(name, values)


def shown(
    form: Form,
    values: Values,
    errors: Errors,
    variables: Values,
    unit_id: int,
    scheme: Scheme | None = None,
) -> FormView:
    """The form's view, its lists of persons those of the unit, of colleagues those of the viewer.

    With the `scheme`, it is told of whom a list may not choose, having filed already.
    """
    own = viewer()
    office_id = own.actor.organisation_id if own else None
    chosen_from = _people(form, unit_id)
    if scheme is not None:
        chosen_from = _but_for_filed(form, scheme, chosen_from)
    return form.view(values, errors, variables, people=chosen_from, colleagues=_colleagues(form, office_id))


def read_view(name: str | None, values: Values, scheme: Scheme, unit_id: int) -> FormView | None:
    """What was once entered, as the form of that name shows it; None without a form or values."""
    form = scheme.forms.get(name or "")
    if form is None or not values:
        return None
    named = [Option(one.id, one.name) for one in colleagues.named(form.colleague_ids(values))]
    return form.view(values, {}, values, people=_people(form, unit_id, left=True), colleagues=named)


def _people(form: Form, unit_id: int, left: bool = False) -> list[Option]:
    if not _asks_for(form, "person"):
        return []
    return [Option(person.id, person.name) for person in people.choices(unit_id, left=left)]


def _but_for_filed(form: Form, scheme: Scheme, offered: list[Option]) -> list[Option]:
    """The same people, told of who has a case already of what the form's list begins (LIFE-07)."""
    begun = next((field.begins for field in form.fields.values() if field.begins), "")
    process = scheme.processes.get(begun)
    if process is None:
        return offered
    found = live.of_people(scheme, process, [option.value for option in offered])
    return [
        replace(one, taken=_("%(has)s，不用再选。", has=found[one.value].told(process)))
        if one.value in found
        else one
        for one in offered
    ]


def _colleagues(form: Form, office_id: int | None) -> list[Option]:
    if office_id is None or not _asks_for(form, "colleague"):
        return []
    return [Option(one.id, one.name) for one in colleagues.colleagues(office_id)]


def _asks_for(form: Form, wanted: str) -> bool:
    parts = [part for field in form.fields.values() for part in (field, field.item, *field.columns) if part]
    return any(part.format == wanted for part in parts)


def facts(element: Element, scheme: Scheme, case: Case, variables: Values) -> list[tuple[str, str]]:
    """What the diagram wants shown above a task's form (its property `show`), with the names of the forms."""
    values, labels, fields = {**case.listed, **variables}, field_labels(scheme), known_fields(scheme)
    told = []
    for name in split_list(element.properties.get("show", "")):
        value = values.get(name)
        people_meant = name in fields and _names_people(fields[name])
        text = _people_named(value) if people_meant else listed_text(scheme, value, name)
        told.append((labels.get(name, name), text))
    return [(label, text) for label, text in told if text]


def _names_people(field: Field) -> bool:
    return "person" in (field.format, field.item.format if field.item else "")


def _people_named(value: Any) -> str:
    ids = value if isinstance(value, list) else [value] if value else []
    names = people.names(ids)
    return "、".join(names[one] for one in ids if one in names)


def files_in(views: Iterable[FormView]) -> dict[str, Attachment]:
    """The uploads that views name, by their names in addresses."""
    return files.by_name({name for view in views for field in _controls(view) for name in _file_names(field)})


def variables_of(case: Case, scheme: Scheme, token: int) -> Values:
    """The variables that a waiting task sees; empty once it no longer waits."""
    return variables_in(case.engine_state, scheme, token)


def variables_in(state: bytes, scheme: Scheme, token: int) -> Values:
    """The same, from the engine's bytes of the case."""
    waits = Instance.load(scheme.definitions, state).snapshot().tasks
    return next((dict(wait.variables) for wait in waits if wait.token == token), {})


def _controls(view: FormView) -> Iterable[FieldView]:
    for section in view.sections:
        for field in section.fields:
            yield field
            for row in field.rows:
                yield from row


def _file_names(field: FieldView) -> Sequence[str]:
    if field.widget != "file" or not field.value:
        return ()
    return [field.value] if isinstance(field.value, str) else list(field.value)
