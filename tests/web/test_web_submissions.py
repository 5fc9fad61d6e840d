"""A unit submits more entries than one request does: long work on its pages (CQ-11)."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select
from support.crowd import FILLED, open_tasks, until, waiting_crowd, working
from support.pages import Browser, Stage
from support.world import LIBRARY, OTHER_UNIT

from app.extensions import atomic, db
from app.models import Work
from app.operations import tasks
from app.queries import paging
from app.web import cases

LIST = "/cases/?of=tiny-2021/filing"


@pytest.fixture
def drafts(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Six entries, five of them with something saved; pages of three, and long is what is more than three."""
    monkeypatch.setattr(paging, "PAGE_SIZE", 3)
    monkeypatch.setattr(cases, "MOST_AT_ONCE", 3)
    entries = waiting_crowd(stage.world, 6, "fill")
    for task_id in entries[:5]:
        saved = FILLED if task_id != entries[0] else {"grade": "junior"}
        with atomic():
            tasks.save_draft(task_id, saved, stage.world.actors[LIBRARY], stage.now())
    return entries


def text_of(page: str) -> str:
    return re.sub(r"<[^>]+>|\s+", " ", page.split("<main")[1])


def test_all_of_a_list_with_something_saved(app: Flask, drafts: list[int], unit: Browser) -> None:
    (link,) = re.findall(r'href="(/cases/submit\?[^"]+)"', unit.get(LIST).text)
    shown = unit.get(link.replace("&amp;", "&")).text
    assert "要提交的申报（5 件）" in shown
    assert "另有 1 件没有暂存的内容" in shown
    assert "在后台办理" in shown
    (action,) = re.findall(r'action="(/cases/submit[^"]*)"', shown)
    answer = unit.post(action.replace("&amp;", "&"))
    assert answer.status_code == 302, answer.text
    address = str(answer.location)
    assert "成功 0 件，未成功 0 件，共 5 件" in text_of(unit.get(address).text)
    with working(app):
        until(lambda: "已办完" in unit.get(address).text)
    assert "成功 4 件，未成功 1 件" in text_of(unit.get(address).text)
    assert "请填写" in unit.get(f"{address}?shown=unsuccessful").text
    assert open_tasks("fill") == [drafts[0], drafts[5]]


def test_ticked_ones_beyond_one_request_and_cancelled(drafts: list[int], unit: Browser) -> None:
    unit.get(LIST)
    answer = unit.post("/cases/submit?of=tiny-2021/filing", {"task": [str(one) for one in drafts]})
    address = str(answer.location)
    assert "共 6 件" in text_of(unit.get(address).text)
    assert "已取消" in unit.follow(unit.post(f"{address}/cancel")).text
    assert open_tasks("fill") == drafts


def test_what_came_later_is_left_out_and_few_are_told_at_once(drafts: list[int], unit: Browser) -> None:
    unit.get(LIST)
    page = unit.post(f"/cases/submit?of=tiny-2021/filing&all={drafts[2]}")
    assert "成功 2 件，未成功 1 件" in page.text
    assert open_tasks("fill") == [drafts[0], *drafts[3:]]


@pytest.mark.parametrize("address", ["?of=tiny-2021/filing&all=0", "?of=tiny-2021/filing&all=x"])
def test_of_nothing_nothing_is_accepted(drafts: list[int], unit: Browser, address: str) -> None:
    assert unit.get(f"/cases/submit{address}").status_code == 422
    assert unit.post(f"/cases/submit{address}").status_code == 422
    assert db.session.scalars(select(Work.id)).all() == []


def test_anothers_entries_are_not_submitted(stage: Stage, drafts: list[int]) -> None:
    other = stage.open(OTHER_UNIT)
    other.get(LIST)
    for answer in (
        other.post("/cases/submit?of=tiny-2021/filing", {"task": [str(one) for one in drafts]}),
        other.post(f"/cases/submit?of=tiny-2021/filing&all={drafts[-1]}"),
    ):
        assert answer.status_code == 422
    assert open_tasks("fill") == drafts
