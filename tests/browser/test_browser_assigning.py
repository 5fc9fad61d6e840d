"""Who has a task, deputies and handing over in a real browser, at both widths, judged for accessibility."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from support.colleagues import SUPERVISOR, browser_of
from support.pages import PASSWORD, set_stage
from support.world import BUREAU, open_review, register_posts, task_of

pytestmark = pytest.mark.browser


def test_a_task_among_colleagues(app: Flask, visit: Any) -> None:
    stage = set_stage(app)
    world = stage.world
    register_posts(world, {"technician": 1})
    case_id = open_review(world, when="2021-06-11 09:00")
    for name, login, duties in (
        ("王五", "wang5", ("operator",)),
        ("赵六", "zhao6", ("operator",)),
        ("钱科长", "qian", SUPERVISOR),
    ):
        browser_of(stage, name, login, duties=duties)
    task = f"/tasks/{task_of(case_id, 'first_review')}"

    me = visit()
    me.sign_in(stage.login(BUREAU), PASSWORD)
    page = me.go(task)
    me.look("assigning-free")
    page.click("main button >> text=签收")
    page.wait_for_selector("text=已签收，由您办理。")
    page.click("summary >> text=加签")
    page.check("#cosign-to >> text=王五")
    page.check("#cosign-to >> text=赵六")
    page.fill("#cosign-question", "工作年限的认定，请会签。")
    me.look("assigning-cosign")
    page.click("form button >> text=加签")
    page.wait_for_selector("text=请等王五、赵六答复")
    me.look("assigning-waiting")

    wang = visit()
    wang.sign_in("wang5", PASSWORD)
    page = wang.go(task)
    wang.look("assigning-asked")
    page.click("button >> text=提交会签意见")
    page.wait_for_selector("text=请选择同意或不同意")
    wang.look("assigning-refused")
    page.check("#answer-disagree")
    page.fill("#answer-opinion", "工作年限少一年，不同意。")
    page.click("button >> text=提交会签意见")
    page.wait_for_selector("text=会签意见已提交。")

    page = me.go(task)
    page.click("summary >> text=减签")
    page.fill("[name=ground]:visible", "出差")
    page.click("details[open] button >> text=减签")
    page.wait_for_selector("text=已减签。")
    me.look("assigning-answered")
    me.go("/deputies/")
    me.look("deputies")

    chief = visit()
    chief.sign_in("qian", PASSWORD)
    chief.go("/deputies/office")
    chief.look("deputies-office")
    page = chief.go(f"/handovers/{world.actors[BUREAU].account_id}")
    chief.look("handover")
    page.select_option("#to", label="王五（wang5）")
    page.fill("#ground", "调离")
    page.click("main button >> text=交接")
    page.wait_for_selector("text=交接结果")
    chief.look("handover-done")
    page.goto(f"{chief.address}/cases/{case_id}")
    chief.look("case-assigned")
