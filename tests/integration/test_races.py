"""Races and sudden deaths: one winner, a clear refusal for the others, nothing half-written."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask, current_app
from sqlalchemy import func, select
from support.world import (
    BUREAU,
    LIBRARY,
    at,
    case_row,
    complete,
    make_world,
    open_filing,
    publish_tiny,
    register_posts,
    task_of,
)

from app.errors import DomainError
from app.extensions import atomic, db, settings
from app.models import Case, History, PlaceClaim, TaskValue
from app.operations import tasks, timers
from app.operations.worlds import Built

FILLED = {"grade": "senior", "summary": "近五年工作扎实。"}


@pytest.fixture
def world(app) -> Built:
    publish_tiny()
    built = make_world()
    register_posts(built, {"senior": 1, "junior": 2, "technician": 1})
    return built


def at_once(app: Flask, works: list[Callable[[], object]]) -> list[object]:
    """Runs the works in parallel, each in a context of its own; a DomainError is its result."""
    barrier = threading.Barrier(len(works))
    results: list[object] = [None] * len(works)

    def run(place: int, work: Callable[[], object]) -> None:
        with app.app_context():
            barrier.wait()
            try:
                with atomic():
                    results[place] = work()
            except DomainError as refusal:
                results[place] = refusal
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def this_app() -> Flask:
    return current_app._get_current_object()  # type: ignore[attr-defined]


def test_eight_submissions_of_one_task_have_one_winner(world):
    case_id = open_filing(world)
    task_id, actor = task_of(case_id), world.actors[LIBRARY]
    results = at_once(
        this_app(), [lambda: tasks.complete(task_id, FILLED, actor, at("2021-06-11 10:00")) for _ in range(8)]
    )
    refusals = [result for result in results if isinstance(result, DomainError)]
    assert len(refusals) == 7
    assert {refusal.status for refusal in refusals} == {409}
    assert db.session.execute(select(func.count()).select_from(TaskValue)).scalar_one() == 2  # posts, filing


def test_two_reviewers_at_once_decide_once(world):
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
    assert sum(isinstance(result, DomainError) for result in results) == 1


def test_the_last_vacancy_has_one_holder_among_simultaneous_submissions(world):
    """CQ-01's rule on the tiny scheme."""
    ids = [task_of(open_filing(world, name)) for name in ("陈一", "李二", "王三")]
    actor, when = world.actors[LIBRARY], at("2021-06-11 10:00")
    results = at_once(
        this_app(), [lambda task_id=task_id: tasks.complete(task_id, FILLED, actor, when) for task_id in ids]
    )
    refusals = [result for result in results if isinstance(result, DomainError)]
    assert len(refusals) == 2
    assert all("空缺" in refusal.message for refusal in refusals)
    live = select(func.count()).where(PlaceClaim.released_at.is_(None))
    assert db.session.execute(live).scalar_one() == 1


def test_a_submission_against_the_sweep_has_one_winner(world):
    """A case is submitted in time or lapses, never both; the record replays either way."""
    case_id = open_filing(world)
    task_id, actor = task_of(case_id), world.actors[LIBRARY]
    closes = at("2021-07-01 00:00")

    def sweep() -> object:
        db.session.info.pop("atomic", None)
        return timers.sweep(lambda scheme_id: at("2021-07-01 00:01"), atomic)

    def submit() -> object:
        return tasks.complete(task_id, FILLED, actor, closes)

    at_once(this_app(), [submit, sweep])
    timers.sweep(lambda scheme_id: at("2021-07-01 00:01"), atomic)
    assert case_row(case_id).outcome == "lapsed"


TESTS = Path(__file__).parents[1]


def test_workers_killed_in_mid_work_lose_and_double_nothing(world):
    kill_workers(world, rounds=3)


@pytest.mark.soak
def test_workers_killed_a_hundred_times_lose_and_double_nothing(world):
    kill_workers(world, rounds=100)


def kill_workers(world: Built, rounds: int) -> None:
    """kill -9 of a process that completes, withdraws and sweeps; afterwards no case is in between."""
    for number in range(rounds):
        environment = {
            **os.environ,
            **_environment(),
            "WORLD_UNIT": str(world.organisations[LIBRARY]),
            "SEED": str(number),
            "PYTHONPATH": f"{TESTS}{os.pathsep}{TESTS.parent}",
        }
        command = [sys.executable, "-m", "support.until_killed"]
        worker = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
        assert worker.stdout is not None
        assert worker.stdout.readline().strip() == b"working"
        time.sleep(random.Random(number).uniform(0.05, 0.6))  # noqa: S311  how long a process lives, no secret
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    worked = select(func.count()).select_from(History)
    assert db.session.execute(worked).scalar_one() > rounds
    assert db.session.execute(select(func.count()).select_from(Case)).scalar_one() > 1


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
