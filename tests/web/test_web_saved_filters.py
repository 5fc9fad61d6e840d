"""Saved filters of the inbox: kept, shared with the office, taken away by their maker alone."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select
from support.pages import Browser, Stage
from support.world import OFFICE

from app.extensions import atomic
from app.models import SavedFilter
from app.operations.company import saved_filters

LINK = re.compile(r'aria-label="常用筛选">(.*?)</ul>', re.DOTALL)


@pytest.fixture
def saved(stage: Stage, bureau: Browser) -> int:
    bureau.get("/inbox/?unit=图书馆")
    response = bureau.post("/saved-filters/inbox?unit=图书馆&by=due", {"name": " 图书馆的 ", "shared": "on"})
    assert "已保存筛选“图书馆的”" in bureau.follow(response).text
    with atomic() as session:
        return session.scalars(select(SavedFilter.id)).one()


def shown(browser: Browser) -> str:
    found = LINK.search(browser.get("/inbox/").text)
    return found[1] if found else ""


def test_it_leads_back_to_the_list_as_it_was(saved: int, bureau: Browser) -> None:
    assert "by=due&amp;unit=" in shown(bureau)
    assert "图书馆的" in shown(bureau)


def test_the_same_name_again_replaces_it(saved: int, bureau: Browser) -> None:
    bureau.post("/saved-filters/inbox?name=李", {"name": "图书馆的"})
    with atomic() as session:
        kept = session.scalars(select(SavedFilter)).one()
        assert (kept.asked, kept.shared) == ({"name": "李"}, False)


def test_colleagues_share_it_and_strangers_do_not(saved: int, stage: Stage, office: Browser) -> None:
    assert "图书馆的" not in shown(office)
    with atomic() as session:
        theirs = stage.world.actors[OFFICE].organisation_id
        session.scalars(select(SavedFilter)).one().organisation_id = theirs or 0
    assert "图书馆的" in shown(office)
    assert office.post(f"/saved-filters/{saved}/remove").status_code == 404


def test_its_maker_takes_it_away(saved: int, bureau: Browser) -> None:
    assert "已删除" in bureau.follow(bureau.post(f"/saved-filters/{saved}/remove")).text
    assert shown(bureau) == ""


@pytest.mark.parametrize(("query", "name"), [("unit=a", " "), ("", "空的"), ("unit=a", "长" * 31)])
def test_nothing_without_a_name_or_a_filter(bureau: Browser, query: str, name: str) -> None:
    bureau.get("/inbox/")
    assert bureau.post(f"/saved-filters/inbox?{query}", {"name": name}).status_code == 302
    assert "alert-warning" in bureau.get("/inbox/").text
    with atomic() as session:
        assert not session.scalars(select(SavedFilter)).all()


def test_other_lists_have_none(bureau: Browser) -> None:
    bureau.get("/inbox/")
    assert bureau.post("/saved-filters/people?unit=a", {"name": "人"}).status_code == 404


def test_there_is_an_end(bureau: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_filters, "MOST", 1)
    bureau.get("/inbox/")
    for name in ("一", "二"):
        response = bureau.post("/saved-filters/inbox?unit=a", {"name": name})
    assert "最多保存 1 个" in bureau.follow(response).text
