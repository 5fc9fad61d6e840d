"""Messages between cases: to the one that waits or the one that they start, once, or told why not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest
from flask import Flask, current_app
from sqlalchemy import ColumnElement, event, func, select, true, update
from sqlalchemy.exc import OperationalError
from support.waits import open_wait, publish_waits
from support.world import LIBRARY, OFFICE, OTHER_UNIT, at, case_row, make_world, task_of

from app.errors import Conflict, NotFound
from app.extensions import atomic, db
from app.models import Case, History, Incident, Message, Person
from app.operations import cases, incidents, messages, tasks
from app.operations.finding._search_keys import follow_person
from app.operations.trials.worlds import Built
from app.queries import monitor

MORNING = at("2021-06-10 09:00")


@pytest.fixture
def world(app) -> Built:
    publish_waits()
    return make_world()


def fill(world: Built, case_id: int, when: datetime, **values: object) -> None:
    with atomic():
        tasks.complete(task_of(case_id), values, world.actors[LIBRARY], when)


def race(world: Built, ticket: str) -> int:
    """A case that waits for an answer to this ticket."""
    case_id = open_wait(world, "race", MORNING)
    fill(world, case_id, MORNING, text=ticket)
    return case_id


def answer(world: Built, ticket: str) -> int:
    case_id = open_wait(world, "answering", MORNING)
    fill(world, case_id, MORNING, text=ticket)
    return case_id


def begin(world: Built, person: str) -> int:
    """A case that sends the message which starts another, about a person."""
    case_id = open_wait(world, "splitting", MORNING)
    fill(world, case_id, MORNING, who=world.people[person])
    return case_id


def started() -> list[int]:
    return list(db.session.scalars(select(Case.id).where(Case.process == "started").order_by(Case.id)))


def failures() -> list[str]:
    return list(db.session.scalars(select(Message.failure).where(Message.failed_at.is_not(None))))


def everything() -> ColumnElement[bool]:
    return true() & (Case.id > 0)


class TestWhereAMessageGoes:
    def test_it_starts_a_case_about_the_person_that_it_names(self, world: Built) -> None:
        begin(world, "陈一")
        assert messages.deliver(atomic) == 1
        (case_id,) = started()
        case = case_row(case_id)
        assert (case.person_id, case.unit_id) == (world.people["陈一"], world.organisations[LIBRARY])
        assert case.started_at == MORNING
        sent = db.session.scalars(select(Message)).one()
        assert sent.delivered_case_id == case_id

    def test_it_goes_to_the_case_with_its_key_and_to_no_other(self, world: Built) -> None:
        first, second = race(world, "甲"), race(world, "乙")
        answer(world, "乙")
        messages.deliver(atomic)
        assert case_row(first).state == "running"
        assert case_row(second).outcome == "answered"

    def test_it_carries_its_payload_into_the_log(self, world: Built) -> None:
        case_id = race(world, "甲")
        answer(world, "甲")
        messages.deliver(atomic)
        rows = select(History.call).where(History.case_id == case_id).order_by(History.seq)
        assert db.session.scalars(rows).all() == ["start", "complete", "receive"]

    def test_of_two_waiting_cases_none_is_guessed(self, world: Built) -> None:
        both = race(world, "甲"), race(world, "甲")
        answer(world, "甲")
        messages.deliver(atomic)
        assert [case_row(case_id).state for case_id in both] == ["running", "running"]
        assert "关联键" in failures()[0]

    def test_in_the_order_of_sending(self, world: Built) -> None:
        for person in ("李二", "陈一", "王三"):
            begin(world, person)
        messages.deliver(atomic)
        order = [case_row(case_id).person_id for case_id in started()]
        assert order == [world.people[name] for name in ("李二", "陈一", "王三")]

    def test_no_more_than_the_limit_at_once(self, world: Built) -> None:
        for person in ("李二", "陈一", "王三"):
            begin(world, person)
        assert [messages.deliver(atomic, limit=2), messages.deliver(atomic), messages.deliver(atomic)] == [
            2,
            1,
            0,
        ]


class TestUndeliverable:
    def test_nobody_waits_the_sender_has_an_incident_that_the_monitor_shows(self, world: Built) -> None:
        sender = answer(world, "丙")
        assert messages.deliver(atomic) == 1
        ((incident, case, unit),) = monitor.incidents(everything())
        assert (incident.kind, case.id, incident.element, unit) == ("message", sender, "sends", LIBRARY)
        assert "没有送达" in incident.message
        assert messages.deliver(atomic) == 0

    def test_tried_again_once_somebody_waits(self, world: Built) -> None:
        sender = answer(world, "丙")
        messages.deliver(atomic)
        waiting = race(world, "丙")
        incident_id = db.session.scalars(select(Incident.id)).one()
        with atomic():
            incidents.retry(incident_id, world.actors[OFFICE], MORNING)
        messages.deliver(atomic)
        assert case_row(waiting).outcome == "answered"
        assert monitor.incidents(everything()) == []
        assert case_row(sender).outcome == "done"

    def test_a_second_live_case_is_refused_and_the_sender_told_where_the_first_is(self, world: Built) -> None:
        """LIFE-07"""
        begin(world, "陈一")
        begin(world, "陈一")
        assert messages.deliver(atomic) == 2
        (first,) = started()
        assert f"办件 {first}，{LIBRARY}" in failures()[0]
        ((incident, *_),) = monitor.incidents(everything())
        assert f"办件 {first}" in incident.message

    def test_after_the_first_has_ended_a_second_may_start(self, world: Built) -> None:
        begin(world, "陈一")
        messages.deliver(atomic)
        fill(world, started()[0], MORNING, text="完")
        begin(world, "陈一")
        messages.deliver(atomic)
        assert len(started()) == 2
        assert failures() == []

    def test_a_person_who_has_gone_to_another_unit_is_not_started_for_this_one(self, world: Built) -> None:
        begin(world, "陈一")
        with atomic():
            moved = {"unit_id": world.organisations[OTHER_UNIT]}
            db.session.execute(update(Person).where(Person.id == world.people["陈一"]).values(moved))
            follow_person(world.people["陈一"])
        messages.deliver(atomic)
        assert started() == []
        assert "本单位的人员" in failures()[0]

    @pytest.mark.corrupts
    def test_a_broken_receiver_keeps_no_other_message_back(self, world: Built) -> None:
        broken, sound = race(world, "甲"), race(world, "乙")
        with atomic():
            db.session.execute(update(Case).where(Case.id == broken).values(engine_state=b"\x00nonsense"))
        answer(world, "甲")
        answer(world, "乙")
        messages.deliver(atomic)
        assert case_row(sound).outcome == "answered"
        assert len(monitor.incidents(everything())) == 1

    def test_a_database_that_goes_away_fails_no_message(self, world: Built, lost_connection: None) -> None:
        case_id = race(world, "甲")
        answer(world, "甲")
        with pytest.raises(OperationalError):
            messages.deliver(atomic)
        db.session.remove()
        assert failures() == []
        messages.deliver(atomic)
        assert case_row(case_id).outcome == "answered"


@pytest.fixture
def lost_connection(app: Flask) -> Iterator[None]:
    """The session that first locks a case for a message is ended by the server, as in a restart."""
    pending = [True]

    def cut(conn, cursor, statement, parameters, context, executemany):
        if pending and "message.payload" in statement:
            pending.clear()
            with db.engine.connect() as another:
                own = cursor.connection.info.backend_pid
                another.exec_driver_sql(f"SELECT pg_terminate_backend({own})")

    event.listen(db.engine, "after_cursor_execute", cut)
    yield
    event.remove(db.engine, "after_cursor_execute", cut)


def test_two_deliverers_at_once_deliver_each_message_once(world: Built) -> None:
    waiting = [race(world, ticket) for ticket in "甲乙丙丁戊己"]
    for ticket in "甲乙丙丁戊己":
        answer(world, ticket)
    for person in ("陈一", "李二", "王三"):
        begin(world, person)
    app: Flask = current_app._get_current_object()
    done: list[int] = []
    barrier = threading.Barrier(4)

    def deliver() -> None:
        with app.app_context():
            barrier.wait()
            done.append(messages.deliver(atomic))
            db.session.remove()

    threads = [threading.Thread(target=deliver) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(done) == 9
    assert failures() == []
    received = select(func.count()).where(History.call == "receive", History.case_id.in_(waiting))
    assert db.session.scalar(received) == 6
    assert len(started()) == 3


def test_a_deliverer_that_dies_after_its_work_and_before_its_commit_leaves_the_message_waiting(
    world: Built,
) -> None:
    case_id = race(world, "甲")
    answer(world, "甲")

    @contextmanager
    def dying() -> Iterator[None]:
        with atomic():
            yield
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        messages.deliver(dying)
    assert case_row(case_id).state == "running"
    assert db.session.scalars(select(Message.delivered_at)).all() == [None]
    assert messages.deliver(atomic) == 1
    assert case_row(case_id).outcome == "answered"


def test_what_a_refused_step_would_have_sent_is_not_sent(world: Built) -> None:
    case_id = open_wait(world, "answering", MORNING)

    def submit_and_fail() -> None:
        with atomic():
            tasks.complete(task_of(case_id), {"text": "甲"}, world.actors[LIBRARY], MORNING)
            raise Conflict

    with pytest.raises(Conflict):
        submit_and_fail()
    assert db.session.scalars(select(Message.id)).all() == []


def test_a_person_says_no_message_that_another_case_has_to_send(world: Built) -> None:
    case_id = race(world, "甲")
    with pytest.raises(NotFound), atomic():
        cases.message(case_id, "answer", {}, world.actors[LIBRARY], MORNING)
    assert case_row(case_id).state == "running"
