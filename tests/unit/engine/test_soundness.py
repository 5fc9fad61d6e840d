"""Joins that may wait for ever are found before a case hangs in one."""

from __future__ import annotations

import pytest
from diagrams import boundary, chain, document, element, error, flow, nodes, process, timer
from test_runtime import parallel

from app.engine import check_definitions

CHOICE = nodes(
    s="startEvent", x="exclusiveGateway", a="userTask", b="userTask", j="parallelGateway", e="endEvent"
)
CHOICE += (
    chain("s", "x") + flow("x", "a", "v") + flow("x", "b", "not v") + chain("a", "j", "e") + chain("b", "j")
)

LATE = nodes(
    s="startEvent", f="parallelGateway", a="userTask", b="userTask", m="exclusiveGateway", e="endEvent"
)
LATE += nodes(j="parallelGateway") + chain("s", "f", "a", "m", "j", "e") + chain("f", "b", "j")
LATE += boundary("t", "a", timer("P1D", "timeDuration"))


def waiting(text: str) -> list[str | None]:
    problems = check_definitions({"a.bpmn": document(process(text))})
    return [problem.element for problem in problems if "等不齐" in problem.message]


@pytest.mark.parametrize(
    "text",
    [
        parallel("a", "b", "c"),
        parallel("a", "b", join="inclusiveGateway"),
        CHOICE.replace("parallelGateway", "inclusiveGateway"),
        CHOICE.replace("parallelGateway", "exclusiveGateway"),
        LATE + nodes(c="task") + chain("t", "c", "m"),
    ],
)
def test_what_always_fills_is_no_problem(text: str) -> None:
    assert waiting(text) == []


@pytest.mark.parametrize(
    ("text", "join"),
    [
        (CHOICE, "j"),
        (
            parallel("a", "b")
            + boundary("t", "a", timer("P1D", "timeDuration"))
            + flow("t", "late")
            + nodes(late="endEvent"),
            "join",
        ),
        (
            nodes(s="startEvent", f="parallelGateway", a="userTask", x="exclusiveGateway", e="endEvent")
            + chain("s", "f", "a", "x")
            + flow("x", "f", "again")
            + flow("x", "e", "not again"),
            "f",
        ),
    ],
)
def test_what_may_not_fill_is_told(text: str, join: str) -> None:
    assert waiting(text) == [join]


def test_a_terminate_end_frees_what_waits() -> None:
    text = parallel("a", "b") + boundary("t", "a", timer("P1D", "timeDuration")) + flow("t", "stop")
    assert waiting(text + element("endEvent", "stop", "<bpmn:terminateEventDefinition/>")) == []


def test_joins_inside_a_sub_process_are_looked_at_too() -> None:
    text = nodes(s2="startEvent", e2="endEvent") + element("subProcess", "p", CHOICE) + chain("s2", "p", "e2")
    assert waiting(text) == ["j"]


def test_an_error_end_frees_what_waits_in_its_sub_process() -> None:
    inner = parallel("a", "b") + boundary("t", "a", timer("P1D", "timeDuration")) + flow("t", "boom")
    inner += element("endEvent", "boom", error("bad"))
    text = nodes(s2="startEvent", e2="endEvent") + element("subProcess", "p", inner) + chain("s2", "p", "e2")
    assert waiting(text + boundary("c", "p", error("bad")) + flow("c", "e2")) == []


def test_a_diagram_of_very_many_states_is_left_unjudged_and_quickly() -> None:
    names = [f"g{number}" for number in range(40)]
    text = nodes(s="startEvent", f="parallelGateway", j="parallelGateway", e="endEvent") + chain("s", "f")
    for name in names:
        text += element("inclusiveGateway", name, default=f"{name}_to_j") + chain("f", name, "j")
        text += nodes(**{f"{name}a": "task"}) + flow(name, f"{name}a", "v") + chain(f"{name}a", "j")
    assert waiting(text + chain("j", "e")) == []


def test_a_circle_in_which_nothing_waits_is_told_once() -> None:
    text = nodes(s="startEvent", m="exclusiveGateway", t="task", e="endEvent")
    text += (
        element("exclusiveGateway", "x", default="x_to_e")
        + chain("s", "m", "t", "x", "e")
        + flow("x", "m", "v")
    )
    problems = check_definitions({"a.bpmn": document(process(text))})
    assert [problem.element for problem in problems if "打转" in problem.message] == ["m"]
    waits = text.replace('<bpmn:task id="t" name="t"/>', '<bpmn:userTask id="t" name="t"/>')
    assert check_definitions({"a.bpmn": document(process(waits))}) == []
