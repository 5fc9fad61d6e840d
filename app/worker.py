"""The worker of long work: takes turns from the queue, in each web process or as `flask worker`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator

import procrastinate
from flask import Flask
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import DeleteJobCondition
from procrastinate.manager import JobManager
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app import clock
from app.edge import lock_not_available
from app.errors import Busy
from app.extensions import SENT, atomic, database_address, db, settings
from app.jobs import QUEUE, TURN, enqueue_turn, queue
from app.operations import messages
from app.operations.dates.clock import scheme_now
from app.operations.long_work import work
from app.web import long_exports

log = logging.getLogger(__name__)

HEARTBEAT = 3.0
"""Seconds between the signs of life of a worker."""
STALLED = 10.0
"""Seconds without one, after which another worker takes up what it was at."""
LOOK_FOR_STALLED = 3.0
NEXT_TRY = 5
"""Seconds until what the database refused is tried again, and until a lost queue is looked for."""
MOST_TRIES = 20
"""Turns of one lane in a row that ended in a defect or with the death of the worker."""


@queue.task(
    name=TURN,
    queue=QUEUE,
    retry=procrastinate.RetryStrategy(max_attempts=MOST_TRIES, wait=NEXT_TRY),
    pass_context=True,
)
def _take_turn(context: procrastinate.JobContext, *, kind: str, work_id: int, lane: int) -> None:
    """One turn at one lane of a work, and a job for the next; other work comes in between."""
    app: Flask = context.additional_context["app"]
    stopping: threading.Event = context.additional_context["stopping"]
    with app.app_context():
        try:
            if context.job.attempts >= MOST_TRIES - 1:
                with _transaction():
                    work.give_up(work_id, clock.now())
            elif _turn(kind, work_id, lane, stopping.is_set):
                with _transaction():
                    enqueue_turn(kind, work_id, lane)
        finally:
            db.session.remove()


def _turn(kind: str, work_id: int, lane: int, stopping: Callable[[], bool]) -> bool:
    """Whether there is more to do."""
    if kind == "export":
        return long_exports.write_out(work_id, stopping)
    turn = work.Turn(work_id, lane, lambda id: scheme_now(id, clock.now()), _transaction, stopping)
    more = work.go_on(turn, clock.now())
    if db.session.info.pop(SENT, False):
        messages.deliver(atomic)
    return more


@contextlib.contextmanager
def _transaction() -> Iterator[Session]:
    """`atomic()` that raises Busy where a lock can't be had, as for a request."""
    try:
        with atomic() as session:
            yield session
    except OperationalError as error:
        if lock_not_available(error):
            raise Busy from error
        raise


async def _take_up_stalled(manager: JobManager) -> None:
    """Puts back into the queue, now and then, what workers were at that give no sign of life any more."""
    while True:
        await asyncio.sleep(LOOK_FOR_STALLED)
        with contextlib.suppress(ConnectorException):  # taken up by another worker, or no database
            for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED):
                log.warning("taken up again after the death of a worker: %s", job.call_string)
                await manager.retry_job(job)


class Worker:
    """Takes turns until it is stopped, whatever happens to the database meanwhile."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.stopping = threading.Event()
        self._ended = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._serving: asyncio.Task[None] | None = None

    def run(self) -> None:
        """Serves in this thread; in the main thread, until SIGTERM or SIGINT."""
        # It would tell of every job.
        logging.getLogger("procrastinate").setLevel(logging.WARNING)
        try:
            asyncio.run(self._run())
        finally:
            self._ended.set()

    def stop(self, wait: float = 0) -> None:
        """Ends it after the item that it is at, and waits so many seconds for that; from any thread."""
        self.stopping.set()
        loop, serving = self._loop, self._serving
        if loop and serving:
            with contextlib.suppress(RuntimeError):  # the loop has ended by itself
                loop.call_soon_threadsafe(serving.cancel)
        if wait:
            self._ended.wait(wait)

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._serving = asyncio.create_task(self._serve())
        if threading.current_thread() is threading.main_thread():
            for sign in (signal.SIGTERM, signal.SIGINT):
                self._loop.add_signal_handler(sign, self.stop)
        with contextlib.suppress(asyncio.CancelledError):
            await self._serving

    async def _serve(self) -> None:
        while not self.stopping.is_set():
            try:
                await self._serve_one_connection()
            except Exception:
                log.exception("the queue is lost; looking for it again in %d s", NEXT_TRY)
            await asyncio.sleep(NEXT_TRY)

    async def _serve_one_connection(self) -> None:
        """Until the database goes away: the embedded one may stand elsewhere when it comes back."""
        address = await asyncio.to_thread(self._address)
        connector = procrastinate.PsycopgConnector(
            conninfo=address, min_size=1, max_size=3, timeout=NEXT_TRY, reconnect_timeout=NEXT_TRY
        )
        log.info("worker started in process %d", os.getpid())
        async with queue.with_connector(connector).open_async() as opened:
            looking = asyncio.create_task(_take_up_stalled(opened.job_manager))
            try:
                await opened.run_worker_async(
                    queues=[QUEUE],
                    additional_context={"app": self.app, "stopping": self.stopping},
                    delete_jobs=DeleteJobCondition.ALWAYS,
                    install_signal_handlers=False,
                    update_heartbeat_interval=HEARTBEAT,
                    stalled_worker_timeout=STALLED,
                )
            finally:
                looking.cancel()

    def _address(self) -> str:
        with self.app.app_context():
            return database_address(settings())


def start(app: Flask) -> Worker | None:
    """Starts a worker in a thread of this process, after the fork (decision 12); None where switched off."""
    with app.app_context():
        if not settings().worker:
            return None
    worker = Worker(app)
    threading.Thread(target=worker.run, name="worker", daemon=True).start()
    return worker


def run_forever(app: Flask) -> None:
    """Works in the foreground: `flask worker`, beside any number of web processes."""
    Worker(app).run()
