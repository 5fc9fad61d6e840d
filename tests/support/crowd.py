"""Many filings at once that wait for the same office, for tests of long work; and workers to do it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from flask import Flask
from sqlalchemy import select

from app import clock, jobs
from app.extensions import atomic, db
from app.models import Task, Work
from app.operations import tasks
from app.operations.long_work import work
from app.operations.trials.worlds import Built
from app.worker import Worker
from support.phased import add_people
from support.world import BUREAU, LIBRARY, SCHEME, at, open_filing, register_posts

FILLED = {"grade": "junior", "summary": "近五年工作扎实。"}
REJECT = {"decision": "reject", "opinion": "年限不足"}
FILED = at("2021-06-10 10:00")


def waiting_crowd(world: Built, count: int, element: str = "first_review") -> list[int]:
    """The tasks of so many filings that wait for the unit's `fill`, or for the bureau's first review."""
    register_posts(world, {"junior": count})
    for name in add_people(world, count):
        open_filing(world, name)
    if element == "first_review":
        unit = world.actors[LIBRARY]
        results = tasks.complete_many(open_tasks("fill"), FILLED, unit, FILED, atomic)
        assert all(result.ok for result in results), results
    return open_tasks(element)


def open_tasks(element: str) -> list[int]:
    """The open tasks of an element, the oldest first."""
    waiting = select(Task.id).where(Task.element == element, Task.state == "open").order_by(Task.id)
    found = list(db.session.scalars(waiting))
    db.session.rollback()
    return found


def accept(
    world: Built, task_ids: Sequence[int], received_at: datetime, values: Any = None, who: str = BUREAU
) -> int:
    """The bureau's decision on all these tasks, accepted and in the queue; the id of the work."""
    with atomic():
        cases = dict(
            db.session.execute(select(Task.id, Task.case_id).where(Task.id.in_(task_ids))).tuples().all()
        )
        accepted = work.accept_decisions(
            [work.Chosen(task_id, cases[task_id], f"第 {task_id} 项") for task_id in task_ids],
            values or REJECT,
            title="批量办理：初审",
            scheme_id=SCHEME,
            actor=world.actors[who],
            at=received_at,
            now=clock.now(),
        )
        jobs.enqueue(accepted)
        return accepted.id


def work_row(work_id: int) -> Work:
    """As it stands now."""
    db.session.rollback()
    return db.session.get_one(Work, work_id)


@contextmanager
def working(app: Flask, count: int = 1) -> Iterator[list[Worker]]:
    """So many workers, each in a thread of its own."""
    workers = [Worker(app) for _ in range(count)]
    for worker in workers:
        threading.Thread(target=worker.run, daemon=True).start()
    try:
        yield workers
    finally:
        for worker in workers:
            worker.stop()
        for worker in workers:
            worker.stop(wait=30)


def until(look: Callable[[], Any], seconds: float = 60) -> Any:
    """What `look` finds, once it finds something: others need their time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come")
