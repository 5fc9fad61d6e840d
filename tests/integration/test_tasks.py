"""Completing tasks: the way through two offices, deadlines, who may decide, and one winner."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event, func, select
from support.world import (
    BUREAU,
    LIBRARY,
    OFFICE,
    OTHER_BUREAU,
    SCHEME,
    at,
    case_row,
    complete,
    open_filing,
    open_review,
    task_of,
    technician,
    tiny_world,
)

from app.errors import Closed, Conflict, DomainError, Invalid, NotFound, Refused
from app.extensions import atomic, db
from app.models import History, PlaceClaim, Task, TaskDraft, TaskValue
from app.operations import cases, tasks
from app.operations.actors import Actor
from app.operations.trials.worlds import Built
from app.queries import inbox
from app.queries.tasks import typed

FILLED = {"grade": "senior", "summary": "近五年工作扎实。"}
CLOSES = at("2021-07-01 00:00")
"""24:00 of June 30."""


@pytest.fixture
def world(app) -> Built:
    return tiny_world(senior=1, junior=2, technician=1)


def counts() -> dict[str, int]:
    return {
        model.__tablename__: db.session.execute(select(func.count()).select_from(model)).scalar_one()
        for model in (History, Task, TaskValue, PlaceClaim)
    }


def refused(case_id: int, element: str, values, actor: Actor, received_at) -> DomainError:
    """The refusal of a completion, after making sure that it wrote nothing."""
    before = counts()
    task_id = task_of(case_id, element)
    with pytest.raises(DomainError) as caught, atomic():
        tasks.complete(task_id, values, actor, received_at)
    assert counts() == before
    return caught.value


def test_a_technician_goes_through_two_offices(world):
    case_id = open_filing(world)
    assert case_row(case_id).status == "待提交"
    complete(case_id, "fill", technician(world), world.actors[LIBRARY], "2021-06-11 10:00")
    assert case_row(case_id).status == "待区人社局审核"
    complete(case_id, "first_review", {"decision": "approve"}, world.actors[BUREAU], "2021-06-12 10:00")
    assert case_row(case_id).status == "待省考核办审核"
    complete(case_id, "final_review", {"decision": "approve"}, world.actors[OFFICE], "2021-06-13 10:00")
    ended = case_row(case_id)
    assert (ended.status, ended.outcome, ended.state) == ("审核已通过", "passed", "ended")
    assert ended.ended_at == at("2021-06-13 10:00")


def test_a_junior_worker_needs_one_office(world):
    case_id = open_filing(world)
    complete(case_id, "fill", {**FILLED, "grade": "junior"}, world.actors[LIBRARY], "2021-06-11 10:00")
    complete(case_id, "first_review", {"decision": "approve"}, world.actors[BUREAU], "2021-06-12 10:00")
    assert case_row(case_id).outcome == "passed"


def test_a_second_click_is_told_and_changes_nothing(world):
    case_id = open_filing(world)
    task_id = task_of(case_id)
    complete(case_id, "fill", FILLED, world.actors[LIBRARY], "2021-06-11 10:00")
    before = counts()
    with pytest.raises(Conflict, match="已经办理过"), atomic():
        tasks.complete(task_id, FILLED, world.actors[LIBRARY], at("2021-06-11 10:00"))
    assert counts() == before


def test_a_task_of_another_office_is_as_if_it_were_not_there(world):
    case_id = open_filing(world)
    complete(case_id, "fill", FILLED, world.actors[LIBRARY], "2021-06-11 10:00")
    approve = {"decision": "approve"}
    when = at("2021-06-12 10:00")
    for stranger in (world.actors[OTHER_BUREAU], world.actors[LIBRARY], world.actors[OFFICE]):
        assert isinstance(refused(case_id, "first_review", approve, stranger, when), NotFound)


def test_only_an_operator_completes(world):
    case_id = open_filing(world)
    member = world.actors[LIBRARY]
    onlooker = Actor(
        member.account_id,
        member.organisation_id,
        member.organisation_name,
        None,
        "监督员",
        frozenset({"supervisor"}),
    )
    assert isinstance(refused(case_id, "fill", FILLED, onlooker, at("2021-06-11 10:00")), NotFound)


@pytest.mark.parametrize("late_by", [timedelta(0), timedelta(microseconds=1), timedelta(seconds=59)])
def test_from_24_00_on_a_submission_is_refused_before_any_sweep(world, late_by):
    case_id = open_filing(world)
    refusal = refused(case_id, "fill", FILLED, world.actors[LIBRARY], CLOSES + late_by)
    assert isinstance(refusal, Closed)
    assert case_row(case_id).status == "待提交"


def test_a_microsecond_before_24_00_counts(world):
    case_id = open_filing(world)
    with atomic():
        tasks.complete(task_of(case_id), FILLED, world.actors[LIBRARY], CLOSES - timedelta(microseconds=1))
    assert case_row(case_id).status == "待区人社局审核"


def test_an_unknown_field_and_a_missing_one_are_told_at_the_field(world):
    case_id = open_filing(world)
    wrong = {"grade": "senior", "shoe_size": 43}
    refusal = refused(case_id, "fill", wrong, world.actors[LIBRARY], at("2021-06-11 10:00"))
    assert isinstance(refusal, Invalid)
    assert {"shoe_size"} <= refusal.fields.keys()


def test_nobody_decides_on_their_own_case(world):
    """ALL-04"""
    case_id = open_review(world, "陈一")
    complete(case_id, "first_review", {"decision": "approve"}, world.actors[BUREAU], "2021-06-12 10:00")
    herself = world.actors["陈一（兼省考核办）"]
    refusal = refused(case_id, "final_review", {"decision": "approve"}, herself, at("2021-06-13 10:00"))
    assert isinstance(refusal, Refused)
    assert "申报人" in refusal.message


def test_nobody_decides_at_two_levels_of_one_case(world):
    """ALL-04"""
    case_id = open_review(world)
    complete(case_id, "first_review", {"decision": "approve"}, world.actors[BUREAU], "2021-06-12 10:00")
    office, bureau = world.actors[OFFICE], world.actors[BUREAU]
    moved = Actor(
        bureau.account_id, office.organisation_id, office.organisation_name, None, bureau.name, bureau.duties
    )
    refusal = refused(case_id, "final_review", {"decision": "approve"}, moved, at("2021-06-13 10:00"))
    assert isinstance(refusal, Refused)
    assert "两级" in refusal.message


def test_the_last_vacancy_has_one_holder_and_the_other_is_told(world):
    first, second = open_filing(world, "陈一"), open_filing(world, "李二")
    complete(first, "fill", FILLED, world.actors[LIBRARY], "2021-06-11 10:00")
    refusal = refused(second, "fill", FILLED, world.actors[LIBRARY], at("2021-06-11 10:01"))
    assert refusal.status == 409
    assert "空缺" in refusal.message
    assert case_row(second).status == "待提交"


def test_a_rejection_frees_the_place_and_the_person_may_file_again(world):
    first, second = open_filing(world, "陈一"), open_filing(world, "李二")
    complete(first, "fill", FILLED, world.actors[LIBRARY], "2021-06-11 10:00")
    rejected = {"decision": "reject", "opinion": "年限不足"}
    complete(first, "first_review", rejected, world.actors[BUREAU], "2021-06-12 10:00")
    assert case_row(first).status == "审核未通过"
    complete(second, "fill", FILLED, world.actors[LIBRARY], "2021-06-13 10:00")
    assert open_filing(world, "陈一", when="2021-06-14 10:00") != first


def test_a_returned_filing_moves_its_place_to_the_new_grade(world):
    case_id = open_filing(world, "陈一")
    complete(case_id, "fill", FILLED, world.actors[LIBRARY], "2021-06-11 10:00")
    returned = {"decision": "return", "opinion": "等级有误"}
    complete(case_id, "first_review", returned, world.actors[BUREAU], "2021-06-12 10:00")
    complete(case_id, "fill", {**FILLED, "grade": "junior"}, world.actors[LIBRARY], "2021-06-13 10:00")
    other = open_filing(world, "李二")
    complete(other, "fill", FILLED, world.actors[LIBRARY], "2021-06-13 11:00")
    assert case_row(other).status == "待区人社局审核"


def test_one_live_case_a_person_and_the_second_is_told_where_the_first_is(world):
    """LIFE-07"""
    first = open_filing(world, "陈一")
    with pytest.raises(Conflict, match=f"办件 {first}"):
        open_filing(world, "陈一")


def test_a_case_that_waits_for_a_withdrawal_takes_it_and_another_unit_cannot_say_it(world):
    case_id = open_filing(world)
    with pytest.raises(NotFound), atomic():
        cases.message(case_id, "withdrawn", {}, world.actors[OTHER_BUREAU], at("2021-06-11 10:00"))
    with atomic():
        cases.message(case_id, "withdrawn", {}, world.actors[LIBRARY], at("2021-06-11 10:00"))
    assert case_row(case_id).outcome == "withdrawn"
    with pytest.raises(Conflict), atomic():
        cases.message(case_id, "withdrawn", {}, world.actors[LIBRARY], at("2021-06-11 10:01"))


def test_a_message_that_cases_send_cannot_be_said_by_a_person(world):
    case_id = open_filing(world)
    with pytest.raises(NotFound), atomic():
        cases.message(case_id, "person_cleared", {}, world.actors[LIBRARY], at("2021-06-11 10:00"))


def test_a_foreign_upload_is_refused_at_its_field(world):
    case_id = open_filing(world)
    values = {**technician(world), "certificate": "never-was"}
    refusal = refused(case_id, "fill", values, world.actors[LIBRARY], at("2021-06-11 10:00"))
    assert isinstance(refusal, Invalid)
    assert refusal.fields.keys() == {"certificate"}


def test_a_withdrawal_at_the_deadline_is_refused_like_a_submission(world):
    case_id = open_filing(world)
    with pytest.raises(Closed), atomic():
        cases.message(case_id, "withdrawn", {}, world.actors[LIBRARY], CLOSES)


def test_a_refusal_keeps_what_was_overdue_before_it(world):
    """Decision 3: the body is undone, the catching up stays."""
    case_id = open_review(world)
    complete(case_id, "first_review", {"decision": "approve"}, world.actors[BUREAU], "2021-06-11 11:00")
    much_later = at("2021-06-25 10:00")  # the reminder after five working days is overdue
    with pytest.raises(Invalid), atomic():
        tasks.complete(task_of(case_id, "final_review"), {"nonsense": 1}, world.actors[OFFICE], much_later)
    fired = select(History.at).where(History.case_id == case_id, History.call == "fire")
    assert db.session.execute(fired).scalars().all() == [at("2021-06-22 00:00")]  # June 14 was a holiday
    assert case_row(case_id).status == "待省考核办审核"


def test_ticked_tasks_are_submitted_one_by_one_with_a_result_each(world):
    open_ones = [open_filing(world, name) for name in ("陈一", "李二", "王三")]
    ids = [task_of(case_id) for case_id in open_ones]
    results = tasks.complete_many(ids, FILLED, world.actors[LIBRARY], at("2021-06-11 10:00"), atomic)
    assert [result.ok for result in results] == [True, False, False]
    assert results[0].message == "待区人社局审核"
    assert "空缺" in results[1].message
    assert not db.session.execute(select(Task.id).where(Task.pending_since.is_not(None))).all()


def test_a_step_that_is_not_for_bulk_is_done_one_by_one(world):
    with atomic():
        case_id = cases.start(
            "tiny-2021",
            "posts",
            unit_id=world.organisations[LIBRARY],
            actor=world.actors[LIBRARY],
            received_at=at("2021-06-10 09:00"),
        )
    task_id = task_of(case_id)
    results = tasks.complete_many([task_id], {}, world.actors[LIBRARY], at("2021-06-11 10:00"), atomic)
    assert [(result.ok, "逐件" in result.message) for result in results] == [(False, True)]


def test_a_roster_takes_only_the_units_own_people(world):
    with atomic():
        case_id = cases.start(
            "tiny-2021",
            "roster",
            unit_id=world.organisations[LIBRARY],
            actor=world.actors[LIBRARY],
            received_at=at("2021-06-10 09:00"),
        )
    stranger = {"people": [world.people["陈一"], world.people["赵四"]], "ground": "骨干"}
    refusal = refused(case_id, "choose_people", stranger, world.actors[LIBRARY], at("2021-06-11 10:00"))
    assert isinstance(refusal, Invalid)
    assert refusal.fields.keys() == {"people"}


def test_a_draft_is_kept_until_the_task_is_done(world):
    case_id = open_filing(world)
    task_id = task_of(case_id)
    with atomic():
        tasks.save_draft(task_id, {"summary": "草"}, world.actors[LIBRARY], at("2021-06-11 09:00"))
        tasks.save_draft(task_id, {"summary": "草稿"}, world.actors[LIBRARY], at("2021-06-11 09:05"))
    assert typed([task_id]) == {task_id: {"summary": "草稿"}}
    complete(case_id, "fill", FILLED, world.actors[LIBRARY], "2021-06-11 10:00")
    assert not db.session.execute(select(TaskDraft.task_id)).all()


def test_a_form_that_comes_back_keeps_what_was_entered(world):
    case_id = open_filing(world)
    assert typed([task_of(case_id)]) == {}
    complete(case_id, "fill", FILLED, world.actors[LIBRARY], "2021-06-11 10:00")
    returned = {"decision": "return", "opinion": "请补充"}
    complete(case_id, "first_review", returned, world.actors[BUREAU], "2021-06-12 10:00")
    task_id = task_of(case_id)
    assert typed([task_id]) == {task_id: FILLED}
    with atomic():
        tasks.save_draft(task_id, {"summary": "改"}, world.actors[LIBRARY], at("2021-06-13 09:00"))
    assert typed([task_id]) == {task_id: {"summary": "改"}}
    assert typed([0]) == {}


def test_an_inbox_offers_each_of_its_steps_once(world):
    library, bureau = (world.organisations[name] for name in (LIBRARY, BUREAU))
    assert inbox.kinds(library) == []
    with atomic():
        for process in ("posts", "roster"):
            received_at = at("2021-06-10 09:00")
            cases.start(
                SCHEME, process, unit_id=library, actor=world.actors[LIBRARY], received_at=received_at
            )
    reviewed, *_ = [open_filing(world, person) for person in ("陈一", "李二", "王三")]
    complete(reviewed, "fill", FILLED, world.actors[LIBRARY], "2021-06-11 10:00")
    names = db.session.execute(select(Task.name).where(Task.office_id == library, Task.state == "open"))
    assert sorted(kind.name for kind in inbox.kinds(library)) == sorted(set(names.scalars()))
    assert [kind.key for kind in inbox.kinds(bureau)] == [f"{SCHEME}/first_review"]


def test_a_completion_takes_at_most_twelve_statements(world):
    """Journey 1: from lock to commit, capabilities apart."""
    case_id = open_review(world)
    task_id = task_of(case_id)
    statements: list[str] = []

    def count(conn, cursor, statement, parameters, context, executemany):
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", count)
    try:
        with atomic():
            tasks.complete(task_id, {"decision": "approve"}, world.actors[BUREAU], at("2021-06-12 10:00"))
    finally:
        event.remove(db.engine, "before_cursor_execute", count)
    assert len(statements) <= 12, statements
