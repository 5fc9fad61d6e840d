"""Timers that counted working days, when the table of holidays is completed or corrected (decision 5)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, true
from support.waits import open_wait, publish_waits
from support.world import LIBRARY, at, case_row, complete, make_world, task_of

from app.engine import WORKDAYS
from app.extensions import atomic, db
from app.models import Case, Task, Timer
from app.operations import timers
from app.operations.actors import SYSTEM
from app.operations.dates import workdays
from app.operations.trials.worlds import Built
from app.queries import monitor

OPENED = at("2026-12-31 09:00")


@pytest.fixture
def world(app: Flask) -> Built:
    publish_waits()
    return make_world()


@pytest.fixture
def waiting(world: Built) -> int:
    return open_wait(world, "working", OPENED)


def publish_2027(off: set[date], make_up: set[date]) -> None:
    with atomic():
        workdays.set_year(2027, off, make_up, ground="国办发明电", actor=SYSTEM, now=OPENED)


def correct(days: dict[date, bool]) -> None:
    with atomic():
        workdays.set_days(days, ground="更正", actor=SYSTEM, now=OPENED)


def retime(when: str) -> int:
    return timers.retime(lambda scheme_id: at(when), atomic)


def due_of(case_id: int) -> datetime | None:
    return db.session.scalars(select(Timer.due_at).where(Timer.case_id == case_id)).one()


def test_a_year_nobody_knows_is_an_alarm_and_never_a_rejection(waiting: int) -> None:
    assert due_of(waiting) is None
    (alarm,) = monitor.undetermined(true() & (Case.id > 0))
    assert (alarm.element, alarm.dates, alarm.count) == ("until_lapsed", [WORKDAYS], 1)
    timers.sweep(lambda scheme_id: at("2028-01-01 00:00"), atomic)
    assert case_row(waiting).ended_at is None


@pytest.mark.parametrize(
    ("make_up", "due"),
    [(set(), "2027-01-06 00:00"), ({date(2027, 1, 3)}, "2027-01-05 00:00")],
    ids=["Monday and Tuesday", "a Sunday made up for"],
)
def test_once_known_it_is_computed_from_the_beginning(waiting: int, make_up: set[date], due: str) -> None:
    publish_2027({date(2027, 1, 1)}, make_up)
    assert retime("2026-12-31 10:00") == 1
    assert due_of(waiting) == at(due)
    timers.sweep(lambda scheme_id: at(due) + timedelta(seconds=60), atomic)
    assert case_row(waiting).outcome == "lapsed"


def test_a_correction_moves_what_was_computed_and_the_closing_with_it(waiting: int) -> None:
    publish_2027({date(2027, 1, 1)}, set())
    retime("2026-12-31 10:00")
    correct({date(2027, 1, 5): False})
    assert retime("2026-12-31 11:00") == 1
    assert due_of(waiting) == at("2027-01-07 00:00")
    assert db.session.get_one(Task, task_of(waiting)).closes_at == at("2027-01-07 00:00")


def test_a_correction_without_effect_leaves_no_row_in_the_log(waiting: int) -> None:
    publish_2027({date(2027, 1, 1)}, set())
    retime("2026-12-31 10:00")
    rows = case_row(waiting).seq
    correct({date(2027, 3, 1): False})
    assert retime("2026-12-31 11:00") == 0
    assert case_row(waiting).seq == rows


def test_the_sweep_goes_by_the_correction_before_the_timers_were_reached(waiting: int) -> None:
    publish_2027({date(2027, 1, 1)}, set())
    retime("2026-12-31 10:00")
    correct({date(2027, 1, 5): False})
    swept = timers.sweep(lambda scheme_id: at("2027-01-06 00:01"), atomic)
    assert (swept.fired, swept.retimed, swept.parked) == (0, 1, 0)
    assert due_of(waiting) == at("2027-01-07 00:00")


def test_a_person_has_the_day_that_a_correction_gave(world: Built, waiting: int) -> None:
    publish_2027({date(2027, 1, 1)}, set())
    retime("2026-12-31 10:00")
    correct({date(2027, 1, 5): False})
    complete(waiting, "inner", {"text": "完成"}, world.actors[LIBRARY], "2027-01-06 09:00")
    assert case_row(waiting).outcome != "lapsed"


def test_what_has_fired_stays(waiting: int) -> None:
    publish_2027({date(2027, 1, 1)}, set())
    retime("2026-12-31 10:00")
    timers.sweep(lambda scheme_id: at("2027-01-06 00:01"), atomic)
    correct({date(2027, 1, 5): False})
    assert retime("2027-01-06 00:02") == 0
    assert case_row(waiting).outcome == "lapsed"
