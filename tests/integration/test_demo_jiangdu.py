"""Jiangdu's demonstration: stopped ten minutes before the system closes, and played on."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select
from support.demo_states import ADMINISTRATOR, APPEALED, SANCTION, seen

from app import clock, demo, scheduler
from app.content.instants import parse_local_instant as at
from app.extensions import atomic, db
from app.models import Case, Holding
from app.operations.actors import SYSTEM
from app.operations.dates import clock as clocks
from app.operations.evidence import verify

SCHEME = "jiangdu-2020"


@pytest.fixture(autouse=True)
def made(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "ARGON2", {"memory_cost": 8, "time_cost": 1})
    demo.make(40, clock.now(), lambda line: None, None, SCHEME)


def statuses(process: str = "application") -> dict[str, int]:
    counted = select(Case.status, func.count()).where(Case.process == process).group_by(Case.status)
    return {row.status: row[1] for row in db.session.execute(counted)}


def test_it_shows_the_states_of_a_review_and_verifies() -> None:
    waiting = {"待提交", "待区人力资源和社会保障局审核", "待补正材料", "待送纸质审批表", "待省考评"}
    assert waiting | {"选拔未通过", "缺考", "审核不通过", "已撤回", "逾期未提交"} <= statuses().keys()
    assert statuses("selection_report") == {"已上报": 1, "待上报": 1}
    assert seen() >= ADMINISTRATOR
    assert len((SANCTION | APPEALED) & seen()) >= 3
    assert statuses("picking").keys() == {"已添加", "待选择申报人员"}
    assert db.session.scalar(select(func.count()).select_from(Holding))
    assert list(verify.verify_all()) == []


def test_midnight_closes_the_system_for_what_was_not_submitted() -> None:
    before = statuses()
    with atomic():
        clocks.set_clock(SCHEME, at("2020-09-01 00:02"), SYSTEM, clock.now())
    while scheduler.run_once().fired:
        pass
    after = statuses()
    assert after["逾期未提交"] == before["逾期未提交"] + before["待提交"]
    assert "待提交" not in after
    assert statuses("picking").keys() == {"已添加", "逾期未添加"}
