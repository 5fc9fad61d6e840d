"""What the stock engine gets wrong, one test a defect; see docs/engine-differences.md."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from diagrams import (
    NOW,
    Walk,
    boundary,
    chain,
    context,
    document,
    element,
    error,
    flow,
    load,
    message,
    nodes,
    process,
    properties,
    service,
    timer,
)
from hypothesis import given
from hypothesis import strategies as st
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from test_runtime import parallel
from test_runtime_loops import loop, multi

from app.engine import ExpressionFailed, check_definitions, load_definitions
from app.errors import Conflict, EngineError

REWORK = nodes(s="startEvent", m="exclusiveGateway", f="parallelGateway", j="parallelGateway")
REWORK += nodes(a="userTask", b="userTask")
REWORK += nodes(r="userTask", g="exclusiveGateway", e="endEvent") + chain("s", "m", "f", "a", "j", "r", "g")
REWORK += chain("f", "b", "j") + flow("g", "m", "again") + flow("g", "e", "not again")


class TestJoins:
    @given(st.lists(st.sampled_from(["ab", "ba"]), min_size=3, max_size=6))
    def test_stale_arrivals_of_earlier_rounds_never_count_again(self, rounds: list[str]) -> None:
        walk = Walk(REWORK)
        for number, (first, second) in enumerate(rounds):
            walk.complete(first)
            assert walk.open == [second]
            walk.complete(second)
            assert walk.open == ["r"]
            walk.complete("r", again=number < len(rounds) - 1)
        assert walk.outcome == "e"

    def test_a_branch_that_ends_last_does_not_undo_the_others_change(self) -> None:
        walk = Walk(parallel("a", "b"), {"status": "submitted"})
        walk.complete("a", status="approved").complete("b", seen=True)
        assert walk.now.variables["status"] == "approved"

    def test_branches_do_not_share_nested_values(self) -> None:
        rows = [{"year": 2020}]
        walk = Walk(parallel("a", "b"))
        walk.complete("a", mine=rows).complete("b", yours=rows)
        rows[0]["year"] = 1
        assert walk.instance.snapshot().variables == {"mine": [{"year": 2020}], "yours": [{"year": 2020}]}

    def test_a_join_that_never_fills_is_no_end(self) -> None:
        text = nodes(s="startEvent", g="exclusiveGateway", j="parallelGateway", e="endEvent")
        walk = Walk(
            text
            + chain("s", "g")
            + flow("g", "j", "true")
            + flow("g", "j", "false", id="x")
            + chain("j", "e")
        )
        assert walk.outcome is None
        assert not walk.instance.is_over


class TestLongCases:
    def test_four_hundred_rounds_of_rework_neither_freeze_nor_grow(self) -> None:
        walk = Walk(REWORK).complete("a").complete("b")
        size = len(walk.instance.dump())
        for _ in range(400):
            walk.complete("r", again=True).complete("b").complete("a")
        assert len(walk.instance.dump()) < size + 16
        assert walk.complete("r", again=False).outcome == "e"

    def test_what_was_sent_and_happened_does_not_pile_up(self) -> None:
        text = nodes(s="startEvent", a="userTask") + element("intermediateThrowEvent", "m", message("ping"))
        walk = Walk(text + chain("s", "a", "m", "a")).complete("a")
        assert len(walk.now.sent) == 1
        assert len(walk.complete("a").now.sent) == 1

    def test_running_a_case_changes_nothing_in_the_shared_definition(self) -> None:
        definitions = load(
            REWORK + boundary("t", "a", timer("P1D", "timeDuration"), interrupting=False) + flow("t", "r")
        )
        specs = definitions.processes["main"].specs
        before = {name: copy.copy(spec.__dict__) for name, spec in specs.items()}
        walk = Walk(definitions).fire("t").complete("a").complete("b").complete("r", again=True)
        walk.instance.cancel(walk.context)
        assert {name: spec.__dict__ for name, spec in specs.items()} == before

    def test_two_deployments_may_define_a_called_process_differently(self) -> None:
        outer = (
            nodes(s="startEvent", e="endEvent")
            + element("callActivity", "c", calledElement="inner")
            + chain("s", "c", "e")
        )

        def deployment(task: str) -> Any:
            return load(
                outer, process(nodes(is_="startEvent", **{task: "userTask"}) + chain("is_", task), "inner")
            )

        assert (Walk(deployment("old")).open, Walk(deployment("new")).open) == (["old"], ["new"])


class TestTokens:
    def test_a_token_that_is_not_ready_does_not_run(self) -> None:
        walk = Walk(parallel("a", "b")).complete("a")
        waiting = next(t for t in walk.instance._execution.tasks.values() if t.element == "join")
        with pytest.raises(EngineError):
            waiting.run()

    def test_what_was_interrupted_runs_no_further(self) -> None:
        inner = nodes(is_="startEvent", f="parallelGateway", a="userTask", late="userTask")
        inner += service("v", "anything") + element("endEvent", "boom", error("bad"))
        inner += chain("is_", "f", "a", "boom") + chain("f", "v", "late")
        text = (
            nodes(s="startEvent", e="endEvent", x="endEvent")
            + element("subProcess", "p", inner)
            + chain("s", "p", "e")
        )
        walk = Walk(text + boundary("b", "p", error()) + flow("b", "x"))
        walk.complete("a")
        assert (walk.outcome, walk.open) == ("x", [])
        assert "late" not in walk.of_kind("entered")

    def test_an_error_of_an_expression_is_no_bpmn_error(self) -> None:
        inner = nodes(is_="startEvent", g="exclusiveGateway", ie="endEvent") + chain("is_", "g")
        inner += flow("g", "ie", "missing > 1")
        text = (
            nodes(s="startEvent", e="endEvent", x="endEvent")
            + element("subProcess", "p", inner)
            + chain("s", "p", "e")
        )
        with pytest.raises(ExpressionFailed) as caught:
            Walk(text + boundary("b", "p", error()) + flow("b", "x"))
        assert caught.value.details["element"] == "g"

    def test_a_process_of_a_thousand_elements_is_read_without_recursion(self) -> None:
        names = [f"t{number}" for number in range(1000)]
        walk = Walk(nodes(s="startEvent", **dict.fromkeys(names, "task")) + chain("s", *names))
        assert walk.outcome == "t999"

    def test_flows_are_tried_in_the_order_of_the_file_and_not_by_their_height_on_the_page(self) -> None:
        text = nodes(s="startEvent", g="exclusiveGateway", a="userTask", b="userTask") + chain("s", "g")
        shapes = "".join(
            f'<bpmndi:BPMNShape bpmnElement="{name}"><dc:Bounds x="0" y="{y}"/></bpmndi:BPMNShape>'
            for name, y in (("a", 500), ("b", 10))
        )
        spaces = 'xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"'
        plane = (
            f"<bpmndi:BPMNDiagram {spaces}><bpmndi:BPMNPlane>{shapes}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>"
        )
        file = document(process(text + flow("g", "a", "true") + flow("g", "b", "true")))
        drawn = file.replace(b"</bpmn:definitions>", plane.encode() + b"</bpmn:definitions>")
        assert Walk(load_definitions({"a.bpmn": drawn})).open == ["a"]


class TestTimers:
    TASK = nodes(s="startEvent", a="userTask", e="endEvent", late="endEvent") + chain("s", "a", "e")

    def due(self, definition: str, variables: dict[str, Any] | None = None) -> datetime | None:
        walk = Walk(self.TASK + boundary("t", "a", definition) + flow("t", "late"), variables)
        return walk.now.timers[0].due_at

    @pytest.mark.parametrize(
        "text", ["2021-07-23T24:00:00+08:00", '"2021-07-24T00:00+08:00"', "2021-07-23T16:00Z"]
    )
    def test_a_bare_or_quoted_instant_is_read_with_its_offset_and_24_00(self, text: str) -> None:
        assert self.due(timer(text)) == datetime(2021, 7, 23, 16, tzinfo=UTC)

    def test_an_instant_may_come_from_a_variable(self) -> None:
        assert self.due(timer("at"), {"at": NOW}) == NOW

    def test_a_due_instant_is_kept_when_what_it_was_computed_from_changes(self) -> None:
        walk = Walk(self.TASK + boundary("t", "a", timer("at")) + flow("t", "late"), {"at": NOW})
        walk.instance._execution.root.assign({"at": NOW + timedelta(days=9)})
        walk.instance.retime(context(), {"exam"})
        assert walk.instance.snapshot().timers[0].due_at == NOW

    @pytest.mark.parametrize("value", ["days", "today()", "'soon'", "'2021-07-23T10:00'", "[1]"])
    def test_what_is_no_instant_is_told_with_the_element(self, value: str) -> None:
        with pytest.raises(EngineError) as caught:
            self.due(timer(value), {"days": 3})
        assert caught.value.details["element"] == "t"

    def test_a_thirty_day_timer_does_not_fire_after_four_seconds(self) -> None:
        walk = Walk(self.TASK + boundary("t", "a", timer("P30D", "timeDuration")) + flow("t", "late"))
        with pytest.raises(Conflict):
            walk.instance.fire(walk.token("timers", "t"), context(NOW + timedelta(seconds=4)))

    def test_an_absolute_boundary_timer_is_listed_and_fires(self) -> None:
        walk = Walk(self.TASK + boundary("t", "a", timer("2021-07-23T16:00Z")) + flow("t", "late"))
        assert [wait.element for wait in walk.now.timers] == ["t"]
        assert walk.fire("t").outcome == "late"


ATTACK = "().__class__.__bases__[0].__subclasses__()"
HOOKS = {
    "condition": nodes(s="startEvent", x="exclusiveGateway", a="userTask")
    + chain("s", "x")
    + flow("x", "a", ATTACK),
    "date": nodes(s="startEvent") + element("intermediateCatchEvent", "x", timer(ATTACK)) + chain("s", "x"),
    "duration": nodes(s="startEvent")
    + element("intermediateCatchEvent", "x", timer(ATTACK, "timeDuration"))
    + chain("s", "x"),
    "payload": nodes(s="startEvent") + element("endEvent", "x", message("ping", ATTACK)) + chain("s", "x"),
    "correlation": nodes(s="startEvent")
    + element("endEvent", "x", message("ping"), properties(correlation=ATTACK))
    + chain("s", "x"),
    "parameter": nodes(s="startEvent") + service("x", "reserve", grade=ATTACK) + chain("s", "x"),
    "call": nodes(s="startEvent")
    + element("callActivity", "x", "", properties(inputs=f"a={ATTACK}"), calledElement="main")
    + chain("s", "x"),
    "cardinality": nodes(s="startEvent") + element("userTask", "x", multi(count=ATTACK)) + chain("s", "x"),
    "completion": nodes(s="startEvent")
    + element("userTask", "x", multi(count="2", until=ATTACK))
    + chain("s", "x"),
    "loop": nodes(s="startEvent") + element("userTask", "x", loop(ATTACK)) + chain("s", "x"),
}


class TestHostileDiagrams:
    @pytest.mark.parametrize("hook", HOOKS)
    def test_no_hook_runs_python(self, hook: str) -> None:
        errors = [
            p for p in check_definitions({"a.bpmn": document(process(HOOKS[hook]))}) if p.severity == "error"
        ]
        assert "没有名为" in errors[0].message
        assert errors[0].element in ("x", "x_to_a")

    def test_the_stock_script_engine_is_never_there(self) -> None:
        execution = Walk(parallel("a", "b")).instance._execution
        assert type(execution.script_engine) is not PythonScriptEngine
        with pytest.raises(EngineError):
            execution.script_engine.execute(None, "1")

    def test_a_diagram_that_splits_for_ever_is_stopped(self) -> None:
        text = nodes(s="startEvent", f="parallelGateway", g="exclusiveGateway")
        walk = text + chain("s", "g", "f") + flow("f", "g", id="x") + flow("f", "g", id="y")
        with pytest.raises(EngineError, match="打转"):
            Walk(walk)

    def test_instances_within_instances_are_stopped(self) -> None:
        inside = nodes(is_="startEvent", ie="endEvent") + element("userTask", "m", multi(count="1000"))
        text = nodes(s="startEvent") + element(
            "subProcess", "p", inside + chain("is_", "m", "ie") + multi(count="1000")
        )
        with pytest.raises(EngineError, match="打转"):
            Walk(text + chain("s", "p"))

    def test_a_field_named_like_a_type_is_a_value(self) -> None:
        value = {"typename": "timedelta", "days": 1}
        walk = Walk(parallel("a", "b")).complete("a", form=value).complete("b")
        assert walk.now.variables["form"] == value


class TestElsewhereSilent:
    def test_a_signal_end_event_gives_its_signal(self) -> None:
        ring = '<bpmn:signalEventDefinition signalRef="alarm"/>'
        text = nodes(s="startEvent", a="userTask", b="userTask", e="endEvent") + element(
            "endEvent", "ring", ring
        )
        text += chain("s", "a", "ring") + chain("s", "b") + boundary("on", "b", ring) + flow("on", "e")
        assert Walk(text).complete("a").of_kind("cancelled") == ["b"]

    def test_two_flows_between_the_same_elements_are_two(self) -> None:
        text = nodes(s="startEvent", f="parallelGateway", a="userTask") + chain("s", "f")
        assert Walk(text + flow("f", "a", id="x") + flow("f", "a", id="y")).open == ["a", "a"]

    def test_an_event_based_gateway_heeds_all_its_timers(self) -> None:
        text = nodes(s="startEvent", g="eventBasedGateway", e="endEvent", x="endEvent") + chain("s", "g")
        for name, days, after in (("long", "P9D", "e"), ("short", "P2D", "x")):
            text += element("intermediateCatchEvent", name, timer(days, "timeDuration")) + chain(
                "g", name, after
            )
        assert Walk(text).fire("short").outcome == "x"

    def test_multi_instance_without_a_collection_keeps_what_instances_assign_to_itself(self) -> None:
        text = (
            nodes(s="startEvent", e="endEvent")
            + element("userTask", "m", multi(count="2"))
            + chain("s", "m", "e")
        )
        walk = Walk(text, {"status": "open"}).complete("m", status="a").complete("m", status="b")
        assert walk.now.variables == {"status": "open"}
