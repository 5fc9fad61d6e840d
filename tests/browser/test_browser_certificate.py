"""The end of a year in a real browser: results published, the certificate, its archive, the public check."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from support import year
from support.pages import PASSWORD
from support.programs import Program

from app import scheduler

pytestmark = pytest.mark.browser


def test_from_the_results_to_the_certificate(app: Flask, visit: Any) -> None:
    stage = year.set_stage(app)
    program = Program(stage)
    year.walk_to_recognition(program)
    program.move_clock("2021-12-10T10:00")

    office = visit()
    office.sign_in(stage.login(year.OFFICE), PASSWORD)
    office.page.click("nav >> text=办件")
    office.page.click("text=新增办件")
    office.look("70-office-start")
    office.page.click('form:has([value="results_publication"]) button')
    office.page.wait_for_selector("#task-form")
    office.page.check('[name="kind"][value="final"]')
    for name, value in {"title": "考核结果公告", "published_on": "2021-12-10", "place": "网站"}.items():
        office.page.fill(f'[name="{name}"]', value)
    office.look("71-publication")
    office.page.locator('button[name="_submit"]:visible').last.click()
    office.page.wait_for_selector("text=已公布")
    scheduler.run_once()

    unit = visit()
    unit.sign_in(year.UNIT["login"], PASSWORD)
    unit.page.click("nav >> text=待办")
    unit.page.click(f'tr:has-text("{year.TECHNICIAN}") >> text=审批表入档')
    unit.page.wait_for_selector("#task-form")
    unit.page.fill('[name="filed_on"]', "2021-12-10")
    unit.page.check('[name="filed"]')
    unit.look("72-archive-form")
    unit.page.locator('button[name="_submit"]:visible').last.click()
    unit.page.click(".alert a")
    unit.page.wait_for_selector("text=保管到")
    unit.page.wait_for_selector(".djs-container .djs-element")
    unit.look("73-certified-case")
    number = unit.page.locator('dd a[href*="/verify"]').inner_text()

    stranger = visit()
    stranger.go("/sign-in")
    stranger.page.click("text=查验证书")
    stranger.page.fill("#number", number)
    stranger.page.click("main form button")
    stranger.page.wait_for_selector("text=有效")
    stranger.look("74-verified")
    assert year.TECHNICIAN not in stranger.page.content()
