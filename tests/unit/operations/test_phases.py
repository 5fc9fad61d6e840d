"""Phases: parts of a case with a status of their own, which stays when the case goes on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from app.content.head import Phase
from app.engine.types import Happening, Snapshot, TaskWait
from app.operations._standing import phases


@dataclass
class Drawn:
    """What `phases` asks of a scheme."""

    phases: list[Phase]
    phase_marks: dict[str, tuple[str, str]]
    titles: dict[str, str] = field(default_factory=dict)

    def role_named(self, name: str) -> Any:
        return type("Role", (), {"title": self.titles.get(name, name)})


SCHEME = Drawn(
    [Phase("review", "考试资格申请"), Phase("entry", "考试报名")],
    {"approved": ("review", "审核已通过"), "entered": ("entry", "已报名")},
)


def snapshot(happened: tuple[str, ...] = (), process: str = "", status: str = "") -> Snapshot:
    waits = (
        [TaskWait(1, "x", "x", "user", process, "市工考办", None, {"status": status}, {}, None)]
        if status
        else []
    )
    notes = [Happening("entered", element) for element in happened]
    return Snapshot(waits, (), (), (), (), notes, {}, None)


def test_a_phase_has_the_status_of_its_waiting_task_with_the_office_named() -> None:
    assert phases(SCHEME, {}, snapshot((), "review", "待{role}审核")) == {"review": "待市工考办审核"}


def test_the_status_in_which_a_phase_ended_stays_when_the_next_one_begins() -> None:
    before = {"review": "待市工考办审核"}
    now = phases(SCHEME, before, snapshot(("approved",), "entry", "未报名"))
    assert now == {"review": "审核已通过", "entry": "未报名"}
    assert before == {"review": "待市工考办审核"}


def test_tasks_outside_the_phases_change_none_of_them() -> None:
    assert phases(SCHEME, {"review": "审核已通过"}, snapshot((), "sanction", "待处理")) == {
        "review": "审核已通过"
    }
