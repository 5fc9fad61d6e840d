"""A task's page as a desk: the next of the list, what was amended, warnings, colleagues, lapsed sessions."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import unquote

import pytest
from flask import Flask
from sqlalchemy import select, update
from support.pages import PASSWORD, PDF, Browser, Stage
from support.world import (
    BUREAU,
    LIBRARY,
    OFFICE,
    OTHER_BUREAU,
    at,
    case_row,
    complete,
    open_filing,
    open_review,
    register_posts,
    task_of,
)

from app import clock
from app.extensions import atomic
from app.models import Attachment, Bar, KeptForm, Person, Task, TaskPresence, WebSession
from app.operations import deployments, leftovers
from app.operations.company.presence import HERE
from app.web import task_forms

FILLED = {"grade": "junior", "summary": "近五年工作扎实。"}
APPROVED = {"decision": "approve", "_submit": "1"}
SEEN = re.compile(r'name="_seen" value="([^"]*)"')
COLLEAGUE = "周审"


@pytest.fixture
def three(stage: Stage) -> dict[str, int]:
    """Tasks of the bureau's first review, by person, in the order in which they came."""
    register_posts(stage.world, {"junior": 3})
    found = {}
    for minute, person in enumerate(("陈一", "李二", "王三")):
        case_id = open_filing(stage.world, person)
        complete(case_id, "fill", FILLED, stage.world.actors[LIBRARY], f"2021-06-10 10:0{minute}")
        found[person] = task_of(case_id)
    return found


def submit(browser: Browser, task_id: int, values: dict[str, Any], query: str = "") -> Any:
    browser.get(f"/tasks/{task_id}{query}")
    return browser.post(f"/tasks/{task_id}{query}", values)


def colleague(stage: Stage) -> Browser:
    """Another operator of the bureau: the one whom the world has there beside the first."""
    return stage.open(COLLEAGUE)


def case_of(task_id: int) -> int:
    with atomic() as session:
        return session.execute(select(Task.case_id).where(Task.id == task_id)).scalar_one()


def rewind_sessions(by: timedelta) -> None:
    """As if nobody had been heard of for so long."""
    with atomic() as session:
        session.execute(update(WebSession).values(last_seen_at=WebSession.last_seen_at - by))


# The next of the list


def test_after_deciding_the_next_of_the_list_comes_with_the_result(
    three: dict[str, int], bureau: Browser
) -> None:
    done = submit(bureau, three["李二"], APPROVED, "?list=inbox")
    assert done.location == f"/tasks/{three['王三']}?list=inbox"
    page = bureau.follow(done).text
    assert "已提交。办件现在的状态：" in page
    assert ">李二</a>" in page


def test_after_giving_back_the_next_of_the_list_comes_too(three: dict[str, int], bureau: Browser) -> None:
    address = f"/tasks/{three['陈一']}/return?list=inbox"
    assert f'action="{address}"' in bureau.get(address).text
    done = bureau.post(address, {"to": "fill", "opinion": "总结太短", "then": "on"})
    assert done.location == f"/tasks/{three['李二']}?list=inbox"
    assert "已退回。办件现在的状态：" in bureau.follow(done).text


def test_after_handing_on_the_next_of_the_list_comes_too(
    three: dict[str, int], stage: Stage, bureau: Browser
) -> None:
    address = f"/tasks/{three['陈一']}/transfer?list=inbox&by=due"
    shown = bureau.get(f"/tasks/{three['陈一']}?list=inbox&by=due").text
    assert f'action="{html.escape(address)}"' in shown
    to = {"to": stage.account_id(COLLEAGUE)}
    refused = bureau.post(address, {**to, "ground": ""})
    assert (refused.status_code, f'action="{html.escape(address)}"' in refused.text) == (422, True)
    handed = bureau.post(address, {**to, "ground": "分工调整"})
    assert handed.location.startswith(f"/tasks/{three['李二']}?")
    assert "by=due" in handed.location
    page = bureau.follow(handed).text
    assert "已转办" in page
    assert ">陈一</a>" in page


