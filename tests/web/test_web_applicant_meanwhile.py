"""An applicant's form that somebody else has saved since its page was drawn: told, compared, nothing lost."""

from __future__ import annotations

import html
import json
import re
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from support.applying import ROLE, applicant_files, sign_in, stage_where_people_file
from support.clicking import Reader
from support.pages import PASSWORD, PDF, Browser, Stage
from support.sheets import lapse
from support.world import LIBRARY, SCHEME, at, case_row, open_filing, task_of

from app.extensions import atomic, db
from app.models import Account, KeptForm, TaskDraft
from app.operations import deployments
from app.operations.actors import SYSTEM

SEEN = re.compile(r'name="_seen" value="([^"]*)"')
UNITS = {"grade": "senior", "summary": "单位写的"}


@pytest.fixture
def stage(app: Flask) -> Stage:
    return stage_where_people_file(app, ROLE + "    unit_submits: true\n")


@pytest.fixture
def steps(stage: Stage) -> None:
    """The form in two steps."""
    path, files = f"forms/{SCHEME}/filing.json", applicant_files()
    form = json.loads(files[path])
    form["x-sections"] = [
        {"title": "等级", "fields": ["grade", "certificate"]},
        {"title": "小结", "fields": ["summary"]},
    ]
    with atomic():
        deployments.publish({**files, path: json.dumps(form).encode()}, SYSTEM, at("2021-06-01 09:00"))


@pytest.fixture
def me(stage: Stage) -> Browser:
    return sign_in(stage)


@pytest.fixture
def unit(stage: Stage) -> Browser:
    return stage.open(LIBRARY)


def seen_in(page: str) -> str:
    found = SEEN.search(page)
    assert found, "the page tells what it began with"
    return html.unescape(found[1])


def drawn(browser: Browser, address: str) -> str:
    return seen_in(browser.get(address).text)


def unit_saves(unit: Browser, task_id: int, values: dict[str, Any]) -> None:
    seen = drawn(unit, f"/tasks/{task_id}")
    assert unit.post(f"/tasks/{task_id}", {**values, "_seen": seen, "_draft": "1"}).status_code == 302


def saved(task_id: int) -> dict[str, Any]:
    db.session.rollback()
    return dict(db.session.get_one(TaskDraft, task_id).values)


def step_of(task_id: int, number: int = 1) -> str:
    return f"/my/tasks/{task_id}/steps/{number}"


@pytest.mark.parametrize("button", ["_save", "_next", "_back", "_update"])
def test_a_step_that_the_unit_saved_meanwhile_is_compared(
    stage: Stage, me: Browser, unit: Browser, button: str
) -> None:
    task_id = task_of(open_filing(stage.world))
    seen = drawn(me, step_of(task_id))
    unit_saves(unit, task_id, UNITS)
    answer = me.post(step_of(task_id), {"grade": "junior", "summary": "我写的", "_seen": seen, button: "1"})
    assert answer.status_code == 409
    for words in ("我写的", "单位写的", "保存的人：单位"):
        assert words in answer.text
    assert stage.world.actors[LIBRARY].name not in answer.text, "officers are not named to applicants"
    assert saved(task_id) == UNITS
    chosen = {"pick-grade": "theirs", "pick-summary": "mine"}
    merged = me.follow(me.post(f"{step_of(task_id)}/merge", chosen)).text
    assert "还没有保存" in merged
    assert ">\n我写的</textarea>" in merged
    assert saved(task_id) == UNITS, "it is theirs to save"
    again = {"grade": "senior", "summary": "我写的", "_kept": "1", "_seen": seen_in(merged), "_next": "1"}
    assert me.post(step_of(task_id), again).status_code == 302
    assert saved(task_id) == {"grade": "senior", "summary": "我写的"}
    assert db.session.scalars(select(KeptForm)).all() == []


def test_saving_by_itself_overwrites_nothing_and_tells(stage: Stage, me: Browser, unit: Browser) -> None:
    task_id = task_of(open_filing(stage.world))
    seen = drawn(me, step_of(task_id))
    unit_saves(unit, task_id, UNITS)
    sent = {"grade": "junior", "summary": "我写的", "_seen": seen, "_quiet": "1"}
    answer = me.post(step_of(task_id), sent)
    assert (answer.status_code, answer.mimetype) == (409, "text/html")
    assert "由单位保存过" in answer.text
    assert "<" not in answer.text, "a sentence for the script, no page"
    assert saved(task_id) == UNITS


