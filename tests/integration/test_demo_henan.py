"""The demonstration of 容缺后补: the night before the midnight, and what midnight leaves."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import clock, demo, scheduler
from app.content.instants import parse_local_instant as at
from app.extensions import atomic, db
from app.models import Case, Notice, Organisation, Overlay, Task
from app.operations.actors import SYSTEM
from app.operations.dates import clock as clocks
from app.operations.evidence import verify

SCHEME = "henan-2025"
FAILED = "资格审查不通过"
EXTENDED = "410203"
"""The district whose pledges are due at the end of the year: somebody still owes there at any stage."""


@pytest.fixture
def told(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setitem(app.config, "ARGON2", {"memory_cost": 8, "time_cost": 1})
    lines: list[str] = []
    demo.make(64, clock.now(), lines.append, only=SCHEME)
    return lines


def statuses() -> dict[str, int]:
    counted = select(Case.status, func.count()).where(Case.process == "application").group_by(Case.status)
    return {row.status: row[1] for row in db.session.execute(counted)}


def owed(region: str = "") -> int:
    units = select(Organisation.id).where(Organisation.region.startswith(region))
    waiting = Task.element == "upload", Task.state == "open", Task.office_id.in_(units)
    return db.session.scalar(select(func.count()).where(*waiting)) or 0


def test_it_stops_ten_minutes_before_the_last_day_and_midnight_takes_who_still_owes(
    app: Flask, told: list[str]
) -> None:
    """HN-07: under review, waiting for their unit, paid, examined: nobody's hand, one instant."""
    now = clocks.scheme_now(SCHEME, clock.now())
    assert at("2025-06-30 23:50") <= now < at("2025-07-01 00:00")
    before = statuses()
    assert {"待工考管理机构审查", "待缴费确认", "待考试", "待公布结果", "待补正材料"} <= before.keys()
    assert db.session.scalar(select(func.count()).select_from(Overlay)) == 5
    extended = owed(EXTENDED)
    still_owed, failed = owed() - extended, before.get(FAILED, 0)
    assert still_owed >= 4
    assert extended >= 1
    with atomic():
        clocks.set_clock(SCHEME, at("2025-07-01 00:01"), SYSTEM, clock.now())
    while scheduler.run_once().fired:
        pass
    assert owed() == owed(EXTENDED) == extended
    assert statuses()[FAILED] == failed + still_owed
    refunds = select(Case.listed["refund_due"].as_boolean()).where(Case.outcome == "pledge_broken")
    assert set(db.session.scalars(refunds)) == {True, False}
    assert db.session.scalar(select(func.count()).where(Notice.text.contains("视为资格审查不通过")))
    assert list(verify.verify_all()) == []


def test_it_tells_its_own_accounts_alone(app: Flask, told: list[str]) -> None:
    text = "\n".join(told)
    assert "hn-kaifeng" in text
    assert "hn-unit08" in text
    assert "gongkaoban" not in text


def test_played_on_it_comes_to_certificates(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "ARGON2", {"memory_cost": 8, "time_cost": 1})
    demo.make(64, clock.now(), lambda line: None, "certificates", SCHEME)
    assert {"已归档", "已发证，待归档", FAILED, "考试不合格", "缺考"} <= statuses().keys()
    assert owed() == owed(EXTENDED) >= 1
    assert list(verify.verify_all()) == []
