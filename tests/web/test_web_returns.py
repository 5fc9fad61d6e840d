"""Giving a case back on the pages: the step, what falls, the opinion; what the applicant then sees."""

from __future__ import annotations

import pytest
from support.pages import Browser, Stage
from support.world import BUREAU, OFFICE, complete, open_review, register_posts, task_of

OPINION = "工作总结请写到五百字"


@pytest.fixture
def case_id(stage: Stage) -> int:
    """A technician's filing that waits for the last office."""
    world = stage.world
    register_posts(world, {"technician": 1})
    filing = open_review(world)
    complete(filing, "first_review", {"decision": "approve"}, world.actors[BUREAU], "2021-06-12 10:00")
    return filing


def test_the_page_tells_what_falls_for_each_step(office: Browser, case_id: int) -> None:
    task = task_of(case_id, "final_review")
    assert f"/tasks/{task}/return" in office.get(f"/tasks/{task}").text
    page = office.get(f"/tasks/{task}/return").text
    for text in ("填写申报表", "“初审”的意见不再有效", "释放占用的技师岗位名额", "直接退回我处"):
        assert text in page


def test_the_applicant_sees_from_whom_and_why_and_amends(
    office: Browser, unit: Browser, case_id: int
) -> None:
    task = task_of(case_id, "final_review")
    office.get(f"/tasks/{task}/return")
    done = office.post(f"/tasks/{task}/return", {"to": "fill", "opinion": OPINION, "then": "back"})
    told = office.follow(done).text
    assert "已退回。办件现在的状态：待提交" in told
    assert "终审：退回到“填写申报表”" in told
    assert OPINION in told
    assert OPINION in unit.get("/inbox/").text
    amend = task_of(case_id, "fill")
    page = unit.get(f"/tasks/{amend}").text
    for text in (OPINION, OFFICE, "补正后直接回到该环节", "近五年工作扎实。"):
        assert text in page
    assert "return" not in page.split("task-form")[1].split("</form>")[0], "the unit gives nothing back"


def test_nothing_chosen_and_nothing_said(office: Browser, case_id: int) -> None:
    task = task_of(case_id, "final_review")
    office.get(f"/tasks/{task}/return")
    empty = office.post(f"/tasks/{task}/return", {"opinion": OPINION})
    assert (empty.status_code, "请选择退回到哪一步" in empty.text) == (422, True)
    silent = office.post(f"/tasks/{task}/return", {"to": "fill", "opinion": " "})
    assert (silent.status_code, "请填写退回意见" in silent.text) == (422, True)
    nowhere = office.post(f"/tasks/{task}/return", {"to": "nowhere", "opinion": OPINION})
    assert (nowhere.status_code, OPINION in nowhere.text) == (409, True), "what was typed stays"


def test_the_case_moved_while_the_page_stood_open(stage: Stage, office: Browser, case_id: int) -> None:
    task = task_of(case_id, "final_review")
    office.get(f"/tasks/{task}/return")
    stale = office.post(f"/tasks/{task}/return", {"to": "fill", "opinion": OPINION, "seen": "1"})
    assert (stale.status_code, "有了变化" in stale.text) == (409, True)
    complete(case_id, "final_review", {"decision": "approve"}, stage.world.actors[OFFICE], "2021-06-13 10:00")
    gone = office.post(f"/tasks/{task}/return", {"to": "fill", "opinion": OPINION})
    assert (gone.status_code, "已经办理过" in gone.text) == (409, True)


def test_another_office_finds_nothing(bureau: Browser, case_id: int) -> None:
    task = task_of(case_id, "final_review")
    assert bureau.get(f"/tasks/{task}/return").status_code == 404
    assert bureau.post(f"/tasks/{task}/return", {"to": "fill", "opinion": OPINION}).status_code == 404
