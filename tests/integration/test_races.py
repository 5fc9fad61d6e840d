"""Races and sudden deaths: one winner, a clear refusal for the others, nothing half-written."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask, current_app
from sqlalchemy import func, select
from support.parallel import at_once
from support.soak import rounds
from support.world import (
    BUREAU,
    LIBRARY,
    SCHEME,
    at,
    case_row,
    complete,
    open_filing,
    task_of,
    tiny_files,
    tiny_world,
)

from app.errors import DomainError
from app.extensions import atomic, db, settings
from app.models import Case, Deployment, History, Message, PlaceClaim, Task, TaskValue
from app.operations import cases, deployments, messages, tasks, timers
from app.operations.actors import SYSTEM
from app.operations.company import reminders
from app.operations.dates import clock
from app.operations.evidence import verify
from app.operations.going_back import recalls
from app.operations.trials.worlds import Built

OPENS = at("2021-06-10 09:00")
CLOSES = at("2021-07-01 00:00")
"""24:00 of June 30."""
GRACE = timedelta(seconds=60)
FILLED = {"grade": "senior", "summary": "近五年工作扎实。"}


def set_up() -> Built:
    return tiny_world(senior=1, junior=2, technician=1)


@pytest.fixture
def world(app: Flask) -> Built:
    return set_up()


def this_app() -> Flask:
    return current_app._get_current_object()


def refusals(results: list[object]) -> list[DomainError]:
    return [result for result in results if isinstance(result, DomainError)]


def eight_submissions_of_one_task_have_one_winner(world: Built) -> None:
    task_id, actor = task_of(open_filing(world)), world.actors[LIBRARY]
    when = at("2021-06-11 10:00")
    results = at_once(this_app(), [lambda: tasks.complete(task_id, FILLED, actor, when)] * 8)
    assert len(refusals(results)) == 7
    assert {refusal.status for refusal in refusals(results)} == {409}
    assert db.session.scalar(select(func.count()).select_from(TaskValue)) == 2  # posts, filing


def two_reviewers_at_once_decide_once(world: Built) -> None:
    case_id = open_filing(world)
    complete(case_id, "fill", FILLED, world.actors[LIBRARY], "2021-06-11 10:00")
    task_id, when = task_of(case_id), at("2021-06-12 10:00")
    decisions = [{"decision": "approve"}, {"decision": "reject", "opinion": "年限不足"}]
    reviewers = [world.actors[BUREAU], world.actors["周审"]]
    results = at_once(
        this_app(),
        [
            lambda actor=actor, values=values: tasks.complete(task_id, values, actor, when)
            for actor, values in zip(reviewers, decisions, strict=True)
        ],
    )
    assert len(refusals(results)) == 1


def the_last_vacancy_has_one_holder(world: Built) -> None:
    """CQ-01's rule on the tiny scheme."""
    ids = [task_of(open_filing(world, name)) for name in ("陈一", "李二", "王三")]
    actor, when = world.actors[LIBRARY], at("2021-06-11 10:00")
    results = at_once(
        this_app(), [lambda task_id=task_id: tasks.complete(task_id, FILLED, actor, when) for task_id in ids]
    )
    assert len(refusals(results)) == 2
    assert all("空缺" in refusal.message for refusal in refusals(results))
    live = select(func.count()).where(PlaceClaim.released_at.is_(None))
    assert db.session.scalar(live) == 1


def a_submission_against_the_sweep_has_one_winner(world: Built) -> None:
    """At the closing instant a case lapses, whoever comes first; the record replays either way."""
    case_id = open_filing(world)
    task_id, actor = task_of(case_id), world.actors[LIBRARY]

    def submit() -> object:
        return tasks.complete(task_id, FILLED, actor, CLOSES)

    at_once(this_app(), [submit, sweep_after_closing])
    sweep_after_closing()
    assert case_row(case_id).outcome == "lapsed"


def a_submission_in_time_and_the_sweep_leave_one_result(world: Built) -> None:
    """Received before the closing, come to its turn when the grace is over: submitted or lapsed, not both."""
    case_id = open_filing(world)
    task_id, actor = task_of(case_id), world.actors[LIBRARY]

    def submit() -> object:
        return tasks.complete(task_id, FILLED, actor, CLOSES - timedelta(seconds=1))

    submitted, _ = at_once(this_app(), [submit, sweep_after_closing])
    row = case_row(case_id)
    if isinstance(submitted, DomainError):
        assert row.outcome == "lapsed"
    else:
        assert (row.outcome, row.status) == (None, "待区人社局审核")


