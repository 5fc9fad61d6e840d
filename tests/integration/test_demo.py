"""The demonstration: cases in every state, a clean register, a clock from which the cutoff can be watched."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import clock, demo, scheduler
from app.content.instants import parse_local_instant as at
from app.errors import Conflict, NotFound
from app.extensions import atomic, db
from app.models import Account, Case, Certificate, Notice, PlaceClaim, Task
from app.operations import tasks
from app.operations.access import accounts
from app.operations.access.accounts import actor_for
from app.operations.actors import SYSTEM
from app.operations.dates import clock as clocks
from app.operations.evidence import verify

SCHEME = "chongqing-2021"


@pytest.fixture
def told(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a small demonstration tells while it is made, up to the certificates."""
    return made(app, monkeypatch, "certificates")


@pytest.fixture
def told_while_filing(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The same, stopped where `make run` stops."""
    return made(app, monkeypatch, None)


def made(app: Flask, monkeypatch: pytest.MonkeyPatch, stage: str | None) -> list[str]:
    monkeypatch.setitem(app.config, "ARGON2", {"memory_cost": 8, "time_cost": 1})
    lines: list[str] = []
    demo.make(64, clock.now(), lines.append, stage, SCHEME)
    return lines


def statuses() -> dict[str, int]:
    counted = select(Case.status, func.count()).where(Case.process == "application").group_by(Case.status)
    return {row.status: row[1] for row in db.session.execute(counted)}


def test_it_shows_every_state_and_verifies(app: Flask, told: list[str]) -> None:
    waiting = {
        "待区县人力社保局审核",
        "待市工考办审核",
        "待确认",
        "已退回",
        "待缴费确认",
        "待录入成绩",
        "成绩已公布",
    }
    later = {"待申报评审", "待评审", "待认定", "已发证"}
    over = {"审核未通过", "已删除", "逾期未提交", "逾期未报名", "已撤回", "缺考", "考试不合格", "已归档"}
    assert waiting | later | over <= statuses().keys()
    assert db.session.scalar(select(func.count()).select_from(Case)) >= 60
    assert db.session.scalar(select(func.count()).select_from(PlaceClaim))
    assert db.session.scalar(select(func.count()).select_from(Notice))
    assert db.session.scalar(select(func.count()).select_from(Certificate))
    assert list(verify.verify_all()) == []


def test_it_tells_the_accounts_and_their_password(app: Flask, told: list[str]) -> None:
    text = "\n".join(told)
    for account in db.session.scalars(select(Account)):
        assert account.login in text
        assert not account.must_change_password
    with atomic():
        assert accounts.sign_in("gongkaoban", demo.PASSWORD, "127.0.0.1", clock.now())
        assert accounts.sign_in("unit01", demo.PASSWORD, "127.0.0.1", clock.now())
    assert demo.PASSWORD in text


def test_a_second_time_only_tells_the_accounts(app: Flask, told: list[str]) -> None:
    before = statuses()
    again: list[str] = []
    demo.make(64, clock.now(), again.append, only=SCHEME)
    assert statuses() == before
    assert again == told[-len(again) :]
    assert again[0].startswith("账号")


def test_a_window_is_open_and_its_end_can_be_watched(app: Flask, told: list[str]) -> None:
    """LIFE-10: scores were published on 2021-11-22; until 2021-11-29 at 24:00 a recount may be asked for."""
    now = clocks.scheme_now(SCHEME, clock.now())
    assert at("2021-11-26 09:00") <= now < at("2021-11-26 09:10")
    waiting = select(Task).where(Task.form == "score_inquiry.json", Task.state == "open").order_by(Task.id)
    task = db.session.scalars(waiting).first()
    assert task is not None
    operator = db.session.scalars(select(Account).where(Account.organisation_id == task.office_id)).one()
    with atomic():
        tasks.save_draft(task.id, {"reason": "与估分相差较大"}, actor_for(operator), now)
    passed_before = statuses()["待认定"]
    with atomic():
        clocks.set_clock(SCHEME, at("2021-11-30 00:01"), SYSTEM, clock.now())
    while scheduler.run_once().fired:
        pass
    assert "成绩已公布" not in statuses()
    assert statuses()["待认定"] > passed_before
    assert list(verify.verify_all()) == []


def test_the_window_is_open_and_its_end_can_be_watched(app: Flask, told_while_filing: list[str]) -> None:
    """CQ-20: at 2021-07-20 a unit still submits; three days on, at 24:00, what waits lapses."""
    assert {"待提交", "待区县人力社保局审核", "待市工考办审核", "审核未通过", "已删除"} <= statuses().keys()
    now = clocks.scheme_now(SCHEME, clock.now())
    assert at("2021-07-20 09:00") <= now < at("2021-07-20 09:10")
    waiting = select(Task).where(Task.form == "application_form.json", Task.state == "open").order_by(Task.id)
    task = db.session.scalars(waiting).first()
    assert task is not None
    operator = db.session.scalars(select(Account).where(Account.organisation_id == task.office_id)).one()
    with atomic():
        tasks.save_draft(task.id, {"awards": "无"}, actor_for(operator), now)
    open_before = statuses()["待提交"]
    with atomic():
        clocks.set_clock(SCHEME, at("2021-07-24 00:01"), SYSTEM, clock.now())
    while scheduler.run_once().fired:
        pass
    assert "待提交" not in statuses()
    assert statuses()["逾期未提交"] >= open_before
    assert list(verify.verify_all()) == []


def test_an_unknown_stage_is_told_with_those_there_are(app: Flask) -> None:
    with pytest.raises(NotFound, match="certificates"):
        demo.make(64, clock.now(), print, "nowhere")


def test_a_real_database_is_left_alone(app: Flask) -> None:
    with atomic():
        clocks.mark_database(False, clock.now())
    with pytest.raises(Conflict, match="正式库"):
        demo.make(64, clock.now(), print)
    assert db.session.scalar(select(func.count()).select_from(Account)) == 0
