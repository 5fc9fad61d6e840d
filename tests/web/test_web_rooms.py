"""People, notices, the monitor, the clocks, the home page, dates as notices write them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.pages import Browser, Stage
from support.world import (
    BUREAU,
    LIBRARY,
    OFFICE,
    case_row,
    complete,
    open_filing,
    open_review,
    register_posts,
)

from app.content.identity import make_citizen_id
from app.extensions import atomic
from app.models import Incident, Notice
from app.web.filters import closing, day, instant, size


def test_a_person_is_added_once_and_shown_masked(stage: Stage, unit: Browser) -> None:
    number = make_citizen_id("110101", date(1990, 1, 2), 7, "male")
    unit.get("/people/new")
    sent = {"name": "孙六", "id_number": number, "ethnicity": "汉族", "telephone": "13800138000"}
    page = unit.follow(unit.post("/people/new", sent))
    assert "孙六" in page.text
    assert number not in page.text
    again = unit.post("/people/new", sent)
    assert again.status_code == 409
    assert 'href="#id_number"' in again.text


def test_a_wrong_number_is_told_at_its_field(unit: Browser) -> None:
    unit.get("/people/new")
    page = unit.post("/people/new", {"name": "孙六", "id_number": "110101199001020071"})
    assert page.status_code == 422
    assert 'id="id_number-error"' in page.text
    assert 'value="孙六"' in page.text


def test_a_person_is_edited_and_leaves(stage: Stage, unit: Browser) -> None:
    person = stage.world.people["李二"]
    unit.get(f"/people/{person}")
    page = unit.follow(
        unit.post(f"/people/{person}", {"name": "李贰", "telephone": "", "ethnicity": "土家族"})
    )
    assert "李贰" in page.text
    page = unit.follow(unit.post(f"/people/{person}/leave"))
    assert "李贰" not in re.sub(r'role="status".*?</div>', "", page.text, flags=re.S)


def test_people_are_listed_by_pinyin(unit: Browser) -> None:
    names = re.findall(r'data-label="姓名">([^<]+)', unit.get("/people/").text)
    assert names == ["陈一", "李二", "王三"]


def test_notices_are_counted_until_read(stage: Stage, unit: Browser) -> None:
    unit_id, case_id = stage.world.organisations[LIBRARY], open_filing(stage.world)
    with atomic() as session:
        row = {"organisation_id": unit_id, "case_id": case_id, "token": 1, "sent_at": stage.now()}
        session.add(Notice(text="请补充材料", **row))
    assert "消息（1）" in unit.get("/").text
    page = unit.get("/notices/")
    assert "请补充材料" in page.text
    assert "消息（1）" not in unit.follow(unit.post("/notices/read")).text


def test_the_monitor_counts_where_cases_stand(stage: Stage) -> None:
    case_id = open_filing(stage.world, when="2021-06-02 09:00")
    open_filing(stage.world, "李二", when="2021-06-10 09:00")
    with atomic() as session:
        row = {"case_id": case_id, "kind": "timer", "deadlines": [], "opened_at": stage.now()}
        session.add(Incident(message="定时器触发失败", **row))
    stage.give(OFFICE, "supervisor")
    browser = stage.open(OFFICE)
    page = browser.get("/monitor/").text
    assert "定时器触发失败" in page
    assert re.search(r'待提交</a></td>\s*<td[^>]*class="number">2<', page)
    loads = re.search(
        rf"{LIBRARY}</td>\s*<td[^>]*>2</td>\s*<td[^>]*>1</td>\s*<td[^>]*>0</td>\s*<td[^>]*>1</td>", page
    )
    assert loads
    listed = browser.get("/monitor/cases?process=filing&status=待提交&state=running&name=李").text
    assert "李二" in listed
    assert "陈一" not in listed


def test_the_monitor_tells_deadlines_whose_date_nobody_knows_yet(stage: Stage) -> None:
    """Decision 5: an undetermined deadline is an alarm; the tiny scheme's examination has no date."""
    register_posts(stage.world, {"technician": 1})
    case_id = open_review(stage.world, when="2021-06-10 10:00")
    complete(case_id, "first_review", {"decision": "approve"}, stage.world.actors[BUREAU], "2021-06-10 11:00")
    stage.give(OFFICE, "supervisor")
    page = stage.open(OFFICE).get("/monitor/").text
    assert "尚未确定的期限" in page
    assert "考试日（尚未确定）" in page


def test_moving_the_clock_fires_what_fell_due(stage: Stage, unit: Browser) -> None:
    case_id = open_filing(stage.world)
    stage.give(BUREAU, "administrator")
    browser = stage.open(BUREAU)
    browser.get("/clocks/")
    back = browser.post("/clocks/tiny-2021", {"to": "2021-06-01T00:00"})
    assert back.status_code == 409
    assert "只能向前拨" in back.text
    assert browser.post("/clocks/tiny-2021", {"to": ""}).status_code == 422
    page = browser.follow(browser.post("/clocks/tiny-2021", {"to": "2021-07-24T00:05"}))
    assert "触发定时 1 个" in page.text
    assert "2021年7月24日 00:05" in unit.get("/").text
    assert case_row(case_id).outcome == "lapsed"


def test_the_banner_tells_a_rehearsal_and_its_clock(unit: Browser) -> None:
    page = unit.get("/").text
    assert "演练环境" in page
    assert "2021年6月11日 09:0" in page


def test_home_shows_the_next_closing_as_the_notice_writes_it(unit: Browser) -> None:
    assert "2021年6月30日 24:00" in unit.get("/").text


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ("2021-07-23T16:00:00+00:00", "2021年7月23日 24:00"),
        ("2021-07-23T15:59:00+00:00", "2021年7月23日 23:59"),
        ("2020-12-31T16:00:00+00:00", "2020年12月31日 24:00"),
        ("2021-06-30T09:30:00+00:00", "2021年6月30日 17:30"),
    ],
)
def test_closings_are_written_as_notices_write_them(at: str, told: str) -> None:
    assert closing(datetime.fromisoformat(at)) == told


@given(
    st.integers(0, 40_000).map(lambda days: datetime(1999, 12, 31, 16, tzinfo=UTC) + timedelta(days)),
    st.sampled_from([0, 0.5, 1, 60, 86_399.5]),
)
def test_a_closing_and_an_instant_differ_at_midnight_alone(midnight: datetime, later: float) -> None:
    at = midnight + timedelta(seconds=later)
    if later:
        assert closing(at) == instant(at)
    else:
        assert closing(at) == instant(at - timedelta(minutes=1)).replace("23:59", "24:00")


def test_days_months_and_other_texts() -> None:
    assert [day(text) for text in ("2021-06-08", "1998-07", "至今", "2021-13-01")] == [
        "2021年6月8日",
        "1998年7月",
        "至今",
        "2021-13-01",
    ]
    assert day(date(2021, 6, 8)) == "2021年6月8日"
    assert [size(count) for count in (1, 2048, 10 * 1024 * 1024)] == ["1 KB", "2 KB", "10.0 MB"]
