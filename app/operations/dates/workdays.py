"""Working days: the State Council's notices (chinesecalendar) and, above them, an administrator's word."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache, cached_property

import chinese_calendar
from sqlalchemy import func, insert, select, text

from app.errors import Invalid
from app.extensions import db
from app.models import Holiday
from app.operations._administration import demand, ground_of, record
from app.operations.actors import Actor


class StatutoryCalendar:
    """`app.engine.types.Workdays` as of a version of the table; asks the database at its first question."""

    def __init__(self, version: int) -> None:
        self.version = version

    def is_workday(self, day: date) -> bool | None:
        """Whether the day is worked, make-up days included; None for a year that nobody has published yet."""
        if day in self._edited:
            return self._edited[day]
        return _statutory(day)

    @cached_property
    def _edited(self) -> dict[date, bool]:
        if not self.version:
            return {}
        newest = (
            select(Holiday.day, Holiday.is_workday)
            .distinct(Holiday.day)
            .where(Holiday.version <= self.version)
            .order_by(Holiday.day, Holiday.version.desc())
        )
        return {row.day: row.is_workday for row in db.session.execute(newest)}


@cache
def _statutory(day: date) -> bool | None:
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return None


def load(version: int | None = None) -> tuple[StatutoryCalendar, int]:
    """The calendar as of a version of the table (0: no edits; None: the newest), and that version."""
    if version is None:
        version = db.session.scalars(select(func.coalesce(func.max(Holiday.version), 0))).one()
    return StatutoryCalendar(version), version


def set_days(days: Mapping[date, bool], *, ground: str, actor: Actor, now: datetime) -> int:
    """An administrator's word on single days (True: worked); answers the new version of the table.

    After the commit, `timers.retime` computes the timers anew that counted working days. Those that have
    fired stay so. Raises Forbidden and Invalid.
    """
    demand(actor, "administrator")
    if not days:
        raise Invalid({"days": ["请至少填写一天。"]})
    note = ground_of(ground)
    # Versions are counted one by one: two administrators at once must not get the same.
    db.session.execute(text("LOCK TABLE holiday IN SHARE ROW EXCLUSIVE MODE"))
    version = load()[1] + 1
    rows = [
        {
            "version": version,
            "day": day,
            "is_workday": works,
            "note": note,
            "set_by": actor.account_id,
            "set_at": now,
        }
        for day, works in sorted(days.items())
    ]
    db.session.execute(insert(Holiday), rows)
    told = {"from": min(days).isoformat(), "to": max(days).isoformat(), "days": len(days)}
    record("holiday.set", version, actor, now, ground=note, detail=told)
    return version


def set_year(
    year: int, days_off: set[date], make_up_days: set[date], *, ground: str, actor: Actor, now: datetime
) -> int:
    """Publishes a whole year that the built-in calendar does not know yet, from the State Council's notice.

    `days_off` are weekdays off, `make_up_days` weekend days worked; every other day goes by the weekday.
    Raises Invalid where a day lies outside the year or goes by the weekday anyhow.
    """
    wrong = [day for day in days_off | make_up_days if day.year != year]
    wrong += [day for day in make_up_days if day.weekday() < 5] + list(days_off & make_up_days)
    if wrong:
        listed = "、".join(day.isoformat() for day in sorted(set(wrong)))
        raise Invalid(
            {"days": [f"这些日期不对：{listed}。放假日和调休上班日须在 {year} 年内，上班日须是周末。"]}
        )
    first = date(year, 1, 1)
    all_days = (first + timedelta(days=number) for number in range((date(year + 1, 1, 1) - first).days))
    days = {day: day in make_up_days or (day.weekday() < 5 and day not in days_off) for day in all_days}
    return set_days(days, ground=ground, actor=actor, now=now)
