"""Long work on the pages: handed over in bulk, its progress, its results, cancelling."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select
from support.crowd import open_tasks, until, waiting_crowd, working
from support.pages import Browser, Stage
from support.world import BUREAU, LIBRARY

from app.extensions import db
from app.models import Work
from app.queries import paging
from app.web import batches

KIND = "tiny-2021/first_review"


@pytest.fixture
def crowd(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Five first reviews, and pages that are full with three, and bulk that is long from four on."""
    monkeypatch.setattr(paging, "PAGE_SIZE", 3)
    monkeypatch.setattr(batches, "MOST_AT_ONCE", 3)
    return waiting_crowd(stage.world, 5)


def text_of(page: str) -> str:
    return re.sub(r"<[^>]+>|\s+", " ", page.split("<main")[1])


def hand_over(bureau: Browser) -> str:
    """All of a kind, rejected; the address of the work."""
    page = bureau.get(f"/inbox/?kind={KIND}").text
    (link,) = re.findall(r'href="(/inbox/bulk\?[^"]+)"', page)
    form = bureau.get(link.replace("&amp;", "&")).text
    assert "要办理的事项（5 件）" in form
    assert "在后台办理" in form
    assert len(re.findall(r'"/cases/\d+"', form)) == 3
    (action,) = re.findall(r'action="(/inbox/bulk[^"]*)"', form)
    sent = {"decision": "reject", "opinion": "年限不足", "_submit": "1"}
    answer = bureau.post(action.replace("&amp;", "&"), sent)
    assert answer.status_code == 302, answer.text
    return str(answer.location)


def test_from_the_filtered_inbox_to_the_results(app: Flask, crowd: list[int], bureau: Browser) -> None:
    address = hand_over(bureau)
    page = bureau.get(address).text
    assert "排队中" in page
    assert "成功 0 件，未成功 0 件，共 5 件" in text_of(page)
    assert "data-live-work" in page
    asked = bureau.get(f"{address}/progress")
    tag = asked.headers["ETag"]
    assert bureau.client.get(f"{address}/progress", headers={"If-None-Match": tag}).status_code == 304
    with working(app):
        until(lambda: "已办完" in bureau.get(address).text)
    changed = bureau.client.get(f"{address}/progress", headers={"If-None-Match": tag})
    assert (changed.status_code, "data-live-work" in changed.text) == (200, False)
    told = text_of(bureau.get(address).text)
    assert "成功 5 件，未成功 0 件" in told
    assert told.count("考生") == 3
    assert "没有未成功的" in bureau.get(f"{address}?shown=unsuccessful").text
    assert "批量办理：初审" in bureau.get("/work/").text
    assert open_tasks("first_review") == []


def test_what_came_after_the_list_was_shown_is_left_out(crowd: list[int], bureau: Browser) -> None:
    form = bureau.get(f"/inbox/bulk?kind={KIND}&all={crowd[3]}").text
    assert "要办理的事项（4 件）" in form


def test_without_a_kind_nothing_is_done_to_all(crowd: list[int], bureau: Browser) -> None:
    assert bureau.get(f"/inbox/bulk?all={crowd[-1]}").status_code == 422


def test_wrong_values_are_told_before_anything_is_accepted(crowd: list[int], bureau: Browser) -> None:
    bureau.get("/inbox/")
    address = f"/inbox/bulk?kind={KIND}&all={crowd[-1]}"
    assert bureau.post(address, {"decision": "reject", "_submit": "1"}).status_code == 422
    assert db.session.scalars(select(Work.id)).all() == []


def test_cancelled_on_its_page(crowd: list[int], bureau: Browser) -> None:
    address = hand_over(bureau)
    bureau.get(address)
    page = bureau.follow(bureau.post(f"{address}/cancel")).text
    assert "已取消" in page
    assert "data-live-work" not in page
    assert bureau.post(f"{address}/cancel").status_code == 409
    assert len(open_tasks("first_review")) == 5


@pytest.mark.parametrize("name", [LIBRARY, "周审", "西溪区人社局"])
def test_nobody_else_sees_it(stage: Stage, crowd: list[int], bureau: Browser, name: str) -> None:
    """Not even a colleague: what somebody asked for is told to that account."""
    address = hand_over(bureau)
    stage.give(name, "operator", "supervisor")
    other = stage.open(name)
    assert "批量办理：" not in text_of(other.get("/work/").text)
    for answer in (other.get(address), other.get(f"{address}/progress"), other.post(f"{address}/cancel")):
        assert answer.status_code == 404


def test_without_the_duty_there_is_403(stage: Stage, crowd: list[int]) -> None:
    stage.give(BUREAU, "designer")
    assert stage.open(BUREAU).get("/work/").status_code == 403
