"""Who of an office has a task: claimed, put back, handed on, asked about; who is told that they may not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select
from support.colleagues import colleague, held
from support.parallel import at_once
from support.world import (
    BUREAU,
    LIBRARY,
    OFFICE,
    OTHER_BUREAU,
    at,
    case_row,
    open_filing,
    open_review,
    task_of,
    tiny_world,
)

from app.errors import Closed, Conflict, DomainError, Invalid, NotFound, Refused
from app.extensions import atomic, db
from app.models import Account, History, HistoryPayload, Notice
from app.operations import tasks
from app.operations.access.accounts import actor_for
from app.operations.company import assignments, cosigning, delegations
from app.operations.offices import organisations
from app.operations.trials.worlds import Built

APPROVE = {"decision": "approve"}
WHEN = at("2021-06-12 10:00")
ADMIN = frozenset({"administrator"})


@pytest.fixture
def world(app) -> Built:
    return tiny_world(senior=1, junior=2, technician=1)


@pytest.fixture
def review(world) -> int:
    """A technician's filing waits at the bureau."""
    return open_review(world)


def do(act: Callable[..., object], *given: object) -> None:
    with atomic():
        act(*given, WHEN)


def refused(act: Callable[..., object], *given: object) -> DomainError:
    """The refusal, after making sure that nothing was written."""
    before = db.session.scalar(select(History.seq).order_by(History.case_id.desc(), History.seq.desc()))
    with pytest.raises(DomainError) as caught, atomic():
        act(*given, WHEN)
    after = db.session.scalar(select(History.seq).order_by(History.case_id.desc(), History.seq.desc()))
    assert before == after
    return caught.value


def told(case_id: int) -> list[tuple[str, str | None]]:
    """The acts beside the way in a case's log, each with what was written."""
    body = HistoryPayload.body["text"].astext
    query = (
        select(History.arguments["act"].astext, body)
        .join(HistoryPayload, HistoryPayload.case_id == History.case_id)
        .where(HistoryPayload.seq == History.seq, History.case_id == case_id, History.call == "record")
        .order_by(History.seq)
    )
    return [tuple(row) for row in db.session.execute(query)]


def test_of_two_who_claim_one_wins_and_the_other_is_told_who(world, review):
    li, wang, task = colleague(world, "李四"), colleague(world, "王五"), task_of(review)
    do(assignments.claim, task, li)
    assert "已由李四签收" in refused(assignments.claim, task, wang).message
    assert "已由李四签收" in refused(tasks.complete, task, APPROVE, wang).message
    assert "已由李四签收" in refused(tasks.save_draft, task, APPROVE, wang).message
    do(tasks.complete, task, APPROVE, li)
    assert case_row(review).status == "待省考核办审核"


def test_what_is_put_back_anybody_may_do(world, review):
    li, task = colleague(world, "李四"), task_of(review)
    do(assignments.claim, task, li)
    assert "已由李四签收" in refused(assignments.release, task, world.actors[BUREAU]).message
    do(assignments.release, task, li)
    assert held(task) == (None, None, False, 0)
    assert "没有人签收" in refused(assignments.release, task, li).message
    do(tasks.complete, task, APPROVE, world.actors[BUREAU])
    assert told(review) == [("claimed", None), ("released", None)]


def test_a_task_is_handed_on_for_good_with_the_reason(world, review):
    li, wang, task = colleague(world, "李四"), colleague(world, "王五"), task_of(review)
    assert isinstance(refused(assignments.transfer, task, wang.account_id, " ", li), Invalid)
    do(assignments.transfer, task, wang.account_id, "出差", li)
    assert held(task)[0] == wang.account_id
    assert "已由王五签收" in refused(assignments.transfer, task, li.account_id, "还给我", li).message
    do(assignments.transfer, task, li.account_id, "回来了", wang)
    do(tasks.complete, task, APPROVE, li)
    assert told(review) == [("transferred", "出差"), ("transferred", "回来了")]


