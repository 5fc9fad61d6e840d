"""Replaying a case from its log gives byte-equal state; the check of it, made after every test, can fail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest
from flask import Flask
from sqlalchemy import select
from support.waits import open_wait, publish_waits
from support.world import BUREAU, LIBRARY, OFFICE, at, case_row, complete, open_review, tiny_world

from app.engine import RELEASE
from app.extensions import atomic, db, settings
from app.models import Case, History
from app.operations import messages, timers
from app.operations.actors import SYSTEM
from app.operations.dates import workdays
from app.operations.evidence import verify
from app.operations.evidence.replay import replay
from app.operations.road._history import link
from app.operations.trials.worlds import Built

Sign = Callable[[int, int, dict[str, Any]], None]


@pytest.fixture
def world(app: Flask) -> Built:
    publish_waits()
    return tiny_world(technician=1)


@pytest.fixture
def case_id(world: Built) -> int:
    """A case with every kind of argument in its log: a decision, a refusal, a firing, working days."""
    found = open_review(world)
    complete(found, "first_review", {"decision": "approve"}, world.actors[BUREAU], "2021-06-12 10:00")
    timers.sweep(lambda scheme_id: at("2021-06-25 09:00"), atomic)
    complete(found, "final_review", {"decision": "approve"}, world.actors[OFFICE], "2021-06-25 10:00")
    return found


@pytest.fixture
def forge(_cleaner) -> Sign:
    """Changes a row of the log and signs the chain anew, as a program with a defect (or the key) would."""
    connection: psycopg.Connection = _cleaner.connection

    def do(case_id: int, seq: int, changes: dict[str, Any]) -> None:
        for name, value in changes.items():
            stored = orjson.dumps(value).decode() if isinstance(value, dict) else value
            statement = f"UPDATE history SET {name} = %s WHERE case_id = %s AND seq = %s"
            connection.execute(statement, (stored, case_id, seq))
        db.session.rollback()
        previous = bytes(32)
        rows = select(*History.__table__.c).where(History.case_id == case_id).order_by(History.seq)
        for row in db.session.execute(rows).mappings().all():
            mac = link({**row, "previous": previous}, settings().history_key)
            connection.execute(
                "UPDATE history SET previous = %s, mac = %s WHERE case_id = %s AND seq = %s",
                (previous, mac, case_id, row["seq"]),
            )
            previous = mac
        connection.execute('UPDATE "case" SET head = %s WHERE id = %s', (previous, case_id))
        db.session.rollback()

    return do


def arguments(case_id: int, seq: int) -> dict[str, Any]:
    rows = select(History.arguments).where(History.case_id == case_id, History.seq == seq)
    return dict(db.session.execute(rows).scalar_one())


def findings(case_id: int) -> list[str]:
    return [finding.what for finding in verify.verify_case(case_id)]


def test_the_last_state_is_the_one_that_is_stored(case_id: int) -> None:
    replayed = replay(case_id)
    assert replayed.differs_at is None
    assert replayed.instance is not None
    assert replayed.instance.dump() == case_row(case_id).engine_state


def test_the_log_tells_the_engine_at_the_start_and_where_it_changed(
    world: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_id = open_review(world)
    monkeypatch.setattr("app.operations.road._moving.RELEASE", "2+4.0.0")
    complete(case_id, "first_review", {"decision": "approve"}, world.actors[BUREAU], "2021-06-12 10:00")
    complete(case_id, "final_review", {"decision": "approve"}, world.actors[OFFICE], "2021-06-12 11:00")
    assert [arguments(case_id, seq).get("engine") for seq in range(1, 5)] == [RELEASE, None, "2+4.0.0", None]


def test_holidays_published_later_do_not_change_what_was(world: Built) -> None:
    """The log names the version of the table that each step was given."""
    case_id = open_wait(world, "working", at("2021-06-10 09:00"))
    before = replay(case_id)
    with atomic():
        days = {date(2021, 6, day): False for day in (11, 15, 16)}
        workdays.set_days(days, ground="停工", actor=SYSTEM, now=at("2021-06-10 12:00"))
    after = replay(case_id)
    assert before.instance is not None
    assert after.instance is not None
    assert after.instance.canonical() == before.instance.canonical()
    assert after.differs_at is None


def test_a_replay_tells_what_was_sent_without_sending_it(world: Built) -> None:
    case_id = open_wait(world, "splitting", at("2021-06-10 09:00"))
    who = {"who": world.people["陈一"]}
    complete(case_id, "inner", who, world.actors[LIBRARY], "2021-06-10 10:00")
    messages.deliver(atomic)
    cases_before = len(db.session.scalars(select(Case.id)).all())
    ((seq, sent),) = replay(case_id).sent
    assert (seq, sent.message, sent.payload) == (2, "begin", {"person": {"id": world.people["陈一"]}})
    assert len(db.session.scalars(select(Case.id)).all()) == cases_before


@pytest.mark.corrupts
class TestItCanFail:
    """The chain is signed anew each time, so that nothing but the replay can notice."""

    def test_signing_anew_without_a_change_is_noticed_by_nobody(self, case_id: int, forge: Sign) -> None:
        forge(case_id, 2, {})
        assert findings(case_id) == []

    def test_another_state_than_the_logged_one(self, case_id: int, forge: Sign) -> None:
        forge(case_id, 3, {"state_digest": b"x" * 32})
        assert findings(case_id) == ["重放到第 3 条记录时，结果与当时不同"]

    def test_another_date_than_the_engine_got(self, case_id: int, forge: Sign) -> None:
        given = arguments(case_id, 1)
        given["overlays"] = {"filing_closes": "2021-07-02T16:00:00+00:00"}
        forge(case_id, 1, {"arguments": given})
        assert "重放到第 1 条记录时，结果与当时不同" in findings(case_id)

    def test_another_office_than_was_resolved(self, case_id: int, forge: Sign) -> None:
        given = arguments(case_id, 2)
        ((token, office),) = given["offices"].items()
        forge(case_id, 2, {"arguments": {**given, "offices": {token: office + 1}}})
        assert findings(case_id) == ["待办事项“初审”登记的办理机构与记录不符"]

    def test_another_version_of_the_holidays(self, world: Built, forge: Sign) -> None:
        case_id = open_wait(world, "working", at("2021-06-10 09:00"))
        with atomic():
            days = {date(2021, 6, 11): False}
            workdays.set_days(days, ground="停工", actor=SYSTEM, now=at("2021-06-10 12:00"))
        forge(case_id, 1, {"arguments": {**arguments(case_id, 1), "workdays": 1}})
        assert "重放到第 1 条记录时，结果与当时不同" in findings(case_id)

    def test_another_answer_of_a_capability(self, case_id: int, forge: Sign) -> None:
        given = arguments(case_id, 2)
        given["answers"][0]["result"]["quota"] += 1
        forge(case_id, 2, {"arguments": given})
        assert "重放到第 2 条记录时，结果与当时不同" in findings(case_id)

    def test_another_token(self, case_id: int, forge: Sign) -> None:
        forge(case_id, 2, {"arguments": {**arguments(case_id, 2), "token": 999}})
        assert any("无法核验" in what for what in findings(case_id))

    def test_another_instant(self, case_id: int, forge: Sign) -> None:
        forge(case_id, 3, {"at": at("2021-06-11 10:00")})
        assert "重放到第 3 条记录时，结果与当时不同" in findings(case_id)

    def test_the_check_after_every_test_notices_it_too(
        self, case_id: int, forge: Sign, request: pytest.FixtureRequest
    ) -> None:
        shared = request.config.pluginmanager.get_plugin(str(Path(__file__).parents[1] / "conftest.py"))
        shared._assert_invariants()
        forge(case_id, 3, {"state_digest": b"x" * 32})
        with pytest.raises(AssertionError, match="重放到第 3 条"):
            shared._assert_invariants()
