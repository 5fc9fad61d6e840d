"""Giving a case back 退回: where to, what falls, places and clocks, and the two ways on from there."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select, update
from support.parallel import at_once
from support.returning import open_returning, publish_returning
from support.world import (
    BUREAU,
    LIBRARY,
    OFFICE,
    OTHER_BUREAU,
    at,
    case_row,
    complete,
    open_elements,
    open_filing,
    open_review,
    task_of,
    technician,
    tiny_world,
)

from app.errors import Closed, Conflict, Invalid, NotFound, Refused
from app.extensions import atomic, db
from app.models import History, PlaceClaim, Task, TaskValue, Timer
from app.operations import tasks, timers
from app.operations.apart import savepoint
from app.operations.evidence.verify import verify_case
from app.operations.going_back import returns
from app.operations.trials.worlds import Built
from app.queries import inbox
from app.queries.tasks import typed

NOTE = {"text": "写好了"}


@pytest.fixture
def world(app) -> Built:
    publish_returning()
    return tiny_world(senior=1, junior=2, technician=1)


def give_back(
    case_id: int, here: str, to: str, world: Built, by: str, when: str, then: Any = "on", **more: Any
) -> returns.Returned:
    with atomic():
        task_id = task_of(case_id, here)
        return returns.give_back(task_id, to, "请补正", then, world.actors[by], at(when), **more)


def look(case_id: int, here: str, to: str, when: str = "2021-06-20 10:00") -> returns.Preview:
    with atomic():
        return returns.preview(task_of(case_id, here), to, at(when))


def targets(case_id: int, here: str) -> list[str]:
    with atomic():
        return [target.element for target in returns.targets(task_of(case_id, here))]


def places(case_id: int) -> int:
    live = (PlaceClaim.case_id == case_id, PlaceClaim.released_at.is_(None))
    return db.session.execute(select(func.count()).where(*live)).scalar_one()


def at_final_review(world: Built, person: str = "陈一") -> int:
    case_id = open_review(world, person)
    complete(case_id, "first_review", {"decision": "approve"}, world.actors[BUREAU], "2021-06-12 10:00")
    return case_id


class TestWhereTo:
    def test_any_earlier_task_or_the_named_ones(self, world):
        case_id = open_review(world)
        assert targets(case_id, "first_review") == ["fill"]
        complete(case_id, "first_review", {"decision": "approve"}, world.actors[BUREAU], "2021-06-12 10:00")
        assert targets(case_id, "final_review") == ["first_review", "fill"]

    def test_not_where_the_diagram_says_nothing(self, world):
        case_id = open_filing(world)
        assert targets(case_id, "fill") == []
        with pytest.raises(Refused, match="不能退回到这个环节"):
            give_back(case_id, "fill", "fill", world, LIBRARY, "2021-06-11 10:00")

    def test_not_past_what_cannot_be_undone(self, world):
        for name, sentence in (("final", "其间已解除限制"), ("sending", "其间已向其他办件发出消息")):
            case_id = open_returning(world, name, at("2021-06-10 09:00"))
            complete(case_id, "fill", NOTE, world.actors[LIBRARY], "2021-06-11 10:00")
            assert targets(case_id, "review") == []
            with pytest.raises(Refused, match=sentence):
                give_back(case_id, "review", "fill", world, BUREAU, "2021-06-12 10:00")

    def test_not_to_a_step_whose_time_is_over(self, world):
        case_id = at_final_review(world)
        with pytest.raises(Refused, match="已过办理期限"):
            give_back(case_id, "final_review", "fill", world, OFFICE, "2021-07-01 00:00")
        assert open_elements(case_id) == ["final_review"]
        assert places(case_id) == 1
        give_back(case_id, "final_review", "first_review", world, OFFICE, "2021-07-01 00:00")

    def test_several_at_once_are_left_out(self, world):
        case_id = open_returning(world, "several", at("2021-06-10 09:00"))
        complete(case_id, "fill", NOTE, world.actors[LIBRARY], "2021-06-11 10:00")
        for _ in range(2):
            first = select(func.min(Task.id)).where(Task.case_id == case_id, Task.state == "open")
            with atomic():
                tasks.complete(db.session.scalar(first), NOTE, world.actors[BUREAU], at("2021-06-12 10:00"))
        assert targets(case_id, "last") == ["fill"]
        give_back(case_id, "last", "fill", world, OFFICE, "2021-06-13 10:00", "back")
        complete(case_id, "fill", NOTE, world.actors[LIBRARY], "2021-06-14 10:00")
        assert open_elements(case_id) == ["all", "all"], "several are asked anew"


class TestWhoMayAndWhen:
    def test_the_rules_of_completing_a_task_hold(self, world):
        case_id = at_final_review(world)
        for by, expected in ((OTHER_BUREAU, NotFound), (LIBRARY, NotFound), ("陈一（兼省考核办）", Refused)):
            with pytest.raises(expected):
                give_back(case_id, "final_review", "fill", world, by, "2021-06-13 10:00")
        with pytest.raises(Invalid, match="按提示"), atomic():
            returns.give_back(
                *(task_of(case_id, "final_review"), "fill", " ", "on", world.actors[OFFICE]),
                at("2021-06-13 10:00"),
            )

    def test_giving_back_is_a_decision_of_the_office(self, world):
        case_id = open_review(world)
        give_back(case_id, "first_review", "fill", world, BUREAU, "2021-06-12 10:00")
        row = db.session.execute(select(Task).where(Task.case_id == case_id, Task.state == "returned"))
        returned = row.scalar_one()
        assert returned.completed_by == world.actors[BUREAU].account_id
        assert db.session.get_one(TaskValue, returned.id).values == {"opinion": "请补正"}
        done = inbox.done_tasks(world.organisations[BUREAU], inbox.TaskFilter()).rows
        assert [row.task.id for row in done] == [returned.id], "it stands among what the office has done"
        with pytest.raises(Conflict, match="已经办理过"), atomic():
            tasks.complete(returned.id, {"decision": "approve"}, world.actors[BUREAU], at("2021-06-13 10:00"))

    def test_who_looked_before_the_case_moved_is_told(self, world):
        case_id = open_returning(world, "branches", at("2021-06-10 09:00"))
        for element in ("fill", "proof", "photo"):
            complete(case_id, element, NOTE, world.actors[LIBRARY], "2021-06-11 10:00")
        seen = look(case_id, "proof_review", "fill").seq
        complete(case_id, "photo_review", NOTE, world.actors[BUREAU], "2021-06-12 10:00")
        with pytest.raises(Conflict, match="有了变化"):
            give_back(case_id, "proof_review", "fill", world, BUREAU, "2021-06-12 11:00", seen=seen)

    def test_of_a_return_and_a_completion_beside_it_one_wins(self, world, app):
        case_id = open_returning(world, "branches", at("2021-06-10 09:00"))
        for element in ("fill", "proof", "photo"):
            complete(case_id, element, NOTE, world.actors[LIBRARY], "2021-06-11 10:00")
        one, other, seen = (
            task_of(case_id, "proof_review"),
            task_of(case_id, "photo_review"),
            look(case_id, "proof_review", "fill").seq,
        )
        actor, when = world.actors[BUREAU], at("2021-06-12 10:00")
        results = at_once(
            app,
            [
                lambda: returns.give_back(one, "fill", "请补正", "on", actor, when, seen),
                lambda: tasks.complete(other, NOTE, actor, when),
            ],
        )
        refusals = [result for result in results if isinstance(result, Conflict)]
        assert len(refusals) == 1
        assert open_elements(case_id) in (["fill"], ["proof_review"])


def test_who_changes_the_entry_of_a_return_is_found(world):
    case_id = at_final_review(world)
    give_back(case_id, "final_review", "fill", world, OFFICE, "2021-06-13 10:00")
    task = (Task.id == task_of(case_id, "fill"),)
    for change in ({"straight_back": True}, {"returned_from": None}):
        db.session.execute(update(Task).where(*task).values(change))
        assert [found.what for found in verify_case(case_id)] == ["待办事项“填写申报表”登记的退回与记录不符"]
        db.session.rollback()
    assert list(verify_case(case_id)) == []


class TestWhatFalls:
    def test_the_preview_tells_it_and_changes_nothing(self, world):
        case_id = at_final_review(world)
        before = case_row(case_id).seq
        told = look(case_id, "final_review", "fill")
        assert [done.name for done in told.opinions] == ["初审"]
        assert [name for name, _ in told.clocks] == ["满五个工作日", "考试开始"]
        assert told.places == ["技师"]
        assert (told.tasks, told.branches, told.seq) == ([], False, before)
        assert told.closes_at == at("2021-07-01 00:00")
        assert look(case_id, "final_review", "first_review").places == ()
        assert case_row(case_id).seq == before
        assert open_elements(case_id) == ["final_review"]

    def test_a_place_that_was_claimed_since_is_released_and_claimed_again(self, world):
        case_id = at_final_review(world)
        give_back(case_id, "final_review", "fill", world, OFFICE, "2021-06-13 10:00")
        assert places(case_id) == 0
        logged = db.session.scalar(
            select(History.arguments["undone"]).where(History.case_id == case_id, History.call == "move")
        )
        assert logged == [{"capability": "release_place", "result": {"released": True}}]
        rival = at_first_review(world, "李二")
        with pytest.raises(Refused, match="空缺岗位"):
            complete(case_id, "fill", technician(world), world.actors[LIBRARY], "2021-06-15 10:00")
        give_back(rival, "first_review", "fill", world, BUREAU, "2021-06-16 10:00")
        complete(case_id, "fill", technician(world), world.actors[LIBRARY], "2021-06-17 10:00")
        assert (places(case_id), places(rival)) == (1, 0)

    def test_a_place_that_was_claimed_before_stays(self, world):
        case_id = at_final_review(world)
        give_back(case_id, "final_review", "first_review", world, OFFICE, "2021-06-13 10:00")
        assert places(case_id) == 1
        assert case_row(case_id).status == "待区人社局审核"

    def test_nobody_amends_and_the_deadline_ends_it(self, world):
        case_id = at_final_review(world)
        give_back(case_id, "final_review", "fill", world, OFFICE, "2021-06-13 10:00")
        timers.sweep(lambda scheme_id: at("2021-07-01 00:02"), savepoint)
        db.session.commit()
        assert (case_row(case_id).outcome, places(case_id)) == ("lapsed", 0)

    def test_of_parallel_branches_only_the_one_that_goes_back(self, world):
        case_id = open_returning(world, "branches", at("2021-06-10 09:00"))
        for element in ("fill", "proof", "photo"):
            complete(case_id, element, NOTE, world.actors[LIBRARY], "2021-06-11 10:00")
        assert targets(case_id, "proof_review") == ["proof", "fill"]
        assert look(case_id, "proof_review", "proof").tasks == []
        whole = look(case_id, "proof_review", "fill")
        assert whole.tasks == [("photo_review", BUREAU)]
        assert whole.branches
        assert sorted(done.name for done in whole.opinions) == ["photo", "proof"]
        give_back(case_id, "proof_review", "proof", world, BUREAU, "2021-06-12 10:00")
        assert open_elements(case_id) == ["photo_review", "proof"]
        give_back(case_id, "photo_review", "fill", world, BUREAU, "2021-06-12 11:00")
        assert open_elements(case_id) == ["fill"]

    def test_after_the_join_one_branch_alone_is_opened_again(self, world):
        case_id = at_last(world)
        give_back(case_id, "last", "photo", world, OFFICE, "2021-06-13 10:00")
        assert open_elements(case_id) == ["photo"]
        complete(case_id, "photo", NOTE, world.actors[LIBRARY], "2021-06-14 10:00")
        complete(case_id, "photo_review", NOTE, world.actors[BUREAU], "2021-06-15 10:00")
        assert open_elements(case_id) == ["last"]

    def test_out_of_a_called_process_the_enclosing_clock_goes_on_or_begins_anew(self, world):
        case_id = open_returning(world, "inside", at("2021-06-10 09:00"))
        complete(case_id, "fill", NOTE, world.actors[LIBRARY], "2021-06-11 10:00")
        complete(case_id, "first", NOTE, world.actors[BUREAU], "2021-06-12 10:00")
        assert targets(case_id, "second") == ["first", "fill"]
        clock = clocks(case_id)
        give_back(case_id, "second", "first", world, OFFICE, "2021-06-13 10:00")
        assert clocks(case_id) == clock, "the stage's clock goes on"
        assert targets(case_id, "first") == ["fill"]
        assert case_row(case_id).phases == {"part": "待first"}
        give_back(case_id, "first", "fill", world, BUREAU, "2021-06-14 10:00")
        assert case_row(case_id).phases == {}, "the phase has not been come to yet"
        assert [element for element, _ in clocks(case_id)] == ["until_late"]
        assert task_closes(case_id) == at("2021-06-16 10:00"), "two days from the return"
        with pytest.raises(Closed):
            complete(case_id, "fill", NOTE, world.actors[LIBRARY], "2021-06-16 10:00")


class TestOnFromThere:
    def test_the_form_comes_back_with_what_was_filled_in(self, world):
        case_id = at_final_review(world)
        give_back(case_id, "final_review", "fill", world, OFFICE, "2021-06-13 10:00")
        task_id = task_of(case_id, "fill")
        assert typed([task_id])[task_id]["summary"] == "近五年工作扎实。"
        assert db.session.get_one(Task, task_id).returned_from is not None

    def test_step_by_step_again(self, world):
        case_id = at_final_review(world)
        give_back(case_id, "final_review", "fill", world, OFFICE, "2021-06-13 10:00")
        complete(case_id, "fill", technician(world), world.actors[LIBRARY], "2021-06-14 10:00")
        assert open_elements(case_id) == ["first_review"]
        complete(case_id, "first_review", {"decision": "approve"}, world.actors[BUREAU], "2021-06-15 10:00")
        complete(case_id, "final_review", {"decision": "approve"}, world.actors[OFFICE], "2021-06-16 10:00")
        assert case_row(case_id).outcome == "passed"

    def test_straight_back_with_the_opinions_in_between(self, world):
        case_id = at_final_review(world)
        give_back(case_id, "final_review", "fill", world, OFFICE, "2021-06-13 10:00", "back")
        complete(case_id, "fill", technician(world), world.actors[LIBRARY], "2021-06-14 10:00")
        assert open_elements(case_id) == ["final_review"]
        assert places(case_id) == 1
        asked = select(History).where(History.case_id == case_id, History.element == "first_review")
        first, again = db.session.scalars(asked.order_by(History.seq)).all()
        assert again.arguments["stands"] == first.task_id
        assert (again.actor_id, again.at) == (None, at("2021-06-14 10:00"))
        complete(case_id, "final_review", {"decision": "approve"}, world.actors[OFFICE], "2021-06-16 10:00")
        assert case_row(case_id).outcome == "passed"

    def test_straight_back_goes_where_the_amended_case_belongs(self, world):
        """A junior worker needs one office: that has approved, so nothing is left to decide."""
        case_id = at_final_review(world)
        give_back(case_id, "final_review", "fill", world, OFFICE, "2021-06-13 10:00", "back")
        amended = {**technician(world), "grade": "junior"}
        del amended["certificate"]
        complete(case_id, "fill", amended, world.actors[LIBRARY], "2021-06-14 10:00")
        assert case_row(case_id).outcome == "passed"

    def test_straight_back_out_of_both_branches(self, world):
        case_id = at_last(world)
        give_back(case_id, "last", "fill", world, OFFICE, "2021-06-13 10:00", "back")
        complete(case_id, "fill", {"text": "改好了"}, world.actors[LIBRARY], "2021-06-14 10:00")
        assert open_elements(case_id) == ["last"]

    def test_straight_back_into_a_called_process(self, world):
        case_id = open_returning(world, "inside", at("2021-06-10 09:00"))
        complete(case_id, "fill", NOTE, world.actors[LIBRARY], "2021-06-11 10:00")
        complete(case_id, "first", NOTE, world.actors[BUREAU], "2021-06-12 10:00")
        give_back(case_id, "second", "fill", world, OFFICE, "2021-06-13 10:00", "back")
        complete(case_id, "fill", {"text": "改好了"}, world.actors[LIBRARY], "2021-06-14 10:00")
        assert open_elements(case_id) == ["second"]

    def test_given_back_again_from_where_it_came_straight_to(self, world):
        case_id = at_final_review(world)
        for day in (13, 15):
            give_back(case_id, "final_review", "fill", world, OFFICE, f"2021-06-{day} 10:00", "back")
            complete(case_id, "fill", technician(world), world.actors[LIBRARY], f"2021-06-{day + 1} 10:00")
            assert open_elements(case_id) == ["final_review"]

    def test_a_wait_in_between_has_to_be_waited_for_again(self, world):
        case_id = open_returning(world, "waiting", at("2021-06-10 09:00"))
        complete(case_id, "fill", NOTE, world.actors[LIBRARY], "2021-06-11 10:00")
        timers.sweep(lambda scheme_id: at("2021-06-12 10:02"), savepoint)
        db.session.commit()
        assert not look(case_id, "review", "fill").target.straight
        with pytest.raises(Refused, match="重新等待"):
            give_back(case_id, "review", "fill", world, BUREAU, "2021-06-13 10:00", "back")
        give_back(case_id, "review", "fill", world, BUREAU, "2021-06-13 10:00")


def at_first_review(world: Built, person: str) -> int:
    return open_review(world, person, when="2021-06-14 10:00")


def at_last(world: Built) -> int:
    case_id = open_returning(world, "branches", at("2021-06-10 09:00"))
    for element in ("fill", "proof", "photo"):
        complete(case_id, element, NOTE, world.actors[LIBRARY], "2021-06-11 10:00")
    for element in ("proof_review", "photo_review"):
        complete(case_id, element, NOTE, world.actors[BUREAU], "2021-06-12 10:00")
    return case_id


def clocks(case_id: int) -> list[Any]:
    rows = select(Timer.element, Timer.due_at).where(Timer.case_id == case_id)
    return [tuple(row) for row in db.session.execute(rows.order_by(Timer.element))]


def task_closes(case_id: int) -> Any:
    return db.session.scalar(select(Task.closes_at).where(Task.case_id == case_id, Task.state == "open"))
