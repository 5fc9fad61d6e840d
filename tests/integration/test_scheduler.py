"""The clock of every node: it sweeps after the fork alone, not on a wrong clock, and again after a fall."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from flask import Flask
from sqlalchemy import event, func, select
from sqlalchemy.exc import OperationalError
from support.own_server import own_server
from support.waits import WAITS, open_wait, publish_waits
from support.world import LIBRARY, SCHEME, at, case_row, complete, make_world, open_filing, publish_tiny

from app import clock, create_app, embedded_postgres, scheduler
from app.config import PROJECT, Settings
from app.extensions import atomic, db
from app.models import History, Incident
from app.operations import timers
from app.operations.actors import SYSTEM
from app.operations.dates import clock as clocks
from app.operations.dates import rehearsal
from app.operations.evidence import verify
from app.operations.trials.worlds import Built
from app.scheduler import Sweeper

WALL = datetime(2026, 11, 20, 2, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return WALL + timedelta(seconds=seconds)


class TestAClockThatJumps:
    """Threat 18: sweeping stops where wall and running time disagree by more than 5 s."""

    @pytest.mark.parametrize("jump", [5.1, 3600, 365 * 86400, -5.1, -86400])
    def test_stops_the_sweeps_until_it_is_right_again(self, app: Flask, jump: float) -> None:
        sweeper = Sweeper(app)
        assert not sweeper.clock_jumped(WALL, 1000.0)
        for elapsed in (5, 10, 3600):
            assert sweeper.clock_jumped(after(elapsed + jump), 1000.0 + elapsed)
        assert not sweeper.clock_jumped(after(3605), 1000.0 + 3605)

    @pytest.mark.parametrize("jump", [4.9, 1, -4.9])
    def test_small_steps_are_taken_and_add_up(self, app: Flask, jump: float) -> None:
        """A time server's corrections, each of them small."""
        sweeper = Sweeper(app)
        for number in range(5):
            assert not sweeper.clock_jumped(after(number * (5 + jump)), 1000.0 + number * 5)

    def test_a_long_pause_is_no_jump(self, app: Flask) -> None:
        sweeper = Sweeper(app)
        assert not sweeper.clock_jumped(WALL, 1000.0)
        assert not sweeper.clock_jumped(after(30 * 86400), 1000.0 + 30 * 86400)

    def test_nothing_is_fired_meanwhile_and_it_is_said(
        self, app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        publish_tiny()
        case_id = open_filing(make_world())
        monkeypatch.setattr(clock, "now", lambda: at("2021-06-10 09:00"))
        sweeper = Sweeper(app)
        sweeper()
        monkeypatch.setattr(clock, "now", lambda: at("2021-08-01 00:00"))
        for _ in range(3):
            sweeper()
        assert case_row(case_id).state == "running"
        assert "jumped" in caplog.text
        Sweeper(app)()  # as after a restart
        assert case_row(case_id).outcome == "lapsed"


class TestMovingAClock:
    """Decision 13: moving a rehearsal clock sweeps up to the new instant."""

    @pytest.fixture
    def world(self, app: Flask) -> Built:
        publish_tiny()
        publish_waits()
        with atomic():
            clocks.open_clock(SCHEME, at("2021-06-10 09:00"), SYSTEM, WALL)
            clocks.open_clock(WAITS, at("2021-06-10 09:00"), SYSTEM, WALL)
        return make_world()

    @pytest.fixture
    def case_id(self, world: Built) -> int:
        return open_filing(world)

    def move(self, when: str) -> timers.Swept:
        with atomic():
            clocks.set_clock(SCHEME, at(when), SYSTEM, WALL)
        return rehearsal.let_pass(SCHEME, WALL, atomic)

    def test_to_24_00_fires_what_closes_at_24_00(self, case_id: int) -> None:
        assert self.move("2021-06-30 23:59:59").fired == 0
        assert self.move("2021-07-01 00:00").fired == 1
        assert (case_row(case_id).outcome, case_row(case_id).ended_at) == ("lapsed", at("2021-07-01 00:00"))

    def test_of_one_scheme_leaves_the_others_alone(self, world: Built, case_id: int) -> None:
        with atomic():
            clocks.set_clock(WAITS, at("2021-06-30 23:59:30"), SYSTEM, WALL)
        other = open_wait(world, "nested", at("2021-06-30 23:59:40"))
        self.move("2021-09-01 00:00")
        assert case_row(case_id).outcome == "lapsed"
        assert case_row(other).state == "running"

    def test_across_weeks_fires_in_the_order_of_time_with_the_messages_in_between(self, world: Built) -> None:
        """An answer that was sent on June 11 comes before the timer that gives up on June 12."""
        asked = open_wait(world, "race", at("2021-06-10 09:00"))
        complete(asked, "inner", {"text": "甲"}, world.actors[LIBRARY], "2021-06-10 09:00")
        answering = open_wait(world, "answering", at("2021-06-10 09:00"))
        complete(answering, "inner", {"text": "甲"}, world.actors[LIBRARY], "2021-06-11 09:00")
        lasting = open_wait(world, "lasting", at("2021-06-10 08:00"))
        with atomic():
            clocks.set_clock(WAITS, at("2021-08-01 00:00"), SYSTEM, WALL)
        assert rehearsal.let_pass(WAITS, WALL, atomic).fired == 2
        assert case_row(lasting).outcome == "lapsed"
        assert case_row(asked).outcome == "answered"


class TestOverlappingSweeps:
    def test_two_sweepers_and_a_deliverer_fire_each_timer_once(self, app: Flask) -> None:
        publish_tiny()
        with atomic():
            clocks.open_clock(SCHEME, at("2021-07-01 00:02"), SYSTEM, clock.now())
        world = make_world()
        ids = [open_filing(world, name) for name in ("陈一", "李二", "王三")]
        threads = [threading.Thread(target=Sweeper(app)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        fired = select(History.case_id, func.count()).where(History.call == "fire").group_by(History.case_id)
        assert dict(db.session.execute(fired).tuples().all()) == dict.fromkeys(ids, 1)


class TestWhereItRuns:
    def test_making_an_application_starts_no_scheduler(self, app: Flask) -> None:
        """Decision 12: before the fork nothing may run or hold a connection."""
        before = {thread.name for thread in threading.enumerate()}
        create_app(app.extensions["settings"])
        assert {thread.name for thread in threading.enumerate()} == before

    def test_a_process_that_is_told_not_to_sweep_does_not(self, app: Flask) -> None:
        assert scheduler.start(app) is None

    def test_every_gunicorn_worker_sweeps_and_the_master_does_not(self, app: Flask, tmp_path: Path) -> None:
        with gunicorn(app, tmp_path / "log") as master:
            workers = wait_for(lambda: two_of(sweeping(tmp_path / "log")))
            assert workers == {child.pid for child in psutil.Process(master).children()}


def two_of(found: set[int]) -> set[int] | None:
    return found if len(found) == 2 else None


def sweeping(log: Path) -> set[int]:
    """The processes that say so."""
    return {int(number) for number in re.findall(r"scheduler started in process (\d+)", log.read_text())}


@contextmanager
def gunicorn(app: Flask, log: Path) -> Iterator[int]:
    """The web server on this test's database, with two workers that sweep; the number of its master."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    environment = server_environment(app.extensions["settings"])
    environment |= {"APP_SCHEDULER": "on", "PORT": port, "WEB_WORKERS": "2"}
    command = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:app"]
    with log.open("wb") as out:
        master = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=out, stderr=out)
    try:
        yield master.pid
    finally:
        master.send_signal(signal.SIGTERM)
        master.wait(30)


def server_environment(settings: Settings) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": settings.database_url or "",
        "SECRET_KEY": settings.secret_key,
        "HISTORY_KEY": settings.history_key.hex(),
        "ID_NUMBER_KEY": settings.id_number_key.hex(),
        "ID_INDEX_KEY": settings.id_index_key.hex(),
        "APP_DATA": str(settings.data_folder),
    }


def wait_for(look: Callable[[], Any]) -> Any:
    """What `look` finds, once it finds something: another process needs its time."""
    for _ in range(300):
        if found := look():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not come")


@contextmanager
def once_at(part: str, do: Callable[[], object]) -> Iterator[None]:
    """Does something just before the first statement that contains this part."""
    waiting = [do]

    def before(conn: Any, cursor: Any, statement: str, *_: Any) -> None:
        if waiting and part in statement:
            waiting.pop()()

    event.listen(db.engine, "before_cursor_execute", before)
    yield
    event.remove(db.engine, "before_cursor_execute", before)
    assert not waiting, "it never came to that statement"


def take_away(folder: Path, how: str) -> None:
    if how == "stopped":
        embedded_postgres.stop(folder)
    else:
        os.kill(int((folder / "cluster/postmaster.pid").read_text().split()[0]), signal.SIGKILL)


class TestTheDatabaseGoesAway:
    """In mid-sweep: nothing is lost, doubled, or held against a case; the next sweep goes on."""

    @pytest.fixture
    def own_app(self, app: Flask) -> Iterator[Flask]:
        with own_server(app.extensions["settings"]) as own:
            yield own
            assert list(verify.verify_all()) == []

    @pytest.mark.parametrize("how", ["stopped", "killed"])
    @pytest.mark.parametrize("at_statement", ["FOR UPDATE OF", "INSERT INTO history", "DELETE FROM timer"])
    def test_the_sweep_recovers(self, own_app: Flask, how: str, at_statement: str) -> None:
        publish_tiny()
        world = make_world()
        ids = [open_filing(world, name) for name in ("陈一", "李二", "王三")]
        with atomic():
            clocks.open_clock(SCHEME, at("2021-07-01 00:02"), SYSTEM, clock.now())
        folder = own_app.extensions["settings"].postgres_folder
        with once_at(at_statement, lambda: take_away(folder, how)):
            with suppress(OperationalError):
                Sweeper(own_app)()
            db.session.remove()
        Sweeper(own_app)()
        assert [case_row(case_id).outcome for case_id in ids] == ["lapsed"] * 3
        fired = select(func.count()).where(History.call == "fire")
        assert db.session.scalar(fired) == 3
        assert db.session.scalars(select(Incident.id)).all() == []
