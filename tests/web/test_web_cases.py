"""A unit's entries: filters, ticked submission, deletion; the case's page with history and diagram."""

from __future__ import annotations

import html
import json
import re

from sqlalchemy import select
from support.pages import Browser, Stage
from support.world import LIBRARY, OTHER_UNIT, case_row, complete, open_filing, register_posts, task_of

from app.extensions import atomic
from app.models import Case
from app.operations import tasks

FILLED = {"grade": "junior", "summary": "扎实。"}


def statuses_in(page: str) -> list[str]:
    return re.findall(r'data-label="状态"><span class="[^"]*">([^<]+)', page)


def test_ticked_entries_are_submitted_with_what_was_saved(stage: Stage, unit: Browser) -> None:
    """CQ-11: one has a draft and a place, one has no draft, one finds no vacancy: a result for each."""
    register_posts(stage.world, {"junior": 1})
    entries = {person: task_of(open_filing(stage.world, person)) for person in ("陈一", "李二", "王三")}
    for person in ("陈一", "王三"):
        with atomic():
            tasks.save_draft(entries[person], FILLED, stage.world.actors[LIBRARY], stage.now())
    unit.get("/cases/?of=tiny-2021/filing")
    sent = {"task": [str(task_id) for task_id in entries.values()]}
    page = unit.post("/cases/submit?of=tiny-2021/filing", sent)
    assert "成功 1 件，未成功 2 件" in page.text
    assert "请填写" in page.text
    assert statuses_in(page.text) == ["待提交", "待提交", "待区人社局审核"]


def test_nothing_ticked_is_told(stage: Stage, unit: Browser) -> None:
    unit.get("/cases/")
    page = unit.post("/cases/submit")
    assert page.status_code == 422
    assert "请勾选" in page.text


def test_a_submitted_entry_offers_no_more_ticking(stage: Stage, unit: Browser) -> None:
    register_posts(stage.world, {"junior": 1})
    case_id = open_filing(stage.world)
    assert 'name="task"' in unit.get("/cases/?of=tiny-2021/filing").text
    complete(case_id, "fill", FILLED, stage.world.actors[LIBRARY], "2021-06-11 08:00")
    assert 'name="task"' not in unit.get("/cases/?of=tiny-2021/filing").text


def test_an_entry_is_deleted_while_it_waits_and_not_after(stage: Stage, unit: Browser) -> None:
    register_posts(stage.world, {"junior": 1})
    first, second = open_filing(stage.world, "陈一"), open_filing(stage.world, "李二")
    page = unit.get(f"/cases/{first}")
    assert "单位撤回" in page.text
    done = unit.post(f"/cases/{first}/message", {"message": "withdrawn"})
    assert "已撤回" in unit.follow(done).text
    complete(second, "fill", FILLED, stage.world.actors[LIBRARY], "2021-06-11 08:00")
    assert unit.post(f"/cases/{second}/message", {"message": "withdrawn"}).status_code == 409


def test_entries_are_filtered_by_what_lists_show(stage: Stage, unit: Browser) -> None:
    register_posts(stage.world, {"junior": 1, "senior": 1})
    for person, grade in (("陈一", "junior"), ("李二", "senior")):
        values = FILLED | {"grade": grade}
        complete(
            open_filing(stage.world, person), "fill", values, stage.world.actors[LIBRARY], "2021-06-11 08:00"
        )

    def names(query: str) -> list[str]:
        page = unit.get("/cases/?of=tiny-2021/filing&" + query).text
        return re.findall(r'data-label="姓名">([^<]+)', page)

    assert names("") == ["李二", "陈一"]
    assert names("v-grade=senior") == ["李二"]
    assert names("status=待区人社局审核&name=陈") == ["陈一"]
    assert names("from=2021-06-11") == []
    assert names("from=2021-06-10&to=2021-06-10") == ["李二", "陈一"]
    assert names("v-ground=骨") == ["李二", "陈一"]


def test_a_unit_sees_its_own_cases_alone(stage: Stage, unit: Browser, other_unit: Browser) -> None:
    open_filing(stage.world)
    open_filing(stage.world, "赵四", unit=OTHER_UNIT)
    assert "赵四" not in unit.get("/cases/?of=tiny-2021/filing").text
    assert "陈一" not in other_unit.get("/cases/?of=tiny-2021/filing").text


def test_the_case_page_tells_who_when_on_what_ground(stage: Stage, unit: Browser) -> None:
    """ALL-03, and the clause on each step."""
    register_posts(stage.world, {"junior": 1})
    case_id = open_filing(stage.world)
    complete(case_id, "fill", FILLED, stage.world.actors[LIBRARY], "2021-06-10 10:00")
    refusal = {"decision": "reject", "opinion": "年限不足，差两个月"}
    complete(case_id, "first_review", refusal, stage.world.actors["周审"], "2021-06-10 11:30")
    page = unit.get(f"/cases/{case_id}").text
    told = re.sub(r"<[^>]+>|\s+", " ", page.split("办理经过")[1].split("流程图")[0])
    assert re.search(r"初审 .*TY-03.* 2021年6月10日 11:30 .*东溪区人社局.*周审", told)
    assert "年限不足，差两个月" in told
    assert "审核未通过" in page


def test_the_diagram_shows_the_way_taken_and_where_it_stands(stage: Stage, unit: Browser) -> None:
    register_posts(stage.world, {"junior": 1})
    case_id = open_filing(stage.world)
    complete(case_id, "fill", FILLED, stage.world.actors[LIBRARY], "2021-06-10 10:00")
    page = unit.get(f"/cases/{case_id}").text
    found = re.search(r'<script type="application/json" id="diagram-data">(.*?)</script>', page, re.S)
    assert found
    (picture,) = json.loads(found[1])
    assert "fill" in picture["taken"]
    assert "withdrawn" not in picture["taken"]
    assert picture["current"] == ["first_review"]
    assert picture["xml"].startswith("<?xml")
    in_words = html.unescape(page.split("流程图的文字说明")[1])
    assert re.search(r"现在所处的环节：\s*初审", in_words)
    assert "填写申报表" in in_words


def test_a_case_cannot_be_started_outside_its_window(stage: Stage, unit: Browser) -> None:
    stage.move_clock("2021-07-24 00:00")
    assert "不在办理时间内" in unit.get("/cases/start").text
    response = unit.post("/cases/start", {"scheme": "tiny-2021", "process": "posts"})
    assert response.status_code == 409
    with atomic() as session:
        assert session.scalars(select(Case.id)).all() == []


def test_a_process_begun_by_messages_cannot_be_started_by_hand(stage: Stage, unit: Browser) -> None:
    unit.get("/cases/start")
    assert unit.post("/cases/start", {"scheme": "tiny-2021", "process": "filing"}).status_code == 404
    assert unit.post("/cases/start", {"scheme": "nowhere-2021", "process": "filing"}).status_code == 404


def test_id_numbers_are_masked_on_every_page(stage: Stage, unit: Browser) -> None:
    """CQ-27."""
    case_id = open_filing(stage.world)
    whole = re.compile(r"\b110101\d{8}\d{3}[\dX]\b")
    for address in ("/people/", f"/cases/{case_id}", f"/tasks/{task_of(case_id)}", "/cases/", "/inbox/"):
        assert not whole.search(unit.get(address).text)
    assert "110101****" in unit.get(f"/cases/{case_id}").text
    assert case_row(case_id).person_id == stage.world.people["陈一"]
