"""A whole year's beginning in a real browser: a unit publishes and files, two offices review, all look."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask
from playwright.sync_api import Page
from sqlalchemy import func, update
from support.pages import PASSWORD, PDF
from support.world import PUBLISHED, at

from app import clock
from app.config import PROJECT
from app.content.scenarios import read_scenarios
from app.content.sources import read_scheme_folder
from app.extensions import atomic
from app.models import Account
from app.operations import capabilities, cases, deployments
from app.operations.access import _passwords
from app.operations.actors import SYSTEM
from app.operations.dates import clock as clocks
from app.operations.registers import places
from app.operations.road._projection import Changes
from app.operations.trials.worlds import Built, build

pytestmark = pytest.mark.browser

SCHEME = "chongqing-2021"
UNIT, BUREAU, OFFICE = "渝北区实验学校", "渝北区人力资源和社会保障局", "市工考办"


@pytest.fixture
def world(app: Flask) -> Built:
    files = read_scheme_folder(PROJECT, SCHEME)
    with atomic() as session:
        clocks.mark_database(True, PUBLISHED)
        deployments.publish(files, SYSTEM, PUBLISHED)
        clocks.open_clock(SCHEME, at("2021-06-07 09:00"), SYSTEM, clock.now())
        built = build(read_scenarios(files).worlds["organisations.yaml"])
        login = func.concat("operator", Account.id)
        session.execute(update(Account).values(login=login, password_hash=_passwords.hashed(PASSWORD)))
    return built


@pytest.fixture
def login(world: Built) -> Callable[[str], str]:
    return lambda name: f"operator{world.actors[name].account_id}"


@pytest.fixture
def administrator(world: Built) -> str:
    """The office's own operator, who may also move the clock and watch the region."""
    with atomic() as session:
        account = session.get_one(Account, world.actors[OFFICE].account_id)
        account.duties = ["administrator", "operator", "supervisor"]
        return account.login


def sample(name: str) -> dict[str, Any]:
    """Values that the scheme's own scenarios fill in."""
    path = PROJECT / "bpmn" / SCHEME / "scenarios" / "organisations.yaml"
    values: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))["values"][name]
    return values


def fill(page: Page, values: dict[str, Any]) -> None:
    """Fills in the scheme's form by the names of its fields, as a person would."""
    for name, value in values.items():
        if isinstance(value, list):
            for number, row in enumerate(value):
                fill(page, {f"{name}-{number}-{column}": cell for column, cell in row.items()})
        else:
            _fill_one(page, name, value)


def _fill_one(page: Page, name: str, value: Any) -> None:
    text = {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)
    control = page.locator(f'[name="{name}"]:not([type=hidden])')
    control.first.wait_for()
    kind = control.first.evaluate("(node) => node.type")
    if kind == "select-one":
        control.select_option(text)
    elif kind == "radio":
        page.locator(f'[name="{name}"][value="{text}"]').check()
    elif kind == "checkbox":
        control.set_checked(bool(value))
    else:
        control.fill(text)


def submit(page: Page) -> None:
    page.locator('button[name="_submit"]:visible').last.click()


