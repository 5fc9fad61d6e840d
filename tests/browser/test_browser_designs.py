"""Schemes and a dry run in a real browser, in both widths."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from support.pages import PASSWORD, set_stage
from support.world import LIBRARY

pytestmark = pytest.mark.browser


def test_a_designer_walks_a_process(app: Flask, visit: Any) -> None:
    stage = set_stage(app)
    stage.give(LIBRARY, "designer")
    designer = visit()
    designer.sign_in(stage.login(LIBRARY), PASSWORD)
    designer.page.click("nav >> text=方案")
    designer.look("60-schemes")
    designer.page.click("tr:has-text('申报') >> text=试走")
    designer.page.fill("#script", "moves: [{}]")
    designer.page.click("main form button")
    designer.page.wait_for_selector("[data-error-summary]")
    designer.look("61-dry-run-refused")
    designer.page.fill("#script", "")
    designer.page.click("main form button")
    designer.page.wait_for_selector("text=走过的路")
    designer.look("62-dry-run")
