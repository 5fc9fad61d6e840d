"""The semantics of BPMN 2.0, element by element, with a restart before every step."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from diagrams import (
    NOW,
    Walk,
    boundary,
    chain,
    context,
    element,
    error,
    flow,
    load,
    message,
    nodes,
    process,
    properties,
    service,
    signal,
    timer,
)

from app.engine import Instance
from app.errors import Conflict, EngineError, UncaughtBpmnError

LATER = NOW + timedelta(days=30)


def parallel(*branches: str, join: str = "parallelGateway", split: str = "parallelGateway") -> str:
    """s → split → each branch (a user task) → join → end."""
    text = nodes(s="startEvent", split=split, join=join, e="endEvent", **dict.fromkeys(branches, "userTask"))
    return (
        text + chain("s", "split") + "".join(chain("split", b, "join") for b in branches) + chain("join", "e")
    )


class TestSequence:
    def test_a_user_task_waits_and_its_values_become_variables(self) -> None:
        walk = Walk(nodes(s="startEvent", a="userTask", e="endEvent") + chain("s", "a", "e"))
        assert walk.open == ["a"]
        walk.complete("a", grade="senior")
        assert walk.outcome == "e"
        assert walk.now.variables == {"grade": "senior"}

    def test_a_manual_task_waits_and_an_abstract_task_does_not(self) -> None:
        walk = Walk(nodes(s="startEvent", t="task", m="manualTask", e="endEvent") + chain("s", "t", "m", "e"))
        assert [(w.element, w.kind) for w in walk.now.tasks] == [("m", "manual")]

    def test_several_flows_out_of_a_task_are_a_parallel_split(self) -> None:
        text = nodes(s="startEvent", a="userTask", b="userTask", c="userTask")
        walk = Walk(text + chain("s", "a", "b") + flow("a", "c"))
        assert walk.complete("a").open == ["b", "c"]

    def test_several_flows_into_a_task_let_each_token_pass(self) -> None:
        text = nodes(s="startEvent", f="parallelGateway", a="userTask", e="endEvent")
        walk = Walk(
            text + chain("s", "f") + flow("f", "a", id="x") + flow("f", "a", id="y") + chain("a", "e")
        )
        assert walk.open == ["a", "a"]
        assert walk.complete("a").outcome is None
        assert walk.complete("a").outcome == "e"

    def test_an_implicit_end_ends_with_the_last_element(self) -> None:
        walk = Walk(nodes(s="startEvent", a="userTask") + chain("s", "a"))
        assert walk.complete("a").outcome == "a"

    def test_the_outcome_is_the_end_that_names_one(self) -> None:
        named = element("endEvent", "passed", "", properties(outcome="passed"))
        text = nodes(s="startEvent", a="userTask", b="userTask", e="endEvent") + named
        walk = Walk(text + chain("s", "a", "passed") + chain("s", "b", "e"))
        walk.complete("a")
        assert walk.outcome is None
        assert walk.complete("b").outcome == "passed"

    def test_a_task_completed_twice_is_a_conflict(self) -> None:
        walk = Walk(nodes(s="startEvent", a="userTask", b="userTask") + chain("s", "a", "b"))
        token = walk.token("tasks", "a")
        walk.complete("a")
        with pytest.raises(Conflict):
            walk.instance.complete(token, {}, context())

    def test_a_diagram_that_runs_in_circles_is_stopped(self) -> None:
        text = nodes(s="startEvent", a="task", b="task") + chain("s", "a", "b", "a")
        with pytest.raises(EngineError, match="打转"):
            Walk(text)


class TestGateways:
    CHOICE = nodes(s="startEvent", a="userTask", b="userTask", c="userTask") + flow("s", "g")

    def test_exclusive_takes_the_first_true_flow_in_the_order_of_the_file(self) -> None:
        text = self.CHOICE + element("exclusiveGateway", "g", default="g_to_c") + flow("g", "c")
        text += flow("g", "a", "x > 0") + flow("g", "b", "x > 1")
        assert Walk(text, {"x": 2}).open == ["a"]
        assert Walk(text, {"x": 0}).open == ["c"]

    @pytest.mark.parametrize("kind", ["exclusiveGateway", "inclusiveGateway"])
    def test_no_true_flow_and_no_default_is_an_error_that_names_the_gateway(self, kind: str) -> None:
        text = self.CHOICE + element(kind, "g") + flow("g", "a", "x > 0") + flow("g", "b", "x > 1")
        with pytest.raises(EngineError, match="“g”") as caught:
            Walk(text, {"x": 0})
        assert caught.value.details["element"] == "g"

    def test_inclusive_takes_all_true_flows_else_the_default(self) -> None:
        text = self.CHOICE + element("inclusiveGateway", "g", default="g_to_c") + flow("g", "c")
        text += flow("g", "a", "x > 0") + flow("g", "b", "x > 1")
        assert Walk(text, {"x": 2}).open == ["a", "b"]
        assert Walk(text, {"x": 1}).open == ["a"]
        assert Walk(text, {"x": 0}).open == ["c"]

    def test_a_parallel_join_waits_for_every_branch(self) -> None:
        walk = Walk(parallel("a", "b", "c"))
        walk.complete("b").complete("a")
        assert walk.open == ["c"]
        assert walk.complete("c").outcome == "e"
        assert walk.of_kind("completed").count("join") == 1

    def test_flows_straight_from_split_to_join_are_arrivals_too(self) -> None:
        text = nodes(s="startEvent", f="parallelGateway", j="parallelGateway", e="endEvent") + chain("s", "f")
        walk = Walk(text + flow("f", "j", id="x") + flow("f", "j", id="y") + chain("j", "e"))
        assert walk.outcome == "e"
        assert walk.of_kind("completed") == ["s", "f", "j", "e"]

    def test_parallel_branches_keep_each_others_changes(self) -> None:
        walk = Walk(parallel("a", "b"), {"status": "new", "count": 0})
        walk.complete("a", status="approved").complete("b", count=1)
        assert walk.now.variables == {"status": "approved", "count": 1}

    def test_an_inclusive_join_waits_for_what_can_still_come(self) -> None:
        text = nodes(s="startEvent", f="inclusiveGateway", j="inclusiveGateway", e="userTask")
        text += nodes(a="userTask", b="userTask", c="userTask") + chain("s", "f")
        for name in "abc":
            text += flow("f", name, f'"{name}" in chosen') + flow(name, "j")
        walk = Walk(text + chain("j", "e"), {"chosen": ["a", "c"]})
        assert walk.complete("a").open == ["c"]
        assert walk.complete("c").open == ["e"]

    def test_an_event_based_gateway_takes_the_first_event(self) -> None:
        text = nodes(s="startEvent", g="eventBasedGateway", a="userTask", b="userTask", c="userTask")
        text += element("intermediateCatchEvent", "m", message("ping"))
        text += element("intermediateCatchEvent", "t1", timer('named_date("exam")'))
        text += element("intermediateCatchEvent", "t2", timer("P3D", "timeDuration"))
        text += chain("s", "g", "m", "a") + chain("g", "t1", "b") + chain("g", "t2", "c")
        at = context(exam=LATER)
        walk = Walk(text, at=at)
        assert walk.open == ["m", "t1", "t2"]
        assert walk.now.messages[0].closes_at == NOW + timedelta(days=3)
        assert Walk(text, at=at).receive("m").open == ["a"]
        assert Walk(text, at=at).fire("t1").open == ["b"]
        assert walk.fire("t2").open == ["c"]


class TestTimers:
    TASK = nodes(s="startEvent", a="userTask", e="endEvent", late="endEvent") + chain("s", "a", "e")

    def test_an_interrupting_timer_cancels_its_task(self) -> None:
        walk = Walk(
            self.TASK + boundary("t", "a", timer('named_date("due")')) + flow("t", "late"),
            at=context(due=LATER),
        )
        assert walk.now.tasks[0].closes_at == LATER
        assert walk.now.timers[0].dates == ("due",)
        walk.fire("t")
        assert (walk.outcome, walk.open) == ("late", [])
        assert "a" in walk.of_kind("cancelled")

    def test_a_completed_task_takes_its_timer_along(self) -> None:
        walk = Walk(self.TASK + boundary("t", "a", timer("P3D", "timeDuration")) + flow("t", "late"))
        assert walk.complete("a").outcome == "e"

    def test_a_timer_that_does_not_interrupt_fires_once_beside_the_task(self) -> None:
        text = self.TASK + boundary("t", "a", timer("P3D", "timeDuration"), interrupting=False)
        walk = Walk(text + nodes(remind="userTask") + chain("t", "remind", "late"))
        assert walk.now.tasks[0].closes_at is None
        assert walk.fire("t").open == ["a", "remind"]
        assert walk.complete("a").outcome is None
        assert walk.complete("remind").outcome == "late"

    def test_a_timer_does_not_fire_before_it_is_due(self) -> None:
        walk = Walk(self.TASK + boundary("t", "a", timer("P30D", "timeDuration")) + flow("t", "late"))
        with pytest.raises(Conflict):
            walk.instance.fire(walk.token("timers", "t"), context(NOW + timedelta(days=29)))

    def test_a_month_from_the_31st_is_the_months_end(self) -> None:
        text = self.TASK + boundary("t", "a", timer("P1M", "timeDuration")) + flow("t", "late")
        walk = Walk(text, at=context(datetime(2021, 1, 31, 1, tzinfo=UTC)))
        assert walk.now.timers[0].due_at == datetime(2021, 2, 28, 1, tzinfo=UTC)

    def test_an_undetermined_timer_waits_for_its_date_and_never_fires(self) -> None:
        text = self.TASK + boundary("t", "a", timer('named_date("exam")')) + flow("t", "late")
        walk = Walk(text, at=context(exam=None))
        assert (walk.now.timers[0].due_at, walk.now.tasks[0].closes_at) == (None, None)
        with pytest.raises(Conflict):
            walk.instance.fire(walk.token("timers", "t"), context(LATER))
        walk.instance.retime(context(exam=LATER))
        assert walk.instance.snapshot().timers[0].due_at == LATER

    def test_an_overlay_recomputes_just_the_timers_that_used_the_date(self) -> None:
        text = self.TASK + boundary("t", "a", timer('named_date("a")')) + flow("t", "late")
        text += boundary("u", "a", timer('named_date("b")')) + flow("u", "late")
        walk = Walk(text, at=context(a=LATER, b=LATER))
        later = LATER + timedelta(days=1)
        walk.instance.retime(context(a=later, b=later), {"a"})
        assert {t.element: t.due_at for t in walk.instance.snapshot().timers} == {"t": later, "u": LATER}

    def test_a_recomputed_timer_counts_from_its_own_start(self) -> None:
        text = self.TASK + boundary("t", "a", timer("working_days(5)")) + flow("t", "late")
        walk = Walk(text)
        due = walk.now.timers[0].due_at
        walk.instance.retime(context(LATER), set())
        walk.instance.retime(context(LATER))
        assert walk.instance.snapshot().timers[0].due_at == due


class TestSubProcesses:
    INNER = nodes(is_="startEvent", a="userTask", ie="endEvent") + chain("is_", "a", "ie")

    def text(self, inner: str = INNER, after: str = "") -> str:
        outside = nodes(s="startEvent", e="endEvent", late="endEvent") + chain("s", "p", "e")
        return outside + element("subProcess", "p", inner) + after

    def test_it_shares_the_variables_and_ends_with_its_last_token(self) -> None:
        walk = Walk(self.text(), {"x": 1})
        assert walk.now.tasks[0].variables == {"x": 1}
        walk.complete("a", y=2)
        assert (walk.outcome, walk.now.variables) == ("e", {"x": 1, "y": 2})

    def test_its_timer_closes_the_tasks_inside_and_cancels_them(self) -> None:
        walk = Walk(self.text(after=boundary("t", "p", timer("P3D", "timeDuration")) + flow("t", "late")))
        assert walk.now.tasks[0].closes_at == NOW + timedelta(days=3)
        assert walk.fire("t").outcome == "late"

    def test_terminate_ends_only_its_own_level(self) -> None:
        inner = nodes(is_="startEvent", a="userTask", b="userTask")
        inner += element("endEvent", "stop", "<bpmn:terminateEventDefinition/>")
        inner += chain("is_", "a", "stop") + chain("is_", "b")
        walk = Walk(self.text(inner))
        walk.complete("a")
        assert walk.outcome == "e"
        assert "b" in walk.of_kind("cancelled")

    def test_an_error_goes_to_the_nearest_catcher_with_its_code(self) -> None:
        inner = nodes(is_="startEvent") + element("endEvent", "boom", error("late")) + chain("is_", "boom")
        middle = (
            nodes(ms="startEvent", me="endEvent") + element("subProcess", "q", inner) + chain("ms", "q", "me")
        )
        caught = boundary("wrong", "q", error("bad")) + flow("wrong", "me")
        after = boundary("right", "p", error()) + flow("right", "late")
        walk = Walk(self.text(middle + caught, after))
        assert walk.outcome == "late"
        assert walk.of_kind("error") == ["right"]

    def test_a_catcher_with_the_code_comes_before_one_for_all(self) -> None:
        inner = nodes(is_="startEvent") + element("endEvent", "boom", error("late")) + chain("is_", "boom")
        after = boundary("any", "p", error()) + flow("any", "e") + boundary("own", "p", error("late"))
        assert Walk(self.text(inner, after + flow("own", "late"))).outcome == "late"

    def test_an_uncaught_error_is_told(self) -> None:
        text = nodes(s="startEvent") + element("endEvent", "boom", error("late")) + chain("s", "boom")
        with pytest.raises(UncaughtBpmnError) as caught:
            Walk(text)
        assert (caught.value.error_code, caught.value.element) == ("late", "boom")


class TestCalls:
    INNER = process(nodes(is_="startEvent", a="userTask", ie="endEvent") + chain("is_", "a", "ie"), "inner")

    def outer(self, **given: str) -> str:
        call = element("callActivity", "c", "", properties(**given), calledElement="inner")
        return process(nodes(s="startEvent", e="endEvent") + call + chain("s", "c", "e"))

    def test_only_what_is_named_goes_in_and_comes_out(self) -> None:
        definitions = load(self.outer(inputs="n=x + 1; y", outputs="z=answer"), self.INNER)
        walk = Walk(definitions, {"x": 1, "y": 2, "secret": 3})
        assert walk.now.tasks[0].variables == {"n": 2, "y": 2}
        assert walk.now.tasks[0].process == "inner"
        walk.complete("a", answer=7, x=100)
        assert (walk.outcome, walk.now.variables) == ("e", {"x": 1, "y": 2, "secret": 3, "z": 7})

    def test_a_timer_on_the_call_closes_the_tasks_inside(self) -> None:
        outer = self.outer().replace("</bpmn:process>", boundary("t", "c", timer("P3D", "timeDuration")))
        walk = Walk(load(outer + flow("t", "e") + "</bpmn:process>", self.INNER))
        assert walk.now.tasks[0].closes_at == NOW + timedelta(days=3)

    def test_a_called_process_keeps_waiting_joins_apart_from_the_callers(self) -> None:
        inner = process(parallel("a", "b"), "inner")
        text = nodes(s="startEvent", f="parallelGateway", j="parallelGateway", e="endEvent")
        for name in ("c1", "c2"):
            text += element("callActivity", name, calledElement="inner")
        text += chain("s", "f", "c1", "j", "e") + chain("f", "c2", "j")
        walk = Walk(load(text, inner))
        walk.complete("a").complete("a")
        assert walk.open == ["b", "b"]
        assert walk.complete("b").complete("b").outcome == "e"


class TestServices:
    TEXT = nodes(s="startEvent", a="userTask", e="endEvent", full="endEvent") + chain("s", "v", "a", "e")

    def test_the_engine_stops_and_asks_for_the_capability(self) -> None:
        walk = Walk(
            self.TEXT + service("v", "reserve_place", "claim", grade="grade_applied"), {"grade_applied": 3}
        )
        ask = walk.now.asks[0]
        assert (ask.element, ask.capability, ask.inputs) == ("v", "reserve_place", {"grade": 3})
        assert walk.answer("v", {"id": 9}).now.variables["claim"] == {"id": 9}

    def test_without_a_result_variable_the_result_becomes_variables(self) -> None:
        walk = Walk(self.TEXT + service("v", "look_up"))
        assert walk.answer("v", {"place": "Wanzhou"}).now.variables == {"place": "Wanzhou"}

    def test_a_refusal_is_an_error_that_a_boundary_event_catches(self) -> None:
        text = (
            self.TEXT + service("v", "reserve_place") + boundary("b", "v", error("bad")) + flow("b", "full")
        )
        walk = Walk(text)
        assert walk.answer("v", refused="bad").outcome == "full"

    def test_a_refusal_that_nobody_catches_is_told(self) -> None:
        walk = Walk(self.TEXT + service("v", "reserve_place"))
        with pytest.raises(UncaughtBpmnError):
            walk.answer("v", refused="bad")

    def test_capabilities_that_go_round_are_stopped(self) -> None:
        """Each answer is a call of its own, so that no bound on one call ends it."""
        text = nodes(s="startEvent") + service("v", "notify") + service("w", "notify")
        instance = Walk(text + chain("s", "v", "w", "v")).instance

        def answer_all() -> None:
            while asks := instance.asks:
                instance.answer(asks[0].token, {}, context())

        with pytest.raises(EngineError, match="打转") as stopped:
            answer_all()
        assert stopped.value.details["element"] in ("v", "w")


class TestMessagesAndSignals:
    def test_a_message_is_received_into_a_variable_or_as_variables(self) -> None:
        text = nodes(s="startEvent", e="endEvent") + chain("s", "m", "e")
        keyed = properties(correlation="number")
        into = element("intermediateCatchEvent", "m", message("ping", variable="reply"), keyed)
        walk = Walk(text + into, {"number": 12})
        assert (walk.now.messages[0].message, walk.now.messages[0].key) == ("ping", "12")
        assert walk.receive("m", ok=True).now.variables == {"number": 12, "reply": {"ok": True}}
        walk = Walk(text + element("receiveTask", "m", messageRef="ping"))
        assert walk.receive("m", ok=True).now.variables == {"ok": True}

    @pytest.mark.parametrize("kind", ["intermediateThrowEvent", "endEvent"])
    def test_a_message_is_sent_with_its_payload_and_key(self, kind: str) -> None:
        thrown = element(kind, "m", message("ping", '{"n": number}'), properties(correlation="number"))
        walk = Walk(nodes(s="startEvent") + thrown + chain("s", "m"), {"number": 12})
        assert [(x.message, x.key, x.payload) for x in walk.now.sent] == [("ping", "12", {"n": 12})]
        assert walk.instance.snapshot().sent == []

    def test_a_send_task_sends(self) -> None:
        payload = "<spiffworkflow:messagePayload>{'a': 1}</spiffworkflow:messagePayload>"
        walk = Walk(
            nodes(s="startEvent") + element("sendTask", "m", "", payload, messageRef="ping") + chain("s", "m")
        )
        assert walk.now.sent[0].payload == {"a": 1}

    def test_a_message_beside_a_task_may_come_many_times(self) -> None:
        text = nodes(s="startEvent", a="userTask", n="userTask") + chain("s", "a")
        walk = Walk(text + boundary("m", "a", message("ping"), interrupting=False) + flow("m", "n"))
        walk.receive("m").receive("m")
        assert walk.open == ["a", "m", "n", "n"]
        walk.complete("a").complete("n")
        assert walk.complete("n").outcome is not None

    def test_a_message_that_interrupts_ends_the_task(self) -> None:
        text = nodes(s="startEvent", a="userTask", e="endEvent") + chain("s", "a")
        walk = Walk(text + boundary("m", "a", message("ping")) + flow("m", "e"))
        assert walk.receive("m").outcome == "e"

    def test_a_process_starts_by_a_message_or_by_hand(self) -> None:
        text = nodes(s="startEvent", a="userTask", b="userTask") + chain("s", "a") + chain("m", "b")
        definitions = load(text + element("startEvent", "m", message("ping")))
        assert definitions.processes["main"].start_messages == {"ping": "m"}
        assert Walk(definitions).open == ["a"]
        assert Walk(definitions, message="ping").open == ["b"]
        with pytest.raises(EngineError):
            Instance.start(definitions, "main", {}, context(), message="pong")

    def test_a_signal_reaches_everything_in_the_instance_that_waits_for_it(self) -> None:
        inner = process(
            nodes(is_="startEvent")
            + element("intermediateCatchEvent", "x", signal("alarm"))
            + chain("is_", "x"),
            "inner",
        )
        text = nodes(s="startEvent", a="userTask", b="userTask", stop="endEvent", go="userTask")
        text += element("callActivity", "c", calledElement="inner") + element(
            "endEvent", "ring", signal("alarm")
        )
        text += element("intermediateCatchEvent", "deaf", signal("calm"))
        text += chain("s", "a", "ring") + chain("s", "b") + chain("s", "c") + chain("s", "deaf")
        text += boundary("on_b", "b", signal("alarm")) + chain("on_b", "stop")
        walk = Walk(load(text, inner)).complete("a")
        assert walk.open == []
        assert [p.element for p in walk.instance.positions()] == ["deaf"]
        assert walk.of_kind("signalled").count("ring") == 1
