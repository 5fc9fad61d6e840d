"""Which timers may lead to a quota; where the flows do not tell, all that the case could do counts."""

from __future__ import annotations

import pytest
from unit.engine.diagrams import boundary, chain, document, element, nodes, process, service, signal, timer

from app.engine import load_definitions
from app.operations.registers import places
from app.operations.road._quota_paths import may_lock_quota

LAPSED = chain("late", "lapsed")
QUOTA = service("free", places.RELEASE_PLACE.name)
MAIN = nodes(start="startEvent", end="endEvent", lapsed="endEvent", fill="userTask") + boundary(
    "late", "fill", timer("'P1D'", "timeDuration")
)


def leads(*inside: str, other: str = "") -> bool:
    """Whether the timer `late` on the task `fill` may lead to a quota."""
    processes = [process("".join(inside))] + ([process(other, "other")] if other else [])
    return may_lock_quota(load_definitions({"a.bpmn": document(*processes)}), "main", "late")


def test_what_comes_after_the_task_does_not_come_after_its_timer():
    assert not leads(MAIN, QUOTA, chain("start", "fill", "free", "end"), LAPSED)


@pytest.mark.parametrize("way", [("late", "free", "lapsed"), ("late", "wait", "free", "lapsed")])
def test_what_comes_after_the_timer_counts_also_behind_another_wait(way):
    assert leads(MAIN, nodes(wait="userTask"), QUOTA, chain("start", "fill", "end"), chain(*way))


def test_inside_a_sub_process_and_on_its_border_behind_the_timer():
    inner = nodes(s="startEvent", e="endEvent", look="userTask") + QUOTA + chain("s", "look", "free", "e")
    within = element("subProcess", "sub", inner)
    assert leads(MAIN, within, chain("start", "fill", "end"), chain("late", "sub", "lapsed"))
    plain = nodes(s="startEvent", e="endEvent", look="userTask") + chain("s", "look", "e")
    border = element("subProcess", "sub", plain) + boundary("later", "sub", timer("'P1D'", "timeDuration"))
    onward = chain("late", "sub", "lapsed") + chain("later", "free", "freed")
    assert leads(MAIN, border, QUOTA, nodes(freed="endEvent"), chain("start", "fill", "end"), onward)


def test_a_called_process_behind_the_timer_counts():
    other = nodes(s2="startEvent", e2="endEvent") + QUOTA + chain("s2", "free", "e2")
    call = element("callActivity", "call", calledElement="other")
    assert leads(MAIN, call, chain("start", "fill", "end"), chain("late", "call", "lapsed"), other=other)
    assert not leads(MAIN, call, chain("start", "fill", "call", "end"), LAPSED, other=other)


def test_inside_an_activity_everything_counts():
    inner = nodes(s="startEvent", e="endEvent", lapsed="endEvent", fill="userTask")
    inner += boundary("late", "fill", timer("'P1D'", "timeDuration")) + chain("s", "fill", "e") + LAPSED
    outside = nodes(start="startEvent", end="endEvent") + QUOTA + chain("start", "sub", "free", "end")
    assert leads(element("subProcess", "sub", inner), outside)
    assert not leads(
        element("subProcess", "sub", inner),
        nodes(start="startEvent", end="endEvent"),
        chain("start", "sub", "end"),
    )


def test_where_a_signal_may_set_something_off_everything_counts():
    caught = element("intermediateCatchEvent", "caught", signal("alarm"))
    assert leads(
        MAIN, caught, QUOTA, nodes(fork="parallelGateway", done="endEvent"),
        chain("start", "fork", "fill", "end"), chain("fork", "caught", "free", "done"), LAPSED,
    )  # fmt: skip
