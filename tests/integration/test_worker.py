"""The worker of long work: off where told so, back after a fall of the database, gone in peace."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import InterfaceError, OperationalError
from support.crowd import accept, until, waiting_crowd, work_row, working
from support.own_server import own_server
from support.servers import environment_of
from support.world import SCHEME, at, make_world, publish_tiny

from app import clock, worker
from app.config import PROJECT
from app.extensions import atomic, db
from app.operations.actors import SYSTEM
from app.operations.dates import clock as clocks
from app.operations.evidence import verify
from app.operations.trials.worlds import Built

AT = at("2021-06-11 10:00")


def world_of() -> Built:
    publish_tiny()
    with atomic():
        clocks.open_clock(SCHEME, AT, SYSTEM, clock.now())
    return make_world()


def test_a_process_that_is_told_not_to_work_does_not(app: Flask) -> None:
    assert worker.start(app) is None


@pytest.mark.timeout(200)
def test_the_database_goes_away_and_the_worker_goes_on(app: Flask) -> None:
    with own_server(app.extensions["settings"]) as own:
        world = world_of()
        work_id = accept(world, waiting_crowd(world, 40), AT)
        with working(own):
            until(lambda: found(work_id, "running"))
            kill_the_database(own)
            until(lambda: found(work_id, "done"), seconds=90)
        assert work_row(work_id).done == 40
        assert list(verify.verify_all()) == []


def found(work_id: int, state: str) -> bool:
    try:
        return work_row(work_id).state == state
    except (OperationalError, InterfaceError):
        db.session.remove()
        return False


def kill_the_database(own: Flask) -> None:
    db.session.remove()
    folder = own.extensions["settings"].postgres_folder
    os.kill(int((folder / "cluster/postmaster.pid").read_text().split()[0]), signal.SIGKILL)


@pytest.mark.timeout(120)
def test_every_web_process_works_and_leaves_in_peace(app: Flask, tmp_path: Path) -> None:
    """As `make run` has it: what is accepted is done, and the end of the server leaves no worker behind."""
    world = world_of()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    own = {**environment_of(app.extensions["settings"]), "APP_SCHEDULER": "off", "PORT": port}
    command = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:app"]
    with (tmp_path / "log").open("wb") as out:
        master = subprocess.Popen(command, cwd=PROJECT, env=own, stdout=out, stderr=out)
    try:
        until(lambda: workers() == 2)
        work_id = accept(world, waiting_crowd(world, 3), AT)
        until(lambda: work_row(work_id).state == "done")
    finally:
        master.terminate()
        assert master.wait(60) == 0
    assert workers() == 0, (tmp_path / "log").read_text()


def workers() -> int:
    count: int = db.session.execute(text("SELECT count(*) FROM procrastinate_workers")).scalar_one()
    db.session.rollback()
    return count
