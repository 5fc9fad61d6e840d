"""Moving tokens by hand: what is cancelled, what is opened, what stays."""

from __future__ import annotations

import pytest
from diagrams import NOW, Walk, boundary, chain, element, flow, load, nodes, process, timer
from test_runtime import parallel

from app.errors import EngineError

LINE = nodes(s="startEvent", a="userTask", b="userTask", e="endEvent") + chain("s", "a", "b", "e")
INNER = nodes(is_="startEvent", x="userTask", y="userTask", ie="endEvent") + chain("is_", "x", "y", "ie")
SUB = nodes(s="startEvent", a="userTask", e="endEvent", late="endEvent") + element("subProcess", "p", INNER)
SUB += chain("s", "a", "p", "e") + boundary("t", "p", timer("P3D", "timeDuration")) + flow("t", "late")
MULTI = (
    '<bpmn:multiInstanceLoopCharacteristics isSequential="{}"><bpmn:loopCardinality>3</bpmn:loopCardinality>'
)
MULTI += "</bpmn:multiInstanceLoopCharacteristics>"


def test_a_task_is_sent_back() -> None:
    walk = Walk(LINE).complete("a")
    walk.move(cancel=(walk.token("tasks", "b"),), start=("a",))
    assert walk.open == ["a"]
    assert walk.of_kind("moved") == ["a"]
    assert walk.complete("a").complete("b").outcome == "e"


def test_a_cancelled_task_takes_its_timer_along() -> None:
    walk = Walk(
        LINE + boundary("t", "a", timer("P3D", "timeDuration")) + nodes(late="endEvent") + flow("t", "late")
    )
    walk.move(cancel=(walk.token("tasks", "a"),), start=("b",))
    assert walk.open == ["b"]


def test_one_of_several_parallel_branches_is_moved_and_the_join_still_counts_right() -> None:
    walk = Walk(parallel("a", "b", "c")).complete("a")
    walk.move(cancel=(walk.token("tasks", "b"),), start=("b",))
    assert walk.open == ["b", "c"]
    assert walk.complete("b").complete("c").outcome == "e"


def test_an_arrival_at_a_join_stays_when_another_branch_is_taken_away() -> None:
    walk = Walk(parallel("a", "b")).complete("a")
    walk.move(cancel=(walk.token("tasks", "b"),), start=("e",))
    assert walk.outcome is None
    arrived = [position for position in walk.instance.positions() if position.element == "join"]
    assert len(arrived) == 1


def test_an_arrival_can_be_taken_away_too() -> None:
    walk = Walk(parallel("a", "b")).complete("a")
    arrived = next(p.token for p in walk.instance.positions() if p.element == "join")
    walk.move(cancel=(arrived, walk.token("tasks", "b")), start=("split",))
    assert walk.open == ["a", "b"]
    assert walk.complete("a").complete("b").outcome == "e"


def test_a_sub_process_that_does_not_run_is_opened_with_its_timer_and_without_its_start() -> None:
    walk = Walk(SUB)
    walk.move(cancel=(walk.token("tasks", "a"),), start=("y",))
    assert walk.open == ["t", "y"]
    assert walk.now.tasks[0].closes_at is not None
    assert "x" not in walk.of_kind("entered")
    assert walk.complete("y").outcome == "e"


def test_within_a_running_sub_process_the_token_stays_in_it() -> None:
    walk = Walk(SUB).complete("a").complete("x")
    walk.move(cancel=(walk.token("tasks", "y"),), start=("x",))
    assert walk.open == ["t", "x"]
    assert walk.complete("x").complete("y").outcome == "e"


def test_a_sub_process_that_is_left_empty_is_cancelled_and_nothing_follows_it() -> None:
    walk = Walk(SUB).complete("a")
    walk.move(cancel=(walk.token("tasks", "x"),), start=("a",))
    assert walk.open == ["a"]
    assert "p" in walk.of_kind("cancelled")
    assert "p" not in walk.of_kind("completed")


