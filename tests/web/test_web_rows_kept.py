"""Rows of a table keep what was typed: another part, another page, an ended session."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select
from support.crowd import FILLED
from support.pages import PASSWORD, Browser, Stage
from support.sheets import FIRST, PAGE, lapse, publish_in_parts, row_of, saved, typed, wait_for_entries
from support.world import LIBRARY

from app.extensions import atomic, db
from app.models import KeptForm
from app.operations import tasks
from app.web import entry_rows


@pytest.fixture
def entries(stage: Stage) -> list[int]:
    return wait_for_entries(stage)


@pytest.fixture
def wide(stage: Stage) -> list[int]:
    publish_in_parts()
    return wait_for_entries(stage)


@pytest.mark.parametrize("wording", ["申报", "小结"])
def test_the_tabs_of_a_form_save_what_was_typed(wide: list[int], unit: Browser, wording: str) -> None:
    """Whichever tab is pressed, that of the same part too."""
    page = unit.get(PAGE).text
    number = re.search(f'name="_part" value="([0-9])"[^>]*>{wording}</button>', page)
    assert number, "the parts are buttons of the form, not links away from it"
    answer = unit.post(PAGE, {**typed(page, **{f"t{wide[0]}": FIRST}), "_part": number[1]})
    assert "已暂存 1 行" in unit.follow(answer).text
    assert 'value="工种7"' in row_of(unit.get(PAGE).text, wide[0])


def test_the_next_page_saves_what_was_typed(
    wide: list[int], unit: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entry_rows, "MOST_ROWS", 2)
    page = unit.get(PAGE).text
    (place,) = re.findall(r'name="_after" value="([^"]+)"', page)
    answer = unit.post(PAGE, {**typed(page, **{f"t{wide[0]}": FIRST}), "_after": place})
    page = unit.follow(answer).text
    assert f'id="row-{wide[2]}"' in page
    assert f'id="row-{wide[0]}"' not in page
    kept = saved(wide[0])
    assert kept is not None
    assert kept["trade"] == "t7"
    answer = unit.post(str(answer.location), {**typed(page), "_after": ""})
    assert f'id="row-{wide[0]}"' in unit.follow(answer).text


def signed_in_again(stage: Stage, unit: Browser, sent: Any) -> str:
    """The page that the sign-in leads back to, after a session had ended."""
    assert "/sign-in" in sent.location
    assert "已经保留" in unit.follow(sent).text
    wanted = parse_qs(urlsplit(str(sent.location)).query)["next"]
    back = {"login": stage.login(LIBRARY), "password": PASSWORD, "next": wanted}
    return unit.follow(unit.post("/sign-in", back)).text


def test_what_an_ended_session_sent_stands_in_its_rows_after_the_sign_in(
    stage: Stage, wide: list[int], unit: Browser
) -> None:
    """An hour's typing of one row, in two parts of the form; the other rows are left alone."""
    page = unit.get(PAGE).text
    lapse()
    page = signed_in_again(stage, unit, unit.post(PAGE, typed(page, **{f"t{wide[0]}": FIRST})))
    assert "有 1 行是您登录超时以前填写的" in page
    assert 'value="工种7"' in row_of(page, wide[0])
    assert "保留的填写" not in row_of(page, wide[1])
    assert saved(wide[0]) is None
    # The session ends once more, in the other part of the form, before anything was saved.
    page = unit.get(f"{PAGE}&part=1").text
    lapse()
    summary = {f"t{wide[0]}": {"summary": "写了很久的小结"}}
    page = signed_in_again(stage, unit, unit.post(f"{PAGE}&part=1", typed(page, **summary)))
    assert "写了很久的小结" in row_of(page, wide[0])
    answer = unit.post(f"{PAGE}&part=1", typed(page, **summary))
    assert "已暂存 1 行" in unit.follow(answer).text
    kept = saved(wide[0])
    assert kept is not None
    assert (kept["trade"], kept["summary"]) == ("t7", "写了很久的小结")
    assert saved(wide[1]) is None
    assert db.session.scalars(select(KeptForm)).all() == []


def test_kept_rows_stand_beside_what_a_colleague_saved_meanwhile(
    stage: Stage, entries: list[int], unit: Browser
) -> None:
    page = unit.get(PAGE).text
    lapse()
    sent = unit.post(PAGE, typed(page, **{f"t{entries[0]}": FILLED}))
    with atomic():
        theirs = {"grade": "junior", "summary": "同事写的"}
        tasks.save_draft(entries[0], theirs, stage.world.actors[LIBRARY], stage.now())
    row = row_of(signed_in_again(stage, unit, sent), entries[0])
    assert FILLED["summary"] in row
    assert "现在保存的：同事写的" in row


def test_an_ended_session_keeps_no_rows_of_others(
    entries: list[int], unit: Browser, other_unit: Browser
) -> None:
    sent = typed(unit.get(PAGE).text, **{f"t{entries[0]}": FILLED})
    other_unit.get(PAGE)
    lapse()
    other_unit.post(PAGE, {**sent, "csrf_token": other_unit.token})
    assert db.session.scalars(select(KeptForm)).all() == []
