"""Many given back and taken back on the pages; what one has delegated; a handover by who has no office."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from support.colleagues import browser_of
from support.crowd import open_tasks, until, working
from support.pages import Browser, Stage
from support.world import BUREAU, LIBRARY, OFFICE, complete, open_filing, register_posts, task_of, technician

from app import clock
from app.extensions import atomic, db
from app.models import Account, Task, Work
from app.operations.company import assignments, deputies, handovers
from app.web import batches


@pytest.fixture
def three(stage: Stage) -> dict[str, int]:
    """Three filings that wait for the bureau's first review; the task of each by person."""
    register_posts(stage.world, {"technician": 3})
    found = {}
    for minute, person in enumerate(("陈一", "李二", "王三")):
        case_id = open_filing(stage.world, person)
        filled, unit = technician(stage.world), stage.world.actors[LIBRARY]
        complete(case_id, "fill", filled, unit, f"2021-06-11 08:0{minute}")
        found[person] = task_of(case_id)
    return found


def ticking(three: dict[str, int]) -> str:
    return "&".join(f"task={task_id}" for task_id in three.values())


def ticked(three: dict[str, int], **more: str) -> dict[str, object]:
    return {"task": [str(task_id) for task_id in three.values()], **more}


def works_over() -> int:
    db.session.rollback()
    return len(db.session.scalars(select(Work.id).where(Work.state == "done")).all())


def bulk(bureau: Browser, three: dict[str, int]) -> str:
    bureau.get(f"/inbox/bulk?{ticking(three)}")
    return bureau.post("/inbox/bulk", ticked(three, decision="approve", _submit="1")).text


