"""Lists by phase (CQ-21, CQ-23): a status each; filters by several fields; why a score is blank."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from support.api import caller, problem
from support.pages import Browser, Stage, set_stage
from support.phased import (
    PHASED,
    add_people,
    open_entry,
    publish_phased,
    reviewed,
    waiting_for_scores,
)
from support.world import BUREAU, LIBRARY, OFFICE, OTHER_BUREAU, OTHER_UNIT, complete

from app.extensions import db
from app.models import Case
from app.queries import paging
from app.web import schemes

LIST = f"/cases/?of={PHASED}/entry"


@pytest.fixture
def stage(app: Flask) -> Stage:
    found = set_stage(app)
    publish_phased()
    return found


def cells(page: str, label: str) -> list[str]:
    """A column of the list, as read."""
    found = re.findall(rf'<td data-label="{label}">(.*?)</td>', page, re.S)
    return [re.sub(r"<[^>]+>", "", cell).strip() for cell in found]


def rows(browser: Browser, query: str = "") -> list[tuple[str, str]]:
    page = browser.get(LIST + query)
    assert page.status_code == 200
    return list(zip(cells(page.text, "姓名"), cells(page.text, "状态"), strict=True))


@pytest.fixture
def three(stage: Stage) -> list[int]:
    """One to be filed, one reviewed, one whose scores are waited for."""
    return [
        open_entry(stage.world, "陈一"),
        reviewed(stage.world, "李二"),
        waiting_for_scores(stage.world, "王三"),
    ]


@pytest.mark.usefixtures("three")
def test_each_phase_keeps_its_own_status(stage: Stage) -> None:
    """审核已通过 stays the status of the review while the sign-up is 未报名."""
    unit = stage.open(LIBRARY)
    assert rows(unit) == [("王三", "待录入成绩"), ("李二", "未报名"), ("陈一", "待提交")]
    assert rows(unit, "&phase=review") == [("王三", "审核已通过"), ("李二", "审核已通过"), ("陈一", "待提交")]
    assert rows(unit, "&phase=sign_up") == [("王三", "已报名"), ("李二", "未报名")]
    assert rows(unit, "&phase=exam") == [("王三", "待录入成绩")]
    assert rows(unit, "&phase=nowhere") == rows(unit)
    page = unit.get(LIST + "&phase=sign_up").text
    assert re.findall(r'aria-current="true"[^>]*>([^<]+)', page)[-1] == "报名"
    assert re.search(r"<h1>报名</h1>", page)
    tabs = re.findall(r"phase=(\w+)\"", page.split('aria-label="阶段"')[1].split("</nav>")[0])
    assert tabs == ["review", "sign_up", "exam"]


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("&phase=review&status=审核已通过", ["王三", "李二"]),
        ("&phase=review&status=待提交", ["陈一"]),
        ("&phase=sign_up&status=已报名", ["王三"]),
        ("&phase=sign_up&status=未报名&name=李", ["李二"]),
        ("&phase=sign_up&status=未报名&name=王", []),
        ("&v-trade=汽车&v-grade=senior", ["王三", "李二"]),
        ("&v-grade=technician", []),
        ("&phase=sign_up&from=2021-06-10&to=2021-06-10", ["王三", "李二"]),
        ("&phase=sign_up&from=2021-06-11", []),
    ],
)
def test_several_filters_hold_together(stage: Stage, query: str, found: list[str]) -> None:
    assert [name for name, _ in rows(stage.open(LIBRARY), query)] == found


def test_statuses_of_a_phase_are_offered_before_any_case_has_them(stage: Stage, three: list[int]) -> None:
    page = stage.open(LIBRARY).get(LIST + "&phase=review").text
    offered = re.findall(r'<option value="([^"]+)"', page.split('id="f-status"')[1].split("</select>")[0])
    assert offered == ["待提交", "待区人社局审核", "审核已通过"] or sorted(offered) == sorted(
        ["待提交", "待区人社局审核", "审核已通过"]
    )


def test_each_office_has_the_lists_of_its_area_and_may_narrow_them_to_a_region(stage: Stage) -> None:
    """CQ-23: the unit its own people, the district those of its area, the province all."""
    reviewed(stage.world, "陈一")
    reviewed(stage.world, "赵四", unit=OTHER_UNIT, bureau=OTHER_BUREAU)
    seen = {
        name: [person for person, _ in rows(stage.open(name), "&phase=sign_up")]
        for name in (LIBRARY, OTHER_UNIT, BUREAU, OTHER_BUREAU, OFFICE)
    }
    assert seen == {
        LIBRARY: ["陈一"],
        OTHER_UNIT: ["赵四"],
        BUREAU: ["陈一"],
        OTHER_BUREAU: ["赵四"],
        OFFICE: ["赵四", "陈一"],
    }
    office = stage.open(OFFICE)
    assert [name for name, _ in rows(office, "&region=990102")] == ["赵四"]
    assert [name for name, _ in rows(office, "&region=990100")] == ["赵四", "陈一"]
    assert [name for name, _ in rows(office, "&unit=图书馆")] == ["陈一"]


def test_a_score_that_is_not_there_says_why(stage: Stage) -> None:
    """CQ-23: blank with its reason; LIFE-08: absent."""
    scores = {
        "陈一": {"absent": True},
        "李二": {"absent": False, "theory": 0, "practice": 87},
    }
    for name, values in scores.items():
        case_id = waiting_for_scores(stage.world, name)
        complete(case_id, "enter", values, stage.world.actors[OFFICE], "2021-06-11 08:00")
    waiting_for_scores(stage.world, "王三")
    reviewed(stage.world, "赵四", unit=OTHER_UNIT, bureau=OTHER_BUREAU)
    page = stage.open(OFFICE).get(LIST).text
    assert cells(page, "姓名") == ["赵四", "王三", "李二", "陈一"]
    assert cells(page, "理论成绩") == ["未到成绩", "待录入成绩", "0", "缺考"]
    assert cells(page, "实作成绩") == ["未到成绩", "待录入成绩", "87", "缺考"]
    assert cells(page, "缺考") == ["未到成绩", "待录入成绩", "否", "是"]
    office = stage.open(OFFICE)
    assert [name for name, _ in rows(office, "&v-absent=true")] == ["陈一"]
    assert [name for name, _ in rows(office, "&v-absent=false")] == ["李二"]
    assert [name for name, _ in rows(office, "&v-practice=87")] == ["李二"]
    assert rows(office, "&v-practice=8") == [], "no part of a number is looked for"


def test_a_phases_list_is_paged_without_a_gap(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [*add_people(stage.world, 3), "陈一"]
    for name in names:
        reviewed(stage.world, name)
    monkeypatch.setattr(paging, "PAGE_SIZE", 2)
    unit = stage.open(LIBRARY)
    met, query = [], "&phase=sign_up&status=未报名"
    while query:
        page = unit.get(LIST + query).text
        met += cells(page, "姓名")
        following = re.search(r'href="/cases/\?([^"]*before=\d+[^"]*)">下一页', page)
        assert not following or "phase=sign_up" in following[1]
        query = "&" + following[1].replace("&amp;", "&") if following else ""
    assert met == names[::-1]


def test_reset_keeps_the_phase_and_drops_the_rest(stage: Stage, three: list[int]) -> None:
    page = stage.open(LIBRARY).get(LIST + "&phase=sign_up&name=李&status=未报名").text
    (reset,) = re.findall(r'href="([^"]+)">重置', page)
    assert reset.replace("&amp;", "&") == f"/cases/?of={PHASED}/entry&phase=sign_up"


def test_an_address_cannot_turn_a_link_elsewhere(stage: Stage, three: list[int]) -> None:
    page = stage.open(LIBRARY).get(LIST + "&_scheme=javascript&_external=1&_anchor=x&endpoint=y")
    assert page.status_code == 200
    assert "javascript:" not in page.text


def test_the_monitor_filters_by_phase_and_region(stage: Stage, three: list[int]) -> None:
    stage.give(OFFICE, "supervisor")
    watching = stage.open(OFFICE)
    page = watching.get(f"/monitor/cases?scheme={PHASED}&phase=sign_up&status=已报名").text
    assert cells(page, "姓名") == ["王三"]
    assert cells(page, "状态") == ["已报名"]
    assert cells(watching.get(f"/monitor/cases?scheme={PHASED}&region=990102").text, "姓名") == []
    assert len(cells(watching.get(f"/monitor/cases?scheme={PHASED}&region=990101").text, "姓名")) == 3


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"phase": "sign_up"}, ["王三", "李二"]),
        ({"phase": "sign_up", "phase_status": "未报名"}, ["李二"]),
        ({"phase": "review", "phase_status": "审核已通过", "name": "王"}, ["王三"]),
        ({"trade": "汽车驾驶员", "grade": "senior"}, ["王三", "李二"]),
        ({"region": "990101"}, ["王三", "李二", "陈一"]),
        ({"region": "990102"}, []),
    ],
)
def test_the_api_filters_alike(
    stage: Stage, three: list[int], query: dict[str, Any], found: list[str]
) -> None:
    listed = caller(stage, LIBRARY).get("/cases", scheme=PHASED, **query)["items"]
    assert [row["person"] for row in listed] == found


def test_the_api_tells_the_phases(stage: Stage, three: list[int]) -> None:
    unit = caller(stage, LIBRARY)
    (scheme,) = [scheme for scheme in unit.get("/schemes") if scheme["id"] == PHASED]
    assert [phase["title"] for phase in scheme["phases"]] == ["资格申请", "报名", "成绩"]
    assert unit.get(f"/cases/{three[2]}")["phases"] == {
        "review": "审核已通过",
        "sign_up": "已报名",
        "exam": "待录入成绩",
    }
    told = problem(unit("GET", "/cases", query_string={"phase_status": "未报名"}), 422, "invalid")
    assert told["errors"][0]["parameter"] == "phase_status"


def test_the_reason_of_a_case_that_is_over_is_no_promise(stage: Stage, three: list[int]) -> None:
    case = db.session.scalars(select(Case).where(Case.id == three[0])).one()
    with stage.app.test_request_context():
        assert schemes.blank_reason(case, "theory") == "未到成绩"
        case.state = "ended"
        assert schemes.blank_reason(case, "theory") == ""
        assert schemes.blank_reason(case, "nothing") == ""
    db.session.rollback()
