"""What stops a case without anybody's act: told with its cause, tried again, harmless to other cases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import ColumnElement, select, true, update
from support.world import (
    LIBRARY,
    OFFICE,
    OTHER_BUREAU,
    at,
    case_row,
    complete,
    open_filing,
    task_of,
    tiny_world,
)

from app.errors import NotFound
from app.extensions import atomic, db
from app.models import Act, Case, Incident, Jurisdiction, Task, Timer
from app.operations import incidents, tasks, timers
from app.operations.actors import SYSTEM
from app.operations.offices import organisations
from app.operations.offices.organisations import RoleUnresolved
from app.operations.trials.worlds import Built
from app.queries import monitor

FILLED = {"grade": "junior", "summary": "近五年工作扎实。"}
CLOSES, GRACE = at("2021-07-01 00:00"), timedelta(seconds=60)


@pytest.fixture
def world(app: Flask) -> Built:
    return tiny_world(junior=3)


def everything() -> ColumnElement[bool]:
    return true() & (Case.id > 0)


def open_incidents() -> list[Incident]:
    return [incident for incident, *_ in monitor.incidents(everything())]


def sweep(late: timedelta = GRACE) -> timers.Swept:
    return timers.sweep(lambda scheme_id: CLOSES + late, atomic)


def retry(incident_id: int, world: Built) -> None:
    with atomic():
        incidents.retry(incident_id, world.actors[OFFICE], at("2021-06-20 09:00"))


class TestNobodyHoldsTheRole:
    @pytest.fixture
    def task_id(self, world: Built) -> int:
        """A task that came up while no office was responsible."""
        with atomic():
            grants = select(Jurisdiction.id).where(Jurisdiction.function == "review")
            for grant in db.session.scalars(grants).all():
                organisations.end_jurisdiction(grant, at("2021-06-01 00:00"), actor=SYSTEM)
        case_id = open_filing(world)
        complete(case_id, "fill", FILLED, world.actors[LIBRARY], "2021-06-11 10:00")
        return task_of(case_id, "first_review")

    def test_the_task_waits_without_an_office_and_it_is_told(self, world: Built, task_id: int) -> None:
        (incident,) = open_incidents()
        assert (incident.kind, incident.element) == ("role", "first_review")
        assert "没有机构" in incident.message
        assert db.session.get_one(Task, task_id).office_id is None

    def test_as_long_as_nobody_does_it_stays(self, world: Built, task_id: int) -> None:
        (incident,) = open_incidents()
        with pytest.raises(RoleUnresolved):
            retry(incident.id, world)
        assert len(open_incidents()) == 1

    def test_once_somebody_does_the_task_is_theirs(self, world: Built, task_id: int) -> None:
        (incident,) = open_incidents()
        with atomic():
            office = world.organisations[OTHER_BUREAU]
            organisations.grant_jurisdiction(
                office, "review", "990101", at("2021-06-12 00:00"), actor=SYSTEM, level="district"
            )
        retry(incident.id, world)
        assert open_incidents() == []
        with atomic():
            decided = {"decision": "approve"}
            tasks.complete(task_id, decided, world.actors[OTHER_BUREAU], at("2021-06-20 10:00"))
        (act,) = db.session.scalars(select(Act).where(Act.kind == "incident.retried")).all()
        assert act.detail["offices"] == {str(task_id): office}


@pytest.mark.corrupts
class TestATimerThatIsRegisteredWrongly:
    @pytest.fixture
    def wrong(self, world: Built) -> int:
        """A case whose row says that its timer is due, while its state says otherwise."""
        case_id = open_filing(world, "陈一", when="2021-06-10 09:00")
        with atomic():
            due = at("2021-06-15 00:00")
            db.session.execute(update(Timer).where(Timer.case_id == case_id).values(due_at=due))
        return case_id

    def test_the_sweep_ends_parks_it_and_fires_the_others(self, world: Built, wrong: int) -> None:
        sound = open_filing(world, "李二")
        with atomic():
            due = at("2021-06-15 00:00")
            db.session.execute(update(Timer).where(Timer.case_id == wrong).values(due_at=due))
        swept = timers.sweep(lambda scheme_id: at("2021-06-16 00:00"), atomic)
        assert (swept.fired, swept.parked) == (0, 1)
        assert sweep().fired == 1
        assert case_row(sound).outcome == "lapsed"
        (incident,) = open_incidents()
        assert (incident.case_id, incident.kind) == (wrong, "timer")
        assert "核验" in incident.message


class TestRetrying:
    @pytest.fixture
    def incident_id(self, world: Built) -> int:
        case_id = open_filing(world)
        with atomic():
            incidents.tell(case_id, "timer", "filing_closed", NotFound(), at("2021-06-11 09:00"))
        (incident,) = open_incidents()
        return incident.id

    def test_once_closed_there_is_nothing_to_retry(self, world: Built, incident_id: int) -> None:
        retry(incident_id, world)
        with pytest.raises(NotFound):
            retry(incident_id, world)

    def test_the_deadlines_that_go_on_meanwhile_are_told(self, incident_id: int) -> None:
        (incident,) = open_incidents()
        assert incident.deadlines == [{"element": "filing_closed", "due_at": CLOSES.isoformat()}]

    def test_an_error_that_is_not_ours_tells_its_kind_alone(self) -> None:
        assert incidents.cause(ValueError("510101199001010000")) == "系统错误：ValueError"


class TestBulkRequestsThatDied:
    """A process that was killed on its way leaves its marks; they hold timers up for an hour at most."""

    def test_their_marks_end(self, world: Built) -> None:
        case_id = open_filing(world)
        with atomic():
            since = CLOSES - timedelta(seconds=5)
            db.session.execute(update(Task).where(Task.case_id == case_id).values(pending_since=since))
        assert sweep(timedelta(minutes=59)).fired == 0
        assert sweep(timedelta(minutes=61)).fired == 1
        assert case_row(case_id).outcome == "lapsed"

    def test_one_that_fails_on_its_way_takes_its_marks_along(self, world: Built) -> None:
        ids = [task_of(open_filing(world, name)) for name in ("陈一", "李二")]

        def values(task_id: int) -> dict[str, str]:
            if task_id == ids[1]:
                raise KeyboardInterrupt
            return FILLED

        with pytest.raises(KeyboardInterrupt):
            tasks.complete_many(ids, values, world.actors[LIBRARY], at("2021-06-11 10:00"), atomic)
        marked = select(Task.id).where(Task.pending_since.is_not(None))
        assert db.session.scalars(marked).all() == []

    def test_a_later_one_leaves_an_earlier_ones_mark_alone(self, world: Built) -> None:
        case_id = open_filing(world)
        earlier = CLOSES - timedelta(seconds=5)
        with atomic():
            db.session.execute(update(Task).where(Task.case_id == case_id).values(pending_since=earlier))
        wrong = {"grade": "no such grade"}
        later = CLOSES - timedelta(seconds=2)
        (result,) = tasks.complete_many([task_of(case_id)], wrong, world.actors[LIBRARY], later, atomic)
        assert not result.ok
        assert db.session.get_one(Task, task_of(case_id)).pending_since == earlier
        assert sweep().fired == 0
        complete(case_id, "fill", FILLED, world.actors[LIBRARY], "2021-06-30 23:59:55")
        assert case_row(case_id).state == "running"
