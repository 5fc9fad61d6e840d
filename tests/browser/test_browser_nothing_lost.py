"""What was typed stays, in a real browser: rows that are left, a form that could not be drawn anew."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Dialog, Page
from support.pages import PASSWORD, Stage, set_stage
from support.sheets import PAGE, lapse, publish_in_parts, saved, wait_for_entries
from support.world import BUREAU, LIBRARY, open_filing, open_review, register_posts, task_of

pytestmark = pytest.mark.browser

TOLD = "表单还没有按这项选择更新"


@pytest.fixture
def stage(app: Flask) -> Stage:
    return set_stage(app)


def signed_in(stage: Stage, visit: Any) -> Any:
    unit = visit()
    unit.sign_in(stage.login(LIBRARY), PASSWORD)
    return unit


def test_rows_are_saved_by_the_tabs_and_asked_for_when_left(stage: Stage, visit: Any) -> None:
    publish_in_parts()
    entry = wait_for_entries(stage)[0]
    unit = signed_in(stage, visit)
    page: Page = unit.go(PAGE)
    page.fill(f"#t{entry}-years", "12")
    page.click("button:text-is('小结')")
    page.wait_for_selector("text=已暂存 1 行")
    unit.look("rows-second-part")
    page.fill(f"#t{entry}-summary", "写了很久的小结")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.once("dialog", stay)
    page.click("text=返回单位工作台", no_wait_after=True)
    page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    assert page.input_value(f"#t{entry}-summary") == "写了很久的小结"
    page.press(f"#t{entry}-summary", "Tab")
    page.click("button:text-is('申报')")
    page.wait_for_selector("text=已暂存 1 行")
    assert page.input_value(f"#t{entry}-years") == "12"
    kept = saved(entry)
    assert kept is not None
    assert kept["summary"] == "写了很久的小结"
    page.click("text=返回单位工作台")
    page.wait_for_url("**/")


def test_rows_of_an_ended_session_are_marked_as_kept(stage: Stage, visit: Any) -> None:
    publish_in_parts()
    entry = wait_for_entries(stage)[0]
    unit = signed_in(stage, visit)
    page: Page = unit.go(PAGE)
    page.fill(f"#t{entry}-years", "12")
    lapse()
    page.click("button:text-is('暂存本页'):not([aria-hidden])")
    page.wait_for_url("**/sign-in**")
    page.fill("#login", stage.login(LIBRARY))
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.wait_for_selector("text=有 1 行是您登录超时以前填写的")
    assert page.input_value(f"#t{entry}-years") == "12"
    unit.look("rows-kept")


def test_a_return_of_many_stands_as_it_was_after_the_sign_in(stage: Stage, visit: Any) -> None:
    register_posts(stage.world, {"technician": 1})
    open_review(stage.world, when="2021-06-11 08:00")
    bureau = visit()
    bureau.sign_in(stage.login(BUREAU), PASSWORD)
    page: Page = bureau.go("/inbox/")
    page.check("[name=task]")
    page.click("text=批量退回")
    page.fill("#opinion", "请补近五年考核")
    page.check("#then-back")
    lapse()
    page.click("text=全部退回")
    page.wait_for_url("**/sign-in**")
    bureau.look("many-lapsed")
    page.fill("#login", stage.login(BUREAU))
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.wait_for_selector("text=还没有提交")
    assert page.input_value("#opinion") == "请补近五年考核"
    assert page.is_checked("#then-back")
    bureau.look("many-kept")
    page.click("text=全部退回")
    page.wait_for_selector("text=成功 1 件")


@pytest.mark.parametrize("broken", ["line", "session"])
def test_a_form_that_could_not_be_drawn_anew_says_so_at_the_answer(
    stage: Stage, visit: Any, broken: str
) -> None:
    task_id = task_of(open_filing(stage.world))
    unit = signed_in(stage, visit)
    page: Page = unit.go(f"/tasks/{task_id}")
    page.fill("#summary", "带徒三人")
    if broken == "line":
        page.route("**/tasks/*", lambda route: route.abort())
    else:
        lapse()
    page.check("[name=grade][value=technician]")
    told = page.locator(f"#grade >> text={TOLD}")
    told.wait_for()
    unit.look(f"not-redrawn-{broken}")
    unit.complaints = [one for one in unit.complaints if "ERR_FAILED" not in one]
    if broken == "line":
        page.unroute("**/tasks/*")
        page.click("button:text-is('更新表单')")
        page.wait_for_selector('[name="_file-certificate"]')
        assert page.input_value("#summary") == "带徒三人"
        assert told.count() == 0


def test_the_sentence_goes_once_the_form_was_drawn(stage: Stage, visit: Any) -> None:
    unit = signed_in(stage, visit)
    page: Page = unit.go(f"/tasks/{task_of(open_filing(stage.world))}")
    page.route("**/tasks/*", lambda route: route.abort())
    page.check("[name=grade][value=technician]")
    told = page.locator(f"text={TOLD}")
    told.wait_for()
    page.unroute("**/tasks/*")
    page.check("[name=grade][value=junior]")
    page.check("[name=grade][value=technician]")
    page.wait_for_selector('[name="_file-certificate"]')
    assert told.count() == 0
    unit.complaints = [one for one in unit.complaints if "ERR_FAILED" not in one]
