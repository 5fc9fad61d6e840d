"""Beside the tasks of a case on the pages: taking back, reminding, copying, phrases, what one has begun."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from support.pages import Browser, Stage
from support.world import BUREAU, OTHER_UNIT, complete, open_review, register_posts, task_of

from app.extensions import db
from app.models import CaseCopy, Task

DEPARTMENT = "东溪区文化局"


@pytest.fixture
def case_id(stage: Stage) -> int:
    """A technician's filing that waits for the first office."""
    world = stage.world
    register_posts(world, {"technician": 1})
    return open_review(world, when="2021-06-11 08:00")


@pytest.fixture
def colleague(stage: Stage) -> Browser:
    return stage.open("周审")


def filled(case_id: int) -> int:
    done = select(func.max(Task.id)).where(Task.case_id == case_id, Task.state != "open")
    return db.session.scalars(done).one()


class TestTakingBack:
    def test_the_unit_sees_what_falls_takes_it_back_and_finds_its_draft(
        self, unit: Browser, case_id: int
    ) -> None:
        address = f"/tasks/{filled(case_id)}/recall"
        assert address in unit.get(f"/cases/{case_id}").text
        assert address in unit.get("/inbox/done").text
        page = unit.get(address).text
        for text in ("撤销待办“初审”", "释放占用的名额", "作为草稿保留", "已经发出的消息不收回"):
            assert text in page
        seen = page.split('name="seen" value="')[1].split('"')[0]
        back = unit.follow(unit.post(address, {"seen": seen})).text
        for text in ("已撤回，可以改后重新提交", "近五年工作扎实。", "暂存的内容"):
            assert text in back
        told = unit.get(f"/cases/{case_id}").text
        assert "填写申报表：撤回" in told
        assert "已撤回" in unit.get("/inbox/done").text

    def test_after_the_office_has_acted_the_page_tells_why_not(
        self, stage: Stage, unit: Browser, case_id: int
    ) -> None:
        address = f"/tasks/{filled(case_id)}/recall"
        unit.get(address)
        complete(
            case_id, "first_review", {"decision": "approve"}, stage.world.actors[BUREAU], "2021-06-11 08:30"
        )
        answer = unit.post(address, {"seen": "1"})
        assert answer.status_code == 409
        assert "不能撤回" in answer.text
        assert address not in unit.get(f"/cases/{case_id}").text


class TestReminding:
    def test_once_then_the_page_tells_when_again(self, unit: Browser, bureau: Browser, case_id: int) -> None:
        task = task_of(case_id)
        assert "催办“初审”" in unit.get(f"/cases/{case_id}").text
        told = unit.follow(unit.post(f"/tasks/{task}/remind", {"note": "月底要上会"})).text
        assert "四小时后可以再催" in told
        assert "以后可以再催" in told
        assert "催请尽快办理。月底要上会" in bureau.get("/notices/").text
        assert "催办" in bureau.get("/inbox/").text
        assert "初审：催办" in bureau.get(f"/cases/{case_id}").text

    def test_an_id_number_is_refused(self, unit: Browser, case_id: int) -> None:
        unit.get(f"/cases/{case_id}")
        answer = unit.post(f"/tasks/{task_of(case_id)}/remind", {"note": "请办 50010119900101123X"})
        assert (answer.status_code, "请不要填写身份证号码" in answer.text) == (422, True)
        assert 'value="请办 50010119900101123X"' in answer.text, "what was typed stays"

    @pytest.mark.parametrize("refused", ["throttled", "done"])
    def test_a_refused_note_comes_back_in_its_box(
        self, stage: Stage, unit: Browser, case_id: int, refused: str
    ) -> None:
        task = task_of(case_id)
        unit.get(f"/cases/{case_id}")
        if refused == "throttled":
            unit.post(f"/tasks/{task}/remind", {"note": "一"})
        else:
            decided = {"decision": "approve"}
            complete(case_id, "first_review", decided, stage.world.actors[BUREAU], "2021-06-11 08:30")
        answer = unit.post(f"/tasks/{task}/remind", {"note": "月底要上会，请先办"})
        assert answer.status_code == 409
        assert ("四小时内已催办过" if refused == "throttled" else "已不在等待办理") in answer.text
        assert 'value="月底要上会，请先办"' in answer.text
        assert f'href="/cases/{case_id}"' in answer.text


