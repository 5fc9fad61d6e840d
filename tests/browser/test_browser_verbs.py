"""What colleagues do with a task and with many, each in a picture: lent and back, given away, taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update
from support.colleagues import browser_of
from support.countersigned import open_countersigned, publish_countersigned
from support.crowd import working
from support.pages import PASSWORD, Stage, set_stage
from support.world import (
    BUREAU,
    LIBRARY,
    OFFICE,
    at,
    complete,
    open_filing,
    register_posts,
    task_of,
    technician,
)

from app import clock
from app.extensions import atomic
from app.models import Account, Task
from app.operations.company import assignments, delegations, deputies, handovers

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PEOPLE = ("陈一", "李二", "王三")


@pytest.fixture
def stage(app: Flask) -> Stage:
    return set_stage(app)


@pytest.fixture
def tasks(stage: Stage) -> dict[str, int]:
    """Three filings that wait for the bureau."""
    world = stage.world
    register_posts(world, {"technician": 3})
    found = {}
    for minute, person in enumerate(PEOPLE):
        case_id = open_filing(world, person)
        complete(case_id, "fill", technician(world), world.actors[LIBRARY], f"2021-06-11 08:0{minute}")
        found[person] = task_of(case_id)
    return found


def reader(visit: Any, login: str) -> Any:
    who = visit()
    who.sign_in(login, PASSWORD)
    return who


def tick(page: Any, *people: str) -> None:
    for person in people:
        page.check(f"input[name=task][aria-label*={person}]")


def test_lent_to_a_colleague_and_back(stage: Stage, tasks: dict[str, int], visit: Any) -> None:
    browser_of(stage, "李四", "li4")
    task = f"/tasks/{tasks['陈一']}"
    me = reader(visit, stage.login(BUREAU))
    page = me.go(task)
    page.click("summary >> text=委派…")
    page.select_option("#delegate-to", label="李四（li4）")
    page.fill("#delegate-question", "工作年限与档案对得上吗？")
    me.look("verb-delegate")
    page.click("form button >> text=委派")
    page.wait_for_selector("text=已委派")
    me.look("verb-delegated")
    me.go("/inbox/delegated")
    me.look("verb-delegated-list")

    li = reader(visit, "li4")
    li.go("/notices/")
    page = li.go(task)
    li.look("verb-delegate-asked")
    page.click("button >> text=答复，交还")
    page.wait_for_selector("text=请填写意见")
    page.fill("#resolve-opinion", "对得上，2015 年起算。")
    page.click("button >> text=答复，交还")
    page.wait_for_selector("text=事项已交还委派人")

    page = me.go(task)
    assert page.locator("text=李四答复：对得上，2015 年起算。").is_visible()
    me.look("verb-delegate-back")
    me.go("/inbox/delegated")
    me.look("verb-delegated-none")


def test_claimed_put_back_and_transferred(stage: Stage, tasks: dict[str, int], visit: Any) -> None:
    browser_of(stage, "李四", "li4")
    me, task = reader(visit, stage.login(BUREAU)), f"/tasks/{tasks['陈一']}"
    page = me.go(task)
    page.click("main button >> text=签收")
    page.wait_for_selector("text=已签收，由您办理。")
    me.look("verb-claimed")
    page.click("main button >> text=放回")
    page.wait_for_selector("text=已放回")
    me.look("verb-released")
    page.click("summary >> text=转办…")
    page.select_option("#transfer-to", label="李四（li4）")
    page.fill("#transfer-ground", "熟悉该单位情况")
    me.look("verb-transfer")
    page.click("form button >> text=转办")
    page.wait_for_selector("text=已转办。")
    me.look("verb-transferred")
    li = reader(visit, "li4")
    li.go("/inbox/")
    li.look("verb-transferred-inbox")


def test_asked_for_an_opinion_in_a_list(stage: Stage, tasks: dict[str, int], visit: Any) -> None:
    browser_of(stage, "李四", "li4")
    me = reader(visit, stage.login(BUREAU))
    page = me.go(f"/tasks/{tasks['李二']}")
    page.click("summary >> text=加签…")
    page.check("#cosign-to >> text=李四")
    page.fill("#cosign-question", "带徒情况是否属实？")
    page.click("form button >> text=加签")
    page.wait_for_selector("text=已发出会签")
    li = reader(visit, "li4")
    li.go("/inbox/asked")
    li.look("verb-asked-list")


def test_countersigned_by_a_diagram(stage: Stage, visit: Any) -> None:
    publish_countersigned()
    for name, login in (("李四", "li4"), ("王五", "wang5")):
        browser_of(stage, name, login, LIBRARY)
    case_id = open_countersigned(stage.world, LIBRARY)
    unit = reader(visit, stage.login(LIBRARY))
    page = unit.go(f"/tasks/{task_of(case_id)}")
    for name in ("李四", "王五"):
        page.check(f"label >> text={name}")
    unit.look("verb-countersign-choose")
    page.click("[data-submit]")
    page.wait_for_selector("text=已提交")
    unit.look("verb-countersign-waiting")
    li = reader(visit, "li4")
    page = li.go("/inbox/")
    page.click("td >> text=会签")
    page.wait_for_selector("#task-form")
    li.look("verb-countersign")
    page.check("[name=agrees][value=yes]")
    page.click("[data-submit]")
    page.wait_for_selector("text=已提交")
    unit.go(f"/cases/{case_id}")
    unit.look("verb-countersign-half")


def test_reminded_once_in_four_hours(stage: Stage, tasks: dict[str, int], visit: Any) -> None:
    unit = reader(visit, stage.login(LIBRARY))
    (case_id,) = _case_ids([tasks["王三"]])
    page = unit.go(f"/cases/{case_id}")
    unit.look("verb-remind")
    page.fill("[name=note]", "月底要上会")
    page.click("main button >> text=催办")
    page.wait_for_selector("text=以后可以再催")
    unit.look("verb-reminded")


def test_decided_given_back_and_taken_back_together(stage: Stage, tasks: dict[str, int], visit: Any) -> None:
    me = reader(visit, stage.login(BUREAU))
    page = me.go("/inbox/")
    tick(page, *PEOPLE)
    me.look("verb-bulk-ticked")
    with atomic():
        assignments.claim(tasks["王三"], stage.world.actors["周审"], stage.now())
    page.click("text=批量办理勾选的事项")
    page.wait_for_selector("#task-form")
    page.check("[name=decision][value=approve]")
    me.look("verb-bulk")
    page.click("text=提交全部事项")
    page.wait_for_selector("text=成功 2 件，未成功 0 件")
    me.look("verb-bulk-results")
    page.click("text=撤回这一批")
    page.wait_for_selector("#ground")
    me.look("verb-bulk-recall")
    page.fill("#ground", "选错了结论")
    (decided,) = _case_ids([tasks["李二"]])
    office = stage.world.actors[OFFICE]
    complete(decided, "final_review", {"decision": "approve"}, office, "2021-06-11 09:00")
    page.click("text=全部撤回")
    page.wait_for_selector("text=成功 1 件，未成功 1 件")
    me.look("verb-bulk-recalled")
    me.go("/inbox/done")
    me.look("verb-done")
    page = me.go("/inbox/")
    tick(page, "陈一")
    page.click("text=批量退回…")
    page.wait_for_selector("#opinion")
    me.look("verb-bulk-return")
    page.click("text=全部退回")
    page.wait_for_selector("text=请填写退回意见")
    me.look("verb-bulk-return-refused")
    page.fill("#opinion", "请补近五年考核结果。")
    page.click("text=全部退回")
    page.wait_for_selector("text=成功 1 件，未成功 0 件")
    me.look("verb-bulk-returned")
    unit = reader(visit, stage.login(LIBRARY))
    unit.go("/inbox/")
    unit.look("verb-returned-inbox")
    unit.go("/notices/")
    unit.look("verb-returned-notice")


def test_done_is_ticked_and_taken_back(stage: Stage, tasks: dict[str, int], visit: Any) -> None:
    unit = reader(visit, stage.login(LIBRARY))
    page = unit.go("/inbox/done")
    tick(page, "陈一", "李二")
    unit.look("verb-done-ticked")
    page.click("text=撤回勾选的事项")
    page.click("text=全部撤回")
    page.wait_for_selector("text=成功 2 件，未成功 0 件")


def test_a_deputy_acts(stage: Stage, tasks: dict[str, int], visit: Any) -> None:
    li, _ = browser_of(stage, "李四", "li4")
    boss = stage.world.actors[BUREAU]
    with atomic():
        assignments.claim(tasks["陈一"], boss, stage.now())
    me = reader(visit, stage.login(BUREAU))
    page = me.go("/deputies/")
    page.click("main a >> text=指定代理人")
    page.wait_for_selector("h1:has-text('指定代理人')")
    me.look("verb-deputy-name")
    now = clock.now()
    with atomic():
        term = (now - timedelta(days=1), now + timedelta(days=7))
        deputies.name(boss.account_id, li.account_id, *term, ground="休假", actor=boss, now=now)
    me.go("/deputies/")
    me.look("verb-deputy-named")
    deputy = reader(visit, "li4")
    deputy.go("/inbox/")
    deputy.look("verb-deputy-inbox")
    deputy.go(f"/tasks/{tasks['陈一']}")
    deputy.look("verb-deputy-task")
    deputy.go("/deputies/")
    deputy.look("verb-deputy-acting")


def test_all_of_a_leavers_by_who_has_no_office(
    app: Flask, stage: Stage, tasks: dict[str, int], visit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handovers, "AT_ONCE", 2)
    li, _ = browser_of(stage, "李四", "li4")
    browser_of(stage, "王五", "wang5")
    with atomic() as session:
        for task in tasks.values():
            assignments.claim(task, li, stage.now())
        alone = Account.id == stage.world.actors[OFFICE].account_id
        session.execute(update(Account).where(alone).values(duties=["administrator"], organisation_id=None))
    admin = reader(visit, stage.login(OFFICE))
    page = admin.go(f"/handovers/{li.account_id}")
    admin.look("verb-handover-long")
    page.select_option("#to", label="王五（wang5）")
    page.fill("#ground", "调离")
    page.click("main button >> text=交接")
    page.wait_for_selector("h1:has-text('离职交接')")
    admin.look("verb-handover-queued")
    with working(app):
        page.wait_for_selector("text=成功 3 件，未成功 0 件", timeout=30_000)
        page.wait_for_selector("text=取消任务", state="detached")
    admin.look("verb-handover-results")


def test_a_shared_filter_at_a_colleagues(stage: Stage, tasks: dict[str, int], visit: Any) -> None:
    browser_of(stage, "李四", "li4")
    me = reader(visit, stage.login(BUREAU))
    page = me.go("/inbox/?name=李")
    page.click("text=保存当前筛选")
    page.fill("#filter-name", "姓李的")
    page.check("[name=shared]")
    me.look("verb-filter-saving")
    page.click("text=保存 >> nth=-1")
    page.wait_for_selector("text=已保存筛选")
    li = reader(visit, "li4")
    page = li.go("/inbox/")
    page.click("text=姓李的")
    page.wait_for_selector("[aria-current=true]")
    li.look("verb-filter-shared")


def test_states_that_are_no_work(stage: Stage, tasks: dict[str, int], visit: Any) -> None:
    me = reader(visit, stage.login(BUREAU))
    me.go("/inbox/?name=没有这个人")
    me.look("state-none-found")
    me.go("/administration/accounts/")
    me.look("state-forbidden")
    me.go("/tasks/999999")
    me.look("state-not-there")
    office = reader(visit, stage.login(OFFICE))
    office.go("/inbox/")
    office.look("state-empty")
    li, _ = browser_of(stage, "李四", "li4")
    with atomic():
        delegations.delegate(tasks["陈一"], li.account_id, "请看", stage.world.actors[BUREAU], stage.now())
        assignments.claim(tasks["李二"], li, stage.now())
    me.go(f"/tasks/{tasks['李二']}")
    me.look("state-somebody-elses")
    with atomic() as session:
        closed = update(Task).where(Task.id == tasks["王三"])
        session.execute(closed.values(closes_at=at("2021-06-11 08:30")))
    me.go(f"/tasks/{tasks['王三']}")
    me.look("state-closed")
    with atomic() as session:
        session.execute(update(Task).where(Task.id == tasks["王三"]).values(closes_at=None))


def _case_ids(task_ids: list[int]) -> list[int]:
    with atomic() as session:
        return [session.get_one(Task, task_id).case_id for task_id in task_ids]
