"""The search by keyboard alone, on a wide screen and on a phone; a number that stands in no address."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask
from support.pages import PASSWORD, Stage, set_stage
from support.world import LIBRARY, open_filing

from app import clock
from app.content.identity import make_citizen_id
from app.extensions import atomic
from app.operations.actors import SYSTEM
from app.operations.registers import people

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

NUMBER = make_citizen_id("510102", date(1990, 1, 2), 7, "male")


@pytest.fixture
def stage(app: Flask) -> Stage:
    made = set_stage(app)
    with atomic():
        unit = made.world.organisations[LIBRARY]
        people.add(unit, "单小红", NUMBER, actor=SYSTEM, now=clock.now())
    open_filing(made.world)
    return made


def test_one_types_and_presses_enter(stage: Stage, visit: Any) -> None:
    visitor = visit()
    visitor.sign_in(stage.login(LIBRARY), PASSWORD)
    page = visitor.go("/")
    visitor.look("search-box")
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "site-search":
            break
    page.keyboard.type("chen yi")
    page.keyboard.press("Enter")
    page.wait_for_selector("#people-title")
    assert "/search/?q=chen+yi" in page.url
    assert page.locator("section a:has-text('陈一')").count() == 1
    assert page.locator("#cases-title").count() == 1
    visitor.look("search-results")
    page.fill("#q", "没有此人")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=没有找到")
    visitor.look("search-nothing")


def test_a_number_is_answered_where_it_was_typed(stage: Stage, visit: Any) -> None:
    visitor = visit()
    visitor.sign_in(stage.login(LIBRARY), PASSWORD)
    page = visitor.go("/")
    seen: list[str] = []
    page.on("request", lambda sent: seen.append(sent.url))
    page.fill("#site-search", NUMBER)
    page.keyboard.press("Enter")
    page.wait_for_selector("section a:has-text('单小红')")
    assert not any(NUMBER in url for url in seen)
    assert NUMBER not in page.content()
    visitor.look("search-number")
