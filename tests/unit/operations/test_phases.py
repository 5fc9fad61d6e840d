"""Phases: parts of a case with a status of their own, which stays when the case goes on (Chongqing's)."""

from __future__ import annotations

import pytest

from app.config import PROJECT
from app.content import Scheme, read_scheme_folder
from app.engine.types import Happening, Snapshot, TaskWait
from app.operations.road._standing import phases


@pytest.fixture(scope="module")
def scheme() -> Scheme:
    return Scheme.from_files(read_scheme_folder(PROJECT, "chongqing-2021"))


def mark(scheme: Scheme, process: str, status: str) -> str:
    """An event with which a phase gets this status."""
    return next(element for element, told in scheme.phase_marks.items() if told == (process, status))


def snapshot(happened: tuple[str, ...] = (), process: str = "", status: str = "") -> Snapshot:
    waits = (
        [TaskWait(1, "x", "x", "user", process, "市工考办", None, {"status": status}, {}, None)]
        if status
        else []
    )
    notes = [Happening("entered", element) for element in happened]
    return Snapshot(waits, (), (), (), (), notes, {}, None)


def test_a_phase_has_the_status_of_its_waiting_task_with_the_office_named(scheme: Scheme) -> None:
    assert phases(scheme, {}, snapshot((), "review", "待{role}审核")) == {"review": "待市工考办审核"}


def test_the_status_in_which_a_phase_ended_stays_when_the_next_one_begins(scheme: Scheme) -> None:
    before = {"review": "待市工考办审核"}
    approved = mark(scheme, "review", "审核已通过")
    now = phases(scheme, before, snapshot((approved,), "exam_entry", "未报名"))
    assert now == {"review": "审核已通过", "exam_entry": "未报名"}
    assert before == {"review": "待市工考办审核"}


def test_one_step_may_mark_several_phases(scheme: Scheme) -> None:
    entered, announced = mark(scheme, "exam_entry", "已报名"), mark(scheme, "score_publication", "考试合格")
    now = phases(scheme, {"exam_entry": "待缴费确认"}, snapshot((entered, announced)))
    assert now == {"exam_entry": "已报名", "score_publication": "考试合格"}


def test_tasks_outside_the_phases_change_none_of_them(scheme: Scheme) -> None:
    assert phases(scheme, {"review": "审核已通过"}, snapshot((), "sanction", "待处理")) == {
        "review": "审核已通过"
    }
