"""What one has delegated 委派出去的 and waits to come back; a cosigner who decides later (ALL-04)."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from support.colleagues import colleague
from support.world import (
    BUREAU,
    OFFICE,
    OTHER_BUREAU,
    at,
    complete,
    open_review,
    task_of,
    tiny_world,
)

from app.extensions import atomic, db
from app.models import Account, Task
from app.operations import tasks
from app.operations.access.accounts import actor_for
from app.operations.actors import Actor
from app.operations.company import assignments, cosigning, delegations, deputies
from app.operations.trials.worlds import Built
from app.queries import paging
from app.queries.delegated import awaited, delegated
from app.queries.inbox import desk_of

WHEN = at("2021-06-12 10:00")


@pytest.fixture
def world(app) -> Built:
    return tiny_world(senior=3, junior=2, technician=3)


@pytest.fixture
def reviews(world) -> list[int]:
    return [task_of(open_review(world, person)) for person in ("陈一", "李二", "王三")]


def lent_by(actor: Actor) -> list[tuple[int, str, str | None]]:
    rows = delegated(desk_of(actor, WHEN)).rows
    return [(one.row.task.id, one.question, one.row.assignee) for one in rows]


def test_it_is_listed_until_it_comes_back(world, reviews):
    me, li = world.actors[BUREAU], colleague(world, "李四")
    with atomic():
        for one in reviews[:2]:
            delegations.delegate(one, li.account_id, f"第 {one} 件齐全吗", me, WHEN)
        cosigning.ask(reviews[2], [me.account_id], "是否同意", li, WHEN)
    assert lent_by(me) == [(one, f"第 {one} 件齐全吗", "李四") for one in reviews[:2]]
    assert awaited(desk_of(me, WHEN)) == (1, 2)
    assert lent_by(li) == []
    with atomic():
        delegations.resolve(reviews[0], "齐全", li, WHEN)
        delegations.delegate(reviews[0], li.account_id, "再看一次", me, WHEN)
        assignments.transfer(reviews[1], me.account_id, "不等了", me, WHEN)
    assert lent_by(me) == [(reviews[0], "再看一次", "李四")]
    complete_it = (reviews[1], {"decision": "approve"}, me, WHEN)
    with atomic():
        tasks.complete(*complete_it)


def test_a_deputy_sees_what_the_principal_waits_for_and_others_do_not(world, reviews):
    me, li, wang = world.actors[BUREAU], colleague(world, "李四"), colleague(world, "王五")
    with atomic():
        delegations.delegate(reviews[0], li.account_id, "齐全吗", me, WHEN)
        term = (at("2021-06-12 08:00"), at("2021-06-13 08:00"))
        deputies.name(me.account_id, wang.account_id, *term, ground="休假", actor=me, now=WHEN)
    assert [one for one, *_ in lent_by(wang)] == reviews[:1]
    assert lent_by(world.actors[OTHER_BUREAU]) == []


def test_pages_meet_every_row_once(world, reviews, monkeypatch):
    me, li = world.actors[BUREAU], colleague(world, "李四")
    with atomic():
        for one in reviews:
            delegations.delegate(one, li.account_id, "看", me, WHEN)
    monkeypatch.setattr(paging, "PAGE_SIZE", 2)
    first = delegated(desk_of(me, WHEN))
    rest = delegated(desk_of(me, WHEN), first.next)
    assert [one.row.task.id for one in (*first.rows, *rest.rows)] == reviews
    assert rest.next is None


class TestACosignerWhoDecidesLater:
    """ALL-04: nobody decides on their own case, nor at two levels. An opinion is no decision."""

    def test_at_the_same_level_they_may(self, world, reviews):
        me, li = world.actors[BUREAU], colleague(world, "李四")
        with atomic():
            cosigning.ask(reviews[0], [li.account_id], "是否同意", me, WHEN)
            cosigning.answer(reviews[0], "disagree", "年限不足", li, WHEN)
            assignments.transfer(reviews[0], li.account_id, "出差", me, WHEN)
            tasks.complete(reviews[0], {"decision": "approve"}, li, WHEN)

    def test_at_the_next_level_they_may(self, world, reviews):
        me, li = world.actors[BUREAU], colleague(world, "李四")
        with atomic() as session:
            cosigning.ask(reviews[0], [li.account_id], "是否同意", me, WHEN)
            cosigning.answer(reviews[0], "agree", "同意", li, WHEN)
            tasks.complete(reviews[0], {"decision": "approve"}, me, WHEN)
            session.get_one(Account, li.account_id).organisation_id = world.organisations[OFFICE]
        moved = actor_for(db.session.get_one(Account, li.account_id))
        case_id = db.session.execute(select(Task.case_id).where(Task.id == reviews[0])).scalar_one()
        complete(case_id, "final_review", {"decision": "approve"}, moved, "2021-06-13 10:00")