def a_withdrawal_against_a_submission_has_one_winner(world: Built) -> None:
    case_id = open_filing(world)
    task_id, actor, when = task_of(case_id), world.actors[LIBRARY], at("2021-06-11 10:00")
    results = at_once(
        this_app(),
        [
            lambda: tasks.complete(task_id, FILLED, actor, when),
            lambda: cases.message(case_id, "withdrawn", {}, actor, when),
        ],
    )
    assert len(refusals(results)) == 1
    withdrawn = case_row(case_id).outcome == "withdrawn"
    claims = db.session.scalar(select(func.count()).where(PlaceClaim.released_at.is_(None)))
    assert claims == (0 if withdrawn else 1)


def a_recall_against_the_next_decision_has_one_winner(world: Built) -> None:
    case_id = open_filing(world)
    submitted, when = task_of(case_id), at("2021-06-11 11:00")
    complete(case_id, "fill", FILLED, world.actors[LIBRARY], "2021-06-11 10:00")
    following, approved = task_of(case_id), {"decision": "approve"}
    results = at_once(
        this_app(),
        [
            lambda: recalls.recall(submitted, world.actors[LIBRARY], when),
            lambda: tasks.complete(following, approved, world.actors[BUREAU], when),
            lambda: recalls.recall(submitted, world.actors[LIBRARY], when),
        ],
    )
    assert len(refusals(results)) == 2
    claims = db.session.scalar(select(func.count()).where(PlaceClaim.released_at.is_(None)))
    state = db.session.scalar(select(Task.state).where(Task.id == following))
    assert (state, claims) in (("completed", 1), ("cancelled", 0))


def eight_reminders_are_one(world: Built) -> None:
    case_id = open_filing(world)
    complete(case_id, "fill", FILLED, world.actors[LIBRARY], "2021-06-11 10:00")
    task_id, actor, when = task_of(case_id), world.actors[LIBRARY], at("2021-06-11 11:00")
    results = at_once(this_app(), [lambda: reminders.remind(task_id, "", actor, when)] * 8)
    assert len(refusals(results)) == 7


def eight_starts_for_one_person_make_one_case(world: Built) -> None:
    """LIFE-07"""
    deployment_id = deployments.current(SCHEME, CLOSES)
    process = deployments.scheme(deployment_id).processes["filing"]
    unit_id, person_id = world.organisations[LIBRARY], world.people["陈一"]
    db.session.rollback()

    def start() -> object:
        ground = {"ground": "骨干"}
        when = at("2021-06-10 09:00")
        return cases.open_case(
            deployment_id, process, unit_id, person_id, ground, SYSTEM, when, "person_cleared"
        )

    results = at_once(this_app(), [start] * 8)
    assert len(refusals(results)) == 7
    filings = select(func.count()).select_from(Case).where(Case.process == "filing")
    assert db.session.scalar(filings) == 1


def two_bulk_requests_do_each_item_once(world: Built) -> None:
    ids = [task_of(open_filing(world, name)) for name in ("陈一", "李二", "王三")]
    actor, when = world.actors[LIBRARY], at("2021-06-11 10:00")
    values = {"grade": "junior", "summary": "好"}

    def submit() -> object:
        # A bulk request opens a transaction an item; the one around it here is not its own.
        db.session.info.pop("atomic", None)
        return tasks.complete_many(ids, values, actor, when, atomic)

    first, second = at_once(this_app(), [submit, submit])
    done = [item.task_id for results in (first, second) for item in results if item.ok]
    assert sorted(done) == sorted(set(done))
    assert len(done) == 2, "two vacancies, three applicants"
    assert db.session.scalars(select(Task.id).where(Task.pending_since.is_not(None))).all() == []


def two_publishers_make_one_deployment(world: Built) -> None:
    files = {**tiny_files(), "bpmn/tiny-2021/notes.yaml": b"{}"}
    first, second = at_once(this_app(), [lambda: deployments.publish(files, SYSTEM, CLOSES)] * 2)
    assert first == second
    assert db.session.scalars(select(Deployment.number).order_by(Deployment.number)).all() == [1, 2]


