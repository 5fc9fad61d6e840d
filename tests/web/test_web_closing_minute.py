"""The closing minute: hundreds submit between 23:59:50 and 00:00:10, and each is told the truth."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

from flask import Flask
from sqlalchemy import select
from support.crowd import FILLED, waiting_crowd
from support.pages import Browser, Stage
from support.world import LIBRARY, SCHEME, at

from app import clock
from app.extensions import atomic, db
from app.models import Case, History, Task
from app.operations.dates import rehearsal

PEOPLE, BROWSERS = 240, 6
CLOSED = "已截止"
MIDNIGHT = at("2021-07-01 00:00")
INSTANTS = {
    0: "2021-06-30 23:59:50",
    PEOPLE // 2: "2021-06-30 23:59:58",
    PEOPLE * 3 // 4: "2021-07-01 00:00:05",
}
"""To what the clock, which ticks meanwhile, is put when so many have begun, unless it is there already."""


class Rush:
    """People at several browsers of the unit, each submitting as soon as the one before has been answered."""

    def __init__(self, stage: Stage, task_ids: Sequence[int]) -> None:
        self.stage = stage
        self.waiting: Iterator[tuple[int, int]] = iter(enumerate(task_ids))
        self.lock = threading.Lock()
        self.answers: dict[int, tuple[int, str]] = {}

    def run(self) -> None:
        browsers = [self.stage.open(LIBRARY) for _ in range(BROWSERS)]
        crowd = [threading.Thread(target=self._submit, args=(browser,)) for browser in browsers]
        for one in crowd:
            one.start()
        for one in crowd:
            one.join(timeout=240)
        assert not any(one.is_alive() for one in crowd)

    def _submit(self, browser: Browser) -> None:
        with self.stage.app.app_context():
            while (task_id := self._next()) is not None:
                answer = browser.post(f"/tasks/{task_id}", {**FILLED, "_submit": "1"})
                text = browser.follow(answer).text if answer.status_code == 302 else answer.text
                self.answers[task_id] = (answer.status_code, text)

    def _next(self) -> int | None:
        with self.lock:
            number, task_id = next(self.waiting, (None, None))
            if number in INSTANTS and self.stage.now() < at(INSTANTS[number]):
                self.stage.move_clock(INSTANTS[number])
            return task_id


def test_everybody_is_told_whether_it_counted(app: Flask, stage: Stage) -> None:
    rush = Rush(stage, waiting_crowd(stage.world, PEOPLE, "fill"))
    rush.run()
    assert len(rush.answers) == PEOPLE
    accepted = {task_id for task_id, (status, _) in rush.answers.items() if status == 302}
    refused = {task_id: text for task_id, (_, text) in rush.answers.items() if task_id not in accepted}
    # How many get in is the machine's affair; some do, some are late.
    assert min(len(accepted), len(refused)) > BROWSERS
    assert all("待区人社局审核" in rush.answers[task_id][1] for task_id in accepted)
    assert all(CLOSED in text for text in refused.values())
    assert accepted == submitted_in_time()

    stage.move_clock("2021-07-01 00:02")
    rehearsal.let_pass(SCHEME, clock.now(), atomic)
    states = dict(db.session.execute(select(Task.id, Case.status).join(Case, Case.id == Task.case_id)).all())
    assert {states[task_id] for task_id in accepted} == {"待区人社局审核"}
    assert {states[task_id] for task_id in refused} == {"逾期未提交"}
    assert accepted == submitted_in_time()


def submitted_in_time() -> set[int]:
    """The tasks that were completed, by the log: each by what it received before midnight."""
    rows = select(History.task_id, History.at).where(History.call == "complete", History.element == "fill")
    found = db.session.execute(rows).all()
    db.session.rollback()
    assert all(received < MIDNIGHT for _, received in found)
    return {task_id for task_id, _ in found}
