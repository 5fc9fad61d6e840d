"""Variables as JSON and back: dates and instants are tagged, and no value of a user can forge a tag."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

_DATE, _INSTANT = "$date", "$instant"


def to_json(value: Any) -> Any:
    """A JSON value for a plain one; TypeError for anything that is not plain, ValueError for a forged tag."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TypeError("a naive datetime is no instant")
        return {_INSTANT: value.astimezone(UTC).isoformat()}
    if isinstance(value, date):
        return {_DATE: value.isoformat()}
    if isinstance(value, Mapping):
        if any(not isinstance(key, str) or key.startswith("$") for key in value):
            raise ValueError("键必须是文字，且不能以 $ 开头")
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    raise TypeError(f"{type(value).__name__} is no plain value")


def from_json(value: Any) -> Any:
    """The plain value that `to_json` gave."""
    if isinstance(value, list):
        return [from_json(item) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {_DATE}:
        return date.fromisoformat(value[_DATE])
    if set(value) == {_INSTANT}:
        return datetime.fromisoformat(value[_INSTANT])
    return {key: from_json(item) for key, item in value.items()}