def test_what_one_goes_on_having_stays_open_in_its_list(
    three: dict[str, int], stage: Stage, bureau: Browser
) -> None:
    task = three["陈一"]
    asked = {"to": stage.account_id(COLLEAGUE), "question": "年限对吗？"}
    back = {"to": stage.account_id(BUREAU), "ground": "不等了"}
    bureau.get(f"/tasks/{task}?list=inbox")
    for verb, sent in (("claim", {}), ("delegate", asked), ("transfer", back)):
        done = bureau.post(f"/tasks/{task}/{verb}?list=inbox", sent)
        assert done.location == f"/tasks/{task}?list=inbox", verb


def test_what_was_not_come_to_from_the_list_leads_nowhere_else(
    three: dict[str, int], stage: Stage, bureau: Browser
) -> None:
    task = three["陈一"]
    bureau.get(f"/tasks/{task}")
    sent = {"to": stage.account_id(COLLEAGUE), "ground": "分工调整"}
    handed = bureau.post(f"/tasks/{task}/transfer", sent)
    assert handed.location == f"/tasks/{task}"
    page = bureau.follow(handed).text
    assert "已转办" in page
    assert f"已由{COLLEAGUE}签收" in page


def test_the_list_s_filter_and_order_go_along(three: dict[str, int], bureau: Browser) -> None:
    query = "?list=inbox&unit=图书馆&by=due"
    done = submit(bureau, three["陈一"], APPROVED, query)
    assert done.location.startswith(f"/tasks/{three['李二']}?")
    assert "by=due" in done.location
    assert f'href="/inbox/after/{three["李二"]}?' in bureau.follow(done).text


def test_at_the_end_of_the_list_it_begins_anew_and_then_shows_the_list(
    three: dict[str, int], bureau: Browser
) -> None:
    assert submit(bureau, three["王三"], APPROVED, "?list=inbox").location.startswith("/tasks/")
    alone = "?list=inbox&name=李"
    done = submit(bureau, three["李二"], APPROVED, alone)
    assert done.location.startswith("/inbox/?name=")
    assert "没有符合条件的待办" in bureau.follow(done).text


def test_one_may_go_on_without_deciding(three: dict[str, int], bureau: Browser) -> None:
    gone_on = bureau.get(f"/inbox/after/{three['陈一']}?list=inbox")
    assert gone_on.location == f"/tasks/{three['李二']}?list=inbox"
    nothing = bureau.get(f"/inbox/after/{three['陈一']}?list=inbox&name=陈")
    assert "列表里没有别的事项了" in bureau.follow(nothing).text


def test_a_swap_that_leaves_the_desk_loads_the_whole_page(three: dict[str, int], bureau: Browser) -> None:
    bureau.get(f"/tasks/{three['陈一']}")
    done = bureau.post(f"/tasks/{three['陈一']}", APPROVED, headers={"HX-Request": "true"})
    assert (done.status_code, done.headers["HX-Redirect"].startswith("/cases/")) == (200, True)


# Beside the form


def test_what_was_amended_since_the_return_is_told_field_by_field(
    stage: Stage, bureau: Browser, unit: Browser, three: dict[str, int]
) -> None:
    task = three["陈一"]
    bureau.get(f"/tasks/{task}/return")
    bureau.post(f"/tasks/{task}/return", {"to": "fill", "opinion": "总结太短", "then": "on"})
    case_id = case_of(task)
    again = task_of(case_id, "fill")
    submit(unit, again, {"grade": "junior", "summary": "近五年带徒三人。", "_submit": "1"})
    page = bureau.get(f"/tasks/{task_of(case_id)}").text
    assert "总结太短" in page
    assert "<del>近五年工作扎实。</del>" in page
    assert "<ins>近五年带徒三人。</ins>" in page


