"""A form as columns of a table: what its cells may hold, and how they are read into values."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from app.content.form_fields import Field
from app.content.forms import Form

NUMBER, NAME = "办件编号", "姓名"
"""The columns by which a line tells its case."""
TO_READ = ("证件号码", "单位")
"""More columns that a template has for whoever fills it in."""

_TYPES = frozenset({"string", "integer", "number", "boolean"})
_ELSEWHERE = frozenset({"file", "person", "colleague", "id_number"})
"""What a cell can't hold: an upload, a choice among people or colleagues, a number that no file may keep."""
_YES = frozenset({"是", "√", "✓", "对", "有", "true", "yes", "y", "1"})
_NO = frozenset({"否", "×", "✗", "错", "无", "false", "no", "n", "0"})
_DAY = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})(?:[-/.月]([0-9]{1,2})日?)?月?")
_SHAPES = {"integer": "整数", "number": "数字", "boolean": "是、否", "string": "文字"}
_FORMATS = {"date": "日期，如 2021-06-01", "month": "年月，如 2021-06"}


def columns_of(form: Form) -> list[Field]:
    """The fields that are filled in by cells, in the form's order."""
    return [field for field in form.fields.values() if not field.read_only and _fits(field)]


def misfits(form: Form) -> list[Field]:
    """The fields that must or may be filled in and that no cell can hold."""
    return [field for field in form.fields.values() if not field.read_only and not _fits(field)]


def explained(field: Field) -> str:
    """What a cell of the column may hold."""
    if field.options is not None:
        return "、".join(option.label for option in field.options)
    told = _FORMATS.get(field.format) or _SHAPES[field.type]
    low, high = field.limits.get("minimum"), field.limits.get("maximum")
    bounds = f"{low} 至 {high}" if low is not None and high is not None else ""
    return "，".join(filter(None, (told, bounds)))


def is_blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def read_cells(form: Form, columns: Iterable[Field], cells: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a line, by field, for `Form.load` to judge; what can't be read stays as it stands.

    Where anything is filled in, an empty cell of yes or no says no: nobody writes 否 three thousand times.
    """
    fields = {field.name: field for field in columns}
    filled = {name: cell for name, cell in cells.items() if name in fields and not is_blank(cell)}
    texts = {name: [_text(fields[name], cell)] for name, cell in filled.items() if not _is_flag(fields[name])}
    values = {name: value for name, value in form.parse_post(texts).items() if name in texts}
    for name, field in fields.items():
        if _is_flag(field) and filled:
            values[name] = _truth(field, filled.get(name))
    return values


def _fits(field: Field) -> bool:
    return field.type in _TYPES and field.format not in _ELSEWHERE


def _is_flag(field: Field) -> bool:
    return field.type == "boolean"


def _truth(field: Field, cell: Any) -> Any:
    """Also the column's own name says yes: 缺考 in the column 缺考."""
    if cell is None or isinstance(cell, bool):
        return bool(cell)
    said = narrow(str(cell)).lower()
    if said in _YES or said == narrow(field.title).lower():
        return True
    return False if said in _NO else cell


def _text(field: Field, cell: Any) -> str:
    """A cell as somebody would have typed it; a number without the trace of how a sheet keeps it."""
    if isinstance(cell, datetime):
        cell = cell.date()
    if isinstance(cell, date):
        return cell.isoformat()[:7] if field.format == "month" else cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = str(cell).strip()
    if field.options is not None:
        return option_value(field, text)
    return written_day(text) if field.format in ("date", "month") else text


def option_value(field: Field, text: str) -> str:
    """The value of an option that was named by its label."""
    labels = {narrow(option.label): str(option.value) for option in field.options or ()}
    return labels.get(narrow(text), text)


def written_day(text: str) -> str:
    """A day or month as ISO 8601 writes it, of the ways in which people do; what is neither as it stands."""
    found = _DAY.fullmatch(narrow(text))
    if found is None:
        return text
    year, month, day = found.groups()
    return f"{year}-{int(month):02}" + (f"-{int(day):02}" if day else "")


def narrow(text: str) -> str:
    """Text without the spaces around it and the width of its characters."""
    return unicodedata.normalize("NFKC", text).strip()


def repeated(titles: Sequence[str]) -> set[str]:
    """The titles that occur more than once."""
    return {title for title in titles if titles.count(title) > 1}
