"""What a unit's officer finds on the desk, and beginning a case for several people at once."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import func, select
from support.applying import stage_where_people_file
from support.fees import FEES, open_entry, publish_fees
from support.pages import Browser, Stage
from support.world import (
    BUREAU,
    LIBRARY,
    OTHER_UNIT,
    PUBLISHED,
    SCHEME,
    at,
    open_filing,
    open_review,
    register_posts,
    task_of,
    tiny_files,
)

from app import clock as real_clock
from app.extensions import atomic, db
from app.models import Case
from app.operations import deployments
from app.operations.actors import SYSTEM
from app.operations.dates import clock
from app.operations.going_back import returns

OPINION = "工作总结请写到五百字"


def section(page: str, title: str) -> str:
    found = page.split(f">{title}</h2>")[1].split("</section>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", found).split())


def test_a_desk_with_nothing_on_it_says_so(other_unit: Browser) -> None:
    page = other_unit.get("/").text
    for text in ("没有退回来的办件", "没有人欠交材料", "还没有备案的岗位", "没有在办的名单"):
        assert text in page


def test_what_came_back_from_whom_why_and_until_when(stage: Stage, unit: Browser) -> None:
    register_posts(stage.world, {"technician": 1})
    filing = open_review(stage.world, when="2021-06-11 08:00")
    with atomic():
        bureau, when = stage.world.actors[BUREAU], at("2021-06-11 08:30")
        returns.give_back(task_of(filing), "fill", OPINION, "on", bureau, when)
    told = section(unit.get("/").text, "退回来的")
    for text in ("陈一", BUREAU, OPINION, "个工作日", "24:00"):
        assert text in told
    assert f'href="/tasks/{task_of(filing)}"' in unit.get("/unit/returned").text
    assert "陈一" not in stage.open(OTHER_UNIT).get("/unit/returned").text


def test_who_owes_which_document_until_when(stage: Stage, unit: Browser) -> None:
    files = tiny_files()
    path = f"bpmn/{SCHEME}/filing.bpmn"
    head, fill, rest = files[path].decode().partition('<bpmn:userTask id="fill"')
    given = "<spiffworkflow:properties>"
    owed = f'{given}<spiffworkflow:property name="owed" value="ground" />'
    files[path] = (head + fill + rest.replace(given, owed, 1)).encode()
    with atomic():
        deployments.publish(files, SYSTEM, PUBLISHED)
    open_filing(stage.world)
    told = section(unit.get("/").text, "欠交的材料")
    for text in ("陈一", "骨干", "个工作日", "24:00"):
        assert text in told
    stage.move_clock("2021-07-01 00:00")
    assert "已截止" in section(unit.get("/").text, "欠交的材料")
    assert "陈一" in unit.get("/unit/owed").text
    assert "陈一" not in stage.open(OTHER_UNIT).get("/unit/owed").text


def test_posts_as_they_were_filed_and_what_is_left_of_them(stage: Stage, unit: Browser) -> None:
    register_posts(stage.world, {"technician": 2, "junior": 1})
    open_review(stage.world, when="2021-06-11 08:00")
    told = section(unit.get("/").text, "人员和岗位")
    assert "技师 云岭省2021年度工勤技能考核（样例） 2 0 2 1 1" in told
    assert re.search(r"初级工 \S+ 1 0 1 0 1", told)


def test_lists_and_fees(stage: Stage, unit: Browser) -> None:
    publish_fees()
    with atomic():
        clock.open_clock(FEES, stage.now(), SYSTEM, real_clock.now())
    entry = open_entry(stage.world, stage.now())
    page = unit.get("/").text
    assert "报名缴费" in section(page, "名单和批次")
    assert "60.5" in section(page, "待缴的费用")
    assert str(entry) in section(page, "待缴的费用")


def test_an_office_has_no_such_desk(bureau: Browser) -> None:
    assert "退回来的" not in bureau.get("/").text
    assert bureau.get("/unit/returned").status_code == 403
    assert bureau.get("/unit/owed").status_code == 403


# Beginning a case for several people

MANY = f"/cases/start/many?of={SCHEME}/filing"


@pytest.fixture
def filers(app: Flask) -> Stage:
    return stage_where_people_file(app)


def test_a_case_for_each_of_the_ticked_and_a_result_for_each(filers: Stage) -> None:
    unit, people = filers.open(LIBRARY), filers.world.people
    assert MANY in unit.get("/cases/start").text
    begun = open_filing(filers.world)
    page = unit.get(MANY).text
    assert f'value="{people["陈一"]}"' not in page, "who has one already can't be ticked"
    ticked = [str(people[name]) for name in ("陈一", "李二", "王三")]
    answer = unit.post(MANY, {"person": ticked})
    assert "成功 2 件，未成功 1 件" in answer.text
    assert f"办件 {begun}" in answer.text
    assert db.session.scalar(select(func.count()).select_from(Case).where(Case.process == "filing")) == 3
    assert f'href="/cases/rows?kind={SCHEME}/fill"' in unit.get("/cases/rows").text


def test_nobody_ticked_and_people_of_others(filers: Stage) -> None:
    unit, other = filers.open(LIBRARY), filers.open(OTHER_UNIT)
    unit.get(MANY)
    other.get(MANY)
    assert unit.post(MANY).status_code == 422
    assert other.post(MANY, {"person": [str(filers.world.people["陈一"])]}).status_code == 422
    assert db.session.scalars(select(Case.id).where(Case.process == "filing")).all() == []


@pytest.mark.parametrize("of", ["", f"{SCHEME}/posts", f"{SCHEME}/nothing", "nowhere/filing"])
def test_what_is_not_begun_for_people(filers: Stage, of: str) -> None:
    unit = filers.open(LIBRARY)
    assert unit.get(f"/cases/start/many?of={of}").status_code == 404
