"""A form as a page shows it: sections, fields, options, rows, each with its value and its errors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.content.form_fields import LONGEST_LINE, LONGEST_TEXT, Field, Option
from app.content.form_post import empty

if TYPE_CHECKING:
    from app.content.forms import Form

MOST_ROWS = 50
"""Rows that a page shows of a table without a bound of its own."""


@dataclass(frozen=True, slots=True)
class OptionView:
    value: str
    label: str
    selected: bool
    group: str = ""
    taken: str = ""


@dataclass(frozen=True, slots=True)
class FieldView:
    """One control. `name` is the HTML name (`rows-0-name` in a table) and fits as an id.

    `value` is text ready for the control, for files and persons a list of texts, for a box a truth value.
    `controls`: other fields depend on this one, so the page asks again when it changes. A hidden field
    (`visible` False) is left out of the page. `rows` hold a table's cells, `columns` its heads.
    """

    name: str
    label: str
    widget: str
    value: Any
    required: bool
    visible: bool = True
    read_only: bool = False
    controls: bool = False
    multiple: bool = False
    help: str = ""
    errors: Sequence[str] = ()
    options: Sequence[OptionView] = ()
    columns: Sequence["FieldView"] = ()
    rows: Sequence[Sequence["FieldView"]] = ()
    accept: Sequence[str] = ()
    max_bytes: int | None = None
    max_length: int | None = None
    whole: bool = False
    width: int | None = None
    clauses: Sequence[str] = ()

    @property
    def error(self) -> str:
        """The sentences about this control as one text, empty if it is right."""
        return "；".join(self.errors)


@dataclass(frozen=True, slots=True)
class SectionView:
    title: str
    fields: Sequence[FieldView]

    @property
    def visible(self) -> bool:
        return any(field.visible for field in self.fields)


@dataclass(frozen=True, slots=True)
class FormView:
    """`errors` has every sentence once, with the name of its control, in the order of the page."""

    title: str
    help: str
    sections: Sequence[SectionView]
    errors: Sequence[tuple[str, str]]


def view_form(
    form: "Form",
    values: Mapping[str, Any],
    errors: Mapping[str, Sequence[str]],
    variables: Mapping[str, Any],
    choices: Mapping[str, Sequence[Option]],
) -> FormView:
    """See `Form.view`; `choices` are those of a format that no form can list."""
    return _View(form, values, errors, variables, choices).build()


class _View:
    def __init__(
        self,
        form: "Form",
        values: Mapping[str, Any],
        errors: Mapping[str, Sequence[str]],
        variables: Mapping[str, Any],
        choices: Mapping[str, Sequence[Option]],
    ) -> None:
        self.form = form
        self.errors = errors
        self.choices = choices
        self.values = {name: self._initial(field, values, variables) for name, field in form.fields.items()}
        self.required = form.conditions.required(self.values)
        self.controls = form.conditions.controls

    @staticmethod
    def _initial(field: Field, values: Mapping[str, Any], variables: Mapping[str, Any]) -> Any:
        """What was entered; else the case's variable of that name; else the form's default.

        A read-only field shows the variable alone. Once anything was entered, an empty field stays empty.
        """
        if field.read_only or not values:
            return variables.get(field.name, field.default)
        return values.get(field.name)

    def build(self) -> FormView:
        sections = [
            SectionView(s.title, tuple(self._field(self.form.fields[name]) for name in s.fields))
            for s in self.form.sections
        ]
        told = [(name, text) for name, texts in self.errors.items() for text in texts]
        return FormView(self.form.title, self.form.help, tuple(sections), tuple(told))

    def _field(self, field: Field) -> FieldView:
        value = self.values[field.name]
        return self._view(
            field,
            field.name,
            value,
            required=field.required or field.name in self.required,
            visible=self._visible(field.name),
            controls=field.name in self.controls,
            columns=tuple(self._view(c, c.name, None, required=c.required) for c in field.columns),
            rows=self._rows(field, value) if field.columns else (),
        )

    def _visible(self, name: str) -> bool:
        """A field that was refused stays in sight, if only to be cleared."""
        return name in self.errors or self.form.conditions.visible(name, self.values)

    def _view(self, field: Field, name: str, value: Any, **more: Any) -> FieldView:
        inner = field.item or field
        multiple = field.type == "array" and not field.columns
        bound = LONGEST_TEXT if field.widget == "textarea" else LONGEST_LINE
        return FieldView(
            name=name,
            label=field.title,
            widget=field.widget,
            value=_shown(field, value),
            read_only=field.read_only,
            multiple=multiple,
            help=field.help,
            errors=tuple(self.errors.get(name, ())),
            options=self._options(inner, value if multiple else [value], bool(field.begins)),
            accept=field.accept or inner.accept,
            max_bytes=field.max_bytes or inner.max_bytes,
            max_length=field.limits.get("maxLength", bound) if field.type == "string" else None,
            whole=field.type == "integer",
            width=field.width,
            clauses=field.clauses,
            **more,
        )

    def _options(self, field: Field, chosen: Any, begins: bool) -> Sequence[OptionView]:
        options = self.choices.get(field.format or "", field.options)
        if field.type == "boolean" and field.widget == "radio":
            options = (Option(True, "是"), Option(False, "否"))
        picked = {_text(value) for value in chosen} if isinstance(chosen, list) else set()
        texts = [(_text(option.value), option) for option in options or ()]
        return tuple(
            OptionView(text, o.label, text in picked, o.group, o.taken if begins else "") for text, o in texts
        )

    def _rows(self, field: Field, value: Any) -> Sequence[Sequence[FieldView]]:
        """The filled rows and at least one empty one, so that a table grows without a script, too."""
        filled = [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
        most = field.limits.get("maxItems", MOST_ROWS)
        wanted = max(len(filled) + (not field.read_only), field.rows, field.limits.get("minItems", 0))
        rows = filled + [{}] * (min(wanted, max(most, len(filled))) - len(filled))
        return tuple(
            tuple(
                self._view(c, f"{field.name}-{number}-{c.name}", row.get(c.name), required=c.required)
                for c in field.columns
            )
            for number, row in enumerate(rows)
        )


def _shown(field: Field, value: Any) -> Any:
    if field.type == "boolean":
        return value is True if field.widget == "checkbox" else _text(value)
    if field.columns:
        return None
    if field.type == "array":
        return [_text(item) for item in value] if isinstance(value, list) else []
    return "" if empty(value) else _text(value)


def _text(value: Any) -> str:
    """The value as HTML controls carry it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
