"""Activities done several times: multi-instance in its own scopes, and the standard loop."""

from __future__ import annotations

from typing import Any

import pytest
from diagrams import (
    NOW,
    Walk,
    boundary,
    chain,
    element,
    flow,
    load,
    message,
    nodes,
    process,
    properties,
    service,
    timer,
)

from app.errors import EngineError

ENDS = nodes(s="startEvent", e="endEvent") + chain("s", "m", "e")


def multi(sequential: bool = False, **parts: str) -> str:
    """``multi(items="people", item="p", output="votes", each="vote", until="…")``"""
    tags = {
        "count": "<bpmn:loopCardinality>{}</bpmn:loopCardinality>",
        "items": "<bpmn:loopDataInputRef>{}</bpmn:loopDataInputRef>",
        "output": "<bpmn:loopDataOutputRef>{}</bpmn:loopDataOutputRef>",
        "item": '<bpmn:inputDataItem id="{}"/>',
        "each": '<bpmn:outputDataItem id="{}"/>',
        "until": "<bpmn:completionCondition><![CDATA[{}]]></bpmn:completionCondition>",
    }
    inside = "".join(tags[name].format(value) for name, value in parts.items())
    attribute = f'isSequential="{str(sequential).lower()}"'
    return (
        f"<bpmn:multiInstanceLoopCharacteristics {attribute}>{inside}</bpmn:multiInstanceLoopCharacteristics>"
    )


def loop(condition: str = "", most: int | None = None, *, before: bool = False) -> str:
    given = f' testBefore="{str(before).lower()}"' + (f' loopMaximum="{most}"' if most else "")
    text = f"<bpmn:loopCondition><![CDATA[{condition}]]></bpmn:loopCondition>" if condition else ""
    return f"<bpmn:standardLoopCharacteristics{given}>{text}</bpmn:standardLoopCharacteristics>"


class TestMultiInstance:
    VOTES = ENDS + element("userTask", "m", multi(items="people", item="p", output="votes", each="vote"))

    def test_each_instance_has_its_item_and_its_number(self) -> None:
        walk = Walk(self.VOTES, {"people": ["a", "b"], "x": 1})
        assert [task.variables for task in walk.now.tasks] == [
            {"people": ["a", "b"], "x": 1, "p": "a", "loopCounter": 0},
            {"people": ["a", "b"], "x": 1, "p": "b", "loopCounter": 1},
        ]

    def test_outputs_are_collected_in_the_order_of_the_input(self) -> None:
        walk = Walk(self.VOTES, {"people": ["a", "b", "c"]})
        tokens = {task.variables["p"]: task.token for task in walk.now.tasks}
        for person in "cab":
            walk._step("complete", tokens[person], {"vote": f"by {person}", "mine": person})
        assert walk.outcome == "e"
        assert walk.now.variables == {"people": ["a", "b", "c"], "votes": ["by a", "by b", "by c"]}

    def test_one_after_the_other_and_none_is_an_item_too(self) -> None:
        text = ENDS + element("userTask", "m", multi(True, items="people", item="p", output="o", each="p"))
        walk = Walk(text, {"people": ["a", None, "c"]})
        for person in ("a", None, "c"):
            assert [task.variables["p"] for task in walk.now.tasks] == [person]
            walk.complete("m")
        assert walk.now.variables["o"] == ["a", None, "c"]

    def test_one_after_the_other_takes_the_items_of_the_start(self) -> None:
        text = ENDS + nodes(change="userTask") + chain("s", "change", "e")
        walk = Walk(
            text + element("userTask", "m", multi(True, items="people", item="p")), {"people": ["a", "b"]}
        )
        walk.complete("change", people=[]).complete("m")
        assert walk.now.tasks[0].variables["p"] == "b"

    @pytest.mark.parametrize("sequential", [True, False])
    def test_no_items_are_passed_at_once_with_an_empty_collection(self, sequential: bool) -> None:
        inside = multi(sequential, items="people", item="p", output="votes", each="vote")
        walk = Walk(ENDS + element("userTask", "m", inside), {"people": []})
        assert (walk.outcome, walk.now.variables["votes"]) == ("e", [])

    def test_the_completion_condition_cuts_the_rest_off(self) -> None:
        until = "numberOfCompletedInstances >= 2 and numberOfInstances == 3 and numberOfActiveInstances == 1"
        inside = multi(items="people", item="p", output="votes", each="vote", until=until)
        walk = Walk(ENDS + element("userTask", "m", inside), {"people": ["a", "b", "c"]})
        walk.complete("m", vote=1).complete("m", vote=2)
        assert (walk.outcome, walk.now.variables["votes"]) == ("e", [1, 2])
        assert walk.of_kind("cancelled") == ["m"]

    def test_the_completion_condition_may_look_at_the_outputs_so_far(self) -> None:
        inside = multi(items="people", item="p", output="votes", each="vote", until='"no" in votes')
        walk = Walk(ENDS + element("userTask", "m", inside), {"people": ["a", "b", "c"]})
        assert walk.complete("m", vote="yes").open == ["m", "m"]
        assert walk.complete("m", vote="no").outcome == "e"

    def test_the_boundary_timer_belongs_to_the_whole(self) -> None:
        text = ENDS + element("userTask", "m", multi(count="2")) + nodes(late="endEvent") + flow("t", "late")
        walk = Walk(text + boundary("t", "m", timer("P3D", "timeDuration")))
        assert walk.open == ["m", "m", "t"]
        assert {task.closes_at for task in walk.now.tasks} == {walk.now.timers[0].due_at}
        assert walk.fire("t").outcome == "late"

    def test_a_sub_process_each_keeps_its_variables_apart(self) -> None:
        inner = nodes(is_="startEvent", a="userTask", g="exclusiveGateway", b="userTask", ie="endEvent")
        inner += (
            chain("is_", "a", "g")
            + flow("g", "b", 'p == "x"')
            + flow("g", "ie", 'p != "x"')
            + flow("b", "ie")
        )
        inside = inner + multi(items="people", item="p", output="o", each="answer")
        walk = Walk(ENDS + element("subProcess", "m", inside), {"people": ["x", "y"]})
        walk.complete("a", answer=1)
        assert walk.open == ["a", "b"]
        walk.complete("a", answer=2).complete("b")
        assert walk.now.variables == {"people": ["x", "y"], "o": [1, 2]}

    def test_a_call_each_gets_its_item(self) -> None:
        inner = process(
            nodes(is_="startEvent", a="userTask", ie="endEvent") + chain("is_", "a", "ie"), "inner"
        )
        given = properties(inputs="who=p", outputs="answer=said")
        inside = multi(items="people", item="p", output="o", each="answer")
        text = ENDS + element("callActivity", "m", inside, given, calledElement="inner")
        walk = Walk(load(text, inner), {"people": ["x", "y"]})
        assert [task.variables for task in walk.now.tasks] == [{"who": "x"}, {"who": "y"}]
        walk.complete("a", said=1).complete("a", said=2)
        assert walk.now.variables["o"] == [1, 2]

    def test_a_receive_task_each_has_its_own_key(self) -> None:
        inside = multi(items="people", item="p", output="o", each="reply")
        extra = (
            properties(correlation="p")
            + "<spiffworkflow:messageVariable>reply</spiffworkflow:messageVariable>"
        )
        walk = Walk(
            ENDS + element("receiveTask", "m", inside, extra, messageRef="ping"), {"people": ["x", "y"]}
        )
        assert [wait.key for wait in walk.now.messages] == ["x", "y"]
        walk.receive("m", a=1).receive("m", a=2)
        assert walk.now.variables["o"] == [{"a": 1}, {"a": 2}]

    @pytest.mark.parametrize("people", [None, "abc", {"a": 1}])
    def test_an_input_that_is_no_list_is_told(self, people: Any) -> None:
        with pytest.raises(EngineError, match="“people”应当是列表") as caught:
            Walk(self.VOTES, {"people": people})
        assert caught.value.details["element"] == "m"

    @pytest.mark.parametrize("count", ["3000000", "-1", "1.5", "'a'", "true"])
    def test_a_number_of_instances_that_can_not_be_is_told(self, count: str) -> None:
        with pytest.raises(EngineError, match=r"最多 1000|非负整数"):
            Walk(ENDS + element("userTask", "m", multi(count=count)))

    def test_an_error_in_one_instance_cancels_all(self) -> None:
        inner = nodes(is_="startEvent", a="userTask")
        inner += element("endEvent", "boom", '<bpmn:errorEventDefinition errorRef="bad_error"/>') + chain(
            "is_", "a", "boom"
        )
        text = ENDS + element("subProcess", "m", inner + multi(count="3")) + nodes(late="endEvent")
        caught = boundary("b", "m", "<bpmn:errorEventDefinition/>") + flow("b", "late")
        assert Walk(text + caught).complete("a").outcome == "late"


