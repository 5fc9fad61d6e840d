"""Moving a date in a real browser, at both widths."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from support.pages import PASSWORD, Stage, set_stage
from support.world import OFFICE, SCHEME, open_filing

from app.extensions import atomic, db
from app.operations import timers

pytestmark = pytest.mark.browser


@pytest.fixture
def stage(app: Flask) -> Stage:
    return set_stage(app)


def test_a_deadline_is_moved_by_two_officers(stage: Stage, visit: Any) -> None:
    open_filing(stage.world)
    db.session.commit()
    stage.move_clock("2021-07-01 00:02")
    timers.sweep(lambda scheme_id: stage.now(), atomic)
    office = visit()
    office.sign_in(stage.login(OFFICE), PASSWORD)
    page = office.go("/overlays/")
    page.click(f'a[href="/overlays/new/{SCHEME}/filing_closes"]')
    page.click("main form button")
    page.wait_for_selector("text=填写内容有误")
    office.look("overlay-proposal")
    page.select_option("#scope", "scheme")
    page.fill("#day", "2021-07-10")
    page.fill("#ground", "考试院延期通知")
    page.click("main form button")
    page.wait_for_selector("text=等待另一人批准")
    second = visit()
    second.sign_in(stage.login("吴审"), PASSWORD)
    page = second.go("/overlays/")
    second.look("overlays")
    page.locator("td a", has_text="申报截止").last.click()
    second.look("overlay-preview")
    page.click("main button.btn-primary")
    page.wait_for_selector("text=已批准")
    second.look("overlay-approved")
