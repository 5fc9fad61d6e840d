"""How instants, days and sizes are written on a page: civil time of China, closings as 24:00."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import Flask

from app.content.form_view import FieldView

CHINA = ZoneInfo("Asia/Shanghai")
ISO_DAY = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])(?:-([0-3][0-9]))?")


def day(value: date | str | None) -> str:
    """2021年7月23日; ISO dates and months in text are read, any other text stays as it is."""
    if value is None:
        return ""
    if isinstance(value, date):
        return f"{value.year}年{value.month}月{value.day}日"
    found = ISO_DAY.fullmatch(value)
    if found is None:
        return value
    year, month, last = found.groups()
    return f"{year}年{int(month)}月" + (f"{int(last)}日" if last else "")


def instant(value: datetime | None) -> str:
    """2021年7月23日 09:05 in Asia/Shanghai; an aware instant is expected."""
    if value is None:
        return ""
    local = value.astimezone(CHINA)
    return f"{day(local.date())} {local:%H:%M}"


def closing(value: datetime | None) -> str:
    """An exclusive end: 00:00 of a day is written as 24:00 of the day before, as notices do."""
    if value is None:
        return ""
    local = value.astimezone(CHINA)
    if local.time() == time():
        return f"{day(local.date() - timedelta(days=1))} 24:00"
    return instant(value)


def local_input(value: datetime) -> str:
    """An instant as `<input type="datetime-local">` carries it."""
    return f"{value.astimezone(CHINA):%Y-%m-%dT%H:%M}"


def size(count: int) -> str:
    """Bytes as KB or MB for people."""
    if count < 1024 * 1024:
        return f"{max(1, round(count / 1024))} KB"
    return f"{count / 1024 / 1024:.1f} MB"


def add_filters(app: Flask) -> None:
    app.jinja_env.tests.update(filled_row=_filled_row, worth_showing=_worth_showing)
    app.jinja_env.filters.update(
        day=day, instant=instant, closing=closing, local_input=local_input, size=size
    )


def _filled_row(cells: Sequence[FieldView]) -> bool:
    return any(cell.value for cell in cells)


def _worth_showing(field: FieldView) -> bool:
    """Whether a page has a place for the field: visible, and not a reading field with nothing to read."""
    return field.visible and (bool(field.value) or bool(field.rows) or not field.read_only)