class TestGivenBack:
    def test_from_the_inbox_with_one_opinion_and_a_result_for_each(
        self, three: dict[str, int], stage: Stage, bureau: Browser, unit: Browser
    ) -> None:
        assert "/inbox/return" in bureau.get("/inbox/").text
        page = bureau.get(f"/inbox/return?{ticking(three)}").text
        assert "填写申报表" in page
        assert "要退回的事项（3 件）" in page
        with atomic():
            assignments.claim(three["李二"], stage.world.actors["周审"], stage.now())
        silent = bureau.post("/inbox/return", ticked(three, to="fill", opinion=" "))
        assert (silent.status_code, 'href="#opinion"' in silent.text) == (422, True)
        aimless = bureau.post("/inbox/return", ticked(three, opinion="请补"))
        assert (aimless.status_code, 'href="#to"' in aimless.text) == (422, True)
        done = bureau.post("/inbox/return", ticked(three, to="fill", opinion="请补近五年考核"))
        assert "成功 2 件" in done.text
        assert unit.get("/inbox/").text.count("上次由您办理") == 2
        assert "上次由您办理" in unit.get("/notices/").text

    def test_nothing_where_no_step_lies_before(self, three: dict[str, int], unit: Browser) -> None:
        assert unit.get(f"/inbox/return?{ticking(three)}").status_code == 422
        assert "/inbox/return" not in unit.get("/inbox/").text

    def test_many_in_the_background(
        self, app: Flask, three: dict[str, int], bureau: Browser, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(batches, "MOST_AT_ONCE", 2)
        address = f"/inbox/return?kind=tiny-2021/first_review&all={max(three.values())}"
        assert "在后台办理" in bureau.get(address).text
        sent = bureau.post(address, {"to": "fill", "opinion": "请补", "then": "back"})
        with working(app):
            until(works_over)
        assert not open_tasks("first_review")
        page = bureau.follow(sent).text
        assert "批量退回：初审" in page
        assert "撤回这一批" not in page, "a return is not taken back"


class TestTakenBack:
    def test_what_was_just_decided_together(self, three: dict[str, int], bureau: Browser) -> None:
        page = bulk(bureau, three)
        (link,) = re.findall(r'href="(/inbox/recall\?[^"]+)"', page)
        form = bureau.get(link.replace("&amp;", "&")).text
        assert form.count('name="task"') == 3
        done = bureau.post("/inbox/recall", ticked(three, ground="选错了结论")).text
        assert "成功 3 件，未成功 0 件" in done
        me = [row for row in bureau.get("/inbox/").text.split("<tr")[1:] if BUREAU in row]
        assert len(me) == 3, "they are the recaller's again"

    def test_from_what_one_has_done_with_the_reason_why_not(
        self, three: dict[str, int], stage: Stage, bureau: Browser
    ) -> None:
        bulk(bureau, three)
        assert bureau.get("/inbox/done").text.count('name="task"') == 3
        case_id = db.session.scalars(select(Task.case_id).where(Task.id == three["陈一"])).one()
        complete(
            case_id, "final_review", {"decision": "approve"}, stage.world.actors[OFFICE], "2021-06-11 08:30"
        )
        assert bureau.get("/inbox/done").text.count('name="task"') == 2
        done = bureau.post("/inbox/recall", ticked(three)).text
        assert "成功 2 件，未成功 1 件" in done
        assert "办件已经办结，不能撤回" in done
        long = bureau.post("/inbox/recall", ticked({"李二": three["李二"]}, ground="错" * 201))
        assert long.status_code == 422

    def test_somebody_elses_are_as_if_not_there(
        self, three: dict[str, int], bureau: Browser, stage: Stage
    ) -> None:
        bulk(bureau, three)
        colleague = stage.open("周审")
        assert colleague.get(f"/inbox/recall?{ticking(three)}").status_code == 422
        assert colleague.get("/inbox/done").text.count('name="task"') == 0

    def test_a_long_work_as_a_whole(
        self, app: Flask, three: dict[str, int], bureau: Browser, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(batches, "MOST_AT_ONCE", 2)
        address = f"/inbox/bulk?kind=tiny-2021/first_review&all={max(three.values())}"
        bureau.get(address)
        sent = bureau.post(address, {"decision": "approve", "_submit": "1"})
        with working(app):
            until(lambda: works_over() == 1)
            (link,) = re.findall(r'href="(/inbox/recall\?work=\d+)"', bureau.follow(sent).text)
            assert "要撤回的事项（3 件）" in bureau.get(link).text
            taken_back = bureau.post(link, {"ground": "误操作"})
            until(lambda: works_over() == 2)
        assert len(open_tasks("first_review")) == 3
        assert "批量撤回：初审" in bureau.follow(taken_back).text


def test_what_lies_with_a_colleague_is_listed_and_taken_back(
    three: dict[str, int], stage: Stage, bureau: Browser
) -> None:
    li, _ = browser_of(stage, "李四", "li4")
    task = three["李二"]
    bureau.get(f"/tasks/{task}")
    bureau.post(f"/tasks/{task}/delegate", {"to": str(li.account_id), "question": "年限对吗？"})
    page = bureau.get("/inbox/delegated").text
    assert "年限对吗？" in page
    assert "李四" in page
    assert re.search(r'委派出去的 <span class="hint">1</span>', page)
    me = stage.world.actors[BUREAU].account_id
    assert f'value="{me}"' in bureau.get(f"/tasks/{task}").text
    bureau.post(f"/tasks/{task}/transfer", {"to": str(me), "ground": "不等了"})
    assert "没有委派出去、等待答复的事项" in bureau.get("/inbox/delegated").text


def test_a_deputy_ticks_what_the_principal_has_and_nobody_else_does(
    three: dict[str, int], stage: Stage
) -> None:
    li, desk = browser_of(stage, "李四", "li4")
    boss, now = stage.world.actors[BUREAU], clock.now()
    with atomic():
        assignments.claim(three["陈一"], boss, stage.now())
        assignments.claim(three["李二"], stage.world.actors["周审"], stage.now())
    assert desk.get("/inbox/?view=office").text.count('name="task"') == 1
    with atomic():
        term = (now - timedelta(days=1), now + timedelta(days=1))
        deputies.name(boss.account_id or 0, li.account_id or 0, *term, ground="休假", actor=boss, now=now)
    assert desk.get("/inbox/?view=office").text.count('name="task"') == 2
    done = desk.post("/inbox/bulk", {"task": [str(three["陈一"])], "decision": "approve", "_submit": "1"})
    assert "成功 1 件，未成功 0 件" in done.text


def test_nobody_is_offered_to_arrange_what_is_closed(three: dict[str, int], bureau: Browser) -> None:
    address = f"/tasks/{three['陈一']}"
    assert f"{address}/claim" in bureau.get(address).text
    with atomic() as session:
        at_nine = Task.opened_at + timedelta(minutes=30)
        session.execute(update(Task).where(Task.id == three["陈一"]).values(closes_at=at_nine))
    page = bureau.get(address).text
    with atomic() as session:
        session.execute(update(Task).where(Task.id == three["陈一"]).values(closes_at=None))
    assert f"{address}/claim" not in page
    assert "不能再填写" in page


def test_who_has_no_office_hands_over_in_the_background(
    app: Flask, three: dict[str, int], stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handovers, "AT_ONCE", 2)
    leaver = stage.world.actors["周审"]
    with atomic() as session:
        for task_id in three.values():
            assignments.claim(task_id, leaver, stage.now())
        mine = Account.id == stage.world.actors[OFFICE].account_id
        session.execute(update(Account).where(mine).values(duties=["administrator"], organisation_id=None))
    admin = stage.open(OFFICE)
    to, address = stage.world.actors[BUREAU].account_id, f"/handovers/{leaver.account_id}"
    assert "在后台交接" in admin.get(address).text
    sent = admin.post(address, {"to": str(to), "ground": "离职"})
    with working(app):
        until(works_over)
    page = admin.follow(sent).text
    assert "成功 3 件，未成功 0 件" in page
    assert page.count("已交接") == 3
