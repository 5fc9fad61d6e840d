"""Made-up values for forms, so that a dry run goes on where nobody has entered anything."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from app.content.form_fields import Field
from app.content.forms import Form
from app.content.identity import make_citizen_id
from app.content.mapping import output_mapping
from app.content.scheme import Scheme

_TEXT = "样例"
_FORMATS = {
    "email": "a@example.cn",
    "uri": "https://example.cn/",
    "file": "样例.pdf",
    "id_number": make_citizen_id("110101", date(1980, 1, 1), 1, "male"),
}


def sample_variables(scheme: Scheme, day: date) -> dict[str, dict[str, dict[str, Any]]]:
    """What every user task's form would set, by process and task, if it were filled in on `day`."""
    return {
        process.id: {
            element.id: output_mapping(
                element.properties.get("outputs", ""), sample_values(scheme.form(element.form), day)
            )
            for element in process.elements.values()
            if element.form
        }
        for process in scheme.definitions.processes.values()
    }


def sample_values(form: Form, day: date) -> dict[str, Any]:
    """A value for every field that is visible then: the first option, the least number, `day`.

    They are of the right type and no more: a pattern or a length may still refuse them.
    """
    values = {name: _sample(field, day) for name, field in form.fields.items() if not field.read_only}
    return {name: value for name, value in values.items() if form.conditions.visible(name, values)}


def _sample(field: Field, day: date) -> Any:
    if field.default is not None:
        return field.default
    if field.options:
        return field.options[0].value
    match field.type:
        case "boolean":
            return field.const is True
        case "integer" | "number":
            return field.limits.get("minimum", 1)
        case "array":
            return [_row(field, day) if field.columns else _item(field, day)]
        case _:
            return _text(field, day)


def _row(field: Field, day: date) -> Mapping[str, Any]:
    return {column.name: _sample(column, day) for column in field.columns}


def _item(field: Field, day: date) -> Any:
    return _sample(field.item, day) if field.item else _TEXT


def _text(field: Field, day: date) -> str:
    if field.format in ("date", "month"):
        return day.isoformat()[: 7 if field.format == "month" else 10]
    return _FORMATS.get(field.format, _TEXT)
