"""Long work: accepted whole or not at all, each item done once, whoever dies; cancelled at any time."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select, text
from support.crowd import FILLED, REJECT, accept, open_tasks, until, waiting_crowd, work_row, working
from support.world import BUREAU, LIBRARY, SCHEME, at, complete, make_world, publish_tiny

from app import clock, jobs
from app.errors import Conflict, NotFound, Refused
from app.extensions import atomic, db
from app.models import Case, History, Task, Work, WorkItem
from app.operations import timers
from app.operations.actors import SYSTEM
from app.operations.dates import clock as clocks
from app.operations.long_work import work
from app.operations.trials.worlds import Built

AT = at("2021-06-11 10:00")


@pytest.fixture
def world(app: Flask) -> Built:
    publish_tiny()
    with atomic():
        clocks.open_clock(SCHEME, AT, SYSTEM, clock.now())
    return make_world()


def jobs_left() -> int:
    found: int = db.session.execute(text("SELECT count(*) FROM procrastinate_jobs")).scalar_one()
    db.session.rollback()
    return found


def over(work_id: int) -> bool:
    return work_row(work_id).state not in work.LIVE


def decisions() -> Counter[int]:
    """How often each case's first review was completed, by the log."""
    query = select(History.case_id, func.count()).where(
        History.element == "first_review", History.call == "complete"
    )
    return Counter(dict(db.session.execute(query.group_by(History.case_id)).tuples().all()))


def marked() -> int:
    return db.session.scalar(select(func.count()).where(Task.pending_since.is_not(None))) or 0


def states(work_id: int) -> Counter[str]:
    query = select(WorkItem.state, func.count()).where(WorkItem.work_id == work_id)
    return Counter(dict(db.session.execute(query.group_by(WorkItem.state)).tuples().all()))


def turn(work_id: int, lane: int = 0, now: str = "2021-06-11 10:00", **more: object) -> work.Turn:
    return work.Turn(work_id, lane, lambda scheme_id: at(now), atomic, **more)


def test_a_worker_does_it_and_every_item_is_told(app: Flask, world: Built) -> None:
    ids = waiting_crowd(world, 7)
    # A colleague was faster at one of them.
    case_id = db.session.scalars(select(Task.case_id).where(Task.id == ids[2])).one()
    work_id = accept(world, ids, AT)
    assert (work_row(work_id).state, marked()) == ("queued", 7)
    complete(case_id, "first_review", {"decision": "approve"}, world.actors["周审"], "2021-06-11 09:00")
    with working(app):
        until(lambda: over(work_id))
    found = work_row(work_id)
    assert (found.state, found.done, found.failed, found.asked) == ("done", 6, 1, {})
    assert sorted(decisions().values()) == [1] * 7
    assert (marked(), jobs_left()) == (0, 0)
    (refused,) = db.session.scalars(select(WorkItem).where(WorkItem.state == "refused"))
    assert (refused.case_id, refused.values) == (case_id, {})
    assert "已经办理过" in (refused.message or "")


def test_two_workers_do_each_item_once(app: Flask, world: Built) -> None:
    two_workers(app, world, 220)


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_two_workers_do_each_of_three_thousand_items_once(app: Flask, world: Built) -> None:
    two_workers(app, world, 3000)


def two_workers(app: Flask, world: Built, count: int) -> None:
    ids = waiting_crowd(world, count)
    work_id = accept(world, ids, AT)
    assert work_row(work_id).lanes == 4
    with working(app, 2):
        until(lambda: over(work_id), seconds=600)
    assert work_row(work_id).done == count
    assert set(decisions().values()) == {1}
    assert len(decisions()) == count
    assert (marked(), jobs_left()) == (0, 0)


def test_rolled_back_there_was_no_job(app: Flask, world: Built) -> None:
    chosen = [work.Chosen(task_id, 1, "甲") for task_id in waiting_crowd(world, 2)]
    bureau = world.actors[BUREAU]

    def refused_at_last() -> None:
        accepted = work.accept_decisions(
            chosen, REJECT, title="x", scheme_id=SCHEME, actor=bureau, at=AT, now=clock.now()
        )
        jobs.enqueue(accepted)
        assert db.session.execute(text("SELECT count(*) FROM procrastinate_jobs")).scalar() == 1
        raise Refused

    with pytest.raises(Refused), atomic():
        refused_at_last()
    assert (jobs_left(), marked(), db.session.scalars(select(Work.id)).all()) == (0, 0, [])


