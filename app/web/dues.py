"""Until when something is to be done, in words: 今天 24:00 截止, 还剩 3 个工作日."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import g
from flask_babel import gettext as _

from app.models import Task
from app.operations.dates import workdays
from app.web.filters import CHINA, closing

SOON = 5
"""Working days from which on a due instant is marked."""
FAR = 20
"""Working days beyond which the date alone is told."""


@dataclass(frozen=True)
class Due:
    """`kind` is the status' mark: late, warn or none; `date` the instant itself, as notices write it."""

    text: str
    kind: str
    date: str


def due_of(task: Task, now: datetime) -> Due | None:
    """How a task stands to its closing, or else to the instant of its reminder; None without either."""
    if task.closes_at is not None and task.closes_at <= now:
        return Due(_("已截止"), "late", closing(task.closes_at))
    due = task.closes_at or task.due_at
    return None if due is None else in_words(due, now, binding=task.closes_at is not None, worked=_worked())


def in_words(due: datetime, now: datetime, *, binding: bool, worked: Callable[[date], bool | None]) -> Due:
    """`due` is exclusive: 00:00 of a day is 24:00 of the day before. `binding`: nothing is taken after it.

    `worked` tells whether a day is worked, None for one that nobody has published yet.
    """
    told = closing(due)
    today, last = now.astimezone(CHINA).date(), _last_day(due)
    until = _("截止") if binding else _("到期")
    if due <= now:
        days = (today - last).days
        return Due(_("已逾期 %(days)s 天", days=days) if days else _("今天已逾期"), "late", told)
    clock = told.rpartition(" ")[2]
    if last == today:
        return Due(_("今天 %(clock)s %(until)s", clock=clock, until=until), "warn", told)
    if last == today + timedelta(days=1):
        return Due(_("明天 %(clock)s %(until)s", clock=clock, until=until), "warn", told)
    left = _working_days(today, last, worked)
    if left is None or left > FAR:
        return Due(told, "", "")
    return Due(_("还剩 %(days)s 个工作日", days=left), "warn" if left <= SOON else "", told)


def _last_day(due: datetime) -> date:
    return (due.astimezone(CHINA) - timedelta(microseconds=1)).date()


def _working_days(today: date, last: date, worked: Callable[[date], bool | None]) -> int | None:
    """The working days after today up to the last one; None where they cannot be counted or are many."""
    days = (last - today).days
    if days > 3 * FAR:
        return None
    told = [worked(today + timedelta(days=number)) for number in range(1, days + 1)]
    return None if None in told else sum(map(bool, told))


def _worked() -> Callable[[date], bool | None]:
    """The statutory calendar, looked up once a request."""
    if "statutory" not in g:
        g.statutory = workdays.load()[0]
    calendar: workdays.StatutoryCalendar = g.statutory
    return calendar.is_workday
