"""Variables: the scopes that hold them and the plain data that may stand in them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any

from app.engine.types import Variables
from app.errors import EngineError

_DEEPEST = 40
_LARGEST = 2**63
_SCALARS = (str, bool, type(None))


class NotPlain(EngineError):
    """变量里只能放文字、数字、是非值、日期、时刻、列表和数据项。"""


@dataclass(slots=True, eq=False)
class Scope:
    """Variables that belong together, as in Camunda: the process, a called process, one instance of many.

    An embedded sub-process has none of its own. `outer` is None for a process, which sees nothing else.
    """

    id: int
    variables: Variables
    outer: Scope | None = None

    def visible(self) -> Variables:
        """What an expression in this scope reads, the innermost value of each name. Not to be changed."""
        if self.outer is None:
            return self.variables
        return {**self.outer.visible(), **self.variables}

    def assign(self, values: Mapping[str, Any]) -> None:
        """Set variables of this scope to copies of the values. Raises NotPlain with the variable's name."""
        for name, value in values.items():
            self.variables[name] = plain(value, name)


def plain(value: Any, name: str) -> Any:
    """A copy of `value` in lists, dicts, instants in UTC. Raises NotPlain with the variable's name."""
    return _copy(value, name, 0)


def _copy(value: Any, name: str, depth: int) -> Any:
    kind = type(value)
    if kind in _SCALARS or kind is date:
        return _text(value, name) if kind is str else value
    if depth > _DEEPEST:
        raise _refusal(name, "层次太深")
    if kind in (dict, MappingProxyType):
        return {_key(key, name): _copy(item, name, depth + 1) for key, item in value.items()}
    if kind in (list, tuple):
        return [_copy(item, name, depth + 1) for item in value]
    if kind is datetime:
        return _instant(value, name)
    if (kind is int and -_LARGEST <= value < _LARGEST) or (kind is float and math.isfinite(value)):
        return value
    raise _refusal(name, "不是文字、数字、是非值、日期、时刻、列表或数据项")


def _key(key: Any, name: str) -> str:
    if type(key) is not str:
        raise _refusal(name, "里有不是文字的名称")
    return _text(key, name)


def _text(text: str, name: str) -> str:
    if not text.isascii() and not text.isprintable():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise _refusal(name, "里有不成字符的内容") from None
    return text


def _instant(value: datetime, name: str) -> datetime:
    if value.tzinfo is None:
        raise _refusal(name, "里有没有时区的时刻")
    return value.astimezone(UTC)


def _refusal(name: str, why: str) -> NotPlain:
    return NotPlain(f"变量“{name}”{why}，不能保存", variable=name)
