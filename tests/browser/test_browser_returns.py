"""A case is given back and amended in a real browser, at both widths, judged for accessibility."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from support.pages import PASSWORD, set_stage
from support.world import BUREAU, LIBRARY, OFFICE, complete, open_review, register_posts, task_of

pytestmark = pytest.mark.browser


def test_given_back_amended_and_straight_back(app: Flask, visit: Any) -> None:
    stage = set_stage(app)
    world = stage.world
    register_posts(world, {"technician": 1})
    case_id = open_review(world)
    complete(case_id, "first_review", {"decision": "approve"}, world.actors[BUREAU], "2021-06-12 10:00")

    office = visit()
    office.sign_in(stage.login(OFFICE), PASSWORD)
    page = office.go(f"/tasks/{task_of(case_id, 'final_review')}")
    office.look("task-returnable")
    page.click("main >> text=退回…")
    page.wait_for_selector("h1:has-text('退回')")
    office.look("return")
    page.click("main button >> text=退回")
    page.wait_for_selector("text=请选择退回到哪一步")
    office.look("return-refused")
    page.check("label >> text=填写申报表")
    page.fill("#opinion", "工作总结请写明带徒情况。\n证书请重新扫描。")
    page.check("label >> text=直接退回我处")
    page.click("main button >> text=退回")
    page.wait_for_selector("text=已退回。")
    office.look("case-returned")

    unit = visit()
    unit.sign_in(stage.login(LIBRARY), PASSWORD)
    page = unit.go("/inbox/")
    unit.look("inbox-returned")
    page.evaluate("() => { window.scrolls = 0; addEventListener('scroll', () => { window.scrolls += 1; }); }")
    page.click("td >> text=填写申报表")
    page.wait_for_function("() => window.scrolls >= 2")
    assert page.evaluate("() => scrollY") == 0, "the viewer of a material scrolls the page to itself"
    assert page.evaluate("() => document.activeElement.id") == "main-part"
    unit.look("task-returned")
    page.locator('[name="_submit"]:visible').last.click()
    page.wait_for_selector("text=待省考核办审核")
    page.click(".alert a")
    page.wait_for_selector("text=办理经过")
    assert page.locator("text=初审（沿用原来的意见）").is_visible()
