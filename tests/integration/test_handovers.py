"""Whoever leaves hands everything open to a colleague, item by item, with a result for each."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from support.colleagues import SUPERVISOR, colleague, held
from support.world import BUREAU, OFFICE, OTHER_BUREAU, at, open_review, task_of, tiny_world

from app.errors import Invalid, NotFound
from app.extensions import atomic, db
from app.models import Account, Deputy, WorkItem
from app.operations.access.accounts import actor_for
from app.operations.actors import Actor
from app.operations.company import assignments, cosigning, delegations, deputies, handovers
from app.operations.long_work import work
from app.operations.trials.worlds import Built
from app.queries import work as queries

WHEN = at("2021-06-12 10:00")
PEOPLE = ("陈一", "李二", "王三")


@pytest.fixture
def world(app) -> Built:
    return tiny_world(senior=3, junior=2, technician=3)


@pytest.fixture
def reviews(world) -> list[int]:
    """The bureau's reviews of three people's filings."""
    found = []
    for person in PEOPLE:
        case_id = open_review(world, person)
        found.append(task_of(case_id))
    return found


def hand_over(leaver: Actor, to: Actor, by: Actor) -> list[handovers.Handed]:
    return handovers.hand_over(
        *(leaver.account_id, to.account_id, "调离"),
        actor=by,
        now_of=lambda scheme: WHEN,
        now=WHEN,
        transaction=atomic,
    )


def test_everything_open_goes_to_the_colleague(world, reviews):
    li, wang, me = colleague(world, "李四"), colleague(world, "王五"), world.actors[BUREAU]
    chief = colleague(world, "赵科长", duties=SUPERVISOR)
    claimed, delegated, asked = reviews
    with atomic():
        assignments.claim(claimed, li, WHEN)
        delegations.delegate(delegated, me.account_id, "请看", li, WHEN)
        cosigning.ask(asked, [li.account_id], "是否同意", me, WHEN)
        deputies.name(
            *(me.account_id, li.account_id, WHEN, at("2021-07-01 00:00")), ground="休假", actor=me, now=WHEN
        )
    results = hand_over(li, wang, chief)
    assert [(one.item.part, one.ok) for one in results] == [
        ("assignee", True),
        ("owner", True),
        ("cosigner", True),
    ]
    assert held(claimed) == (wang.account_id, None, False, 0)
    assert held(delegated) == (me.account_id, wang.account_id, True, 0)
    assert held(asked) == (None, None, False, 1)
    with atomic():
        cosigning.answer(asked, "agree", "同意", wang, WHEN)
    assert deputies.principals_of(wang.account_id, WHEN) == [(me.account_id, None)]
    assert deputies.principals_of(li.account_id, WHEN) == []
    assert hand_over(li, wang, chief) == [], "nothing is left"


def test_what_the_colleague_may_not_do_is_told_and_stays(world, reviews):
    li, chief = colleague(world, "李四"), colleague(world, "赵科长", duties=SUPERVISOR)
    herself = colleague(world, "本人", person=PEOPLE[0])
    with atomic():
        for task in reviews:
            assignments.claim(task, li, WHEN)
    results = hand_over(li, herself, chief)
    assert [one.ok for one in results] == [False, True, True]
    assert "是该办件的申报人" in results[0].message
    assert held(reviews[0])[0] == li.account_id


def test_delegated_to_the_leaver_goes_on_waiting_for_the_colleague(world, reviews):
    li, wang, me = colleague(world, "李四"), colleague(world, "王五"), world.actors[BUREAU]
    chief = colleague(world, "赵科长", duties=SUPERVISOR)
    first, second, _ = reviews
    with atomic():
        delegations.delegate(first, li.account_id, "请看", me, WHEN)
        delegations.delegate(second, li.account_id, "请看", wang, WHEN)
    assert all(one.ok for one in hand_over(li, wang, chief))
    assert held(first) == (wang.account_id, me.account_id, True, 0)
    assert held(second) == (wang.account_id, None, False, 0), "nobody is asked by themselves"


def test_who_hands_over_whose(world, reviews):
    li, wang = colleague(world, "李四"), colleague(world, "王五")
    with atomic():
        assignments.claim(reviews[0], li, WHEN)
    for stranger in (wang, li, colleague(world, "钱科长", OTHER_BUREAU, SUPERVISOR)):
        with pytest.raises(NotFound):
            hand_over(li, wang, stranger)
    administrator = colleague(world, "管理员", OFFICE, ("administrator",))
    for unfit in (li, colleague(world, "外人", OTHER_BUREAU)):
        with pytest.raises(Invalid):
            hand_over(li, unfit, administrator)
    with atomic():
        db.session.get(Account, li.account_id).disabled_at = WHEN
    assert [one.ok for one in hand_over(li, wang, administrator)] == [True]


def test_who_has_no_office_hands_over_in_the_background_too(world, reviews):
    li, wang = colleague(world, "李四"), colleague(world, "王五")
    with atomic():
        for task in reviews:
            assignments.claim(task, li, WHEN)
        administrator = Account(
            **{"login": "admin", "password_hash": "!", "name": "管理员"},
            duties=["administrator"],
            created_at=WHEN,
        )
        db.session.add(administrator)
        db.session.flush()
        given = (li.account_id, wang.account_id, "调离")
        accepted = work.accept_handover(*given, title="交接", actor=actor_for(administrator), now=WHEN).id
    assert not work.go_on(work.Turn(accepted, 0, lambda scheme: WHEN, atomic), WHEN)
    assert {held(task)[0] for task in reviews} == {wang.account_id}
    assert queries.one(accepted, actor_for(db.session.get_one(Account, administrator.id))).done == 3


def test_thousands_are_handed_over_in_the_background(world, reviews):
    li, wang = colleague(world, "李四"), colleague(world, "王五")
    chief = colleague(world, "赵科长", duties=SUPERVISOR)
    with atomic():
        for task in reviews:
            assignments.claim(task, li, WHEN)
    with atomic():
        accepted = work.accept_handover(
            li.account_id, wang.account_id, "调离", title="交接", actor=chief, now=WHEN
        ).id
    turn = work.Turn(accepted, 0, lambda scheme: WHEN, atomic)
    assert not work.go_on(turn, WHEN)
    assert db.session.scalars(select(WorkItem.state)).all() == ["done"] * 3
    assert {held(task)[0] for task in reviews} == {wang.account_id}
    assert db.session.scalars(select(Deputy.id)).all() == []
