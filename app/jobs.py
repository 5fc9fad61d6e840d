"""The queue of long work: procrastinate, in the same PostgreSQL. `app.worker` takes from it."""

from __future__ import annotations

import procrastinate

from app.extensions import db
from app.models import Work

QUEUE = "work"
TURN = "work.turn"
"""The name of the task that takes a turn."""

queue = procrastinate.App(connector=procrastinate.PsycopgConnector())
"""Never opened: it writes jobs by the caller's connection. A worker has connections of its own."""


def enqueue(accepted: Work) -> None:
    """Puts the lanes of a work into the queue, in the present transaction: taken back, it was never there."""
    for lane in range(accepted.lanes):
        enqueue_turn(accepted.kind, accepted.id, lane)


def enqueue_turn(kind: str, work_id: int, lane: int) -> None:
    """The same for the next turn at one lane."""
    connection = db.session.connection().connection.driver_connection
    # Of two jobs for one lane, as after a worker was thought dead, one waits for the other.
    lock = f"work-{work_id}-{lane}"
    wanted = queue.configure_task(TURN, queue=QUEUE, lock=lock, connection=connection)
    wanted.defer(kind=kind, work_id=work_id, lane=lane)
