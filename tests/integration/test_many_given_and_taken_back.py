"""Many taken back 撤回 or given back 退回 at once: whose they are then, a result each, in the background."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select
from support.colleagues import colleague
from support.crowd import waiting_crowd
from support.world import (
    BUREAU,
    LIBRARY,
    OFFICE,
    SCHEME,
    at,
    complete,
    open_review,
    task_of,
    tiny_world,
)

from app import clock
from app.errors import Invalid
from app.extensions import atomic, db
from app.models import Notice, Task, Work, WorkItem
from app.operations import tasks
from app.operations.actors import Actor
from app.operations.company import assignments, deputies
from app.operations.going_back import recalls, returns
from app.operations.long_work import work
from app.operations.trials.worlds import Built
from app.queries.delegated import awaited
from app.queries.inbox import desk_of
from app.queries.timeline import steps

FILED, DECIDED, LATER = "2021-06-11 10:00", "2021-06-12 10:00", at("2021-06-12 11:00")
APPROVE = {"decision": "approve"}
PEOPLE = ("陈一", "李二", "王三")


@pytest.fixture
def world(app) -> Built:
    return tiny_world(senior=3, junior=3, technician=3)


@pytest.fixture
def reviews(world) -> list[int]:
    """The bureau's reviews of three people's filings."""
    return [task_of(open_review(world, person)) for person in PEOPLE]


def done(case_id: int, element: str) -> int:
    asked = select(func.max(Task.id)).where(Task.case_id == case_id, Task.element == element)
    return db.session.execute(asked.where(Task.state == "completed")).scalar_one()


def case_of(task_id: int) -> int:
    return db.session.execute(select(Task.case_id).where(Task.id == task_id)).scalar_one()


def approved(reviews: list[int], by: Actor) -> None:
    for one in reviews:
        with atomic():
            tasks.complete(one, APPROVE, by, at(DECIDED))


def assignee(case_id: int) -> int | None:
    opened = select(Task.assignee_id).where(Task.case_id == case_id, Task.state == "open")
    return db.session.execute(opened).scalar_one()


def told_to(actor: Actor) -> list[str]:
    return list(db.session.scalars(select(Notice.text).where(Notice.account_id == actor.account_id)))


def recall_many(ids: list[int], by: Actor, ground: str = "") -> list[tasks.ItemResult]:
    return recalls.recall_many(ids, ground, by, lambda task: LATER, atomic)


class TestWhoseItIsThen:
    def test_an_officers_is_theirs_again_and_a_units_anybodys(self, world, reviews):
        approved(reviews[:1], world.actors["周审"])
        with atomic():
            recalls.recall(reviews[0], world.actors["周审"], LATER)
        assert assignee(case_of(reviews[0])) == world.actors["周审"].account_id
        with atomic():
            recalls.recall(done(case_of(reviews[1]), "fill"), world.actors[LIBRARY], LATER)
        assert assignee(case_of(reviews[1])) is None

    def test_a_deputys_is_theirs_for_whom_it_was_done(self, world, reviews):
        me, li = world.actors[BUREAU], colleague(world, "李四")
        term = (at("2021-06-12 08:00"), at("2021-06-13 08:00"))
        with atomic():
            assignments.claim(reviews[0], me, at(FILED))
            deputies.name(me.account_id, li.account_id, *term, ground="休假", actor=me, now=at(FILED))
        approved(reviews[:1], li)
        with atomic():
            recalls.recall(reviews[0], li, LATER)
        assert assignee(case_of(reviews[0])) == me.account_id

    def test_whoever_filled_in_what_was_given_back_is_told_and_anybody_may_do_it(self, world, reviews):
        with atomic():
            returns.give_back(reviews[0], "fill", "补", "on", world.actors[BUREAU], LATER)
        assert assignee(case_of(reviews[0])) is None
        assert told_to(world.actors[LIBRARY]) == [
            "“填写申报表”已被退回，上次由您办理，请按退回意见补正后重新提交。"
        ]


class TestTakenBack:
    def test_one_ground_and_a_result_for_each(self, world, reviews):
        me, other = world.actors[BUREAU], world.actors["周审"]
        approved(reviews[:2], me)
        approved(reviews[2:], other)
        complete(case_of(reviews[0]), "final_review", APPROVE, world.actors[OFFICE], "2021-06-12 10:30")
        results = {one.task_id: one for one in recall_many(reviews, me, "选错了结论")}
        assert [results[one].ok for one in reviews] == [False, True, False]
        assert results[reviews[1]].message == "待区人社局审核"
        assert results[reviews[2]].message == "没有找到该内容，或您无权查看。"
        (row,) = [one for one in steps(case_of(reviews[1])).rows if one.call == "move"]
        assert (row.act, row.text, row.actor) == ("recalled", "选错了结论", me.name)

    def test_the_ground_is_short_and_names_nobody_by_number(self, world, reviews):
        approved(reviews, world.actors[BUREAU])
        for ground in ("错" * 201, "50010119900101123X 填错"):
            with pytest.raises(Invalid):
                recall_many(reviews, world.actors[BUREAU], ground)
        assert not db.session.scalars(select(Task.id).where(Task.state == "recalled")).all()

    def test_in_the_background_each_as_of_its_turn(self, world, reviews):
        me = world.actors[BUREAU]
        approved(reviews, me)
        items = [work.Chosen(one, case_of(one), "甲", {"scheme": SCHEME}) for one in reviews]
        with atomic():
            accepted = work.accept_recalls(items, "误操作", title="撤回", actor=me, now=LATER).id
        complete(case_of(reviews[0]), "final_review", APPROVE, world.actors[OFFICE], "2021-06-12 11:30")
        assert not go_on(accepted)
        assert outcomes(accepted) == ["refused", "done", "done"]
        assert assignee(case_of(reviews[1])) == me.account_id


class TestGivenBack:
    def test_to_the_step_that_all_have_come_from(self, world, reviews):
        assert [one.element for one in returns.common_targets(reviews)] == ["fill"]
        with atomic():
            assignments.claim(reviews[1], world.actors["周审"], LATER)
        give = (reviews, "fill", "请补近五年考核", "back", world.actors[BUREAU], LATER, atomic)
        assert [one.ok for one in returns.give_back_many(*give)] == [True, False, True]
        states = select(Task.state).where(Task.id.in_(reviews)).order_by(Task.id)
        assert db.session.scalars(states).all() == ["returned", "open", "returned"]
        assert not db.session.scalars(select(Task.id).where(Task.pending_since.is_not(None))).all()

    def test_nowhere_that_not_all_have_come_from(self, world, reviews):
        approved(reviews, world.actors[BUREAU])
        finals = [task_of(case_of(one)) for one in reviews]
        assert [one.element for one in returns.common_targets(finals)] == ["first_review", "fill"]
        (only_submitted,) = waiting_crowd(world, 1)
        assert [one.element for one in returns.common_targets([*finals, only_submitted])] == ["fill"]

    def test_not_without_an_opinion(self, world, reviews):
        with pytest.raises(Invalid):
            returns.give_back_many(reviews, "fill", " ", "on", world.actors[BUREAU], LATER, atomic)

    def test_in_the_background_as_of_the_acceptance(self, world):
        ids = waiting_crowd(world, 3)
        values: Any = {"element": "fill", "opinion": "请补", "then": "on"}
        items = [work.Chosen(one, case_of(one), "甲") for one in ids]
        with atomic():
            accepted = work.accept_decisions(
                *(items, values),
                title="批量退回",
                scheme_id=SCHEME,
                actor=world.actors[BUREAU],
                at=LATER,
                now=clock.now(),
                kind="returns",
            ).id
        assert not go_on(accepted)
        assert outcomes(accepted) == ["done"] * 3
        returned = select(Task.completed_at).where(Task.id.in_(ids), Task.state == "returned")
        assert set(db.session.scalars(returned)) == {LATER}


def go_on(work_id: int) -> bool:
    return work.go_on(work.Turn(work_id, 0, lambda scheme: at("2021-06-12 11:45"), atomic), clock.now())


def outcomes(work_id: int) -> list[str]:
    assert db.session.get_one(Work, work_id).state == "done"
    items = select(WorkItem.state).where(WorkItem.work_id == work_id).order_by(WorkItem.number)
    return list(db.session.scalars(items))


def test_nothing_is_asked_of_who_asked_nobody(world, reviews):
    assert awaited(desk_of(world.actors[BUREAU], LATER)) == (0, 0)
