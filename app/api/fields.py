"""Fields that requests are read with: each says in Chinese what it wants."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from marshmallow import ValidationError, fields, validate

LARGEST_ID = 2**63 - 1
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""Between these every sum of an instant and a term is an instant too."""

REQUIRED = "必填。"
NOT_A_TEXT = "应为文字。"
NOT_AN_INSTANT = "应为带时区的 ISO 8601 时刻，如 2021-06-11T09:00:00+08:00。"


def text(shortest: int = 0, longest: int = 100, **options: Any) -> fields.String:
    """Text of so many characters; one that may not be empty may not be blank either."""
    told = f"应为 {shortest} 至 {longest} 个字。" if shortest else f"最多 {longest} 个字。"
    checks: list[Callable[[str], Any]] = [validate.Length(shortest or None, longest, error=told)]
    if shortest:
        checks.append(_not_blank)
    return fields.String(validate=checks, error_messages=_told(NOT_A_TEXT), **options)


def choice(*words: str, **options: Any) -> fields.String:
    check = validate.OneOf(words, error="应为其中之一：{choices}。")
    return fields.String(validate=check, error_messages=_told(NOT_A_TEXT), **options)


def pattern(expression: str, told: str, **options: Any) -> fields.String:
    """Text of the form that `told` describes."""

    def check(value: str) -> None:
        if not re.fullmatch(expression, value):
            raise ValidationError(told)

    # Shown by hand: JSON Schema's patterns are not anchored, and Python's `$` lets a line end pass.
    metadata = {"pattern": f"^{expression}$"}
    return fields.String(validate=check, error_messages=_told(NOT_A_TEXT), metadata=metadata, **options)


def number(**options: Any) -> fields.Integer:
    """A number that names something."""
    check = validate.Range(0, LARGEST_ID, error="没有这样的编号。")
    return _Number(strict=True, validate=check, error_messages=_told("应为整数编号。"), **options)


def query_number(**options: Any) -> fields.Integer:
    """The same in an address, where all is text."""
    return _Digits(error_messages=_told("没有这样的编号。"), **options)


def day(**options: Any) -> fields.Date:
    return fields.Date(error_messages=_told("应为日期，如 2012-06-01。"), **options)


def numbers(most: int, **options: Any) -> fields.List[int]:
    check = validate.Length(1, most, error=f"应有 1 至 {most} 项。")
    return fields.List(number(), validate=check, error_messages=_told("应为编号的数组。"), **options)


def mapping(**options: Any) -> fields.Dict:
    """What is filled in a form; the form itself checks it."""
    return fields.Dict(error_messages=_told("应为 JSON 对象。"), **options)


def instant(**options: Any) -> fields.AwareDateTime:
    messages = {**_told(NOT_AN_INSTANT), "invalid_awareness": NOT_AN_INSTANT}
    return fields.AwareDateTime(format="iso", validate=_within_reach, error_messages=messages, **options)


def upload() -> fields.Raw:
    metadata = {"type": "string", "format": "binary"}
    return fields.Raw(required=True, metadata=metadata, error_messages={"required": "请选择文件。"})


class _Number(fields.Integer):
    """True and 1.0 are no numbers of anything."""

    def _validated(self, value: Any) -> int:
        if type(value) is not int:
            raise self.make_error("invalid")
        return value


class _Digits(fields.Integer):
    """Digits alone, as many as an address may hold; no sign, no blank, no other script's figures."""

    def _validated(self, value: Any) -> int:
        if not re.fullmatch("[0-9]{1,18}", str(value)):
            raise self.make_error("invalid")
        return int(value)


def _told(invalid: str) -> Any:
    return {"required": REQUIRED, "null": "不能为 null。", "invalid": invalid}


def _not_blank(value: str) -> None:
    if not value.strip():
        raise ValidationError(REQUIRED)


def _within_reach(value: datetime) -> None:
    if not EARLIEST <= value <= LATEST:
        raise ValidationError(f"应在 {EARLIEST.year} 年至 {LATEST.year} 年之间。")
