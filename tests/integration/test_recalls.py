"""Taking back 撤回 what one did: until somebody acts on it, in the own branch alone, its effects undone."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select, update
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
    open_review,
    task_of,
    technician,
    tiny_world,
)

from app.errors import Conflict, NotFound, Refused
from app.extensions import atomic, db
from app.models import Notice, PlaceClaim, Task
from app.operations import tasks
from app.operations.company import assignments
from app.operations.evidence.verify import verify_case
from app.operations.going_back import recalls, returns
from app.operations.trials.worlds import Built
from app.queries.tasks import typed

NOTE = {"text": "写好了"}
WHEN = "2021-06-11 11:00"


@pytest.fixture
def world(app) -> Built:
    publish_returning()
    return tiny_world(senior=1, junior=2, technician=1)


def done(case_id: int, element: str) -> int:
    """The newest task of an element that is done."""
    asked = select(func.max(Task.id)).where(Task.case_id == case_id, Task.element == element)
    return db.session.execute(asked.where(Task.state != "open")).scalar_one()


def recall(case_id: int, element: str, actor: Any, when: str = WHEN, **more: Any) -> recalls.Recalled:
    with atomic():
        return recalls.recall(done(case_id, element), actor, at(when), **more)


def refusal(case_id: int, element: str, actor: Any, when: str = WHEN) -> str:
    with pytest.raises(Refused) as refused:
        recall(case_id, element, actor, when)
    return refused.value.message


def places() -> int:
    live = select(func.count()).where(PlaceClaim.released_at.is_(None))
    return db.session.execute(live).scalar_one()


def submitted(world: Built) -> int:
    return open_review(world)


def test_a_unit_takes_its_submission_back_amends_it_and_submits_again(world):
    case_id = submitted(world)
    assert places() == 1
    taken_back = recall(case_id, "fill", world.actors[LIBRARY])
    assert (taken_back.task_id, taken_back.status) == (task_of(case_id, "fill"), "待提交")
    assert (open_elements(case_id), places()) == (["fill"], 0), "the place is free for others meanwhile"
    assert typed([taken_back.task_id])[taken_back.task_id]["summary"] == "近五年工作扎实。"
    complete(case_id, "fill", technician(world), world.actors[LIBRARY], "2021-06-12 10:00")
    complete(case_id, "first_review", {"decision": "approve"}, world.actors[BUREAU], "2021-06-13 10:00")
    complete(case_id, "final_review", {"decision": "approve"}, world.actors[OFFICE], "2021-06-14 10:00")
    assert case_row(case_id).outcome == "passed"


def test_an_officer_takes_a_decision_back_and_nobody_else_may(world):
    case_id = submitted(world)
    complete(case_id, "first_review", {"decision": "approve"}, world.actors["周审"], "2021-06-12 10:00")
    for other in (BUREAU, OTHER_BUREAU, LIBRARY, OFFICE):
        with pytest.raises(NotFound):
            recall(case_id, "first_review", world.actors[other], "2021-06-12 11:00")
    recall(case_id, "first_review", world.actors["周审"], "2021-06-12 11:00")
    assert open_elements(case_id) == ["first_review"]
    again = refusal(case_id, "first_review", world.actors["周审"], "2021-06-12 12:00")
    assert "已经撤回" in again


def test_who_had_taken_the_next_step_is_told(world):
    case_id = submitted(world)
    officer = world.actors["周审"]
    with atomic():
        assignments.claim(task_of(case_id), officer, at("2021-06-11 10:30"))
    recall(case_id, "fill", world.actors[LIBRARY])
    (told,) = db.session.scalars(select(Notice.text).where(Notice.account_id == officer.account_id))
    assert told == "“初审”不必再办理：上一环节的人撤回了办件。"


def test_the_preview_tells_what_falls_and_changes_nothing(world):
    case_id = submitted(world)
    seq = case_row(case_id).seq
    with atomic():
        told = recalls.preview(done(case_id, "fill"), world.actors[LIBRARY], at(WHEN))
    assert told.tasks == [("初审", BUREAU)]
    assert (told.releases, told.late, told.seq) == (True, False, seq)
    assert told.closes_at == at("2021-07-01 00:00")
    assert (open_elements(case_id), case_row(case_id).seq) == (["first_review"], seq)
    with pytest.raises(Conflict, match="有了变化"):
        recall(case_id, "fill", world.actors[LIBRARY], seen=seq - 1)


class TestTooLate:
    def test_once_the_next_person_has_acted(self, world):
        case_id = submitted(world)
        complete(case_id, "first_review", {"decision": "approve"}, world.actors[BUREAU], "2021-06-12 10:00")
        assert "下一环节已经办理" in refusal(case_id, "fill", world.actors[LIBRARY], "2021-06-12 11:00")

    def test_once_it_was_given_back(self, world):
        case_id = submitted(world)
        with atomic():
            review = task_of(case_id, "first_review")
            returns.give_back(review, "fill", "补", "on", world.actors[BUREAU], at("2021-06-12 10:00"))
        assert "退回" in refusal(case_id, "fill", world.actors[LIBRARY], "2021-06-12 11:00")
        assert "不能撤回" in refusal(case_id, "first_review", world.actors[BUREAU], "2021-06-12 11:00")

    def test_once_a_timer_has_fired_or_should_have(self, world):
        case_id = open_returning(world, "waiting", at("2021-06-10 09:00"))
        complete(case_id, "fill", NOTE, world.actors[LIBRARY], "2021-06-11 10:00")
        told = refusal(case_id, "fill", world.actors[LIBRARY], "2021-06-12 10:05")
        assert "定时到期" in told
        assert open_elements(case_id) == ["review"], "the catching up stays"

    def test_once_its_time_is_over(self, world):
        case_id = submitted(world)
        with atomic():
            told = recalls.preview(done(case_id, "fill"), world.actors[LIBRARY], at("2021-07-01 00:00"))
        assert told.late
        assert "已过办理期限" in refusal(case_id, "fill", world.actors[LIBRARY], "2021-07-01 00:00")
        assert (open_elements(case_id), places()) == (["first_review"], 1)

    def test_what_cannot_be_undone_keeps_it(self, world):
        for name, sentence in (
            ("final", "其间已解除限制"),
            ("sending", "已向其他办件发出消息"),
        ):
            case_id = open_returning(world, name, at("2021-06-10 09:00"))
            complete(case_id, "fill", NOTE, world.actors[LIBRARY], "2021-06-11 10:00")
            assert sentence in refusal(case_id, "fill", world.actors[LIBRARY])

    def test_when_the_case_is_over(self, world):
        case_id = submitted(world)
        complete(
            *(case_id, "first_review", {"decision": "reject", "opinion": "不符"}, world.actors[BUREAU]),
            "2021-06-12 10:00",
        )
        assert case_row(case_id).ended_at is not None
        assert "已经办结" in refusal(case_id, "first_review", world.actors[BUREAU], "2021-06-12 11:00")

    def test_while_the_next_decision_waits_for_its_turn(self, world):
        case_id = submitted(world)
        with atomic():
            tasks.mark_pending([task_of(case_id)], world.actors[BUREAU], at("2021-06-11 10:59"))
        assert "已提交批量办理" in refusal(case_id, "fill", world.actors[LIBRARY])


class TestBranches:
    def opened(self, world: Built, *more: str) -> int:
        case_id = open_returning(world, "branches", at("2021-06-10 09:00"))
        for element in ("fill", *more):
            by = world.actors[BUREAU if element.endswith("review") else LIBRARY]
            complete(case_id, element, NOTE, by, "2021-06-11 10:00")
        return case_id

    def test_the_fork_falls_as_a_whole_if_nobody_acted_in_it(self, world):
        case_id = self.opened(world)
        recall(case_id, "fill", world.actors[LIBRARY])
        assert open_elements(case_id) == ["fill"]
        case_id = self.opened(world, "proof")
        assert "下一环节已经办理" in refusal(case_id, "fill", world.actors[LIBRARY])

    def test_the_own_branch_alone_whatever_was_done_in_the_other_one(self, world):
        case_id = self.opened(world, "proof", "photo", "photo_review")
        recall(case_id, "proof", world.actors[LIBRARY])
        assert open_elements(case_id) == ["proof"], "the other one stands at the join"
        complete(case_id, "proof", NOTE, world.actors[LIBRARY], "2021-06-12 10:00")
        complete(case_id, "proof_review", NOTE, world.actors[BUREAU], "2021-06-12 11:00")
        assert open_elements(case_id) == ["last"]

    def test_from_the_join_where_it_waits_for_the_other_one(self, world):
        case_id = self.opened(world, "proof", "proof_review")
        recall(case_id, "proof_review", world.actors[BUREAU])
        assert open_elements(case_id) == ["photo", "proof_review"]

    def test_behind_the_join_who_came_last_may_and_who_came_first_may_not(self, world):
        case_id = self.opened(world, "proof", "proof_review", "photo", "photo_review")
        assert open_elements(case_id) == ["last"]
        refusal(case_id, "proof_review", world.actors[BUREAU])
        recall(case_id, "photo_review", world.actors[BUREAU])
        assert open_elements(case_id) == ["photo_review"]

    def test_into_a_called_process_and_its_clock(self, world):
        case_id = open_returning(world, "inside", at("2021-06-10 09:00"))
        complete(case_id, "fill", NOTE, world.actors[LIBRARY], "2021-06-11 10:00")
        assert case_row(case_id).phases == {"part": "待first"}
        recall(case_id, "fill", world.actors[LIBRARY])
        assert (open_elements(case_id), case_row(case_id).phases) == (["fill"], {})

    def test_several_at_once_are_left_out(self, world):
        case_id = open_returning(world, "several", at("2021-06-10 09:00"))
        complete(case_id, "fill", NOTE, world.actors[LIBRARY], "2021-06-11 10:00")
        recall(case_id, "fill", world.actors[LIBRARY])
        complete(case_id, "fill", NOTE, world.actors[LIBRARY], "2021-06-11 12:00")
        first = select(func.min(Task.id)).where(Task.case_id == case_id, Task.state == "open")
        with atomic():
            tasks.complete(db.session.scalar(first), NOTE, world.actors[BUREAU], at("2021-06-12 10:00"))
        refusal(case_id, "all", world.actors[BUREAU], "2021-06-12 11:00")


class TestAmendments:
    def test_an_amendment_that_went_straight_back_is_taken_back_with_what_was_carried_on(self, world):
        case_id = submitted(world)
        complete(case_id, "first_review", {"decision": "approve"}, world.actors[BUREAU], "2021-06-12 10:00")
        with atomic():
            final = task_of(case_id, "final_review")
            returns.give_back(final, "fill", "补", "back", world.actors[OFFICE], at("2021-06-13 10:00"))
        for day in (14, 15):
            complete(case_id, "fill", technician(world), world.actors[LIBRARY], f"2021-06-{day} 10:00")
            assert open_elements(case_id) == ["final_review"]
            recall(case_id, "fill", world.actors[LIBRARY], f"2021-06-{day} 11:00")
            assert open_elements(case_id) == ["fill"]
        again = db.session.get_one(Task, task_of(case_id, "fill"))
        assert (again.returned_from, again.straight_back) == (final, True)
        complete(case_id, "fill", technician(world), world.actors[LIBRARY], "2021-06-16 10:00")
        assert open_elements(case_id) == ["final_review"]

    @pytest.mark.parametrize("change", [{"state": "completed"}, {"returned_from": 1}])
    def test_who_changes_the_entry_is_found(self, world, change):
        case_id = submitted(world)
        recall(case_id, "fill", world.actors[LIBRARY])
        whose = {"state": Task.state == "recalled"}.get(next(iter(change)), Task.state == "open")
        change = {"returned_from": done(case_id, "fill")} if "returned_from" in change else change
        db.session.execute(update(Task).where(Task.case_id == case_id, whose).values(change))
        assert any("与记录不符" in found.what for found in verify_case(case_id))
        db.session.rollback()
        assert list(verify_case(case_id)) == []
