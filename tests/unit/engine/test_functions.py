"""The named functions, civil time and working days."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.civil import (
    SHANGHAI,
    Duration,
    add_duration,
    add_months,
    civil,
    months_between,
    parse_duration,
    parse_instant,
    start_of_day,
)
from app.engine.expressions import ExpressionFailed, compile_expression
from app.engine.functions import FUNCTIONS
from app.engine.types import Context
from app.engine.workdays import working_days

HOLIDAYS = {date(2026, 4, 6), date(2026, 12, 25)}
MAKE_UP_DAYS = {date(2026, 4, 4)}


class Table:
    """2026 alone is known."""

    def is_workday(self, day: date) -> bool | None:
        if day.year != 2026:
            return None
        return (day.weekday() < 5 and day not in HOLIDAYS) or day in MAKE_UP_DAYS


def shanghai(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=SHANGHAI)


CONTEXT = Context(
    shanghai(2026, 4, 3, 10).astimezone(UTC),
    {"closes": shanghai(2026, 5, 1).astimezone(UTC), "exam": None},
    Table(),
    {"pass_mark": 60, "grades": ["技师"]},
)


def value(source, **variables):
    return compile_expression(source).evaluate(variables, CONTEXT)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('named_date("closes")', shanghai(2026, 5, 1)),
        ('named_date("exam")', None),
        ('parameter("pass_mark")', 60),
        ('"技师" in parameter("grades")', True),
        ("now()", shanghai(2026, 4, 3, 10)),
        ("today()", date(2026, 4, 3)),
        ('date("2020-02-29")', date(2020, 2, 29)),
        ('instant("2021-07-23T24:00+08:00")', shanghai(2021, 7, 24)),
        ('instant("2021-12-31T24:00:00+08:00")', shanghai(2022, 1, 1)),
        ('instant("2021-07-23T16:00Z")', shanghai(2021, 7, 24)),
        ('day_of(instant("2021-07-23T23:00Z"))', date(2021, 7, 24)),
        ('now() + duration("PT2H")', shanghai(2026, 4, 3, 12)),
        ('today() - duration("P1W")', date(2026, 3, 27)),
        ('date("2024-01-31") + duration("P1M")', date(2024, 2, 29)),
        ('date("2024-03-31") - duration("P1M")', date(2024, 2, 29)),
        ('add_months(date("2023-01-31"), 1)', date(2023, 2, 28)),
        ('add_months(date("2024-01-31"), -2)', date(2023, 11, 30)),
        ('years_between(date("1966-05-20"), date("2026-05-20"))', 60),
        ('years_between(date("1966-05-21"), date("2026-05-20"))', 59),
        ('years_between(date("2020-02-29"), date("2021-02-28"))', 1),
        ('years_between(date("2026-05-20"), date("1966-05-21"))', -59),
        ('months_between(date("2026-01-31"), date("2026-02-28"))', 1),
        ('months_between(date("2026-01-31"), date("2026-02-27"))', 0),
        ('days_between(date("2026-01-31"), date("2026-03-01"))', 29),
        ("min(3, 1, 2)", 1),
        ('max(["a", "b"])', "b"),
        ("sum([0.1, 0.2])", 0.3),
        ("sum([])", 0),
        ('len("技师") + len([1]) + len({"a": 1})', 4),
        ('count(["优秀", "合格", "优秀"], "优秀")', 2),
        ('count(pluck(reviews, "passed"), True) == len(reviews)', False),
        ("abs(-3)", 3),
        ("round(59.5)", 60),
        ("round(2.675, 2)", 2.68),
        ("round(-0.5)", -1),
        ('get({"a": 1}, "b", 2)', 2),
        ('get({"a": 1}, "b")', None),
        ("text(2026) + text(today())", "20262026-04-03"),
    ],
)
def test_function(source, expected):
    assert value(source, reviews=[{"passed": True}, {"passed": False}]) == expected


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ('named_date("unknown")', "日历里没有名为“unknown”"),
        ('parameter("unknown")', "没有名为“unknown”的参数"),
        ('date("2021-02-29")', "不是日期"),
        ('date("20210228")', "不是日期"),
        ("date(None)", "应当是文字，实际是空值"),
        ('instant("2021-07-23T24:00")', "没有写明时区"),
        ('instant("2021-07-23")', "不是时刻"),
        ('instant("2021-07-23T24:01+08:00")', "不是实际存在的时刻"),
        ('instant("2021-02-30T10:00+08:00")', "不是实际存在的时刻"),
        ('duration("3 days")', "不是时长"),
        ('duration("P")', "不是时长"),
        ('duration("P1DT")', "不是时长"),
        ('duration("P1W2D")', "不是时长"),
        ('duration("-P1D")', "不是时长"),
        ('duration("P١D")', "不是时长"),
        ('today() + duration("PT1H")', "不能加减时"),
        ('1 + duration("P1D")', "只能与日期或时刻相加减"),
        ("working_days(0)", "1 到 1000"),
        ("working_days(1.5)", "整数"),
        ("years_between(today(), now())", "day_of"),
        ("years_between(None, today())", "实际是空值"),
        ('max([1, "a"])', "不能比较"),
        ("min([])", "空列表"),
        ('sum(["1"])', "应当是数字"),
        ("round(1, 7)", "0 到 6"),
        ("round(1, -1)", "0 到 6"),
        ("len(1)", "应当是文字"),
    ],
)
def test_a_function_tells_what_it_wants(source, told):
    with pytest.raises(ExpressionFailed) as caught:
        value(source)
    assert told in caught.value.message


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        (shanghai(2026, 4, 3, 10), 1, shanghai(2026, 4, 5)),  # Saturday the 4th is a make-up workday
        (shanghai(2026, 4, 3, 10), 2, shanghai(2026, 4, 8)),  # Monday the 6th is a holiday
        (shanghai(2026, 4, 8, 0), 1, shanghai(2026, 4, 10)),
        (shanghai(2026, 4, 8, 23, 59), 1, shanghai(2026, 4, 10)),
        (date(2026, 4, 8), 1, shanghai(2026, 4, 10)),
        (shanghai(2026, 12, 31), 2, None),
        (shanghai(2026, 12, 30), 1, shanghai(2027, 1, 1)),
        (shanghai(2025, 12, 31), 1, shanghai(2026, 1, 2)),
    ],
)
def test_working_days_end_with_the_last_of_them(start, count, end):
    assert working_days(start, count, Table().is_workday) == end


def test_working_days_start_now_unless_told_otherwise():
    assert value("working_days(1)") == shanghai(2026, 4, 5)
    assert value('working_days(1, named_date("closes"))') == shanghai(2026, 5, 5)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2026, 11, 1)), st.integers(1, 20))  # noqa: DTZ001 - Hypothesis wants bare bounds
def test_exactly_so_many_working_days_lie_between(naive, count):
    start = naive.replace(tzinfo=SHANGHAI)
    end = working_days(start, count, Table().is_workday)
    assert end is not None
    days, day = 0, start.date() + timedelta(days=1)
    while start_of_day(day) < end:
        days += bool(Table().is_workday(day))
        day += timedelta(days=1)
    assert days == count
    assert Table().is_workday(day - timedelta(days=1))


def test_one_month_from_january_31_is_the_end_of_february():
    """Not March 3, as SpiffWorkflow has it; Civil Code art. 202."""
    assert add_duration(shanghai(2021, 1, 31, 9), parse_duration("P1M")) == shanghai(2021, 2, 28, 9)


def test_durations_read_as_written():
    assert parse_duration("P1Y2M3DT4H5M6S") == Duration(14, 3, 4 * 3600 + 5 * 60 + 6)
    assert parse_duration("P2W") == Duration(0, 14, 0)
    assert parse_duration("PT30M") == Duration(0, 0, 1800)


def test_an_instant_is_kept_in_utc():
    assert parse_instant("2021-07-23T24:00+08:00").tzinfo is UTC
    assert add_duration(shanghai(2021, 1, 1), Duration(days=1)).tzinfo is UTC


def test_a_naive_instant_is_refused():
    with pytest.raises(ValueError, match="时区"):
        civil(datetime(2021, 1, 1))  # noqa: DTZ001 - without a zone on purpose


def test_a_result_beyond_the_calendar_is_told():
    with pytest.raises(ValueError, match="日历范围"):
        add_duration(date(9000, 1, 1), parse_duration("P999Y"))
    with pytest.raises(ValueError, match="日历范围"):
        add_duration(shanghai(9990, 1, 1), parse_duration("P999999D"))


days = st.dates(date(1940, 1, 1), date(2100, 1, 1))


@given(days, days)
def test_months_between_is_the_most_that_add_months_allows(start, end):
    first, last = sorted([start, end])
    months = months_between(first, last)
    assert add_months(first, months) <= last < add_months(first, months + 1)
    assert months_between(last, first) == -months


@given(days, st.integers(0, 600))
def test_adding_months_keeps_the_day_or_takes_the_months_last(day, months):
    later = add_months(day, months)
    assert later.day == day.day or (later + timedelta(days=1)).day == 1
    assert (later.year - day.year) * 12 + later.month - day.month == months


DOCUMENT = (Path(__file__).parents[3] / "docs" / "expressions.md").read_text("utf-8")


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_the_document_shows_each_function(name):
    function = FUNCTIONS[name]
    assert f"| `{function.signature}` | {function.doc} |" in DOCUMENT
