"""Long work in a real browser: handed over from the inbox, watched to its end, and once more cancelled."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from support.crowd import open_tasks, waiting_crowd, working
from support.pages import PASSWORD, set_stage
from support.world import BUREAU

from app.queries import paging
from app.web import batches

pytestmark = pytest.mark.browser


def test_watched_to_its_end_without_a_click(app: Flask, visit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "PAGE_SIZE", 4)
    monkeypatch.setattr(batches, "MOST_AT_ONCE", 4)
    stage = set_stage(app)
    waiting_crowd(stage.world, 8)
    bureau = visit()
    bureau.sign_in(stage.login(BUREAU), PASSWORD)
    page = hand_over(bureau)
    bureau.look("work-queued")
    page.click("text=取消任务")
    page.wait_for_selector("text=已取消；已经办理的不会撤销")
    bureau.look("work-cancelled")
    assert len(open_tasks("first_review")) == 8
    page = hand_over(bureau)
    with working(app):
        # The page asks by itself, and loads anew at the end.
        page.wait_for_selector("text=成功 8 件，未成功 0 件", timeout=30_000)
        page.wait_for_selector("text=取消任务", state="detached")
    bureau.look("work-done")
    bureau.go("/work/")
    bureau.look("work-list")
    assert open_tasks("first_review") == []


def hand_over(bureau: Any) -> Any:
    page = bureau.go("/inbox/?kind=tiny-2021/first_review")
    bureau.look("work-inbox")
    page.click("text=批量办理筛选出的全部事项")
    page.check("input[name=decision][value=reject]")
    page.fill("[name=opinion]", "年限不足")
    bureau.look("work-form")
    page.click("text=提交全部事项")
    page.wait_for_selector("h1:has-text('批量办理：初审')")
    return page
