"""From the texts of an HTML form post to nested, typed values."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from app.content.form_fields import Field

_CELL = re.compile(r"([A-Za-z][A-Za-z0-9_]*)-([0-9]{1,4})-([A-Za-z][A-Za-z0-9_]*)")
_WHOLE = re.compile(r"[+-]?[0-9]{1,15}")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,15}\.[0-9]{1,15}")
_TRUE = frozenset({"on", "true", "1"})


def read_post(fields: Mapping[str, Field], data: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The values of a post (name -> all values of that name); see `Form.parse_post`."""
    own = {name: list(texts) for name, texts in data.items() if name[:1] != "_" and name != "csrf_token"}
    values: dict[str, Any] = {}
    for name, field in fields.items():
        values[name] = _rows(field, own) if field.columns else _value(field, own.pop(name, []))
    found = {name: value for name, value in values.items() if value not in (None, "", [])}
    return found | {name: texts[-1] if texts else "" for name, texts in own.items()}


def filled(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values without those that say nothing, in the rows of tables too."""
    return {name: _inside(value) for name, value in values.items() if not empty(value)}


def _inside(value: Any) -> Any:
    if isinstance(value, list):
        return [filled(item) if isinstance(item, dict) else item for item in value]
    return value


def empty(value: Any) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def _rows(field: Field, data: dict[str, list[str]]) -> list[dict[str, Any]]:
    """Takes a table's cells out of the post; rows in which nothing was filled in are left out."""
    columns = {column.name: column for column in field.columns}
    rows: dict[int, dict[str, Any]] = {}
    for name in list(data):
        cell = _CELL.fullmatch(name)
        if cell and cell[1] == field.name and cell[3] in columns:
            rows.setdefault(int(cell[2]), {})[cell[3]] = _value(columns[cell[3]], data.pop(name))
    kept = (rows[number] for number in sorted(rows))
    return [filled(row) for row in kept if any(not empty(v) and v is not False for v in row.values())]


def _value(field: Field, texts: Sequence[str]) -> Any:
    if field.type == "array":
        return [_scalar(field.item, text) for text in texts if text.strip()] if field.item else list(texts)
    if field.type == "boolean":
        return _truth(field, texts)
    if len(texts) > 1:
        return list(texts)
    return _scalar(field, texts[0]) if texts else None


def _truth(field: Field, texts: Sequence[str]) -> bool | None:
    """A box that is not ticked is not sent; of a choice between yes and no, nothing sent is no answer."""
    if not texts and (field.widget == "radio" or field.read_only):
        return None
    return any(text in _TRUE for text in texts)


def _scalar(field: Field, text: str) -> Any:
    if field.type not in ("integer", "number"):
        return text
    narrow = unicodedata.normalize("NFKC", text).strip()
    if _WHOLE.fullmatch(narrow):
        return int(narrow)
    return float(narrow) if _DECIMAL.fullmatch(narrow) else text
