"""Deadlines that stand around a task, race a message, are lengths of time, or rest on unknown holidays."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import ColumnElement, select, true
from support.waits import open_wait, publish_waits
from support.world import LIBRARY, at, case_row, make_world, task_of

from app.engine import WORKDAYS
from app.errors import Closed
from app.extensions import atomic, db
from app.models import Case, History, MessageWait, Task, Timer
from app.operations import messages, tasks, timers
from app.operations.actors import SYSTEM
from app.operations.dates import workdays
from app.operations.trials.worlds import Built
from app.queries import monitor

MICRO, GRACE = timedelta(microseconds=1), timedelta(seconds=60)
CLOSES = at("2021-07-01 00:00")
"""24:00 of June 30."""
YEAR_END = at("2026-12-31 10:00")


@pytest.fixture
def world(app) -> Built:
    publish_waits()
    return make_world()


def sweep(instant: datetime) -> timers.Swept:
    return timers.sweep(lambda scheme_id: instant, atomic)


def write(world: Built, case_id: int, when: datetime, text: str = "好") -> None:
    with atomic():
        tasks.complete(task_of(case_id), {"text": text}, world.actors[LIBRARY], when)


def dues(case_id: int) -> dict[str, datetime | None]:
    rows = select(Timer.element, Timer.due_at).where(Timer.case_id == case_id)
    return dict(db.session.execute(rows).tuples().all())


@pytest.mark.parametrize("process", ["nested", "called"])
class TestAroundATask:
    def test_it_is_refused_from_the_due_instant_on_before_any_sweep(self, world: Built, process: str) -> None:
        case_id = open_wait(world, process, at("2021-06-10 09:00"))
        assert db.session.get_one(Task, task_of(case_id)).closes_at == CLOSES
        for late in (CLOSES, CLOSES + MICRO, CLOSES + timedelta(seconds=59)):
            with pytest.raises(Closed):
                write(world, case_id, late)
        assert case_row(case_id).state == "running"

    def test_a_microsecond_before_counts_though_it_is_worked_on_later(
        self, world: Built, process: str
    ) -> None:
        case_id = open_wait(world, process, at("2021-06-10 09:00"))
        assert sweep(CLOSES + GRACE - MICRO).fired == 0
        write(world, case_id, CLOSES - MICRO)
        assert case_row(case_id).outcome == "done"
        assert sweep(CLOSES + GRACE).fired == 0

    def test_nobody_came(self, world: Built, process: str) -> None:
        case_id = open_wait(world, process, at("2021-06-10 09:00"))
        assert sweep(CLOSES + GRACE).fired == 1
        ended = case_row(case_id)
        assert (ended.outcome, ended.ended_at) == ("lapsed", CLOSES)
        states = select(Task.state).where(Task.case_id == case_id)
        assert db.session.scalars(states).all() == ["cancelled"]

    def test_a_draft_is_closed_with_its_task(self, world: Built, process: str) -> None:
        case_id = open_wait(world, process, at("2021-06-10 09:00"))
        with pytest.raises(Closed), atomic():
            tasks.save_draft(task_of(case_id), {"text": "草"}, world.actors[LIBRARY], CLOSES)


class TestEitherMessageOrTimer:
    def asked(self, world: Built, ticket: str = "甲") -> int:
        case_id = open_wait(world, "race", at("2021-06-10 09:00"))
        write(world, case_id, at("2021-06-10 10:00"), ticket)
        return case_id

    def answer(self, world: Built, when: str, ticket: str = "甲") -> None:
        case_id = open_wait(world, "answering", at("2021-06-10 09:30"))
        write(world, case_id, at(when), ticket)

    def test_the_message_comes_first(self, world: Built) -> None:
        case_id = self.asked(world)
        self.answer(world, "2021-06-12 09:59:59")
        messages.deliver(atomic)
        assert case_row(case_id).outcome == "answered"
        assert sweep(at("2021-06-13 09:00")).fired == 0

    def test_the_timer_comes_first_and_the_message_is_told_to_be_late(self, world: Built) -> None:
        case_id = self.asked(world)
        sweep(at("2021-06-12 10:01"))
        assert (case_row(case_id).outcome, case_row(case_id).ended_at) == (
            "unanswered",
            at("2021-06-12 10:00"),
        )

    def test_a_message_sent_at_the_due_instant_does_not_beat_the_timer_that_has_not_fired_yet(
        self, world: Built
    ) -> None:
        case_id = self.asked(world)
        self.answer(world, "2021-06-12 10:00")
        messages.deliver(atomic)
        assert case_row(case_id).state == "running"
        sweep(at("2021-06-12 10:01"))
        assert case_row(case_id).outcome == "unanswered"

    def test_a_message_sent_in_time_counts_though_it_is_delivered_after_the_due_instant(
        self, world: Built
    ) -> None:
        case_id = self.asked(world)
        self.answer(world, "2021-06-12 09:59:59")
        assert sweep(at("2021-06-12 10:00:59")).fired == 0
        messages.deliver(atomic)
        assert case_row(case_id).outcome == "answered"


class TestLengthsOfTime:
    """ISO 8601 durations from the task's opening; a month ends with the month (民法典第二百零二条)."""

    def test_48_hours(self, world: Built) -> None:
        opened = at("2021-06-10 09:30")
        case_id = open_wait(world, "lasting", opened)
        assert dues(case_id)["until_reminded"] == opened + timedelta(hours=48)

    @pytest.mark.parametrize(
        ("opened", "due"),
        [
            ("2021-01-31 10:00", "2021-02-28 10:00"),
            ("2024-01-31 10:00", "2024-02-29 10:00"),
            ("2021-03-31 23:59:59", "2021-04-30 23:59:59"),
            ("2021-12-15 00:00", "2022-01-15 00:00"),
            # By the calendar of Shanghai, though it is still January 31 in UTC.
            ("2021-02-01 07:00", "2021-03-01 07:00"),
        ],
    )
    def test_a_month(self, world: Built, opened: str, due: str) -> None:
        assert dues(open_wait(world, "lasting", at(opened)))["until_lapsed"] == at(due)

    def test_a_reminder_leaves_the_task_open_and_the_month_ends_it(self, world: Built) -> None:
        opened = at("2021-06-10 09:30")
        case_id = open_wait(world, "lasting", opened)
        assert db.session.get_one(Task, task_of(case_id)).closes_at == at("2021-07-10 09:30")
        assert sweep(at("2021-08-01 00:00")).fired == 2
        fired = select(History.at).where(History.case_id == case_id, History.call == "fire")
        assert db.session.scalars(fired.order_by(History.seq)).all() == [
            opened + timedelta(hours=48),
            at("2021-07-10 09:30"),
        ]
        assert case_row(case_id).outcome == "lapsed"


