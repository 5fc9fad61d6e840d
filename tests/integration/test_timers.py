"""Timers: as of their due instant, once each, whatever else happens (decision 3, journey 2)."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import datetime, timedelta

import pytest
from flask import Flask, current_app
from sqlalchemy import select, text, update
from support.world import (
    BUREAU,
    LIBRARY,
    OFFICE,
    at,
    case_row,
    complete,
    open_filing,
    open_review,
    task_of,
    tiny_world,
)

from app.extensions import atomic, db
from app.models import Case, History, Incident, Task, Timer
from app.operations import incidents, tasks, timers
from app.operations.trials.worlds import Built

FILLED = {"grade": "senior", "summary": "近五年工作扎实。"}
CLOSES = at("2021-07-01 00:00")
"""24:00 of June 30."""
GRACE = timedelta(seconds=60)
MICRO = timedelta(microseconds=1)


@pytest.fixture
def world(app) -> Built:
    return tiny_world(senior=2, junior=2, technician=3)


def sweep(instant: datetime) -> timers.Swept:
    return timers.sweep(lambda scheme_id: instant, atomic)


def fired(case_id: int) -> list[datetime]:
    rows = select(History.at).where(History.case_id == case_id, History.call == "fire").order_by(History.seq)
    return list(db.session.execute(rows).scalars())


def in_final_review(world: Built, person: str = "陈一", reviewed: str = "2021-06-11 11:00") -> int:
    case_id = open_review(world, person)
    complete(case_id, "first_review", {"decision": "approve"}, world.actors[BUREAU], reviewed)
    return case_id


def test_an_absolute_date_fires_after_the_grace_and_as_of_its_due_instant(world):
    case_id = open_filing(world)
    assert sweep(CLOSES + GRACE - MICRO).fired == 0
    assert sweep(CLOSES + GRACE).fired == 1
    ended = case_row(case_id)
    assert (ended.status, ended.outcome, ended.ended_at) == ("逾期未提交", "lapsed", CLOSES)
    assert fired(case_id) == [CLOSES]


def test_a_timer_of_more_than_25_days_does_not_fire_early(world):
    """A 32-bit count of milliseconds overflows after 24.8 days."""
    case_id = open_filing(world, when="2021-06-01 09:00")
    for day in range(1, 30):
        assert sweep(at("2021-06-01 09:00") + timedelta(days=day)).fired == 0
    assert case_row(case_id).status == "待提交"


def test_a_submission_after_the_deadline_and_before_the_sweep_does_not_stop_the_timer(world):
    case_id = open_filing(world)
    with pytest.raises(Exception, match="截止"), atomic():
        tasks.complete(task_of(case_id), FILLED, world.actors[LIBRARY], CLOSES + timedelta(seconds=1))
    sweep(CLOSES + GRACE)
    assert case_row(case_id).outcome == "lapsed"


def test_a_request_received_in_time_that_waited_for_the_lock_counts(world):
    """Received 1 µs before 24:00; another transaction holds the case while the deadline passes."""
    case_id = open_filing(world)
    task_id, actor = task_of(case_id), world.actors[LIBRARY]
    app = world_app()
    outcome: list[str] = []

    def submit() -> None:
        with app.app_context(), atomic():
            outcome.append(tasks.complete(task_id, FILLED, actor, CLOSES - MICRO).status)

    with atomic():
        db.session.execute(select(Case.id).where(Case.id == case_id).with_for_update())
        thread = threading.Thread(target=submit)
        thread.start()
        wait_until_someone_waits_for_a_lock()
        # The sweep of the same minute passes by: the row is locked, and the grace is not over.
    thread.join()
    assert sweep(CLOSES + timedelta(seconds=30)).fired == 0
    assert outcome == ["待区人社局审核"]


def test_after_downtime_everything_overdue_fires_in_due_order(world):
    """A restart across several deadlines: the table is the truth."""
    lapsed, reminded = open_filing(world, "李二"), in_final_review(world)
    assert sweep(at("2021-12-01 09:00")).fired == 2
    assert fired(reminded) == [at("2021-06-22 00:00")]
    assert fired(lapsed) == [CLOSES]


def test_a_reminder_does_not_end_the_task(world):
    case_id = in_final_review(world)
    sweep(at("2021-06-25 09:00"))
    complete(case_id, "final_review", {"decision": "approve"}, world.actors[OFFICE], "2021-06-25 10:00")
    assert case_row(case_id).outcome == "passed"


def test_an_undetermined_date_never_fires(world):
    case_id = in_final_review(world)
    due = select(Timer.element, Timer.due_at).where(Timer.case_id == case_id)
    assert dict(db.session.execute(due).tuples().all())["exam_begins"] is None
    sweep(at("2030-01-01 00:00"))
    assert case_row(case_id).status == "待省考核办审核"


def test_two_schedulers_at_once_fire_every_timer_once(world):
    cases_open = [in_final_review(world, name) for name in ("陈一", "李二", "王三")]
    app = world_app()
    results: list[timers.Swept] = []

    def run() -> None:
        with app.app_context():
            results.append(sweep(at("2021-06-25 09:00")))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(result.fired for result in results) == len(cases_open)
    assert Counter(len(fired(case_id)) for case_id in cases_open) == {1: 3}


def test_a_case_with_a_bulk_request_received_in_time_is_left_alone(world):
    """Decision 3: the sweep waits for an item that was accepted before the due instant."""
    case_id = open_filing(world)
    with atomic():
        db.session.execute(
            update(Task).where(Task.case_id == case_id).values(pending_since=CLOSES - timedelta(seconds=5))
        )
    assert sweep(CLOSES + timedelta(minutes=10)).fired == 0
    with atomic():
        tasks.complete(task_of(case_id), FILLED, world.actors[LIBRARY], CLOSES - timedelta(seconds=5))
    assert case_row(case_id).status == "待区人社局审核"


@pytest.mark.corrupts
def test_a_broken_case_becomes_an_incident_and_the_others_fire(world):
    broken, sound = open_filing(world, "李二"), open_filing(world, "王三")
    state = case_row(broken).engine_state
    with atomic():
        db.session.execute(update(Case).where(Case.id == broken).values(engine_state=b"\x00nonsense"))
    swept = sweep(CLOSES + GRACE)
    assert (swept.fired, case_row(sound).outcome) == (1, "lapsed")
    incident = db.session.execute(select(Incident).where(Incident.case_id == broken)).scalar_one()
    assert (incident.kind, incident.closed_at) == ("timer", None)
    assert sweep(CLOSES + timedelta(minutes=10)).fired == 0
    with atomic():
        db.session.execute(update(Case).where(Case.id == broken).values(engine_state=state))
        incidents.retry(incident.id, world.actors[OFFICE], CLOSES + timedelta(minutes=11))
    assert sweep(CLOSES + timedelta(minutes=12)).fired == 1
    assert case_row(broken).outcome == "lapsed"
    assert fired(broken) == [CLOSES]


def world_app() -> Flask:
    return current_app._get_current_object()


def wait_until_someone_waits_for_a_lock() -> None:
    waiting = text("select count(*) from pg_locks where not granted")
    for _ in range(1000):
        if db.session.execute(waiting).scalar_one():
            return
        db.session.execute(text("select pg_sleep(0.01)"))
    raise AssertionError("nobody waits")
