"""Forms: one JSON file becomes what is shown, what is accepted, and what the API's document says."""

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from marshmallow import Schema, ValidationError

from app.content.conditions import Conditions
from app.content.form_fields import Field, Option
from app.content.form_post import filled, read_post
from app.content.form_schema import UNKNOWN, build_schema, missing
from app.content.form_view import FormView, view_form
from app.errors import Invalid


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    fields: Sequence[str]


@dataclass(frozen=True)
class Form:
    """What a task asks. `fields` are in the order of the file, `sections` in the order of the page."""

    file: str
    title: str
    fields: Mapping[str, Field]
    sections: Sequence[Section]
    conditions: Conditions
    source: Mapping[str, Any]
    help: str = ""

    @property
    def clauses(self) -> dict[str, Sequence[str]]:
        """The clauses that each field rests on; those of the form itself under the empty name."""
        found = {name: field.clauses for name, field in self.fields.items() if field.clauses}
        own = self.source.get("x-clauses")
        return {"": tuple(own), **found} if own else found

    @cached_property
    def schema(self) -> Schema:
        return build_schema([field for field in self.fields.values() if not field.read_only])

    def load(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The accepted values; what was left empty is left out.

        Raises errors.Invalid, its fields named as in the HTML form (`rows-0-name` in tables), if anything is
        unknown, wrong, missing where it is required, or filled in though it is hidden or read-only.
        """
        if not isinstance(values, Mapping):
            raise Invalid({"": ["提交的内容应当是“字段: 值”的形式"]})
        given = filled(values)
        errors: dict[str, list[str]] = {}
        for name in [name for name in given if name in self.fields]:
            sentence = self._refusal(self.fields[name], given)
            if sentence:
                errors[name] = [sentence]
        for name in errors.keys() | self._hidden(given):
            given.pop(name, None)
        loaded: dict[str, Any] = {}
        try:
            loaded = self.schema.load(given)
        except ValidationError as problem:
            loaded = problem.valid_data if isinstance(problem.valid_data, dict) else {}
            errors |= _flatten(problem.messages)
        errors |= {field.name: [missing(field)] for field in self._missing(given) if field.name not in errors}
        if errors:
            raise Invalid(dict(self._in_order(errors)))
        return filled(loaded)

    def _refusal(self, field: Field, given: Mapping[str, Any]) -> str | None:
        if field.read_only:
            return f"“{field.title}”由系统填写，不能修改"
        if not self.conditions.visible(field.name, given) and given[field.name] is not False:
            return f"“{field.title}”在当前的选择下不用填写，请清空后再提交"
        return None

    def _hidden(self, given: Mapping[str, Any]) -> set[str]:
        return {name for name in self.fields if not self.conditions.visible(name, given)}

    def _missing(self, given: Mapping[str, Any]) -> Iterable[Field]:
        required = self.conditions.required(given)
        for name, field in self.fields.items():
            asked = (field.required or name in required) and not field.read_only
            if asked and name not in given and self.conditions.visible(name, given):
                yield field

    def _in_order(self, errors: Mapping[str, list[str]]) -> list[tuple[str, list[str]]]:
        """Errors in the order of the page, so that a summary reads from top to bottom."""
        order = {name: place for place, name in enumerate(n for s in self.sections for n in s.fields)}
        return sorted(errors.items(), key=lambda found: order.get(found[0].partition("-")[0], len(order)))

    def parse_post(self, data: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        """The values of an HTML form post (name -> all values of that name), nested and typed for `load`.

        What cannot be read as its type stays text, and a name that the form lacks stays, for `load` to
        refuse. Names that begin with `_`, and `csrf_token`, are the page's own and passed over.
        """
        return read_post(self.fields, data)

    def view(
        self,
        values: Mapping[str, Any],
        errors: Mapping[str, Sequence[str]] | None = None,
        variables: Mapping[str, Any] | None = None,
        *,
        people: Sequence[Option] = (),
        colleagues: Sequence[Option] = (),
    ) -> FormView:
        """The form as a page shows it, with visibility under these values.

        `values` are those of a draft or of the last attempt; an untouched form is filled from the case's
        `variables` of the same names. `people` are the persons that `format: person` may choose from,
        `colleagues` the accounts that `format: colleague` may.
        """
        choices = {"person": people, "colleague": colleagues}
        return view_form(self, values, errors or {}, variables or {}, choices)

    def file_ids(self, loaded: Mapping[str, Any]) -> list[str]:
        """The attachments that loaded values refer to, in tables too, in the order of the form."""
        return [
            name
            for field in self.fields.values()
            for name in _of_format("file", field, loaded.get(field.name))
        ]

    def person_ids(self, loaded: Mapping[str, Any]) -> list[int]:
        """The persons that loaded values refer to, in tables too, in the order of the form."""
        return self._ids("person", loaded)

    def colleague_ids(self, loaded: Mapping[str, Any]) -> list[int]:
        """The accounts that loaded values refer to, in tables too, in the order of the form."""
        return self._ids("colleague", loaded)

    def _ids(self, wanted: str, loaded: Mapping[str, Any]) -> list[int]:
        return [
            one for field in self.fields.values() for one in _of_format(wanted, field, loaded.get(field.name))
        ]

    def json_schema(self) -> dict[str, Any]:
        """The form as JSON Schema 2020-12 for OpenAPI 3.1, its catalogues' options written out."""
        schema = copy.deepcopy(dict(self.source))
        schema.pop("$schema", None)
        schema["additionalProperties"] = False
        for name, field in self.fields.items():
            _write_out(schema["properties"][name], field)
        return schema


def _of_format(wanted: str, field: Field, value: Any) -> list[Any]:
    """The values of a field, its items or its rows that are of one format."""
    if value is None:
        return []
    if field.format == wanted:
        return [value]
    if field.item:
        return [found for item in value for found in _of_format(wanted, field.item, item)]
    inner = [(column, row.get(column.name)) for column in field.columns for row in value]
    return [found for column, part in inner for found in _of_format(wanted, column, part)]


def _write_out(spec: dict[str, Any], field: Field) -> None:
    if "x-options" in spec and field.options:
        spec["enum"] = [option.value for option in field.options]
    if field.item:
        _write_out(spec["items"], field.item)
    for column in field.columns:
        _write_out(spec["items"]["properties"][column.name], column)
    if field.columns:
        spec["items"]["additionalProperties"] = False


def _flatten(messages: Any, prefix: str = "") -> dict[str, list[str]]:
    """marshmallow's nested messages, named as the HTML form names its controls."""
    if not isinstance(messages, Mapping):
        return {prefix: list(messages)}
    found: dict[str, list[str]] = {}
    for key, inner in messages.items():
        name = f"{prefix}-{key}" if prefix else str(key)
        if inner == [UNKNOWN]:
            found[name[:80]] = [f"表单里没有“{str(key)[:40]}”这一项，不能提交"]
        elif isinstance(key, int) and not isinstance(inner, Mapping):
            found.setdefault(prefix, []).extend(text for text in inner if text not in found.get(prefix, []))
        else:
            found |= _flatten(inner, prefix if key == "_schema" else name)
    return found