def test_one_s_own_saving_is_no_other_s(stage: Stage, me: Browser) -> None:
    """By itself, by a button, and by both at once."""
    task_id = task_of(open_filing(stage.world))
    first = drawn(me, step_of(task_id))
    sent = {"grade": "junior", "summary": "一", "_seen": first, "_quiet": "1"}
    kept = me.post(step_of(task_id), sent)
    assert kept.status_code == 204
    now = kept.headers["Draft-Seen"]
    assert me.post(step_of(task_id), sent).status_code == 204, "the answer was lost on the way"
    more = {"grade": "junior", "summary": "二", "_seen": now}
    page = me.post(step_of(task_id), {**more, "_save": "1"})
    assert page.status_code == 200
    assert me.post(step_of(task_id), {**more, "_quiet": "1"}).status_code == 204
    last = {"grade": "junior", "summary": "三", "_seen": seen_in(page.text), "_next": "1"}
    assert me.post(step_of(task_id), last).status_code == 302


def test_what_this_page_saved_itself_is_no_other_s_though_the_answer_was_lost(
    stage: Stage, me: Browser, unit: Browser
) -> None:
    """On a bad line, or gone back to by the browser; until somebody else saves."""
    task_id = task_of(open_filing(stage.world))
    page = me.get(step_of(task_id)).text
    (key,) = re.findall('name="_page" value="([^"]+)"', page)
    mine = {"grade": "junior", "_seen": seen_in(page), "_page": key}
    assert me.post(step_of(task_id), {**mine, "summary": "一", "_quiet": "1"}).status_code == 204
    assert me.post(step_of(task_id), {**mine, "summary": "二", "_quiet": "1"}).status_code == 204
    assert me.post(step_of(task_id), {**mine, "summary": "三", "_next": "1"}).status_code == 302
    unit_saves(unit, task_id, UNITS)
    assert me.post(step_of(task_id), {**mine, "summary": "四", "_next": "1"}).status_code == 409
    assert saved(task_id) == UNITS


def test_another_window_of_one_s_own_is_told_too(stage: Stage, me: Browser) -> None:
    task_id = task_of(open_filing(stage.world))
    seen = drawn(me, step_of(task_id))
    me.post(step_of(task_id), {"grade": "junior", "summary": "窗口甲", "_seen": seen, "_save": "1"})
    late = me.post(step_of(task_id), {"grade": "junior", "summary": "窗口乙", "_seen": seen, "_save": "1"})
    assert late.status_code == 409
    assert "窗口甲" in late.text
    assert "保存的人：陈一" in late.text


def test_only_what_the_other_has_touched_is_asked_about(stage: Stage, me: Browser, unit: Browser) -> None:
    """The unit changed the grade, the person the summary, on one page: neither is reset."""
    task_id = task_of(open_filing(stage.world))
    begun = {"grade": "junior", "summary": "初稿"}
    unit_saves(unit, task_id, begun)
    seen = drawn(me, step_of(task_id))
    unit_saves(unit, task_id, {**begun, "grade": "senior"})
    answer = me.post(step_of(task_id), {"grade": "junior", "summary": "改过", "_seen": seen, "_next": "1"})
    assert answer.status_code == 409
    assert "pick-summary" not in answer.text
    assert re.search('name="pick-grade" value="theirs"[^>]* checked', answer.text), "it was left as it was"
    me.post(f"{step_of(task_id)}/merge", {"pick-grade": "theirs"})
    page = Reader(me)
    page.open(step_of(task_id))
    page.press("下一步")
    stands = saved(task_id)
    assert (stands["grade"], stands["summary"].strip()) == ("senior", "改过")


@pytest.mark.usefixtures("steps")
def test_what_was_saved_on_another_step_stays_and_nobody_is_asked(
    stage: Stage, me: Browser, unit: Browser
) -> None:
    task_id = task_of(open_filing(stage.world))
    seen = drawn(me, step_of(task_id, 2))
    unit_saves(unit, task_id, {"grade": "senior"})
    answer = me.post(step_of(task_id, 2), {"summary": "我写的", "_seen": seen, "_next": "1"})
    assert answer.status_code == 302
    assert saved(task_id) == {"grade": "senior", "summary": "我写的"}


