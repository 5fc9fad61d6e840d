"""APScheduler as the clock of every node: one interval job sweeps the timer table; the table is the truth."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.schedulers.blocking import BlockingScheduler
from flask import Flask

from app import clock
from app.errors import Refused
from app.extensions import atomic, db, settings
from app.operations import leftovers, messages, timers
from app.operations.dates import overlays
from app.operations.dates.clock import scheme_now
from app.operations.evidence import proof
from app.operations.long_work import imports, work
from app.operations.telling import outbox
from app.operations.uploads import files

log = logging.getLogger(__name__)

LOG_FORMAT = "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"

INTERVAL = 5
"""Seconds between sweeps: with the grace of 60 s a timer is written well within 90 s of its due instant."""

HOUSEKEEPING = 120
"""Seconds between looks whether the root of the hour stands."""

AT_A_TIME = 2000
"""Cases whose timers are moved between two sweeps: seconds of work, so that no due timer waits for it."""

CLOCK_TOLERANCE = 5.0
"""Seconds by which the wall clock may go apart from the machine's running time between two sweeps."""


def run_once() -> timers.Swept:
    """Delivers messages, moves timers whose dates were moved, fires what is due, delivers what that has sent.

    What was sent while this was down was sent in time: it comes before the timer that would give it up.
    """
    real_now = clock.now()
    messages.deliver(atomic)
    overlays.carry_out(lambda scheme_id: scheme_now(scheme_id, real_now), atomic, limit=AT_A_TIME)
    swept = timers.sweep(lambda scheme_id: scheme_now(scheme_id, real_now), atomic)
    messages.deliver(atomic)
    if swept.fired or swept.parked:
        log.info("sweep: %d fired, %d parked", swept.fired, swept.parked)
    return swept


def send_post() -> int:
    """Sends what is due in the outbox; beside the sweep, which no slow mail server may hold up."""
    sent = outbox.deliver(atomic, clock.now())
    if sent:
        log.info("outbox: %d sent", sent)
    return sent


def keep_house() -> None:
    """Makes the root of the hour, and forgets uploaded tables, once a day removes what nobody uses."""
    now = clock.now()
    try:
        with atomic():
            root = proof.record(now)
        if root:
            log.info("root %d over %d cases: %s", root.number, root.cases, root.root.hex())
    except Refused as refusal:
        log.error("%s", refusal.message)
    with atomic():
        imports.clean_up(now)
        work.forget(now)
    removed = files.clean_up_daily(now, atomic)
    if removed is not None:
        log.info("files: %d removed that nobody uses", removed)
    cleared = leftovers.clear_away_daily(now, atomic)
    if cleared is not None:
        log.info("leftovers: %d ended sessions and old counts cleared away", cleared)


class Sweeper:
    """Sweeps, and stops sweeping when the machine's clock has jumped, until it is right again or a restart.

    What else goes by the clock is its `work` in the same way.

    A clock that is a year ahead would lapse every case of that year, and nothing could take it back. Requests
    are refused from their due instants on all the same, so nobody gains time while no timer fires.
    """

    def __init__(self, app: Flask, work: Callable[[], object] = run_once) -> None:
        self.app = app
        self.work = work
        self._wall: datetime | None = None
        self._running = 0.0

    def __call__(self) -> None:
        if self.clock_jumped(clock.now(), _running_time()):
            log.error(
                "timers are stopped: the clock of this machine has jumped by more than %.0f s;"
                " set it right, or restart this process if it is right now",
                CLOCK_TOLERANCE,
            )
            return
        with self.app.app_context():
            try:
                self.work()
            finally:
                db.session.remove()

    def clock_jumped(self, wall: datetime, running: float) -> bool:
        """Whether the wall clock has gone apart from the running time since it was last trusted."""
        if self._wall is not None:
            expected = self._wall + timedelta(seconds=running - self._running)
            if abs((wall - expected).total_seconds()) > CLOCK_TOLERANCE:
                return True
        self._wall, self._running = wall, running
        return False


def _running_time() -> float:
    """Seconds that nobody can set; on Linux a suspended machine's sleep counts, as it does on the wall."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def start(app: Flask) -> BackgroundScheduler | None:
    """Starts sweeping in this process, after the fork (decision 12); None where it is switched off."""
    with app.app_context():
        if not settings().scheduler:
            return None
    scheduler = BackgroundScheduler(timezone="UTC")
    _add_sweep(scheduler, app)
    scheduler.start()
    log.info("scheduler started in process %d", os.getpid())
    return scheduler


def run_forever(app: Flask) -> None:
    """Sweeps in the foreground: `flask scheduler`, beside any number of web processes."""
    scheduler = BlockingScheduler(timezone="UTC")
    _add_sweep(scheduler, app)
    scheduler.start()


def _add_sweep(scheduler: BaseScheduler, app: Flask) -> None:
    """No job store and no grace limit: after downtime the next run does what was missed, once."""
    # It would tell of every run, every five seconds.
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    for job, seconds in ((run_once, INTERVAL), (send_post, INTERVAL), (keep_house, HOUSEKEEPING)):
        sweeper = Sweeper(app, job)
        scheduler.add_job(
            sweeper, "interval", seconds=seconds, coalesce=True, misfire_grace_time=None, max_instances=1
        )
