"""会签 by a diagram: a task of their own for each colleague whom a form named, who alone does it."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from support.colleagues import SUPERVISOR, colleague
from support.countersigned import countersigned_files, open_countersigned, publish_countersigned
from support.world import BUREAU, LIBRARY, at, case_row, complete, make_world, publish_tiny

from app.content import check_scheme
from app.errors import Conflict, Invalid
from app.extensions import atomic, db
from app.models import Incident, Task
from app.operations import tasks, timers
from app.operations.actors import Actor
from app.operations.company import assignments
from app.operations.trials.worlds import Built

WHEN = at("2021-06-12 10:00")
YES = {"agrees": "yes"}


@pytest.fixture
def world(app) -> Built:
    publish_tiny()
    publish_countersigned()
    return make_world()


@pytest.fixture
def pair(world: Built) -> list[Actor]:
    return [colleague(world, name, LIBRARY) for name in ("李四", "王五")]


def chosen(world: Built, people: list[Actor]) -> int:
    case_id = open_countersigned(world, LIBRARY)
    who = {"who": [one.account_id for one in people]}
    complete(case_id, "choose", who, world.actors[LIBRARY], "2021-06-11 10:00")
    return case_id


def waiting(case_id: int) -> dict[int | None, int]:
    """The open tasks by who has them."""
    query = select(Task.assignee_id, Task.id).where(Task.case_id == case_id, Task.state == "open")
    return {assignee: task for assignee, task in db.session.execute(query)}


def test_each_of_those_chosen_does_their_own(world: Built, pair: list[Actor]) -> None:
    case_id = chosen(world, pair)
    found = waiting(case_id)
    assert found.keys() == {one.account_id for one in pair}
    li, wang = pair
    with pytest.raises(Conflict, match="已由王五签收"), atomic():
        tasks.complete(found[wang.account_id], YES, li, WHEN)
    for one in pair:
        with atomic():
            tasks.complete(found[one.account_id], YES, one, WHEN)
    assert case_row(case_id).state == "ended"


def test_one_who_is_away_is_stood_in_for(world: Built, pair: list[Actor]) -> None:
    case_id, (li, wang) = chosen(world, pair), pair
    chief = colleague(world, "赵科长", LIBRARY, SUPERVISOR)
    with atomic():
        assignments.transfer(waiting(case_id)[li.account_id], wang.account_id or 0, "病假", chief, WHEN)
    assert waiting(case_id).keys() == {wang.account_id}


def test_only_colleagues_are_chosen(world: Built, pair: list[Actor]) -> None:
    stranger = world.actors[BUREAU]
    with pytest.raises(Invalid) as refusal:
        chosen(world, [*pair, stranger])
    assert refusal.value.fields == {"who": ["请选择本机构在用的经办账号。"]}


def test_whom_the_office_does_not_have_is_told_and_anybody_does_it(world: Built, pair: list[Actor]) -> None:
    publish_countersigned("987654321")
    case_id = chosen(world, pair)
    query = select(Task.assignee_id).where(Task.case_id == case_id, Task.state == "open")
    assert db.session.scalars(query).all() == [None, None]
    assert db.session.scalars(select(Incident.kind)).all() == ["assignee", "assignee"]


def test_a_task_is_due_when_it_is_reminded_of_and_stays_so(world: Built) -> None:
    case_id = open_countersigned(world, LIBRARY)
    due = select(Task.due_at, Task.closes_at).where(Task.case_id == case_id)
    reminded = at("2021-06-12 09:00")
    assert db.session.execute(due).one() == (reminded, None)
    db.session.rollback()
    timers.sweep(lambda scheme: at("2021-06-13 09:00"), atomic)
    assert db.session.execute(due).one() == (reminded, None)


def test_an_assignee_that_nobody_sets_is_told_by_the_check() -> None:
    assert [p.message for p in check_scheme(countersigned_files()) if p.severity == "error"] == []
    told = [p.message for p in check_scheme(countersigned_files("nobody_sets_this"))]
    assert any("nobody_sets_this" in sentence for sentence in told)