@pytest.mark.corrupts
def test_a_bar_another_live_case_and_the_places_left_are_told(stage: Stage, bureau: Browser) -> None:
    register_posts(stage.world, {"technician": 2})
    case_id = open_review(stage.world, when="2021-06-10 10:00")
    with atomic() as session:
        person = session.get_one(Person, stage.world.people["陈一"])
        session.add(
            Bar(
                **{"jurisdiction": "990000", "year": 2021, "person_id": person.id, "case_id": case_id},
                **{"id_number_index": person.id_number_index, "token": 900, "kind": "until"},
                **{"until": date(2022, 6, 1), "ground": "考试作弊", "imposed_at": at("2021-06-01 09:00")},
            )
        )
    page = bureau.get(f"/tasks/{task_of(case_id)}").text
    assert "此人被限制申报，到 2022年6月1日 为止。依据：考试作弊" in page
    assert "空缺 2 个，已占用 1 个（含本件），还剩 1 个" in page


def test_uploads_are_shown_in_a_frame_of_our_own_pages(stage: Stage, bureau: Browser, unit: Browser) -> None:
    register_posts(stage.world, {"technician": 1})
    case_id = open_filing(stage.world)
    unit.get(f"/tasks/{task_of(case_id)}")
    sent = {"grade": "technician", "summary": "甲", "_file-certificate": (BytesIO(PDF), "证书.pdf")}
    unit.post(f"/tasks/{task_of(case_id)}", sent | {"_submit": "1"})
    with atomic() as session:
        name = session.scalars(select(Attachment.name)).one()
    assert f'src="/files/{name}/view#' in bureau.get(f"/tasks/{task_of(case_id)}").text
    shown = bureau.get(f"/files/{name}/view")
    assert shown.headers["Content-Disposition"].startswith("inline")
    assert "frame-ancestors 'self'" in shown.headers["Content-Security-Policy"]
    assert "script" not in shown.headers["Content-Security-Policy"]
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert stage.open(OTHER_BUREAU).get(f"/files/{name}/view").status_code == 404


def test_the_articles_of_the_step_are_told(three: dict[str, int], bureau: Browser) -> None:
    page = bureau.get(f"/tasks/{three['陈一']}").text
    assert "<summary>依据</summary>" in page


# Colleagues


def test_who_has_the_page_open_is_told_and_the_tag_changes(
    three: dict[str, int], stage: Stage, bureau: Browser
) -> None:
    task = three["陈一"]
    address = f"/tasks/{task}/presence"
    bureau.get(f"/tasks/{task}")
    alone = bureau.get(address)
    assert "正在办理" not in alone.text
    colleague(stage).get(f"/tasks/{task}")
    beside = bureau.client.get(address, headers={"If-None-Match": alone.headers["ETag"]})
    assert "周审 刚刚打开，正在办理" in beside.text
    same = bureau.client.get(address, headers={"If-None-Match": beside.headers["ETag"]})
    assert same.status_code == 304
    with atomic() as session:
        gone = TaskPresence.seen_at - HERE - timedelta(seconds=1)
        session.execute(update(TaskPresence).values(seen_at=gone))
    assert "正在办理" not in bureau.get(address).text


def test_a_decision_writes_nothing_of_presence(three: dict[str, int], bureau: Browser) -> None:
    submit(bureau, three["陈一"], APPROVED)
    with atomic() as session:
        before = session.scalars(select(TaskPresence.seen_at)).one()
    bureau.post(f"/tasks/{three['陈一']}", APPROVED)
    with atomic() as session:
        assert session.scalars(select(TaskPresence.seen_at)).one() == before


