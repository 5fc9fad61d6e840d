"""The demonstration of a pledge bound to the sitting: the night before it, and what its morning leaves."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select
from support.demo_states import ADMINISTRATOR, APPEALED, ID_CORRECTION, REFUND, SANCTION, seen

from app import clock, demo, scheduler
from app.content.instants import parse_local_instant as at
from app.extensions import atomic, db
from app.models import Case, Certificate, Task
from app.operations.actors import SYSTEM
from app.operations.dates import clock as clocks
from app.operations.evidence import verify

SCHEME = "nanyang-2021"


def made(app: Flask, monkeypatch: pytest.MonkeyPatch, stage: str | None = None) -> None:
    monkeypatch.setitem(app.config, "ARGON2", {"memory_cost": 8, "time_cost": 1})
    demo.make(64, clock.now(), lambda line: None, stage, SCHEME)


def statuses() -> dict[str, int]:
    counted = select(Case.status, func.count()).where(Case.process == "application").group_by(Case.status)
    return {row.status: row[1] for row in db.session.execute(counted)}


def waiting(element: str) -> int:
    open_now = Task.state == "open"
    return db.session.scalar(select(func.count()).where(Task.element == element, open_now)) or 0


def test_the_sitting_hands_over_to_the_office_whoever_still_owes(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NY-07: nobody is refused by a timer; the office has it to decide."""
    made(app, monkeypatch)
    now = clocks.scheme_now(SCHEME, clock.now())
    assert at("2021-07-16 23:50") <= now < at("2021-07-17 00:00")
    assert {"待考试", "待网上缴费", "待单位集中报送", "待补正材料", "待单位审核"} <= statuses().keys()
    assert ID_CORRECTION | REFUND | ADMINISTRATOR | {"待登记核查情况"} <= seen()
    assert len((SANCTION | APPEALED) & seen()) >= 3
    owed, refused = waiting("upload"), statuses().get("资格审查不通过", 0)
    assert owed >= 3
    with atomic():
        clocks.set_clock(SCHEME, at("2021-07-17 00:05"), SYSTEM, clock.now())
    while scheduler.run_once().fired:
        pass
    assert (waiting("upload"), waiting("decide_missing")) == (0, owed)
    assert statuses().get("资格审查不通过", 0) == refused
    assert list(verify.verify_all()) == []


def test_by_november_there_are_certificates_and_an_objection_held_only_its_person(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(app, monkeypatch, "certificates")
    assert {"已归档", "考试不合格", "缺考", "资格审查不通过", "已撤回", "单位不同意"} <= statuses().keys()
    assert waiting("decide_objection") >= 1
    assert db.session.scalar(select(func.count()).select_from(Certificate))
    assert list(verify.verify_all()) == []
