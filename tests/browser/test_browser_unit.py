"""A unit's officer in a real browser: the desk, and several people's entries in rows by keyboard."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from support.applying import stage_where_people_file
from support.pages import PASSWORD, Stage
from support.world import BUREAU, LIBRARY, at, open_review, register_posts, task_of

from app.extensions import atomic
from app.operations.going_back import returns

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture
def stage(app: Flask) -> Stage:
    """陈一's filing came back; nobody else has one."""
    stage = stage_where_people_file(app)
    world = stage.world
    register_posts(world, {"technician": 1, "junior": 2})
    filing = open_review(world, when="2021-06-11 08:00")
    with atomic():
        bureau, when = world.actors[BUREAU], at("2021-06-11 08:30")
        returns.give_back(task_of(filing), "fill", "工作总结请写到五百字", "on", bureau, when)
    return stage


def test_from_the_desk_to_entries_in_rows(stage: Stage, visit: Any) -> None:
    officer = visit()
    officer.sign_in(stage.login(LIBRARY), PASSWORD)
    page = officer.go("/")
    assert page.inner_text("h1") == "单位工作台"
    officer.look("unit-01-desk")
    page.click("text=新增办件")
    page.click("text=一次为多人新增")
    officer.look("unit-02-many")
    page.check("text=全选本页")
    page.click("text=为勾选的人新增")
    assert "成功 2 件" in page.inner_text("main")
    officer.look("unit-03-begun")
    page.click("text=接着多行填写")
    page.click("main li a")
    officer.look("unit-04-rows")
    rows = page.locator("table.list tbody tr")
    assert rows.count() == 3
    second, third = rows.nth(1), rows.nth(2)
    second.locator("select").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type("近五年工作扎实。")
    third.locator("select").select_option("junior")
    third.locator("input[type=checkbox]").check()
    page.click("text=提交勾选的")
    page.wait_for_selector(".error-summary")
    officer.look("unit-05-refused")
    rows = page.locator("table.list tbody tr")
    assert rows.nth(1).locator("textarea").input_value() == "近五年工作扎实。"
    assert rows.nth(2).locator("select").input_value() == "junior"
    rows.nth(2).locator("textarea").fill("近五年工作扎实。")
    page.click("text=提交勾选的")
    page.wait_for_selector("text=成功 1 件")
    officer.look("unit-06-submitted")