def test_two_windows_are_compared_and_each_field_is_chosen(stage: Stage, unit: Browser) -> None:
    task = task_of(open_filing(stage.world))
    address, other = f"/tasks/{task}", stage.open(LIBRARY)
    seen = SEEN.search(unit.get(address).text)[1]
    other.get(address)
    other.post(address, {"grade": "senior", "summary": "窗口乙", "_seen": seen, "_draft": "1"})
    mine = {"grade": "junior", "summary": "窗口甲", "_seen": seen}
    page = unit.post(address, mine | {"_draft": "1"})
    assert page.status_code == 409
    assert "窗口甲" in page.text
    assert "窗口乙" in page.text
    assert unit.post(address, mine | {"_submit": "1"}).status_code == 409, "nor is it submitted"
    assert unit.post(address, mine | {"_draft": "1", "_quiet": "1"}).status_code == 409
    merged = unit.follow(unit.post(f"{address}/merge", {"pick-grade": "theirs", "pick-summary": "mine"}))
    assert ">\n窗口甲</textarea>" in merged.text
    assert 'value="senior" checked' in merged.text
    kept = {"grade": "senior", "summary": "窗口甲", "_kept": "1", "_seen": SEEN.search(merged.text)[1]}
    assert unit.post(address, kept | {"_draft": "1"}).status_code == 302
    with atomic() as session:
        assert not session.scalars(select(KeptForm)).all()


@pytest.mark.parametrize("button", ["_update", "_submit"])
def test_a_form_drawn_anew_still_knows_what_it_began_with(stage: Stage, unit: Browser, button: str) -> None:
    """Another answer or a refusal in between: what the other window saved is compared all the same."""
    address, other = f"/tasks/{task_of(open_filing(stage.world))}", stage.open(LIBRARY)
    seen = SEEN.search(unit.get(address).text)[1]
    other.get(address)
    other.post(address, {"grade": "senior", "summary": "窗口乙", "_seen": seen, "_draft": "1"})
    wrong = {"grade": "technician", "_file-certificate": (BytesIO(b"MZ"), "证书.exe")}
    page = unit.post(address, {**wrong, "_seen": seen, button: "1"})
    assert SEEN.search(page.text)[1] == seen
    late = unit.post(address, {"grade": "junior", "summary": "窗口甲", "_seen": seen, "_draft": "1"})
    assert (late.status_code, "窗口乙" in late.text) == (409, True)


def test_the_same_submission_twice_is_no_conflict(three: dict[str, int], bureau: Browser) -> None:
    """A line was lost before the answer came: what was sent again is what was done."""
    query = "?list=inbox"
    first = submit(bureau, three["陈一"], APPROVED, query)
    again = bureau.post(f"/tasks/{three['陈一']}{query}", APPROVED)
    assert (again.status_code, again.location) == (302, first.location)


def test_what_a_colleague_has_done_stands_beside_what_was_typed(
    three: dict[str, int], stage: Stage, bureau: Browser
) -> None:
    task = three["陈一"]
    bureau.get(f"/tasks/{task}")
    submit(colleague(stage), task, APPROVED)
    page = bureau.post(f"/tasks/{task}", {"decision": "reject", "opinion": "年限不足", "_submit": "1"})
    assert page.status_code == 409
    assert "已提交的" in page.text
    assert 'data-label="您填写的">年限不足' in page.text


# A session that ended in the middle of a form


def test_what_an_ended_session_sent_is_there_after_the_sign_in(
    three: dict[str, int], stage: Stage, bureau: Browser
) -> None:
    address = f"/tasks/{three['陈一']}?list=inbox"
    bureau.get(address)
    rewind_sessions(timedelta(minutes=31))
    sent = bureau.post(address, {"decision": "reject", "opinion": "写了很久的意见", "_submit": "1"})
    assert unquote(sent.location) == f"/sign-in?next={address}"
    assert "填写的内容已经保留" in bureau.follow(sent).text
    login = {"login": stage.login(BUREAU), "password": PASSWORD, "next": address}
    back = bureau.post("/sign-in", login)
    assert back.location == address
    page = bureau.follow(back).text
    assert ">\n写了很久的意见</textarea>" in page
    assert "还没有保存和提交" in page
    assert "写了很久的意见" not in colleague(stage).get(address).text
    kept = {"decision": "reject", "opinion": "写了很久的意见", "_kept": "1", "_submit": "1"}
    assert bureau.post(address, kept).status_code == 302
    with atomic() as session:
        assert not session.scalars(select(KeptForm)).all()


