"""Jiaozuo 2026: its files agree with each other, leave no clause of the year out, count statutory days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from jiaozuo import JIAOZUO, person
from support.schemes import SchemeAgrees

from app.engine import Context, Instance
from app.engine.civil import SHANGHAI
from app.operations.dates.workdays import StatutoryCalendar

OWN = [f"JZ-{number:02}" for number in range(1, 23)]
BESIDE = {"reminded", "review"}
"""Reminders end beside the way of the case: they say nothing about it."""


class TestFiles(SchemeAgrees):
    on_disk = JIAOZUO
    own = OWN
    left = BESIDE


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("data_check_opens", (3, 12)),
        ("data_check_closes", (3, 14)),
        ("filing_opens", (3, 14)),
        ("filing_closes", (4, 9)),
        ("inner_review_closes", (4, 13)),
        ("review_closes", (4, 16)),
        ("training_closes", (8, 1)),
        ("exams_from", (6, 1)),
        ("exams_until", (10, 1)),
        ("pledge_due", (10, 1)),
    ],
)
def test_the_calendar_of_the_notice(name: str, day: tuple[int, int]) -> None:
    """Closing days end at 24:00; 12 April is a Sunday and stays where it is."""
    assert JIAOZUO.scheme.calendar.resolve()[name] == datetime(2026, *day, tzinfo=SHANGHAI)


def test_every_kind_of_unit_finds_its_offices(app: Flask) -> None:
    assert JIAOZUO.holes(JIAOZUO.world, datetime(2026, 3, 1, tzinfo=UTC)) == []


class TestMendingTerm:
    """JZ-12: two statutory working days from the day after the return, never beyond the review's end."""

    def due(self, at: datetime, review_closes: datetime | None = None, level: str = "municipal") -> Any:
        dates = dict(JIAOZUO.scheme.calendar.resolve())
        dates["review_closes"] = review_closes or dates["review_closes"]
        around = Context(at, dates, StatutoryCalendar(0), JIAOZUO.scheme.parameter_values)
        unit = {"level": level, "region": "410800"}
        given = {"unit": unit, "person": person(), "case": {"number": "1"}, "returned_times": 0, "bars": []}
        instance = Instance.start(JIAOZUO.scheme.definitions, "mending", given, around)
        return next(t.due_at for t in instance.snapshot().timers if t.element == "term_over")

    @pytest.mark.parametrize(
        ("returned", "due"),
        [
            ("2026-04-03T10:00", "2026-04-09"),  # a Friday before Qingming: Tuesday and Wednesday count
            ("2026-04-03T23:59", "2026-04-09"),
            ("2026-04-04T00:00", "2026-04-09"),
            ("2026-03-16T09:00", "2026-03-19"),
            ("2026-03-20T09:00", "2026-03-25"),
            ("2026-04-13T09:00", "2026-04-16"),
            ("2026-04-15T23:59", "2026-04-16"),
        ],
    )
    def test_known_days(self, returned: str, due: str) -> None:
        at = datetime.fromisoformat(returned).replace(tzinfo=SHANGHAI)
        assert self.due(at.astimezone(UTC)) == datetime.fromisoformat(due).replace(tzinfo=SHANGHAI)

    def test_make_up_workdays_count_and_holidays_do_not(self) -> None:
        far = datetime(2026, 12, 1, tzinfo=UTC)
        before_spring_festival = datetime(2026, 2, 13, 2, tzinfo=UTC)  # Saturday the 14th is worked
        assert self.due(before_spring_festival, far) == datetime(2026, 2, 25, tzinfo=SHANGHAI)
        before_national_day = datetime(2026, 9, 30, 2, tzinfo=UTC)
        assert self.due(before_national_day, far) == datetime(2026, 10, 10, tzinfo=SHANGHAI)

    def test_a_year_that_nobody_has_published_leaves_the_term_undetermined(self) -> None:
        """Then it alarms and never fires."""
        assert self.due(datetime(2026, 12, 31, 2, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC)) is None

    def test_other_units_have_the_reviews_end(self) -> None:
        at = datetime(2026, 3, 16, 2, tzinfo=UTC)
        assert self.due(at, level="district") == JIAOZUO.scheme.calendar.resolve()["review_closes"]

    @given(st.datetimes(datetime(2026, 3, 14), datetime(2026, 4, 15, 23, 59)))  # noqa: DTZ001 - Hypothesis wants bare bounds
    def test_never_beyond_the_reviews_end_and_never_less_than_is_left(self, moment: datetime) -> None:
        at = moment.replace(tzinfo=SHANGHAI).astimezone(UTC)
        end = JIAOZUO.scheme.calendar.resolve()["review_closes"]
        assert end is not None
        due = self.due(at)
        assert at < due <= end
        days = StatutoryCalendar(0)
        after = [at.astimezone(SHANGHAI).date() + timedelta(days=n) for n in range(1, 40)]
        worked = [day for day in after if days.is_workday(day)]
        second = datetime.combine(worked[1] + timedelta(days=1), datetime.min.time(), SHANGHAI)
        assert due == min(second, end)


def test_the_table_of_2026_knows_qingming_and_the_make_up_days() -> None:
    """国务院办公厅关于2026年部分节假日安排的通知, 2025-11-04."""
    days = StatutoryCalendar(0)
    off = [date(2026, 4, 6), date(2026, 5, 5), date(2026, 6, 19), date(2026, 9, 25), date(2026, 10, 7)]
    worked = [date(2026, 1, 4), date(2026, 2, 14), date(2026, 2, 28), date(2026, 5, 9), date(2026, 9, 20)]
    assert [day for day in off if days.is_workday(day)] == []
    assert [day for day in [*worked, date(2026, 10, 10)] if not days.is_workday(day)] == []