class TestCopying:
    def test_a_colleague_finds_it_reads_it_and_the_department_sees_the_case(
        self, stage: Stage, bureau: Browser, colleague: Browser, case_id: int
    ) -> None:
        department = stage.open(DEPARTMENT)
        assert department.get(f"/cases/{case_id}").status_code == 404
        page = bureau.get(f"/cases/{case_id}/copy").text
        assert DEPARTMENT in page
        who, house = stage.world.actors["周审"].account_id, stage.world.organisations[DEPARTMENT]
        data = {"_copy_account": who, "_copy_house": house, "_copy_note": "请一并把握"}
        assert "已抄送" in bureau.follow(bureau.post(f"/cases/{case_id}/copy", data)).text
        assert department.get(f"/cases/{case_id}").status_code == 200
        listed = colleague.get("/copies/").text
        assert "未读" in listed
        assert "请一并把握" in listed
        mine = select(CaseCopy.id).where(CaseCopy.account_id == who)
        opened = colleague.post(f"/copies/{db.session.scalars(mine).one()}")
        assert f"、{DEPARTMENT}" in colleague.follow(opened).text
        assert "未读" not in colleague.get("/copies/").text

    def test_a_refused_one_keeps_who_was_ticked_and_the_note(
        self, stage: Stage, bureau: Browser, case_id: int
    ) -> None:
        who = stage.world.actors["周审"].account_id
        bureau.get(f"/cases/{case_id}/copy")
        data = {"_copy_account": who, "_copy_note": "请核对 50010119900101123X"}
        answer = bureau.post(f"/cases/{case_id}/copy", data)
        assert answer.status_code == 422
        assert f'value="{who}" checked' in answer.text
        assert 'value="请核对 50010119900101123X"' in answer.text

    def test_nobody_chosen(self, bureau: Browser, case_id: int) -> None:
        bureau.get(f"/cases/{case_id}/copy")
        answer = bureau.post(f"/cases/{case_id}/copy", {})
        assert (answer.status_code, "请选择抄送给谁" in answer.text) == (422, True)

    def test_together_with_the_decision_or_not_at_all(
        self, stage: Stage, bureau: Browser, colleague: Browser, case_id: int
    ) -> None:
        task, who = task_of(case_id), stage.world.actors["周审"].account_id
        assert "提交的同时抄送" in bureau.get(f"/tasks/{task}").text
        data = {"decision": "approve", "_submit": "1", "_copy_account": who, "_copy_note": "长" * 201}
        refused = bureau.post(f"/tasks/{task}", data)
        assert refused.status_code == 422
        assert "最多 200 个字" in refused.text
        assert task_of(case_id) == task, "nothing is half done"
        bureau.post(f"/tasks/{task}", {**data, "_copy_note": "已同意"})
        assert "已同意" in colleague.get("/copies/").text


class TestPhrases:
    def test_own_and_shared_ones_stand_beside_the_form(
        self, bureau: Browser, colleague: Browser, case_id: int
    ) -> None:
        bureau.get("/phrases/")
        bureau.post("/phrases/", {"text": "材料齐全，同意。"})
        page = bureau.follow(bureau.post("/phrases/", {"text": "请补充合同。", "shared": "on"})).text
        assert "已添加常用语" in page
        assert "材料齐全，同意。" in bureau.get(f"/tasks/{task_of(case_id)}").text
        other = colleague.get("/phrases/").text
        assert ("请补充合同。" in other, "材料齐全" in other, "删除：" in other) == (True, False, False)

    def test_neither_empty_nor_twice(self, bureau: Browser) -> None:
        bureau.get("/phrases/")
        assert bureau.post("/phrases/", {"text": " "}).status_code == 422
        bureau.post("/phrases/", {"text": "同意。"})
        again = bureau.post("/phrases/", {"text": "同意。"})
        assert (again.status_code, "已有这条常用语" in again.text) == (409, True)


def test_what_one_began_and_what_the_house_began(stage: Stage, unit: Browser, case_id: int) -> None:
    mine = unit.get("/started/").text
    assert "没有符合条件的办件" not in mine, "the register of posts was begun by hand"
    assert f"/cases/{case_id}" not in mine, "the filing came of itself"
    assert "没有符合条件的办件" in stage.open(OTHER_UNIT).get("/started/?who=all").text