def test_the_offices_supervisor_hands_on_what_somebody_has(world, review):
    li, wang, task = colleague(world, "李四"), colleague(world, "王五"), task_of(review)
    chief = colleague(world, "赵科长", duties=("supervisor",))
    stranger = colleague(world, "钱科长", OTHER_BUREAU, ("supervisor",))
    do(assignments.claim, task, li)
    assert isinstance(refused(assignments.transfer, task, wang.account_id, "病假", stranger), NotFound)
    do(assignments.transfer, task, wang.account_id, "病假", chief)
    assert held(task)[0] == wang.account_id
    assert isinstance(refused(assignments.claim, task, chief), NotFound)


def test_only_active_operators_of_the_office_are_given_tasks(world, review):
    task, me = task_of(review), world.actors[BUREAU]
    gone = colleague(world, "已离职")
    with atomic():
        db.session.get(Account, gone.account_id).disabled_at = WHEN
    chief = colleague(world, "赵科长", duties=("supervisor",))
    for other in (gone, chief, colleague(world, "外人", OTHER_BUREAU), world.actors[LIBRARY]):
        for act in (assignments.transfer, delegations.delegate):
            assert isinstance(refused(act, task, other.account_id, "请办理", me), Invalid)
        assert isinstance(refused(cosigning.ask, task, [other.account_id], "请会签", me), Invalid)


def test_a_colleague_answers_and_the_owner_decides(world, review):
    li, wang, task = colleague(world, "李四"), colleague(world, "王五"), task_of(review)
    do(assignments.claim, task, li)
    do(delegations.delegate, task, wang.account_id, "材料是否齐全？", li)
    assert held(task) == (wang.account_id, li.account_id, True, 0)
    assert "已委派给王五" in refused(tasks.complete, task, APPROVE, li).message
    assert "由李四委派给您" in refused(tasks.complete, task, APPROVE, wang).message
    assert "由李四委派给您" in refused(assignments.release, task, wang).message
    assert "由李四委派给您" in refused(assignments.transfer, task, li.account_id, "不办", wang).message
    assert "已委派给王五" in refused(delegations.resolve, task, "代答", li).message
    do(delegations.resolve, task, "齐全。", wang)
    assert held(task) == (li.account_id, None, False, 0)
    assert "没有委派" in refused(delegations.resolve, task, "再答", li).message
    do(tasks.complete, task, APPROVE, li)
    assert told(review)[1:] == [("delegated", "材料是否齐全？"), ("resolved", "齐全。")]


def test_the_owner_takes_back_what_was_delegated(world, review):
    li, wang, task = colleague(world, "李四"), colleague(world, "王五"), task_of(review)
    do(delegations.delegate, task, wang.account_id, "请看", li)
    do(assignments.transfer, task, li.account_id, "不必了", li)
    assert held(task) == (li.account_id, None, False, 0)
    do(tasks.complete, task, APPROVE, li)


def test_nothing_is_completed_before_the_cosigners_have_answered(world, review):
    me, task = world.actors[BUREAU], task_of(review)
    li, wang = colleague(world, "李四"), colleague(world, "王五")
    do(cosigning.ask, task, [li.account_id, wang.account_id], "是否同意？", me)
    assert "请等李四、王五答复" in refused(tasks.complete, task, APPROVE, me).message
    assert "已经请李四会签" in refused(cosigning.ask, task, [li.account_id], "再问", me).message
    do(cosigning.answer, task, "disagree", "年限不足。", li)
    assert "请等王五答复" in refused(tasks.complete, task, APPROVE, me).message
    assert "没有在等您" in refused(cosigning.answer, task, "agree", "改主意", li).message
    assert isinstance(refused(cosigning.answer, task, "perhaps", "难说", wang), Invalid)
    do(cosigning.remove, task, wang.account_id, "出差", me)
    do(tasks.complete, task, APPROVE, me)
    said = [("cosign_given", "年限不足。"), ("cosign_removed", "出差")]
    assert told(review) == [("cosign_asked", "是否同意？")] * 2 + said


