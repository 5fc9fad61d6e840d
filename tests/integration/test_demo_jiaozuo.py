"""Jiaozuo's demonstration: stopped where filing closes and the returned run out of time, and played on."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select
from support.demo_states import ADMINISTRATOR, ID_CORRECTION, REFUND, SANCTION, seen

from app import clock, demo, scheduler
from app.content.instants import parse_local_instant as at
from app.extensions import atomic, db
from app.models import Case
from app.operations.actors import SYSTEM
from app.operations.dates import clock as clocks
from app.operations.evidence import verify

SCHEME = "jiaozuo-2026"


@pytest.fixture(autouse=True)
def made(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "ARGON2", {"memory_cost": 8, "time_cost": 1})
    demo.make(40, clock.now(), lambda line: None, None, SCHEME)


def statuses(process: str = "application") -> dict[str, int]:
    counted = select(Case.status, func.count()).where(Case.process == process).group_by(Case.status)
    return {row.status: row[1] for row in db.session.execute(counted)}


def test_it_shows_the_states_of_a_review_and_verifies() -> None:
    waiting = {"待提交", "待单位审核", "待主管部门审核", "待市工考办审查", "待现场审查确认", "待考试"}
    assert waiting | {"已退回，待修改", "结果待公布", "资格审查不通过", "已撤回"} <= statuses().keys()
    assert {"待报送名单", "待签收名单", "名单已签收", "组织报名中"} <= statuses("registration").keys()
    assert ID_CORRECTION | REFUND | ADMINISTRATOR | {"待公布", "待登记责任人"} <= seen()
    assert len(SANCTION & seen()) >= 3
    assert list(verify.verify_all()) == []


def test_midnight_closes_filing_and_lists_the_units_of_the_late() -> None:
    before, listed = statuses(), sum(statuses("circular").values())
    with atomic():
        clocks.set_clock(SCHEME, at("2026-04-09 00:02"), SYSTEM, clock.now())
    while scheduler.run_once().fired:
        pass
    after = statuses()
    assert after["逾期未提交"] == before["待提交"]
    assert after["已退回，待修改"] == before["已退回，待修改"]
    assert sum(statuses("circular").values()) > listed
