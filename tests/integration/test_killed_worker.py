"""kill -9 of a worker in the middle of its turn: another one takes it up, and nothing is done twice."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from support.crowd import accept, until, waiting_crowd, work_row
from support.servers import environment_of
from support.world import SCHEME, at, make_world, publish_tiny

from app import clock
from app.config import PROJECT
from app.extensions import atomic, db
from app.models import History, WorkItem
from app.operations.actors import SYSTEM
from app.operations.dates import clock as clocks

AT = at("2021-06-11 10:00")


@contextmanager
def worker_process(app: Flask, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`flask worker` on the test's database; killed at the end if it is still there."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]
    with log.open("ab") as out:
        process = subprocess.Popen(
            command, cwd=PROJECT, env=environment_of(app.extensions["settings"]), stdout=out, stderr=out
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait(30)


def settled() -> int:
    found = db.session.scalar(select(func.count()).where(WorkItem.state != "waiting")) or 0
    db.session.rollback()
    return found


@pytest.mark.timeout(200)
def test_what_a_killed_worker_was_at_is_taken_up_and_done_once(app: Flask, tmp_path: Path) -> None:
    publish_tiny()
    with atomic():
        clocks.open_clock(SCHEME, AT, SYSTEM, clock.now())
    world = make_world()
    work_id = accept(world, waiting_crowd(world, 120), AT)
    with worker_process(app, tmp_path / "first") as first:
        until(lambda: settled() > 10)
        first.kill()
        first.wait()
    left_behind = settled()
    assert left_behind < 120, "it was done before it could be killed"
    with worker_process(app, tmp_path / "second") as second:
        until(lambda: work_row(work_id).state == "done", seconds=90)
        second.terminate()
        assert second.wait(30) == 0
    log = (tmp_path / "second").read_text()
    assert "taken up again" in log
    assert work_row(work_id).done == 120
    reviews = select(History.case_id, func.count()).where(
        History.element == "first_review", History.call == "complete"
    )
    done = dict(db.session.execute(reviews.group_by(History.case_id)).tuples().all())
    assert (len(done), set(done.values())) == (120, {1})
    assert db.session.execute(text("SELECT count(*) FROM procrastinate_workers")).scalar() in (0, 1)