class TestUnknownHolidays:
    """2026-12-31 and two working days: nobody knows 2027 yet (decision 5)."""

    def publish(self, *days_off: date) -> None:
        with atomic():
            workdays.set_year(2027, set(days_off), set(), ground="国办发明电", actor=SYSTEM, now=YEAR_END)

    def test_it_is_undetermined_never_fires_and_is_shown(self, world: Built) -> None:
        case_id = open_wait(world, "working", YEAR_END)
        assert dues(case_id) == {"until_lapsed": None}
        assert sweep(at("2030-01-01 00:00")).fired == 0
        (alarm,) = monitor.undetermined(everything())
        assert (alarm.process, alarm.element, alarm.dates, alarm.count) == (
            "working",
            "until_lapsed",
            [WORKDAYS],
            1,
        )
        assert alarm.oldest == YEAR_END
        write(world, case_id, at("2029-12-31 00:00"))
        assert case_row(case_id).outcome == "done"

    def test_a_year_that_is_known_needs_no_alarm(self, world: Built) -> None:
        case_id = open_wait(world, "working", at("2026-12-28 10:00"))
        assert dues(case_id) == {"until_lapsed": at("2026-12-31 00:00")}
        assert monitor.undetermined(everything()) == []

    def test_once_the_holidays_are_published_it_gets_its_instant_counted_from_its_opening(
        self, world: Built
    ) -> None:
        case_id = open_wait(world, "working", YEAR_END)
        self.publish(date(2027, 1, 1))
        assert retime(at("2027-01-02 09:00")) == 1
        due = at("2027-01-06 00:00")  # Monday the 4th and Tuesday the 5th
        assert dues(case_id) == {"until_lapsed": due}
        assert db.session.get_one(Task, task_of(case_id)).closes_at == due
        assert monitor.undetermined(everything()) == []
        with pytest.raises(Closed):
            write(world, case_id, due)
        sweep(due + GRACE)
        assert (case_row(case_id).outcome, case_row(case_id).ended_at) == ("lapsed", due)

    def test_recomputing_what_stays_unknown_leaves_no_trace(self, world: Built) -> None:
        case_id = open_wait(world, "working", YEAR_END)
        before = case_row(case_id).head
        assert retime(at("2027-01-02 09:00")) == 0
        assert case_row(case_id).head == before

    def test_what_was_determined_before_follows_a_correction(self, world: Built) -> None:
        case_id = open_wait(world, "working", at("2026-12-28 10:00"))
        with atomic():
            days = {date(2026, 12, 29): False}
            workdays.set_days(days, ground="台风停工", actor=SYSTEM, now=at("2026-12-28 11:00"))
        assert retime(at("2026-12-28 12:00")) == 1
        assert dues(case_id) == {"until_lapsed": at("2027-01-01 00:00")}
        assert retime(at("2026-12-28 12:30")) == 0


def test_recomputing_by_name_fires_what_is_overdue_first(world: Built) -> None:
    case_id = open_wait(world, "nested", at("2021-06-10 09:00"))
    assert timers.retime(lambda scheme_id: CLOSES + GRACE, atomic, ["closes"]) == 1
    assert case_row(case_id).outcome == "lapsed"


def test_a_race_that_is_over_waits_for_nothing(world: Built) -> None:
    case_id = open_wait(world, "race", at("2021-06-10 09:00"))
    write(world, case_id, at("2021-06-10 10:00"))
    sweep(at("2021-06-13 09:00"))
    assert db.session.scalars(select(MessageWait.token)).all() == []
    assert db.session.scalars(select(Timer.token)).all() == []
    assert case_row(case_id).state == "ended"


def retime(now: datetime) -> int:
    return timers.retime(lambda scheme_id: now, atomic)


def everything() -> ColumnElement[bool]:
    return true() & (Case.id > 0)
