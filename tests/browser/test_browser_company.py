"""Taking back, reminding, copying, phrases and the ways of being told, in a real browser at both widths."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from support.pages import PASSWORD, Stage, set_stage
from support.second_factor import settings_with
from support.world import BUREAU, LIBRARY, OTHER_BUREAU, open_review, register_posts, task_of

from app import clock
from app.extensions import atomic
from app.operations.company import phrases
from app.operations.telling import outbox

pytestmark = pytest.mark.browser


@pytest.fixture
def stage(app: Flask, tmp_path: Path) -> Iterator[Stage]:
    with settings_with(app, data_folder=tmp_path):
        yield set_stage(app)


@pytest.fixture
def case_id(stage: Stage) -> int:
    """A technician's filing that waits for the first office."""
    register_posts(stage.world, {"technician": 1})
    return open_review(stage.world, when="2021-06-11 08:00")


def test_reminded_copied_and_taken_back(stage: Stage, case_id: int, visit: Any) -> None:
    unit = visit()
    unit.sign_in(stage.login(LIBRARY), PASSWORD)
    page = unit.go(f"/cases/{case_id}")
    page.fill("[name=note]", "请办 50010119900101123X")
    page.click("main button >> text=催办")
    page.wait_for_selector("text=请不要填写身份证号码")
    unit.look("remind-refused")
    page.fill("#note", "月底要上会")
    page.click("main button >> text=催办")
    page.wait_for_selector("text=四小时后可以再催")
    unit.look("case-company")

    bureau = visit()
    bureau.sign_in(stage.login(BUREAU), PASSWORD)
    page = bureau.go("/inbox/")
    bureau.look("inbox-reminded")
    page = bureau.go(f"/cases/{case_id}/copy")
    page.check("label >> text=周审")
    page.fill("#copy-note", "请一并把握")
    bureau.look("copy")
    page.click("main button >> text=抄送")
    page.wait_for_selector("text=已抄送。")
    page = bureau.go("/notices/")
    bureau.look("notices-company")

    colleague = visit()
    colleague.sign_in(stage.login("周审"), PASSWORD)
    page = colleague.go("/copies/")
    colleague.look("copies")
    page.click("main td button")
    page.wait_for_selector("text=办理经过")

    page = unit.go("/inbox/done")
    unit.look("done-recallable")
    page.click("td >> text=撤回…")
    page.wait_for_selector("h1:has-text('撤回')")
    unit.look("recall")
    page.click("main button >> text=撤回")
    page.wait_for_selector("text=已撤回，可以改后重新提交")
    unit.look("task-recalled")
    unit.go("/started/")
    unit.look("started")


def test_phrases_are_put_where_the_cursor_was(stage: Stage, case_id: int, visit: Any) -> None:
    with atomic():
        for text in ("材料齐全，同意。", "请补充近五年的带徒情况。"):
            phrases.add(text, shared=False, actor=stage.world.actors[BUREAU], now=stage.now())
    bureau = visit()
    bureau.sign_in(stage.login(BUREAU), PASSWORD)
    bureau.go("/phrases/")
    bureau.look("phrases")
    page = bureau.go(f"/tasks/{task_of(case_id)}")
    page.check("label >> text=不通过")
    opinion = page.wait_for_selector("#task-form textarea")
    opinion.fill("甲乙")
    opinion.evaluate("one => one.setSelectionRange(1, 1)")
    page.click("summary >> text=常用语")
    page.click("button >> text=请补充近五年")
    assert opinion.input_value() == "甲请补充近五年的带徒情况。乙"
    page.click("summary >> text=提交的同时抄送")
    bureau.look("task-phrases")


def test_how_one_is_told_and_what_did_not_go_out(stage: Stage, visit: Any) -> None:
    stage.give(OTHER_BUREAU, "administrator", "operator")
    who = visit()
    who.sign_in(stage.login(OTHER_BUREAU), PASSWORD)
    for address in ("refused@example.cn", "chen@example.cn"):
        page = who.go("/contacts")
        page.fill("#address-mail", address)
        page.check("#mail-task")
        page.click("form[action$=mail] >> text=保存")
        page.wait_for_selector("text=已保存通知方式")
        page.click("form[action$=mail] >> text=发一条测试")
        page.wait_for_selector("text=已交给系统发送")
        outbox.deliver(atomic, clock.now() + timedelta(minutes=1))
    who.go("/contacts")
    who.look("contacts")
    who.go("/sandbox-post")
    who.look("sandbox-post")
    who.go("/administration/outbox/")
    who.look("outbox")
