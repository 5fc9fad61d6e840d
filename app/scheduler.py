"""APScheduler as the clock of every node: one interval job sweeps the timer table; the table is the truth."""

from __future__ import annotations

import logging
import os
import time
from datetime import datetime

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.schedulers.blocking import BlockingScheduler
from flask import Flask

from app import clock
from app.extensions import atomic, db, settings
from app.operations import messages, timers
from app.operations.clock import scheme_now

log = logging.getLogger(__name__)

INTERVAL = 5
"""Seconds between sweeps: with the grace of 60 s a timer is written well within 90 s of its due instant."""

CLOCK_TOLERANCE = 5.0
"""Seconds by which wall and monotonic clock may disagree between two sweeps; beyond it none is made."""


class Sweeper:
    """One sweep at a time; refuses to sweep while the machine's clock jumps."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._wall: datetime | None = None
        self._monotonic = 0.0

    def __call__(self) -> None:
        if self.clock_jumped(clock.now(), time.monotonic()):
            log.error("the machine's clock jumped; this sweep is left out")
            return
        with self.app.app_context():
            try:
                run_once()
            finally:
                db.session.remove()

    def clock_jumped(self, wall: datetime, monotonic: float) -> bool:
        """Whether wall time and monotonic time went apart since the last look."""
        before, self._wall = self._wall, wall
        elapsed, self._monotonic = monotonic - self._monotonic, monotonic
        return before is not None and abs((wall - before).total_seconds() - elapsed) > CLOCK_TOLERANCE


def run_once() -> timers.Swept:
    """Fires what is due, then takes messages to their cases."""
    real_now = clock.now()
    swept = timers.sweep(lambda scheme_id: scheme_now(scheme_id, real_now), atomic)
    messages.deliver(atomic)
    if swept.fired or swept.parked:
        log.info("sweep: %d fired, %d parked", swept.fired, swept.parked)
    return swept


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
    scheduler.add_job(
        Sweeper(app), "interval", seconds=INTERVAL, coalesce=True, misfire_grace_time=None, max_instances=1
    )