def test_what_was_accepted_in_time_counts_though_its_turn_comes_after_the_deadline(world: Built) -> None:
    """Decision 3: no timer beats an item that waits for its turn, and it is decided as of the acceptance."""
    ids = waiting_crowd(world, 3, "fill")
    last, later = at("2021-06-30 23:59:59"), at("2021-07-01 00:05")
    work_id = accept(world, ids, last, FILLED, LIBRARY)
    timers.sweep(lambda _: later, atomic)
    assert open_tasks("fill") == ids
    assert not work.go_on(work.Turn(work_id, 0, lambda _: later, atomic), clock.now())
    assert states(work_id) == {"done": 3}
    received = select(History.at).where(History.element == "fill", History.call == "complete")
    assert set(db.session.scalars(received)) == {last}


def test_an_hour_later_nothing_more_is_done(world: Built) -> None:
    work_id = accept(world, waiting_crowd(world, 3), AT)
    assert work.go_on(turn(work_id), clock.now(), at_most=1)
    assert not work.go_on(turn(work_id, now="2021-06-11 11:00"), clock.now())
    assert (states(work_id), marked()) == ({"done": 1, "refused": 2}, 0)
    assert len(open_tasks("first_review")) == 2


def test_cancelled_it_stops_and_its_tasks_are_free(app: Flask, world: Built) -> None:
    work_id = accept(world, waiting_crowd(world, 5), AT)
    assert work.go_on(turn(work_id), clock.now(), at_most=2)
    for stranger in (LIBRARY, "周审"):
        with pytest.raises(NotFound), atomic():
            work.cancel(work_id, actor=world.actors[stranger], now=clock.now())
    with atomic():
        work.cancel(work_id, actor=world.actors[BUREAU], now=clock.now())
    found = work_row(work_id)
    assert (found.state, found.done, states(work_id), marked()) == (
        "cancelled",
        2,
        {"done": 2, "cancelled": 3},
        0,
    )
    with working(app):
        until(lambda: not jobs_left())
    assert sum(decisions().values()) == 2
    with pytest.raises(Conflict), atomic():
        work.cancel(work_id, actor=world.actors[BUREAU], now=clock.now())


def test_cancelled_while_an_item_is_under_way_that_item_is_undone(world: Built) -> None:
    """The cancelling is committed between the decision and its settling: the item stays undone."""
    work_id = accept(world, waiting_crowd(world, 2), AT)
    waiting = [cancel_beside]

    def before(conn: Any, cursor: Any, statement: str, *_: Any) -> None:
        if waiting and statement.startswith("UPDATE work_item"):
            waiting.pop()()

    event.listen(db.engine, "before_cursor_execute", before)
    try:
        work.go_on(turn(work_id), clock.now(), at_most=1)
    finally:
        event.remove(db.engine, "before_cursor_execute", before)
    assert not waiting, "it never came to settle an item"
    assert (decisions(), len(open_tasks("first_review"))) == ({}, 2)


def cancel_beside() -> None:
    with db.engine.begin() as other:
        other.execute(text("UPDATE work_item SET state = 'cancelled'"))


def test_a_worker_that_has_to_go_leaves_the_rest_to_another(world: Built) -> None:
    work_id = accept(world, waiting_crowd(world, 4), AT)
    asked = iter([False, False, True])
    assert work.go_on(turn(work_id, stopping=lambda: next(asked)), clock.now())
    assert states(work_id) == {"done": 2, "waiting": 2}
    assert not work.go_on(turn(work_id), clock.now())
    assert work_row(work_id).done == 4


def test_given_up_it_says_so(world: Built) -> None:
    work_id = accept(world, waiting_crowd(world, 2), AT)
    with atomic():
        work.give_up(work_id, clock.now())
    assert (work_row(work_id).state, states(work_id), marked()) == ("failed", {"failed": 2}, 0)


def test_an_id_number_is_in_no_list_of_work(world: Built) -> None:
    ids = waiting_crowd(world, 1)
    with pytest.raises(Refused, match="身份证号"):
        accept(world, ids, AT, {"decision": "reject", "opinion": "11010119900102007X"})
    assert jobs_left() == 0


def test_old_work_is_forgotten(world: Built) -> None:
    work_id = accept(world, waiting_crowd(world, 1), AT)
    with atomic():
        work.forget(clock.now() + work.KEPT * 2)
    assert work_row(work_id).state == "queued"
    with atomic():
        work.cancel(work_id, actor=world.actors[BUREAU], now=clock.now())
    with atomic():
        work.forget(clock.now() + work.KEPT + timedelta(seconds=1))
    assert db.session.scalars(select(Work.id)).all() == []
    assert db.session.scalars(select(WorkItem.number)).all() == []
    assert len(db.session.scalars(select(Case.id)).all()) > 0
