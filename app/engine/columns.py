"""The types that a decision table's columns declare (`typeRef`), and how values are read as them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.engine.civil import parse_day, parse_instant
from app.engine.values import kind, plain


@dataclass(frozen=True, slots=True)
class ColumnType:
    """A column's type; `classes` empty means that any value will do."""

    name: str
    title: str = "任意"
    classes: tuple[type, ...] = ()

    def read(self, value: Any) -> Any:
        """The value as this type has it: JSON has dates as texts, and 5.0 for 5.

        An empty value is of every type. Raises ValueError with a sentence.
        """
        if value is None or not self.classes:
            return plain(value)
        if type(value) is str and self.name == "date":
            return parse_day(value)
        if type(value) is str and self.name == "dateTime":
            return parse_instant(value)
        if type(value) is float and self.name == "integer" and value.is_integer():
            return int(value)
        if type(value) not in self.classes:
            raise ValueError(f"应当是{self.title}，实际是{kind(value)}")
        return plain(value)


_STRING = ColumnType("string", "文字（string）", (str,))
_BOOLEAN = ColumnType("boolean", "是非值（boolean）", (bool,))
_NUMBER = ColumnType("number", "数字（number）", (int, float))
_INTEGER = ColumnType("integer", "整数（integer）", (int,))
_DATE = ColumnType("date", "日期（date）", (date,))
_INSTANT = ColumnType("dateTime", "时刻（dateTime）", (datetime,))
ANY = ColumnType("any")

_TYPES = {
    "": ANY,
    "any": ANY,
    "string": _STRING,
    "boolean": _BOOLEAN,
    "number": _NUMBER,
    "double": _NUMBER,
    "decimal": _NUMBER,
    "integer": _INTEGER,
    "int": _INTEGER,
    "long": _INTEGER,
    "date": _DATE,
    "datetime": _INSTANT,
    "date and time": _INSTANT,
}


def column_type(type_ref: str | None) -> ColumnType:
    """The type of a `typeRef`, with or without a prefix such as ``feel:``.

    Raises ValueError with a sentence if it is none of the supported ones.
    """
    name = (type_ref or "").rpartition(":")[2].strip()
    found = _TYPES.get(name.lower())
    if found is None:
        raise ValueError(f"不支持类型“{name}”；请用 string、number、integer、boolean、date 或 dateTime")
    return found
