"""Deadlines in working days, given a table that says which days are working days."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from app.engine.civil import civil, start_of_day

_LONGEST_SEARCH = 4000
"""Days; a table that knows no working day for so long is not worth asking further."""


def working_days(
    start: datetime | date, count: int, is_workday: Callable[[date], bool | None]
) -> datetime | None:
    """The end (24:00) of the count-th working day after the day of start, exclusive, as UTC.

    The day of the start itself does not count (Civil Code art. 201). `is_workday` answers None for a
    year that it does not know: then the deadline is undetermined and the answer None.
    """
    if count < 1:
        raise ValueError("工作日天数须是大于零的整数")
    day = civil(start).date() if isinstance(start, datetime) else start
    for _ in range(_LONGEST_SEARCH):
        day += timedelta(days=1)
        works = is_workday(day)
        if works is None:
            return None
        count -= works
        if count == 0:
            return start_of_day(day + timedelta(days=1))
    return None