def sweep_after_closing() -> object:
    db.session.info.pop("atomic", None)
    return timers.sweep(lambda scheme_id: CLOSES + GRACE, atomic)


RACES = (
    eight_submissions_of_one_task_have_one_winner,
    two_reviewers_at_once_decide_once,
    the_last_vacancy_has_one_holder,
    a_submission_against_the_sweep_has_one_winner,
    a_submission_in_time_and_the_sweep_leave_one_result,
    a_withdrawal_against_a_submission_has_one_winner,
    a_recall_against_the_next_decision_has_one_winner,
    eight_reminders_are_one,
    eight_starts_for_one_person_make_one_case,
    two_bulk_requests_do_each_item_once,
    two_publishers_make_one_deployment,
)


@pytest.mark.parametrize("race", RACES, ids=lambda race: race.__name__)
def test_race(world: Built, race: Callable[[Built], None]) -> None:
    race(world)


@pytest.mark.soak
@pytest.mark.parametrize("race", RACES, ids=lambda race: race.__name__)
def test_race_a_hundred_times(
    app: Flask, request: pytest.FixtureRequest, race: Callable[[Built], None]
) -> None:
    cleaner = request.getfixturevalue("_cleaner")
    for _ in rounds(100, seconds=90):
        db.session.rollback()
        cleaner.clean()
        race(set_up())
        assert list(verify.verify_all()) == []


TESTS = Path(__file__).parents[1]


def test_workers_killed_in_mid_work_lose_and_double_nothing(world):
    kill_workers(world, rounds(2, seconds=60))


@pytest.mark.soak
def test_workers_killed_a_hundred_times_lose_and_double_nothing(world):
    kill_workers(world, rounds(50, seconds=480))


def kill_workers(world: Built, numbers: Iterable[int]) -> None:
    """kill -9 of two processes at work on the same cases; afterwards no case is in between."""
    with atomic():
        clock.open_clock(SCHEME, at("2021-06-11 09:00"), SYSTEM, at("2021-06-11 09:00"))
    for number in numbers:
        workers = [start_worker(world, seed) for seed in (number, number + 1)]
        for worker in workers:
            lives = random.Random(number).uniform(0.05, 0.6)
            time.sleep(lives)
            worker.send_signal(signal.SIGKILL)
            worker.wait()
    assert db.session.scalar(select(func.count()).select_from(History)) > 2 * number
    assert db.session.scalar(select(func.count()).select_from(Case)) > 1
    db.session.rollback()
    everything_goes_on_after_it()


def start_worker(world: Built, seed: int) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        **_environment(),
        "WORLD_UNIT": str(world.organisations[LIBRARY]),
        "SEED": str(seed),
        "PYTHONPATH": f"{TESTS}{os.pathsep}{TESTS.parent}",
    }
    command = [sys.executable, "-m", "support.until_killed"]
    worker = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
    assert worker.stdout is not None
    assert worker.stdout.readline().strip() == b"working"
    return worker


def everything_goes_on_after_it() -> None:
    """Every message finds its way or an incident, once; every filing that nobody submits lapses."""
    messages.deliver(atomic, limit=10_000)
    waiting = select(Message.id).where(Message.delivered_at.is_(None), Message.failed_at.is_(None))
    assert db.session.scalars(waiting).all() == []
    started = select(Message.delivered_case_id).where(Message.delivered_at.is_not(None))
    taken = db.session.scalars(started).all()
    assert len(taken) == len(set(taken)), "a message started a case twice"
    timers.sweep(lambda scheme_id: CLOSES + timedelta(days=60), atomic)
    unsubmitted = select(Task.id).where(Task.element == "fill", Task.state == "open")
    assert db.session.scalars(unsubmitted).all() == []


def _environment() -> dict[str, str]:
    known = settings()
    return {
        "DATABASE_URL": known.database_url or "",
        "SECRET_KEY": known.secret_key,
        "HISTORY_KEY": known.history_key.hex(),
        "ID_NUMBER_KEY": known.id_number_key.hex(),
        "ID_INDEX_KEY": known.id_index_key.hex(),
        "APP_DATA": str(known.data_folder),
        "APP_SCHEDULER": "off",
    }
