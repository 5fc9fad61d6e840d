"""kill -9 of the database while it commits: what was acknowledged is there after it, and nothing is half."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import InterfaceError, OperationalError
from support.own_server import own_server
from support.soak import rounds
from support.world import (
    BUREAU,
    LIBRARY,
    at,
    make_world,
    open_filing,
    publish_tiny,
    register_posts,
    task_of,
)

from app.extensions import atomic, db
from app.models import Case, Task
from app.operations import tasks
from app.operations.evidence import verify
from app.operations.trials.worlds import Built

LONGEST_COMMIT = 0.003
"""Seconds that a commit takes, about; the kill comes at some instant of them."""

STEPS: dict[str, tuple[str, dict[str, str]]] = {
    "fill": (LIBRARY, {"grade": "junior", "summary": "近五年工作扎实。"}),
    "first_review": (BUREAU, {"decision": "reject", "opinion": "年限不足"}),
}


def test_the_database_killed_in_mid_commit_recovers(app: Flask) -> None:
    kill_in_mid_commit(app, rounds(2, seconds=60))


@pytest.mark.soak
def test_the_database_killed_in_mid_commit_a_hundred_times_recovers(app: Flask) -> None:
    kill_in_mid_commit(app, rounds(100, seconds=900))


def kill_in_mid_commit(app: Flask, numbers: Iterable[int]) -> None:
    with own_server(app.extensions["settings"]) as own:
        publish_tiny()
        world = make_world()
        register_posts(world, {"junior": 2})
        for number in numbers:
            acknowledged: dict[int, int] = {}
            with dying(own.extensions["settings"].postgres_folder, number) as dead:
                with suppress(OperationalError, InterfaceError):
                    # Killed between two transactions, the next one would start the server again by itself.
                    while not dead.is_set():
                        one_step(world, acknowledged)
                dead.wait()
                db.session.remove()
            wanted = select(Case.id, Case.seq).where(Case.id.in_(acknowledged))
            found = {case_id: seq for case_id, seq in db.session.execute(wanted)}
            # A last step may have been committed that nobody was told of.
            more = [found[case_id] - seq for case_id, seq in acknowledged.items()]
            assert all(number in (0, 1) for number in more), (acknowledged, found)
            assert sum(more) <= 1
            assert list(verify.verify_all()) == []
            db.session.remove()


def one_step(world: Built, acknowledged: dict[int, int]) -> None:
    """Opens a filing, or takes the one under way a step on; the length of its log, once that is committed."""
    with atomic():
        going = db.session.execute(
            select(Case.id, Case.seq).where(Case.process == "filing", Case.ended_at.is_(None))
        ).first()
        if going:
            name = db.session.scalars(select(Task.element).where(Task.id == task_of(going.id))).one()
            organisation, values = STEPS[name]
            actor = world.actors[organisation]
            tasks.complete(task_of(going.id), values, actor, at("2021-06-11 10:00"))
    if going:
        acknowledged[going.id] = going.seq + 1
    else:
        acknowledged[open_filing(world)] = 1


@contextmanager
def dying(folder: Path, number: int) -> Iterator[threading.Event]:
    """All processes of the server are killed at some instant of one of the next commits."""
    chance = random.Random(number)
    left, delay, dead = chance.randint(1, 8), chance.uniform(0, LONGEST_COMMIT), threading.Event()
    dialect = db.engine.dialect
    commit = dialect.do_commit

    def kill(family: list[psutil.Process]) -> None:
        time.sleep(delay)
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)
        dead.set()

    def committing(connection: Any) -> None:
        nonlocal left
        left -= 1
        if not left:
            threading.Thread(target=kill, args=[family_of(folder)]).start()
        commit(connection)

    dialect.do_commit = committing
    try:
        yield dead
    finally:
        dialect.do_commit = commit


def family_of(folder: Path) -> list[psutil.Process]:
    server = psutil.Process(int((folder / "cluster/postmaster.pid").read_text().split()[0]))
    return [server, *server.children(recursive=True)]