def test_a_whole_sub_process_is_cancelled_with_everything_inside() -> None:
    walk = Walk(SUB).complete("a")
    host = next(p.token for p in walk.instance.positions() if p.element == "p")
    walk.move(cancel=(host,), start=("a",))
    assert walk.open == ["a"]


def test_where_several_run_the_place_must_be_named() -> None:
    inner = process(INNER, "inner")
    text = nodes(s="startEvent", e="endEvent") + chain("s", "c1", "e") + chain("s", "c2", "e")
    text += element("callActivity", "c1", calledElement="inner") + element(
        "callActivity", "c2", calledElement="inner"
    )
    walk = Walk(load(text, inner))
    with pytest.raises(EngineError, match="多处"):
        walk.instance.move(walk.context, start=("y",))
    walk = Walk(load(text, inner))
    second = next(p.token for p in walk.instance.positions() if p.element == "c2")
    inside = next(p.token for p in walk.instance.positions() if p.inside == second)
    walk.move(cancel=(inside,), start=((second, "y"),))
    assert [(p.element, p.inside == second) for p in walk.instance.positions() if p.kind == "userTask"] == [
        ("x", False),
        ("y", True),
    ]


def test_one_of_many_instances_is_taken_away_and_the_others_finish() -> None:
    text = (
        nodes(s="startEvent", e="endEvent")
        + element("userTask", "m", MULTI.format("false"))
        + chain("s", "m", "e")
    )
    walk = Walk(text)
    walk.move(cancel=(walk.token("tasks", "m"),))
    assert walk.open == ["m", "m"]
    assert walk.complete("m").complete("m").outcome == "e"


@pytest.mark.parametrize("sequential", ["true", "false"])
def test_a_multi_instance_without_instances_is_cancelled(sequential: str) -> None:
    text = nodes(s="startEvent", a="userTask", e="endEvent") + element(
        "userTask", "m", MULTI.format(sequential)
    )
    walk = Walk(text + chain("s", "m", "a", "e"))
    tokens = tuple(task.token for task in walk.now.tasks)
    walk.move(cancel=tokens, start=((0, "a"),))
    assert walk.open == ["a"]
    assert "m" not in walk.of_kind("completed")


class TestRefused:
    def test_a_move_that_leaves_nothing(self) -> None:
        walk = Walk(LINE)
        with pytest.raises(EngineError, match="没有任何环节"):
            walk.instance.move(walk.context, cancel=[walk.token("tasks", "a")])

    def test_a_token_that_is_gone_or_only_a_boundary_event(self) -> None:
        walk = Walk(SUB).complete("a")
        for number in (9999, walk.token("timers", "t")):
            with pytest.raises(EngineError, match="不在办理中"):
                walk.instance.move(walk.context, cancel=[number], start=["a"])

    @pytest.mark.parametrize("target", ["join", "nobody"])
    def test_a_join_or_an_element_of_no_running_process(self, target: str) -> None:
        walk = Walk(parallel("a", "b"))
        with pytest.raises(EngineError):
            walk.instance.move(walk.context, start=[target])

    def test_a_boundary_event(self) -> None:
        walk = Walk(SUB)
        with pytest.raises(EngineError, match="边界事件"):
            walk.instance.move(walk.context, start=["t"])


def test_a_whole_case_is_cancelled_without_an_outcome() -> None:
    walk = Walk(SUB).complete("a")
    walk.instance.cancel(walk.context)
    snapshot = walk.instance.snapshot()
    assert walk.instance.is_over
    assert (snapshot.outcome, snapshot.tasks, snapshot.timers) == (None, [], [])
    assert {"p", "x"} <= {h.element for h in snapshot.happened if h.kind == "cancelled"}


def test_a_timer_that_was_opened_by_a_move_counts_from_the_move() -> None:
    walk = Walk(SUB)
    walk.move(cancel=(walk.token("tasks", "a"),), start=("y",))
    assert (walk.now.timers[0].due_at - NOW).days == 3