@pytest.mark.usefixtures("steps")
def test_a_file_takes_no_other_s_place_unasked(stage: Stage, me: Browser, unit: Browser) -> None:
    task_id = task_of(open_filing(stage.world))
    me.post(step_of(task_id), {"grade": "technician", "_save": "1"})
    seen = drawn(me, step_of(task_id))
    unit_saves(unit, task_id, {"grade": "technician", "_file-certificate": (BytesIO(PDF), "单位扫描.pdf")})
    theirs = saved(task_id)["certificate"]

    def upload(seen: str, once: str) -> Any:
        sent = {"_file-certificate": (BytesIO(PDF + b"%"), "我的.pdf"), "_once": once, "_seen": seen}
        return me.post(f"/my/tasks/{task_id}/files/certificate", sent)

    told = upload(seen, "k1")
    assert told.status_code == 422
    assert "单位扫描.pdf" in told.text
    assert saved(task_id)["certificate"] == theirs
    taken = upload(told.headers["Draft-Seen"], "k2")
    assert taken.status_code == 200, "now that it was told"
    assert saved(task_id)["certificate"] != theirs
    assert upload(told.headers["Draft-Seen"], "k2").status_code == 200, "the answer was lost on the way"
    sent = {"grade": "technician", "certificate": saved(task_id)["certificate"], "_next": "1"}
    assert me.post(step_of(task_id), {**sent, "_seen": taken.headers["Draft-Seen"]}).status_code == 302


@pytest.mark.parametrize("unit_submits", [True, False])
def test_what_was_saved_since_the_check_is_told_before_it_goes(app: Flask, unit_submits: bool) -> None:
    stage = stage_where_people_file(app, ROLE + ("    unit_submits: true\n" if unit_submits else ""))
    me, unit = sign_in(stage), stage.open(LIBRARY)
    case_id = open_filing(stage.world)
    task_id = task_of(case_id)
    unit_saves(unit, task_id, {**UNITS, "grade": "junior"})
    check = f"/my/tasks/{task_id}/check"
    seen, before = drawn(me, check), case_row(case_id).status
    unit_saves(unit, task_id, {"grade": "junior", "summary": "单位又改了"})
    answer = me.post(check, {"_seen": seen})
    assert answer.status_code == 409
    assert "又保存过：工作小结" in answer.text
    assert "单位又改了" in answer.text
    assert case_row(case_id).status == before
    gone = me.post(check, {"_seen": seen_in(answer.text)})
    assert gone.location.endswith(f"/my/cases/{case_id}")


@pytest.mark.usefixtures("steps")
def test_what_an_ended_session_kept_of_a_step_empties_no_other(stage: Stage, me: Browser) -> None:
    """And what the unit saved meanwhile is compared with it, after the sign-in as before."""
    task_id = task_of(open_filing(stage.world))
    me.post(step_of(task_id), {"grade": "junior", "_save": "1"})
    seen = drawn(me, step_of(task_id, 2))
    lapse()
    me.post(step_of(task_id, 2), {"summary": "写了很久", "_seen": seen, "_next": "1"})
    unit_saves(stage.open(LIBRARY), task_id, {"grade": "junior", "summary": "单位写的"})
    login = db.session.scalars(select(Account.login).where(Account.duties.contains(["applicant"]))).one()
    me.sign_in(login, PASSWORD)
    first = me.get(step_of(task_id)).text
    assert "还没有保存" not in first
    assert re.search('value="junior"[^>]* (checked|selected)', first)
    me.post(step_of(task_id), {"grade": "junior", "_seen": seen_in(first), "_next": "1"})
    page = me.get(step_of(task_id, 2)).text
    assert ">\n写了很久</textarea>" in page, "saving another step gives nothing up"
    sent = {"summary": "写了很久", "_seen": seen_in(page), "_kept": "1", "_next": "1"}
    compared = me.post(step_of(task_id, 2), sent)
    assert (compared.status_code, "单位写的" in compared.text) == (409, True)