class TestStandardLoop:
    def test_it_is_done_while_the_condition_holds_in_the_variables_around_it(self) -> None:
        walk = Walk(ENDS + element("userTask", "m", loop("again")))
        walk.complete("m", again=True).complete("m", again=True).complete("m", again=False)
        assert (walk.outcome, walk.now.variables) == ("e", {"again": False})

    def test_it_may_be_tested_before(self) -> None:
        assert (
            Walk(ENDS + element("userTask", "m", loop("again", before=True)), {"again": False}).outcome == "e"
        )

    def test_it_is_done_so_often_at_most(self) -> None:
        walk = Walk(ENDS + element("userTask", "m", loop("true", most=2)))
        assert walk.complete("m").complete("m").outcome == "e"

    def test_its_boundary_message_belongs_to_the_whole(self) -> None:
        text = ENDS + element("userTask", "m", loop("true")) + nodes(stop="endEvent") + flow("b", "stop")
        walk = Walk(text + boundary("b", "m", message("ping"))).complete("m").complete("m")
        assert walk.receive("b").outcome == "stop"

    def test_a_loop_of_nothing_that_never_ends_is_stopped(self) -> None:
        with pytest.raises(EngineError, match="打转"):
            Walk(ENDS + element("task", "m", loop("true")))

    def test_the_due_instant_of_the_whole_does_not_move(self) -> None:
        text = ENDS + element("userTask", "m", loop("true")) + nodes(late="endEvent") + flow("t", "late")
        walk = Walk(text + boundary("t", "m", timer("P3D", "timeDuration"))).complete("m")
        assert walk.now.timers[0].due_at is not None
        assert (walk.now.timers[0].due_at - NOW).days == 3


def test_a_process_tells_what_its_repeated_tasks_send_and_ask_for() -> None:
    payload = "<spiffworkflow:messagePayload>{'to': p}</spiffworkflow:messagePayload>"
    each = multi(items="people", item="p")
    sends = element("sendTask", "m", each, payload, messageRef="ping")
    asks = service("v", "notify", text="p").replace("</bpmn:serviceTask>", each + "</bpmn:serviceTask>")
    found = load(nodes(s="startEvent", e="endEvent") + sends + asks + chain("s", "m", "v", "e"))
    main = found.processes["main"]
    assert (main.sent_messages, main.capabilities) == ({"ping"}, {"notify"})
    walk = Walk(nodes(s="startEvent", e="endEvent") + sends + chain("s", "m", "e"), {"people": ["甲", "乙"]})
    assert [sent.payload for sent in walk.now.sent] == [{"to": "甲"}, {"to": "乙"}]
