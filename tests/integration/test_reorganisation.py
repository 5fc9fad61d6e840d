"""Mergers in the middle of cases: the work goes to the successor, the log keeps the old name (LIFE-04)."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from support.world import (
    BUREAU,
    LIBRARY,
    OTHER_BUREAU,
    OTHER_UNIT,
    at,
    case_row,
    complete,
    open_filing,
    task_of,
    tiny_world,
)

from app.errors import Conflict, NotFound
from app.extensions import atomic, db
from app.models import Account, Act, History, Person, Task
from app.operations.access import accounts
from app.operations.actors import SYSTEM, Actor
from app.operations.offices import organisations
from app.operations.trials.worlds import Built

FILLED = {"grade": "junior", "summary": "近五年工作扎实。"}
MERGED = at("2021-06-12 09:00")
GROUND = "云编〔2021〕9号"


@pytest.fixture
def world(app) -> Built:
    return tiny_world(junior=2)


def merge(world: Built, old: str, into: str) -> list[int]:
    with atomic():
        ids = world.organisations
        return organisations.merge(ids[old], ids[into], MERGED, ground=GROUND, actor=SYSTEM)


def submitted(world: Built) -> int:
    """A case that waits for the bureau."""
    case_id = open_filing(world)
    complete(case_id, "fill", FILLED, world.actors[LIBRARY], "2021-06-11 10:00")
    return case_id


def as_of_now(actor: Actor) -> Actor:
    account = db.session.get(Account, actor.account_id, populate_existing=True)
    return accounts.actor_for(account)


def test_the_successor_decides_what_the_old_office_had_open(world) -> None:
    case_id = submitted(world)
    task_id = task_of(case_id)
    assert merge(world, BUREAU, OTHER_BUREAU) == [task_id]
    with pytest.raises(NotFound):
        complete(case_id, "first_review", {"decision": "approve"}, world.actors[BUREAU], "2021-06-13 09:00")
    complete(case_id, "first_review", {"decision": "approve"}, world.actors[OTHER_BUREAU], "2021-06-13 09:00")
    assert case_row(case_id).outcome == "passed"


def test_officers_of_the_old_office_act_for_the_successor(world) -> None:
    case_id = submitted(world)
    merge(world, BUREAU, OTHER_BUREAU)
    officer = as_of_now(world.actors[BUREAU])
    assert officer.organisation_name == OTHER_BUREAU
    complete(case_id, "first_review", {"decision": "approve"}, officer, "2021-06-13 09:00")
    newest = select(History.office_name).where(History.case_id == case_id).order_by(History.seq.desc())
    assert db.session.scalars(newest).first() == OTHER_BUREAU


def test_new_cases_of_the_area_go_to_the_successor(world) -> None:
    merge(world, BUREAU, OTHER_BUREAU)
    case_id = submitted(world)
    assert db.session.get(Task, task_of(case_id)).office_id == world.organisations[OTHER_BUREAU]


def test_a_units_cases_and_people_go_on_under_its_successor(world) -> None:
    submitted_before, draft = submitted(world), open_filing(world, "李二")
    merge(world, LIBRARY, OTHER_UNIT)
    into = world.organisations[OTHER_UNIT]
    assert {case_row(case).unit_id for case in (submitted_before, draft)} == {into}
    assert db.session.get(Person, world.people["陈一"], populate_existing=True).unit_id == into
    complete(
        submitted_before, "first_review", {"decision": "approve"}, world.actors[BUREAU], "2021-06-13 09:00"
    )
    assert case_row(submitted_before).outcome == "passed"


def test_what_ended_before_stays_with_the_old_organisation(world) -> None:
    case_id = submitted(world)
    task_id = task_of(case_id)
    complete(case_id, "first_review", {"decision": "approve"}, world.actors[BUREAU], "2021-06-11 15:00")
    merge(world, LIBRARY, OTHER_UNIT)
    assert merge(world, BUREAU, OTHER_BUREAU) == []
    assert case_row(case_id).unit_id == world.organisations[LIBRARY]
    assert db.session.get(Task, task_id, populate_existing=True).office_id == world.organisations[BUREAU]
    names = db.session.scalars(select(History.office_name).where(History.case_id == case_id)).all()
    assert {LIBRARY, BUREAU} <= set(names)


def test_the_act_tells_who_why_and_what_moved(world) -> None:
    task_id = task_of(submitted(world))
    merge(world, BUREAU, OTHER_BUREAU)
    act = db.session.scalars(select(Act).where(Act.kind == "organisation.merged")).one()
    ids = world.organisations
    assert (act.actor_name, act.ground, act.subject) == ("系统", GROUND, str(ids[BUREAU]))
    assert act.detail == {"into": ids[OTHER_BUREAU], "into_name": OTHER_BUREAU, "tasks": [task_id]}


def test_a_task_that_came_to_the_old_office_late_is_taken_over(world) -> None:
    """Such as of a case that was begun for the old organisation during the merger."""
    merge(world, BUREAU, OTHER_BUREAU)
    task_id = task_of(submitted(world))
    ids = world.organisations
    with atomic():
        db.session.get(Task, task_id).office_id = ids[BUREAU]
    with atomic():
        assert organisations.take_over(ids[BUREAU], at=MERGED, actor=SYSTEM) == [task_id]
    assert db.session.get(Task, task_id, populate_existing=True).office_id == ids[OTHER_BUREAU]
    with pytest.raises(Conflict, match="没有承接机构"), atomic():
        organisations.take_over(ids[OTHER_BUREAU], at=MERGED, actor=SYSTEM)


def test_an_organisation_with_work_in_hand_is_not_closed(world) -> None:
    submitted(world)
    for name in (BUREAU, LIBRARY):
        with pytest.raises(Conflict, match="未办结"), atomic():
            organisations.close(world.organisations[name], MERGED, ground=GROUND, actor=SYSTEM)