@pytest.mark.parametrize("gone", ["ended", "long ago"])
def test_nothing_is_kept_for_who_signed_out_or_was_away_for_days(
    three: dict[str, int], bureau: Browser, gone: str
) -> None:
    bureau.get(f"/tasks/{three['陈一']}")
    rewind_sessions(timedelta(days=2) if gone == "long ago" else timedelta())
    if gone == "ended":
        with atomic() as session:
            session.execute(update(WebSession).values(ended_at=clock.now()))
    bureau.post(f"/tasks/{three['陈一']}", {"opinion": "意见", "_submit": "1"})
    with atomic() as session:
        assert not session.scalars(select(KeptForm)).all()


def test_an_ended_session_keeps_nothing_for_another_s_task(three: dict[str, int], office: Browser) -> None:
    office.get("/inbox/")
    rewind_sessions(timedelta(minutes=31))
    office.post(f"/tasks/{three['陈一']}", {"opinion": "意见", "_submit": "1"})
    with atomic() as session:
        assert not session.scalars(select(KeptForm)).all()


def test_an_id_number_is_kept_nowhere(three: dict[str, int], bureau: Browser) -> None:
    bureau.get(f"/tasks/{three['陈一']}")
    rewind_sessions(timedelta(minutes=31))
    bureau.post(f"/tasks/{three['陈一']}", {"opinion": "11010119800501001X", "_submit": "1"})
    with atomic() as session:
        assert "opinion" not in session.scalars(select(KeptForm)).one().values


def test_a_day_later_it_is_cleared_away(three: dict[str, int], bureau: Browser) -> None:
    bureau.get(f"/tasks/{three['陈一']}")
    rewind_sessions(timedelta(minutes=31))
    bureau.post(f"/tasks/{three['陈一']}", {"opinion": "意见", "_submit": "1"})
    assert leftovers.clear_away_daily(clock.now() + timedelta(days=2), atomic)
    with atomic() as session:
        assert not session.scalars(select(KeptForm)).all()
        assert not session.scalars(select(TaskPresence)).all()


def test_a_swap_of_an_ended_session_leads_to_the_sign_in(three: dict[str, int], bureau: Browser) -> None:
    rewind_sessions(timedelta(minutes=31))
    asked = bureau.client.get("/inbox/", headers={"HX-Request": "true"})
    assert asked.headers["HX-Redirect"].startswith("/sign-in?next=")


def test_the_last_office_sees_no_unit_s_amendments_without_a_return(stage: Stage, office: Browser) -> None:
    register_posts(stage.world, {"technician": 1})
    case_id = open_review(stage.world, when="2021-06-11 08:00")
    complete(case_id, "first_review", {"decision": "approve"}, stage.world.actors[BUREAU], "2021-06-11 08:30")
    page = office.get(f"/tasks/{task_of(case_id)}").text
    assert "退回以后的改动" not in page
    assert OFFICE in page


def test_people_that_a_diagram_shows_are_shown_by_name(app: Flask, stage: Stage) -> None:
    case = case_row(open_filing(stage.world))
    scheme = deployments.scheme(case.deployment_id)
    drawn = scheme.definitions.processes["roster"].elements["choose_people"]
    drawn = replace(drawn, properties={"show": "people"})
    chosen = [stage.world.people["陈一"], stage.world.people["赵四"]]
    ((_, text),) = task_forms.facts(drawn, scheme, case, {"people": chosen})
    assert text == "陈一、赵四"
