"""Imports beyond what one request does are long work: two workers share the lines; cancelled."""

from __future__ import annotations

import time

import pytest
from flask import Flask
from sqlalchemy import func, select
from support.crowd import until, work_row, working
from support.phased import PHASED, add_people, publish_phased, waiting_for_scores
from support.stories.tables import HEAD
from support.world import LIBRARY, OFFICE, at, case_row, make_world, publish_tiny

from app import clock, jobs
from app.extensions import atomic, db
from app.models import History, Import, ImportRow, Task
from app.operations.actors import SYSTEM
from app.operations.dates import clock as clocks
from app.operations.long_work import imports, work
from app.operations.trials.worlds import Built

NOW = at("2021-07-01 09:00")


@pytest.fixture
def world(app: Flask) -> Built:
    publish_tiny()
    publish_phased()
    with atomic():
        clocks.open_clock(PHASED, NOW, SYSTEM, clock.now())
    return make_world()


def uploaded(world: Built, count: int) -> tuple[int, list[int]]:
    """A table with a score for each of so many people; its id and their cases."""
    names = add_people(world, count)
    cases = [waiting_for_scores(world, name) for name in names]
    lines = [
        ",".join([f"{PHASED}-{case_id}", name, "", LIBRARY, "", "", "61", "87", "", ""])
        for case_id, name in zip(cases, names, strict=True)
    ]
    content = "\n".join([",".join(HEAD), *lines]).encode()
    with atomic():
        actor = world.actors[OFFICE]
        return imports.upload(f"{PHASED}/enter", "成绩.csv", content, actor=actor, now=NOW, at=NOW), cases


def confirm(world: Built, import_id: int) -> int | None:
    with atomic():
        accepted = work.accept_import(import_id, "all", actor=world.actors[OFFICE], at=NOW, now=clock.now())
        if accepted:
            jobs.enqueue(accepted)
        return accepted.id if accepted else None


def imported() -> list[int]:
    done = select(History.case_id).where(History.element == "enter", History.call == "complete")
    return sorted(db.session.scalars(done))


def test_few_lines_are_no_long_work(world: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "AT_MOST", 2)
    import_id, _ = uploaded(world, 2)
    assert confirm(world, import_id) is None
    assert db.session.get_one(Import, import_id).state == "running"


def test_two_workers_import_each_line_once(app: Flask, world: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "AT_MOST", 5)
    monkeypatch.setattr(work, "CHUNK", 3)
    import_id, cases = uploaded(world, 12)
    work_id = confirm(world, import_id)
    assert work_id
    assert work_row(work_id).lanes == 4
    with working(app, 2):
        until(lambda: work_row(work_id).state == "done")
    assert (work_row(work_id).done, work_row(work_id).failed) == (12, 0)
    assert imported() == cases
    assert db.session.scalars(select(Import.state)).all() == ["finished"]
    assert case_row(cases[0]).listed["theory"] == 61


def test_cancelled_the_rest_is_not_imported_and_nothing_stays_marked(
    world: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "AT_MOST", 2)
    import_id, _ = uploaded(world, 4)
    work_id = confirm(world, import_id)
    assert work_id
    assert work.go_on(work.Turn(work_id, 0, lambda _: NOW, atomic), clock.now(), at_most=1)
    with atomic():
        work.cancel(work_id, actor=world.actors[OFFICE], now=clock.now())
    found = work_row(work_id)
    assert (found.state, found.done, found.failed) == ("cancelled", 1, 3)
    assert len(imported()) == 1
    told = set(db.session.scalars(select(ImportRow.message).where(ImportRow.state == "refused")))
    assert told == {work.CANCELLED}
    assert db.session.scalar(select(func.count()).where(Task.pending_since.is_not(None))) == 0


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_three_thousand_lines_with_two_workers(app: Flask, world: Built) -> None:
    import_id, cases = uploaded(world, 3000)
    work_id = confirm(world, import_id)
    assert work_id
    begun = time.monotonic()
    with working(app, 2):
        until(lambda: work_row(work_id).state == "done", seconds=900)
    assert time.monotonic() - begun < 600
    assert imported() == cases
