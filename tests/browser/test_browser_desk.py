"""A reviewer's desk in a real browser: a day by keyboard alone, colleagues, a bad line, the new states."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, Route
from sqlalchemy import update
from support.colleagues import colleague
from support.pages import PASSWORD, Stage, set_stage
from support.world import BUREAU, LIBRARY, complete, open_filing, register_posts, task_of, technician

from app.extensions import atomic
from app.models import WebSession
from app.operations.access import _passwords

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

FILLED = {"grade": "junior", "summary": "近五年工作扎实。"}
PEOPLE = ("陈一", "李二", "王三")


@pytest.fixture
def stage(app: Flask) -> Stage:
    return set_stage(app)


@pytest.fixture
def tasks(stage: Stage) -> dict[str, int]:
    """Three filings that wait for the bureau, the first with an upload."""
    world = stage.world
    register_posts(world, {"junior": 3, "technician": 1})
    found = {}
    for minute, person in enumerate(PEOPLE):
        case_id = open_filing(world, person)
        filled = technician(world) if minute == 0 else FILLED
        complete(case_id, "fill", filled, world.actors[LIBRARY], f"2021-06-11 08:0{minute}")
        found[person] = task_of(case_id)
    return found


def heading(page: Page) -> str:
    return page.inner_text("h1")


def wait_for_heading(page: Page, text: str) -> None:
    page.wait_for_selector(f"h1:has-text('{text}')")


def loads(page: Page) -> Callable[[], int]:
    """How many whole pages were loaded since."""
    found: list[str] = []
    page.on("request", lambda sent: found.append(sent.url) if sent.is_navigation_request() else None)
    # What the frame of the material shows, and the browser's own viewer in it, are no pages of ours.
    return lambda: len([url for url in found if url.startswith("http") and "/view" not in url])


def test_a_day_by_keyboard_alone(stage: Stage, tasks: dict[str, int], visit: Any) -> None:
    """From the list through three decisions and back; no page is loaded anew on the way."""
    bureau = visit()
    bureau.sign_in(stage.login(BUREAU), PASSWORD)
    page = bureau.go("/inbox/")
    bureau.look("desk-01-inbox")
    count = loads(page)
    keys = page.keyboard
    keys.press("?")
    page.wait_for_selector("dialog[open]")
    bureau.look("desk-02-keys")
    keys.press("Escape")
    for key in "jjk":
        keys.press(key)
    keys.press("x")
    assert page.locator("input[name=task]").first.is_checked()
    keys.press("x")
    keys.press("Enter")
    wait_for_heading(page, "陈一")
    page.wait_for_selector("#main-part:focus")
    page.wait_for_selector("iframe[name=material-viewer]")
    bureau.look("desk-03-task")
    keys.press("n")
    wait_for_heading(page, "李二")
    keys.press("f")
    keys.press("Space")
    keys.press("Tab")
    keys.type("jkxnu?")
    assert page.input_value("#opinion") == "jkxnu?", "a key is a letter to who types"
    keys.press("Control+Enter")
    wait_for_heading(page, "王三")
    assert page.locator("text=已提交。办件现在的状态").first.is_visible()
    bureau.look("desk-04-next")
    keys.press("f")
    page.wait_for_selector("[name=decision]:focus")
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    page.wait_for_selector("[name=decision][value=reject]:checked")
    keys.press("Control+Enter")
    page.wait_for_selector("[data-error-summary]:focus")
    keys.press("Tab")
    keys.press("Enter")
    page.wait_for_selector("#opinion:focus")
    keys.type("年限不足")
    keys.press("Control+Enter")
    wait_for_heading(page, "陈一")
    page.wait_for_selector("#main-part:focus")
    keys.press("u")
    page.wait_for_selector("[data-rows]")
    assert page.locator("[data-rows] tr").count() == 1
    keys.press("/")
    assert page.evaluate("() => document.activeElement.id") == "f-kind"
    assert count() == 0


def test_keys_can_be_turned_off(stage: Stage, tasks: dict[str, int], visit: Any) -> None:
    """WCAG 2.2, 2.1.4."""
    bureau = visit()
    bureau.sign_in(stage.login(BUREAU), PASSWORD)
    page = bureau.go("/inbox/")
    page.click("[data-keys-show]")
    page.uncheck("[data-keys-on]")
    page.click("dialog button")
    page.keyboard.press("j")
    page.keyboard.press("?")
    assert not page.locator("dialog[open]").count()
    page.reload()
    page.keyboard.press("j")
    assert page.evaluate("() => document.activeElement.tagName") == "BODY"
    page.click("[data-keys-show]")
    page.check("[data-keys-on]")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    assert page.evaluate("() => document.activeElement.matches('[data-open]')")


def test_bulk_by_keyboard_with_a_result_each(stage: Stage, tasks: dict[str, int], visit: Any) -> None:
    bureau = visit()
    bureau.sign_in(stage.login(BUREAU), PASSWORD)
    page = bureau.go("/inbox/")
    for key in "jxjxb":
        page.keyboard.press(key)
    page.wait_for_selector("#task-form")
    page.locator("[name=decision]").first.focus()
    page.keyboard.press("Space")
    page.locator("#task-form").evaluate("form => form.querySelector('[data-submit], [name=_submit]').focus()")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=成功 2 件")


def test_two_colleagues_at_one_task(stage: Stage, tasks: dict[str, int], visit: Any) -> None:
    colleague(stage.world, "钱核", login="qianhe", hashed=_passwords.hashed(PASSWORD))
    first, second = visit(), visit()
    address = f"/tasks/{tasks['陈一']}"
    first.sign_in(stage.login(BUREAU), PASSWORD)
    first.go(address)
    second.sign_in("qianhe", PASSWORD)
    second.go(address)
    assert second.page.locator("text=刚刚打开，正在办理").is_visible()
    second.look("desk-10-presence")
    first.page.fill("#opinion", "先写的")
    first.page.click("[name=_draft]")
    first.page.wait_for_selector("text=已暂存")
    second.page.fill("#opinion", "后写的")
    second.page.click("[name=_draft]")
    wait_for_heading(second.page, "核对两份内容")
    second.look("desk-11-compare")
    second.page.click("text=用选定的内容接着办理")
    second.page.wait_for_selector("text=还没有保存和提交")
    assert second.page.input_value("#opinion") == "后写的"
    second.page.check("[name=decision][value=approve]")
    second.page.click("[data-submit]")
    second.page.wait_for_selector("text=已提交")
    first.page.check("[name=decision][value=reject]")
    first.page.click("[data-submit]")
    first.page.wait_for_selector("text=本次提交没有生效")
    first.look("desk-12-too-late")


def test_a_lost_line_is_told_and_the_same_again_is_done_once(
    stage: Stage, tasks: dict[str, int], visit: Any
) -> None:
    bureau = visit()
    bureau.sign_in(stage.login(BUREAU), PASSWORD)
    page = bureau.go(f"/tasks/{tasks['李二']}?list=inbox")
    page.check("[name=decision][value=approve]")

    def lost(route: Route) -> None:
        """What was sent arrives; the answer does not."""
        if route.request.method == "POST" and "_submit" in (route.request.post_data or ""):
            route.fetch(max_redirects=0)
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/tasks/*", lost)
    page.click("[data-submit]")
    page.wait_for_selector("text=网络已断开")
    assert page.locator("[name=decision][value=approve]").is_checked()
    bureau.look("desk-20-offline")
    page.unroute("**/tasks/*")
    page.click("[data-submit]")
    wait_for_heading(page, "王三")
    assert page.locator("text=已提交。办件现在的状态").first.is_visible()
    assert page.locator("[data-offline]").is_hidden()
    lost_ones = ("ERR_CONNECTION_RESET", "htmx:")
    bureau.complaints = [told for told in bureau.complaints if not any(one in told for one in lost_ones)]


def test_a_session_that_ends_in_the_middle_of_a_form(stage: Stage, tasks: dict[str, int], visit: Any) -> None:
    bureau = visit()
    bureau.sign_in(stage.login(BUREAU), PASSWORD)
    page = bureau.go(f"/tasks/{tasks['李二']}?list=inbox")
    page.check("[name=decision][value=reject]")
    page.fill("#opinion", "写了半个小时的意见")
    with atomic() as session:
        long_ago = WebSession.last_seen_at - timedelta(minutes=31)
        session.execute(update(WebSession).values(last_seen_at=long_ago))
    page.click("[data-submit]")
    page.wait_for_selector("text=填写的内容已经保留")
    bureau.look("desk-30-sign-in-again")
    page.fill("#login", stage.login(BUREAU))
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.wait_for_selector("text=还没有保存和提交")
    assert page.input_value("#opinion") == "写了半个小时的意见"
    assert page.locator("[name=decision][value=reject]").is_checked()
    bureau.look("desk-31-kept")
    page.click("[data-submit]")
    wait_for_heading(page, "王三")


def test_a_filter_is_saved_shared_and_used(stage: Stage, tasks: dict[str, int], visit: Any) -> None:
    bureau = visit()
    bureau.sign_in(stage.login(BUREAU), PASSWORD)
    page = bureau.go("/inbox/")
    page.fill("#f-name", "李")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=保存当前筛选")
    assert page.locator("[data-rows] tr").count() == 1
    page.click("text=保存当前筛选")
    page.fill("#filter-name", "姓李的")
    page.check("[name=shared]")
    page.click("text=保存 >> nth=-1")
    page.wait_for_selector("text=已保存筛选")
    bureau.look("desk-40-saved-filter")
    page.click("text=重置")
    page.wait_for_selector("[data-rows] tr >> nth=2")
    page.click("text=姓李的")
    page.wait_for_selector("[aria-current=true]")
    assert page.locator("[data-rows] tr").count() == 1


def test_menus_open_by_keyboard_and_cover_nothing_when_closed(stage: Stage, visit: Any) -> None:
    stage.give(BUREAU, "operator", "supervisor", "administrator", "designer")
    bureau = visit()
    bureau.sign_in(stage.login(BUREAU), PASSWORD)
    page = bureau.go("/")
    menu = page.locator(".site-nav details.drop").first
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    assert menu.locator("a").first.is_visible()
    bureau.look("desk-50-menu")
    page.keyboard.press("Escape")
    assert not menu.locator("a").first.is_visible()
    assert page.evaluate("() => document.activeElement.tagName") == "SUMMARY"


def test_the_parts_are_shown_and_judged(stage: Stage, visit: Any) -> None:
    bureau = visit()
    bureau.sign_in(stage.login(BUREAU), PASSWORD)
    bureau.go("/design/")
    bureau.look("desk-60-design")
