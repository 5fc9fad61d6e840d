"""Forms in a real browser: redrawn while somebody types, by keyboard alone, without scripts."""

from __future__ import annotations

import time
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Route
from support.pages import PASSWORD, Stage, set_stage
from support.world import BUREAU, LIBRARY, complete, open_filing, register_posts, task_of

pytestmark = pytest.mark.browser

FILLED = {"grade": "junior", "summary": "近五年工作扎实。"}


@pytest.fixture
def stage(app: Flask) -> Stage:
    return set_stage(app)


def test_typing_goes_on_while_the_form_is_drawn_anew(stage: Stage, visit: Any) -> None:
    task_id = task_of(open_filing(stage.world))
    unit = visit()
    unit.sign_in(stage.login(LIBRARY), PASSWORD)
    page = unit.go(f"/tasks/{task_id}")

    def slowly(route: Route) -> None:
        time.sleep(0.5)
        route.continue_()

    page.route("**/tasks/*", slowly)
    page.check("[name=grade][value=technician]")
    page.locator("#summary").press_sequentially("带徒三人，技术革新两项", delay=60)
    page.wait_for_selector('[name="_file-certificate"]')
    assert page.input_value("#summary") == "带徒三人，技术革新两项"
    assert page.evaluate("() => document.activeElement.id") == "summary"
    page.check("[name=grade][value=junior]")
    page.wait_for_selector('[name="_file-certificate"]', state="detached")
    assert page.input_value("#summary") == "带徒三人，技术革新两项"


def test_a_form_works_without_scripts(stage: Stage, visit: Any) -> None:
    register_posts(stage.world, {"junior": 1})
    case_id = open_filing(stage.world)
    complete(case_id, "fill", FILLED, stage.world.actors[LIBRARY], "2021-06-11 08:00")
    bureau = visit(java_script_enabled=False)
    bureau.sign_in(stage.login(BUREAU), PASSWORD)
    page = bureau.go("/inbox/")
    page.click("td >> text=初审")
    page.check("[name=decision][value=reject]")
    page.locator('[name="_submit"]:visible').last.click()
    page.wait_for_selector("text=填写内容有误")
    page.click('a[href="#opinion"]')
    page.fill("#opinion", "年限不足")
    page.locator('[name="_submit"]:visible').last.click()
    page.wait_for_selector("text=审核未通过")
    page.click(".alert a")
    assert page.locator("text=流程图的文字说明").is_visible()


def test_a_reviewer_gets_along_with_the_keyboard(stage: Stage, visit: Any) -> None:
    register_posts(stage.world, {"junior": 1})
    complete(open_filing(stage.world), "fill", FILLED, stage.world.actors[LIBRARY], "2021-06-11 08:00")
    bureau = visit()
    bureau.sign_in(stage.login(BUREAU), PASSWORD)
    page = bureau.go("/inbox/")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.textContent") == "跳到正文"
    assert page.locator(".skip-link").bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.id") == "main-part"
    page.locator("td >> text=初审").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#task-form")
    page.locator("[name=decision]").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.id") == "opinion"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=已提交")


def test_a_diagram_without_a_drawing_is_told(stage: Stage, visit: Any) -> None:
    unit = visit()
    unit.sign_in(stage.login(LIBRARY), PASSWORD)
    page = unit.go(f"/cases/{open_filing(stage.world)}")
    page.wait_for_selector("text=流程图无法显示")
    page.click("text=流程图的文字说明")
    assert page.locator("text=现在所处的环节：填写申报表").is_visible()
