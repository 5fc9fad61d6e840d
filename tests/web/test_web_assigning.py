"""Who has a task, on the pages: each verb as a form without script; a refusal keeps what was typed."""

from __future__ import annotations

import pytest
from support.colleagues import SUPERVISOR, browser_of
from support.pages import Browser, Stage
from support.world import BUREAU, open_review, register_posts, task_of

from app.extensions import atomic, db
from app.models import Task
from app.operations import tasks
from app.operations.company import cosigning


@pytest.fixture
def task(stage: Stage) -> int:
    """The review of a technician's filing at the bureau."""
    register_posts(stage.world, {"technician": 1})
    filing = open_review(stage.world, when="2021-06-11 09:00")
    return task_of(filing, "first_review")


def page(browser: Browser, task: int) -> str:
    return browser.get(f"/tasks/{task}/assigning").text


def test_a_task_is_claimed_asked_about_and_answered(stage: Stage, bureau: Browser, task: int) -> None:
    wang, desk = browser_of(stage, "王五", "wang5")
    assert "还没有人签收" in page(bureau, task)
    assert bureau.post(f"/tasks/{task}/claim", {}).status_code == 302
    sent = bureau.post(f"/tasks/{task}/delegate", {"to": wang.account_id, "question": "材料齐全吗"})
    assert sent.status_code == 302
    assert "委派给王五征求意见" in page(bureau, task)
    asked = page(desk, task)
    assert "材料齐全吗" in asked
    assert "请填写意见后答复" in asked
    silent = desk.post(f"/tasks/{task}/resolve", {"opinion": ""})
    assert (silent.status_code, "请填写意见" in silent.text) == (422, True)
    assert desk.post(f"/tasks/{task}/resolve", {"opinion": "齐全"}).status_code == 302
    assert "齐全" in page(bureau, task)


def test_colleagues_cosign_and_one_is_let_off(stage: Stage, bureau: Browser, task: int) -> None:
    wang, desk = browser_of(stage, "王五", "wang5")
    zhao, _ = browser_of(stage, "赵六", "zhao6")
    asked = {"to": [wang.account_id, zhao.account_id], "question": "是否同意"}
    assert bureau.post(f"/tasks/{task}/cosign", asked).status_code == 302
    assert "请等王五、赵六答复" in page(bureau, task)
    vague = desk.post(f"/tasks/{task}/cosign/answer", {"opinion": "说不好"})
    assert vague.status_code == 422
    assert "请选择同意或不同意" in vague.text
    assert "说不好" in vague.text, "what was typed stays"
    given = desk.post(f"/tasks/{task}/cosign/answer", {"verdict": "disagree", "opinion": "年限不足"})
    assert given.status_code == 302
    let_off = bureau.post(f"/tasks/{task}/cosign/remove", {"to": zhao.account_id, "ground": "出差"})
    assert let_off.status_code == 302
    told = page(bureau, task)
    assert "年限不足" in told
    assert "已减签" in told
    assert "答复后再办理" not in told


def test_who_has_it_is_told_and_the_supervisor_hands_it_on(stage: Stage, bureau: Browser, task: int) -> None:
    _, desk = browser_of(stage, "王五", "wang5")
    _, chief = browser_of(stage, "钱科长", "qian", duties=SUPERVISOR)
    desk.get(f"/tasks/{task}/assigning")
    desk.post(f"/tasks/{task}/claim", {})
    late = bureau.post(f"/tasks/{task}/claim", {})
    assert (late.status_code, "已由王五签收" in late.text) == (409, True)
    bureau_id = stage.world.actors[BUREAU].account_id
    page(chief, task)
    handed = chief.post(f"/tasks/{task}/transfer", {"to": bureau_id, "ground": "王五病假"})
    assert handed.headers["Location"] == f"/tasks/{task}/assigning"
    assert "王五病假" in page(chief, task)
    assert "放回" in page(bureau, task), "it is theirs now"


def test_another_offices_task_is_not_there(unit: Browser, task: int) -> None:
    assert unit.get(f"/tasks/{task}/assigning").status_code == 404
    assert unit.post(f"/tasks/{task}/claim", {}).status_code == 404


def test_the_case_tells_who_said_what(stage: Stage, bureau: Browser, task: int) -> None:
    wang, _ = browser_of(stage, "王五", "wang5")
    page(bureau, task)
    bureau.post(f"/tasks/{task}/transfer", {"to": wang.account_id, "ground": "分工调整"})
    case = bureau.get(f"/cases/{_case_of(task)}").text
    assert "初审：转办 → 王五" in case
    assert "分工调整" in case


def test_what_was_said_stays_on_the_page_of_a_task_that_is_done(stage: Stage, task: int) -> None:
    """And the supervisor comes to it from the case."""
    wang, desk = browser_of(stage, "王五", "wang5")
    _, chief = browser_of(stage, "钱科长", "qian", duties=SUPERVISOR)
    me = stage.world.actors[BUREAU]
    with atomic():
        cosigning.ask(task, [wang.account_id or 0], "是否同意", me, stage.now())
        cosigning.answer(task, "agree", "材料属实", wang, stage.now())
    assert f"/tasks/{task}/assigning" in chief.get(f"/cases/{_case_of(task)}").text
    with atomic():
        tasks.complete(task, {"decision": "approve"}, me, stage.now())
    for address in (f"/tasks/{task}", f"/tasks/{task}/assigning"):
        told = desk.get(address).text
        assert "材料属实" in told
        assert "转办…" not in told


def _case_of(task: int) -> int:
    return db.session.get_one(Task, task).case_id
