"""Two web processes, two schedulers, two workers on one PostgreSQL: any of them dies, the story goes on."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from support.api import caller
from support.crowd import FILLED, REJECT, until, waiting_crowd
from support.pages import Stage, set_stage
from support.province import Machines, running
from support.waits import WAITS, open_wait, publish_waits
from support.world import BUREAU, LIBRARY, OTHER_UNIT, at, case_row, open_filing

from app import clock, embedded_postgres
from app.extensions import atomic, db
from app.models import History
from app.operations.actors import SYSTEM
from app.operations.dates import clock as clocks
from app.operations.evidence import verify

MANY = 205
"""More than one request decides."""


class Province:
    """The machines by role, two of each, and its people's tokens."""

    def __init__(self, stage: Stage, machines: Machines) -> None:
        self.machines = machines
        self.tokens = {name: caller(stage, name).token for name in (LIBRARY, BUREAU)}
        self.turns = itertools.cycle(machines["web"])

    def call(self, who: str, method: str, path: str, body: Any = None) -> Any:
        """By the two web processes in turn; where one does not answer, by the other."""

        def tried() -> Any:
            try:
                return next(self.turns).call(method, path, self.tokens[who], body)
            except OSError:
                return None

        status, answer = until(tried)
        assert status < 300, answer
        return answer

    def lose(self, number: int) -> None:
        """The first, or the second, of each role loses its power, and is switched on again."""
        for pair in self.machines.values():
            pair[number].kill()
        for pair in self.machines.values():
            pair[number].start()

    def hand_over(self, who: str, values: dict[str, str]) -> Callable[[], Any]:
        """All that waits for an office, decided by one request; how far it is."""
        tasks: list[int] = []
        page: dict[str, Any] = {"next": None}
        while not tasks or page["next"]:
            after = f"?after={page['next']}" if page["next"] else ""
            page = self.call(who, "GET", f"/tasks{after}")
            tasks += [task["id"] for task in page["items"] if task["bulk"]]
        work_id = self.call(who, "POST", "/tasks/completions", {"tasks": tasks, "values": values})["work"]
        return lambda: self.call(who, "GET", f"/work/{work_id}")


@pytest.fixture
def stage(app: Flask) -> Stage:
    made = set_stage(app)
    publish_waits()
    with atomic():
        clocks.open_clock(WAITS, at("2021-06-10 09:00"), SYSTEM, clock.now())
    return made


@pytest.fixture
def province(
    stage: Stage, postgres: embedded_postgres.Server, tmp_path: Path, worker_id: str
) -> Iterator[Province]:
    settings = stage.app.extensions["settings"]
    with running(postgres, f"test_{worker_id}", settings, tmp_path) as machines:
        yield Province(stage, machines)


@pytest.mark.timeout(280)
def test_any_of_them_may_be_killed(stage: Stage, province: Province) -> None:
    world = stage.world
    waiting_crowd(world, MANY, "fill")
    late, lasting = (
        open_filing(world, "赵四", unit=OTHER_UNIT),
        open_wait(world, "lasting", at("2021-06-10 09:00")),
    )
    (first, *_) = province.call(LIBRARY, "GET", "/tasks")["items"]
    province.call(LIBRARY, "POST", f"/tasks/{first['id']}/completion", {"values": FILLED})
    (review,) = province.call(BUREAU, "GET", "/tasks")["items"]
    approved = {"values": {"decision": "approve"}}
    province.call(BUREAU, "POST", f"/tasks/{review['id']}/completion", approved)

    filing = province.hand_over(LIBRARY, FILLED)
    until(lambda: filing()["done"] > 20)
    province.lose(0)
    until(lambda: filing()["state"] == "done")
    assert (filing()["done"], filing()["failed"]) == (MANY - 1, 0)
    stage.move_clock("2021-07-01 00:02")
    until(lambda: case_row_now(late) == "lapsed")

    rejecting = province.hand_over(BUREAU, REJECT)
    until(lambda: rejecting()["done"] > 20)
    province.lose(1)
    with atomic():
        clocks.set_clock(WAITS, at("2021-08-01 00:00"), SYSTEM, clock.now())
    until(lambda: case_row_now(lasting) == "lapsed")
    until(lambda: rejecting()["state"] == "done")
    assert (rejecting()["done"], rejecting()["failed"]) == (MANY - 1, 0)

    once = Counter(
        dict(
            db.session.execute(
                select(History.case_id, func.count())
                .where(History.element == "first_review", History.call == "complete")
                .group_by(History.case_id)
            )
            .tuples()
            .all()
        )
    )
    assert (len(once), set(once.values())) == (MANY, {1})
    assert list(verify.verify_all()) == []


def case_row_now(case_id: int) -> str | None:
    db.session.rollback()
    return case_row(case_id).outcome
