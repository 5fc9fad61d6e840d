"""A message sent in time comes before the timer that would give it up, whoever delivers it and how late."""

from __future__ import annotations

from datetime import datetime, timedelta

import psycopg
import pytest
from flask import Flask
from sqlalchemy import select, text
from support.waits import open_wait, publish_waits
from support.world import LIBRARY, at, case_row, complete, make_world

from app.extensions import atomic, db
from app.models import Message, Timer
from app.operations import messages, timers
from app.operations.trials.worlds import Built

BEGUN = at("2021-06-10 09:00")
GIVES_UP = BEGUN + timedelta(hours=48)
LATE = GIVES_UP + timedelta(hours=10)


@pytest.fixture
def world(app: Flask) -> Built:
    publish_waits()
    return make_world()


@pytest.fixture
def asked(world: Built) -> int:
    """A case that waits 48 hours for an answer."""
    case_id = open_wait(world, "race", BEGUN)
    complete(case_id, "inner", {"text": "甲"}, world.actors[LIBRARY], "2021-06-10 09:00")
    return case_id


def answer(world: Built, when: str) -> None:
    case_id = open_wait(world, "answering", BEGUN)
    complete(case_id, "inner", {"text": "甲"}, world.actors[LIBRARY], when)


@pytest.fixture
def another_process(_cleaner) -> psycopg.Connection:
    return _cleaner.connection


def sweep(when: datetime = LATE) -> timers.Swept:
    return timers.sweep(lambda scheme_id: when, atomic)


def test_a_sweep_leaves_the_case_to_the_message(
    world: Built, asked: int, another_process: psycopg.Connection
) -> None:
    answer(world, "2021-06-11 09:00")
    with another_process.transaction():
        another_process.execute("SELECT id FROM message FOR UPDATE")
        assert messages.deliver(atomic) == 0
        swept = sweep()
        assert (swept.fired, swept.parked) == (0, 0)
    assert messages.deliver(atomic) == 1
    assert case_row(asked).outcome == "answered"


def test_a_message_sent_too_late_holds_nothing_up(world: Built, asked: int) -> None:
    answer(world, "2021-06-12 09:00")
    assert sweep().fired == 1
    assert case_row(asked).outcome == "unanswered"


def test_one_for_another_case_holds_nothing_up(world: Built, asked: int) -> None:
    case_id = open_wait(world, "answering", BEGUN)
    complete(case_id, "inner", {"text": "乙"}, world.actors[LIBRARY], "2021-06-11 09:00")
    assert sweep().fired == 1


def test_one_that_failed_waits_for_a_person_and_holds_nothing_up(world: Built, asked: int) -> None:
    answer(world, "2021-06-11 09:00")
    with atomic():
        db.session.execute(text("UPDATE message SET failed_at = :at, failure = '试'"), {"at": LATE})
    assert sweep().fired == 1


def test_whatever_else_is_done_to_the_case_leaves_it_to_the_message(world: Built, asked: int) -> None:
    answer(world, "2021-06-11 09:00")
    assert timers.retime_case(asked, LATE, atomic) is False
    assert db.session.scalars(select(Timer.due_at).where(Timer.case_id == asked)).one() == GIVES_UP
    assert db.session.scalars(select(Message.delivered_at)).one() is None
    messages.deliver(atomic)
    assert case_row(asked).outcome == "answered"
