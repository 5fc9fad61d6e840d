"""Which dates may be moved, how far, and what a new day means at a date's own edge."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.content import Calendar, NamedDate
from app.content.instants import parse_local_instant as at
from app.content.overlays import OverlayRule, faults, moved
from app.content.roles import Role

CLOSES = NamedDate(date(2021, 7, 23), "closes", "截止", "closes")
CALENDAR = Calendar(
    {
        "closes": CLOSES,
        "exam": NamedDate(None, "opens", "考试", "exam", time="08:30"),
        "counted": NamedDate(date(2020, 12, 31), "day", "计算到", "counted"),
    }
)
ROLES = {
    "office": Role("考核办", "jurisdiction", "office", "final", "unit"),
    "unit": Role("单位", "unit", "unit"),
}


@pytest.mark.parametrize(
    ("name", "text", "instant"),
    [
        ("closes", "2021-07-30", "2021-07-31 00:00"),
        ("closes", "2021-07-30 17:30", "2021-07-30 17:30"),
        ("exam", "2021-10-18", "2021-10-18 08:30"),
        ("exam", "2021-10-18 14:00", "2021-10-18 14:00"),
        ("counted", "2021-06-30", "2021-06-30 00:00"),
    ],
)
def test_a_new_day_keeps_the_edge_of_the_date(name: str, text: str, instant: str) -> None:
    assert moved(CALENDAR.dates[name], text) == at(instant)


def test_a_date_can_become_undetermined_again() -> None:
    assert moved(CLOSES, None) is None


@given(st.dates(date(1990, 1, 1), date(2149, 1, 1)))
def test_the_day_it_has_already_is_the_instant_it_has_already(day: date) -> None:
    own = NamedDate(day, "closes", "截止")
    assert moved(own, day.isoformat()) == own.instant


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("closes", "2021-02-30"),
        ("closes", "七月"),
        ("closes", ""),
        ("closes", "2021-07-30 24:00"),
        ("closes", "2021-07-30 1730"),
        ("counted", "2021-06-30 08:00"),
    ],
)
def test_what_is_no_day_is_refused_in_a_sentence(name: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"[日天钟]"):
        moved(CALENDAR.dates[name], text)


def test_a_range_is_of_days_or_of_dates_in_the_calendar() -> None:
    rule = OverlayRule("office", "office", "exam", range=("closes", "2021-11-30"))
    assert rule.bounds(CALENDAR) == (date(2021, 7, 23), date(2021, 11, 30))


def test_an_undetermined_end_of_a_range_is_no_limit() -> None:
    rule = OverlayRule("office", "office", "closes", range=("2021-07-01", "exam"))
    assert rule.bounds(CALENDAR) == (date(2021, 7, 1), date.max)
    assert OverlayRule("office", "office", "closes").bounds(CALENDAR) is None


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        (OverlayRule("office", "office", "end"), "日期“end”不在 calendar.yaml"),
        (OverlayRule("boss", "office", "exam"), "propose 写的角色“boss”"),
        (OverlayRule("office", "boss", "exam"), "approve 写的角色“boss”"),
        (OverlayRule("office", "office", "exam", filed="boss"), "filed 写的角色“boss”"),
        (OverlayRule("unit", "office", "exam", ("area", "case")), "只能用于 scopes: [case]"),
        (OverlayRule("office", "office", "exam", range=("soon", "later")), "应当是日期或日期名"),
        (OverlayRule("office", "office", "exam", range=("2021-08-02", "2021-08-01")), "前一天晚于后一天"),
    ],
)
def test_a_rule_that_cannot_be_kept_is_told(rule: OverlayRule, says: str) -> None:
    ((name, sentence),) = faults({rule.date: rule}, CALENDAR, ROLES)
    assert name == rule.date
    assert says in sentence


def test_a_unit_may_ask_for_its_own_case() -> None:
    rule = OverlayRule("unit", "office", "closes", ("case",))
    assert list(faults({"closes": rule}, CALENDAR, ROLES)) == []
    assert isinstance(moved(CLOSES, "2021-07-30"), datetime)