def test_nobody_takes_part_in_deciding_on_themselves_or_twice(world, review):
    me, task = world.actors[BUREAU], task_of(review)
    herself = colleague(world, "陈一（经办）", person="陈一")
    for act in (assignments.transfer, delegations.delegate):
        refusal = refused(act, task, herself.account_id, "请办理", me)
        assert isinstance(refusal, Refused)
        assert "陈一（经办）是该办件的申报人" in refusal.message
    assert "是该办件的申报人" in refused(cosigning.ask, task, [herself.account_id], "请会签", me).message
    assert "您是该办件的申报人" in refused(assignments.claim, task, herself).message
    chief = colleague(world, "陈一（科长）", duties=("supervisor",), person="陈一")
    assert "不能安排由谁办理" in refused(assignments.transfer, task, me.account_id, "快办", chief).message
    do(tasks.complete, task, APPROVE, me)
    with atomic():
        db.session.get(Account, me.account_id).organisation_id = world.organisations[OFFICE]
    moved = actor_for(db.session.get(Account, me.account_id))
    final, officer = task_of(review), world.actors[OFFICE]
    assert "同一人不能在两级" in refused(assignments.claim, final, moved).message
    assert "同一人不能在两级" in refused(cosigning.ask, final, [moved.account_id], "请会签", officer).message


def test_nothing_is_assigned_any_more_once_the_task_has_closed(world):
    case_id = open_filing(world)
    task, late = task_of(case_id), at("2021-07-01 00:00")
    with pytest.raises(Closed), atomic():
        assignments.claim(task, world.actors[LIBRARY], late)


def test_done_tasks_are_assigned_to_nobody(world, review):
    task, me = task_of(review), world.actors[BUREAU]
    do(tasks.complete, task, APPROVE, me)
    assert isinstance(refused(assignments.claim, task, me), Conflict)


def test_of_two_at_the_same_moment_one_has_it(app, world, review):
    people, task = [colleague(world, name) for name in ("李四", "王五", "赵六", "钱七")], task_of(review)
    db.session.remove()
    results = at_once(app, [lambda who=who: assignments.claim(task, who, WHEN) for who in people])
    refusals = [one for one in results if isinstance(one, Conflict)]
    assert len(refusals) == 3
    winner = people[results.index(None)]
    assert held(task)[0] == winner.account_id
    assert all(f"已由{winner.name}签收" in one.message for one in refusals)


def test_who_is_given_or_asked_something_is_told(world, review):
    me, task = world.actors[BUREAU], task_of(review)
    li, wang = colleague(world, "李四"), colleague(world, "王五")
    do(cosigning.ask, task, [wang.account_id], "是否同意？", me)
    do(cosigning.answer, task, "agree", "同意。", wang)
    do(delegations.delegate, task, li.account_id, "齐全吗？", me)
    do(delegations.resolve, task, "齐全。", li)
    do(assignments.transfer, task, li.account_id, "出差", me)
    query = select(Notice.account_id, Notice.text).where(Notice.account_id.is_not(None)).order_by(Notice.id)
    assert [tuple(row) for row in db.session.execute(query)] == [
        (wang.account_id, f"“初审”：{me.name}请您会签。是否同意？"),
        (me.account_id, "“初审”：王五会签：同意。同意。"),
        (li.account_id, f"“初审”：{me.name}委派给您征求意见。齐全吗？"),
        (me.account_id, "“初审”：李四答复了您的委派。齐全。"),
        (li.account_id, f"“初审”：{me.name}转办给您。出差"),
    ]


def test_in_bulk_what_somebody_else_has_is_told_item_by_item(world, review):
    li, task = colleague(world, "李四"), task_of(review)
    do(assignments.claim, task, li)
    (result,) = tasks.complete_many([task], APPROVE, world.actors[BUREAU], WHEN, atomic)
    assert (result.ok, "已由李四签收" in result.message) == (False, True)
    (result,) = tasks.complete_many([task], APPROVE, li, WHEN, atomic)
    assert result.ok


def test_after_a_merger_the_same_people_go_on(world, review):
    li, task = colleague(world, "李四"), task_of(review)
    do(assignments.claim, task, li)
    houses = world.organisations
    with atomic():
        organisations.merge(
            houses[BUREAU], houses[OTHER_BUREAU], WHEN, ground="机构改革", actor=replace(li, duties=ADMIN)
        )
    assert held(task)[0] == li.account_id
    with atomic():
        tasks.complete(task, APPROVE, actor_for(db.session.get(Account, li.account_id)), WHEN)