def test_the_way_of_an_application(
    world: Built, login: Callable[[str], str], administrator: str, visit: Any, tmp_path: Path
) -> None:
    stranger = visit()
    stranger.go("/sign-in")
    stranger.look("01-sign-in")
    stranger.go("/register")
    stranger.look("02-register")
    stranger.page.locator("main button").click()
    stranger.page.wait_for_selector("[data-error-summary]")
    stranger.look("03-register-errors")

    unit = visit()
    unit.sign_in(login(UNIT), PASSWORD)
    unit.look("10-home-unit")
    unit.go("/people/")
    unit.look("11-people")
    unit.go("/people/new")
    unit.look("12-person-new")
    unit.go("/cases/start")
    unit.look("13-start")

    # The unit publishes its list; five working days later each person's entry is there (CQ-08).
    unit.page.click('form:has([value="publicity"]) button')
    unit.page.wait_for_selector("#task-form")
    unit.look("14-publicity-form")
    person = world.people["邓国平"]
    entry = {"person": person, "trade": "维修电工", "grade": "technician"}
    fill(
        unit.page,
        {"publicity_from": "2021-06-08", "place": "单位公告栏", "entries": [entry], "reviewed": True},
    )
    submit(unit.page)
    unit.page.wait_for_selector("text=公示中")
    unit.page.wait_for_selector(".djs-container .djs-element")
    unit.look("15-publicity-case")

    office = visit()
    office.sign_in(administrator, PASSWORD)
    office.look("16-home-office")
    office.go("/clocks/")
    office.look("17-clocks")
    office.page.fill("input[name=to]", "2021-06-17T09:00")
    office.page.click("text=拨动时钟")
    office.page.wait_for_selector("text=触发定时")

    unit.go(f"/cases/?of={SCHEME}/application")
    unit.look("20-entries")
    unit.page.click("text=填写申报表")
    unit.page.wait_for_selector("#task-form")
    unit.look("21-application-form")
    submit(unit.page)
    unit.page.wait_for_selector("[data-error-summary]")
    unit.look("22-application-errors")
    trade = {"current_trade": "维修电工", "certificate_trade": "维修电工", "technician_trade": "维修电工"}
    history = {"history": [{"since": "1998-07", "unit": "本单位", "trade": "维修电工"}]}
    fill(unit.page, sample("合格的技师") | trade | history)
    unit.page.click('button[name="_draft"]')
    unit.page.wait_for_selector("text=已暂存")
    submit(unit.page)
    unit.page.wait_for_selector("text=请先备案再申报")
    unit.look("23-application-refused")

    register_posts_for(world)
    unit.go(f"/cases/?of={SCHEME}/application")
    unit.page.check("input[name=task]")
    unit.page.click("text=提交勾选的申报")
    unit.page.wait_for_selector("text=办理结果")
    unit.look("24-submitted")

    bureau = visit()
    bureau.sign_in(login(BUREAU), PASSWORD)
    bureau.go("/inbox/")
    bureau.look("30-inbox")
    bureau.page.click("main td >> text=区县审核")
    bureau.page.wait_for_selector("#task-form")
    bureau.page.check("[name=decision][value=approve]")
    bureau.page.wait_for_selector('[name="_file-material"]')
    bureau.look("31-review-form")
    pdf = tmp_path / "申报材料.pdf"
    pdf.write_bytes(PDF)
    bureau.page.set_input_files('[name="_file-material"]', pdf)
    submit(bureau.page)
    bureau.page.wait_for_selector("text=待市工考办审核")
    bureau.look("32-inbox-after")
    bureau.page.click(".alert a")
    bureau.page.wait_for_selector(".djs-container .djs-element")
    bureau.look("32-case")
    assert_mark_is_uncovered(bureau.page)
    bureau.page.click("text=收到纸质材料")
    bureau.page.wait_for_selector("#task-form")
    bureau.look("33-record")
    paper = {
        "received_on": "2021-06-17",
        "copies": 3,
        "department_opinion": "同意",
        "department_sealed": True,
    }
    fill(bureau.page, paper | {"complete": False})
    bureau.page.fill("#missing", "缺汇总表")
    submit(bureau.page)
    bureau.page.wait_for_selector("text=登记：收到纸质材料")
    assert bureau.page.locator("text=缺汇总表").is_visible()
    bureau.go("/inbox/done")
    bureau.look("34-done")

    office.go("/inbox/")
    office.page.check("input[name=task]")
    office.page.click("text=批量办理勾选的事项")
    office.page.wait_for_selector("#task-form")
    office.look("40-bulk")
    office.page.check("[name=decision][value=approve]")
    submit(office.page)
    office.page.wait_for_selector("text=办理结果")
    office.look("41-bulk-results")
    office.go("/monitor/")
    office.look("42-monitor")
    office.go(f"/monitor/cases?scheme={SCHEME}")
    office.look("43-monitor-cases")

    unit.go(f"/cases/?of={SCHEME}/application")
    unit.page.wait_for_selector("td >> text=未报名")
    unit.page.locator("main table a").first.click()
    unit.page.wait_for_selector(".djs-container .djs-element")
    unit.page.select_option("#diagram-choice", index=1)
    unit.look("50-case-passed")
    unit.go("/notices/")
    unit.look("51-notices")
    unit.go("/unit")
    unit.look("52-unit")
    unit.go("/password")
    unit.look("53-password")


def assert_mark_is_uncovered(page: Page) -> None:
    """The viewer's licence asks for it."""
    mark = page.locator(".bjs-powered-by")
    mark.scroll_into_view_if_needed()
    box = mark.bounding_box()
    assert box
    assert page.evaluate(
        "([x, y]) => Boolean(document.elementFromPoint(x, y).closest('.bjs-powered-by'))",
        [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2],
    )


def register_posts_for(world: Built) -> None:
    """The unit's verified filing of posts, as the scheme's scenarios take it for granted."""
    with atomic():
        unit_id = world.organisations[UNIT]
        scheme = deployments.scheme(deployments.current(SCHEME, PUBLISHED))
        case_id = cases.start(
            SCHEME,
            "post_filing",
            unit_id=unit_id,
            actor=world.actors[UNIT],
            received_at=at("2021-06-17 09:00"),
        )
        places.register_posts(
            capabilities.Request(
                case_id=case_id,
                jurisdiction=scheme.jurisdiction,
                scheme=scheme,
                unit_id=unit_id,
                person_id=None,
                token=0,
                element="register",
                inputs={
                    "posts": [{"grade": "technician", "approved": 1, "held": 0, "special": 0, "vacant": 1}]
                },
                at=at("2021-06-17 09:00"),
                changes=Changes(),
            )
        )
