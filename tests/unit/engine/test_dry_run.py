"""A case walked through strangers' diagrams: what is told of its way, and that nothing gets out of hand."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from diagrams import (
    NOW,
    boundary,
    chain,
    document,
    element,
    error,
    flow,
    message,
    nodes,
    process,
    properties,
    service,
    timer,
)

from app.engine import dry_run_in_child, load_definitions, sandbox
from app.engine.dry_run import DryRun, Move, Setting
from app.engine.walk import MOST_MOVES, walk

DEADLINE = datetime(2021, 6, 30, 16, tzinfo=UTC)


def run(inside: str, *moves: Move, alone: bool = False, **setting: Any) -> DryRun:
    """The process `main` with these elements, walked by the moves or, `alone`, by itself."""
    definitions = load_definitions({"main.bpmn": document(process(inside))})
    return walk(definitions, "main", None if alone else moves, Setting(now=NOW, **setting))


def in_child(inside: str, *moves: Move, alone: bool = False, **setting: Any) -> DryRun:
    """The same in a child."""
    files = {"main.bpmn": document(process(inside))}
    return dry_run_in_child(files, "main", None if alone else moves, Setting(now=NOW, **setting))


def complete(target: str, **variables: Any) -> Move:
    return Move("complete", target, variables)


def waiting(run: DryRun) -> list[str]:
    return [wait.element for wait in run.steps[-1].waiting]


def of_kind(run: DryRun, kind: str) -> list[str]:
    return [one.element for step in run.steps for one in step.happened if one.kind == kind]


def told(run: DryRun) -> list[tuple[str | None, str]]:
    return [(problem.element, problem.message) for problem in run.problems]


REVIEW = nodes(s="startEvent", fill="userTask", decide="userTask", g="exclusiveGateway", bad="endEvent")
REVIEW += element("endEvent", "good", "", properties(outcome="passed"))
REVIEW += chain("s", "fill", "decide", "g") + flow("g", "good", 'decision == "approve"')
REVIEW += flow("g", "bad", 'decision != "approve"')
CLOSING = boundary("closed", "fill", timer('named_date("closes")')) + nodes(lapsed="endEvent")
CLOSING += chain("closed", "lapsed")


class TestMoves:
    def test_each_move_tells_what_happened_and_what_waits(self) -> None:
        found = run(REVIEW, complete("fill", day=date(2021, 6, 1)), complete("decide", decision="approve"))
        assert found.problems == ()
        assert [[wait.element for wait in step.waiting] for step in found.steps] == [["fill"], ["decide"], []]
        assert [step.move and step.move.target for step in found.steps] == [None, "fill", "decide"]
        assert found.outcome is not None
        assert (found.outcome.element, found.outcome.properties) == ("good", {"outcome": "passed"})
        assert found.variables == {"day": date(2021, 6, 1), "decision": "approve"}
        assert of_kind(found, "completed") == ["s", "fill", "decide", "g", "good"]

    def test_a_case_that_is_not_over_is_left_where_it_stands(self) -> None:
        found = run(REVIEW, complete("fill"))
        assert (found.problems, found.outcome, waiting(found)) == ((), None, ["decide"])

    def test_a_task_may_be_called_by_its_name(self) -> None:
        named = element("userTask", "fill").replace('name="fill"', 'name="填写"')
        found = run(nodes(s="startEvent", e="endEvent") + named + chain("s", "fill", "e"), complete("填写"))
        assert found.outcome is not None

    def test_a_move_that_nothing_waits_for_is_told_with_its_number(self) -> None:
        found = run(REVIEW, complete("fill"), complete("review"))
        assert told(found) == [("main", "“review”此时没有在等；这一类在等的：decide")]
        assert found.problems[0].row == 2
        assert waiting(found) == ["decide"]

    def test_what_the_diagram_cannot_compute_is_told_at_its_element(self) -> None:
        found = run(REVIEW, complete("fill"), complete("decide"))
        assert [problem.element for problem in found.problems] == ["g"]
        assert "decision" in found.problems[0].message
        assert found.problems[0].row == 2

    def test_an_unknown_process(self) -> None:
        found = walk(load_definitions({"a.bpmn": document(process(REVIEW))}), "nix", [], Setting(now=NOW))
        assert told(found) == [("nix", "没有这个流程")]

    def test_a_message_starts_and_goes_on(self) -> None:
        begins = element("startEvent", "s", message("ping"))
        waits = element("intermediateCatchEvent", "w", message("pong", variable="got"))
        inside = begins + waits + nodes(e="endEvent") + chain("s", "w", "e")
        moves = [Move("receive", "pong", {"ok": True})]
        found = run(inside, *moves, message="ping", variables={"grade": "senior"})
        assert found.variables == {"grade": "senior", "got": {"ok": True}}
        assert found.outcome is not None


class TestChild:
    def test_it_gives_back_what_was_found(self) -> None:
        moves = [complete("fill", day=date(2021, 6, 1), at=NOW, **{"$date": ["x", None]}), Move("pass")]
        setting = {"dates": {"closes": DEADLINE, "exam": None}, "samples": {"main": {"decide": {"a": 1}}}}
        for given in (moves, moves[1:], [complete("nix")]):
            found = in_child(REVIEW + CLOSING, *given, **setting)
            assert found == run(REVIEW + CLOSING, *given, **setting)
            assert found.steps

    def test_errors_of_the_files_are_told_as_by_the_check(self) -> None:
        files = {"a.bpmn": document(process(nodes(s="startEvent", x="scriptTask") + chain("s", "x")))}
        found = dry_run_in_child(files, "main", [], Setting(now=NOW))
        assert found.steps == ()
        assert list(found.problems) == [p for p in sandbox.check_in_child(files) if p.severity == "error"]


class TestTime:
    def test_it_passes_to_the_next_due_instant(self) -> None:
        found = run(REVIEW + CLOSING, Move("pass"), dates={"closes": DEADLINE})
        assert (found.steps[0].waiting[0].due_at, found.steps[-1].at) == (DEADLINE, DEADLINE)
        assert found.outcome is not None
        assert found.outcome.element == "lapsed"
        fired = [one for one in found.steps[-1].happened if one.kind == "fired"]
        assert fired[0].detail["due_at"] == DEADLINE

    def test_a_timer_called_by_name_does_not_overtake_those_due_before_it(self) -> None:
        late = boundary("late", "decide", timer("P20D", "timeDuration"), interrupting=False)
        early = boundary("early", "decide", timer("P1D", "timeDuration"), interrupting=False)
        inside = REVIEW + late + early + nodes(x="endEvent", y="endEvent")
        inside += chain("late", "x") + chain("early", "y")
        found = run(inside, complete("fill"), Move("fire", "late"))
        assert of_kind(found, "fired") == ["early", "late"]
        assert waiting(found) == ["decide"]

    def test_what_was_due_before_the_start_has_fired_then(self) -> None:
        found = run(REVIEW + CLOSING, dates={"closes": datetime(2021, 6, 1, tzinfo=UTC)})
        assert found.outcome is not None
        assert found.outcome.element == "lapsed"

    def test_an_undetermined_instant_never_comes(self) -> None:
        found = run(REVIEW + CLOSING, Move("fire", "closed"), dates={"closes": None})
        assert told(found) == [("main", "定时“closed”的时刻尚未确定，不会触发")]
        found = run(REVIEW + CLOSING, Move("pass"), dates={"closes": None})
        assert told(found) == [("main", "没有已经确定时刻的定时在等")]

    @pytest.mark.parametrize(
        ("days", "due"),
        [
            ({}, datetime(2021, 6, 22, 16, tzinfo=UTC)),
            ({"2021-06-22": False}, datetime(2021, 6, 23, 16, tzinfo=UTC)),
            ({"2021-06-22": None}, None),
        ],
    )
    def test_working_days_are_those_stated(self, days: dict[str, bool | None], due: datetime | None) -> None:
        inside = nodes(s="startEvent", e="endEvent") + chain("s", "w", "e")
        inside += element("intermediateCatchEvent", "w", timer('working_days(parameter("n"))'))
        found = run(inside, days=days, parameters={"n": 2})
        assert found.steps[0].waiting[0].due_at == due


class TestCapabilities:
    ASKS = nodes(s="startEvent", e="endEvent", full="endEvent", task="userTask")
    ASKS += service("reserve", "reserve_place", "claim", grade="'senior'") + chain(
        "s", "reserve", "task", "e"
    )
    CAUGHT = boundary("refused", "reserve", error("late")) + chain("refused", "full")

    def test_they_answer_from_the_table(self) -> None:
        found = run(self.ASKS, answers={"reserve_place": {"quota": 7}})
        assert found.variables == {"claim": {"quota": 7}}
        asked = [one for one in found.steps[0].happened if one.kind == "asked"]
        assert asked[0].detail == {"capability": "reserve_place", "inputs": {"grade": "senior"}}

    def test_a_task_of_its_own_goes_before_the_capability(self) -> None:
        found = run(self.ASKS, answers={"reserve_place": {"quota": 7}, "reserve": {"quota": 8}})
        assert found.variables == {"claim": {"quota": 8}}

    def test_nothing_stated_is_an_empty_result(self) -> None:
        assert run(self.ASKS).variables == {"claim": {}}

    def test_a_refusal_takes_its_way_or_is_told(self) -> None:
        caught = run(self.ASKS + self.CAUGHT, answers={"reserve_place": "late"})
        assert caught.outcome is not None
        assert caught.outcome.element == "full"
        uncaught = run(self.ASKS, answers={"reserve_place": "no_vacancy"})
        assert [problem.element for problem in uncaught.problems] == ["reserve"]


class TestAlone:
    def test_it_goes_to_the_end_with_what_the_samples_say(self) -> None:
        found = run(
            REVIEW + CLOSING,
            alone=True,
            dates={"closes": DEADLINE},
            samples={"main": {"decide": {"decision": "approve"}}},
        )
        assert found.problems == ()
        assert [step.move and step.move.target for step in found.steps] == [None, "fill", "decide"]
        assert found.outcome is not None
        assert found.outcome.element == "good"

    def test_it_waits_for_time_and_messages_where_nothing_else_is_left(self) -> None:
        inside = nodes(s="startEvent", e="endEvent") + chain("s", "day", "word", "e")
        inside += element("intermediateCatchEvent", "day", timer("P1D", "timeDuration"))
        inside += element("intermediateCatchEvent", "word", message("pong"))
        found = run(inside, alone=True)
        assert [step.move and step.move.kind for step in found.steps] == [None, "pass", "receive"]
        assert found.outcome is not None

    def test_it_stops_where_only_the_undetermined_is_left(self) -> None:
        inside = nodes(s="startEvent", e="endEvent") + chain("s", "day", "e")
        inside += element("intermediateCatchEvent", "day", timer('named_date("exam")'))
        found = run(inside, alone=True, dates={"exam": None})
        assert (found.problems, found.outcome, waiting(found)) == ((), None, ["day"])

    def test_a_way_back_is_not_gone_for_ever(self) -> None:
        """The task that was done once already gives way to the deadline on its border."""
        back = REVIEW.replace('targetRef="bad"', 'targetRef="fill"')
        found = run(back + CLOSING, alone=True, variables={"decision": ""}, dates={"closes": DEADLINE})
        kinds = [step.move and (step.move.kind, step.move.target) for step in found.steps]
        assert kinds == [None, ("complete", "fill"), ("complete", "decide"), ("pass", "")]
        assert found.outcome is not None
        assert found.outcome.element == "lapsed"

    def test_a_case_that_never_ends_is_left_after_a_while(self) -> None:
        found = run(
            REVIEW.replace('targetRef="bad"', 'targetRef="fill"'), alone=True, variables={"decision": ""}
        )
        assert len(found.steps) == MOST_MOVES + 1
        assert [(p.severity, p.message) for p in found.problems] == [
            ("warning", f"走了 {MOST_MOVES} 步还没有结束，没有再走下去")
        ]


def circle() -> str:
    """Gateways that lead back to one another."""
    inside = nodes(s="startEvent", a="exclusiveGateway", b="exclusiveGateway", e="endEvent")
    return inside + chain("s", "a", "b") + flow("b", "a", "True") + flow("b", "e", "False")


def many_items(count: int) -> str:
    loop = f"<bpmn:loopCardinality>{count}</bpmn:loopCardinality>"
    loop = f'<bpmn:multiInstanceLoopCharacteristics isSequential="false">{loop}'
    inside = element("userTask", "each", f"{loop}</bpmn:multiInstanceLoopCharacteristics>")
    return nodes(s="startEvent", e="endEvent") + inside + chain("s", "each", "e")


def service_circle() -> str:
    inside = nodes(s="startEvent", m="exclusiveGateway", g="exclusiveGateway", e="endEvent")
    inside += service("again", "notify") + chain("s", "m", "again", "g")
    return inside + flow("g", "m", "True") + flow("g", "e", "False")


def ticking() -> str:
    """A timer without duration, again and again."""
    inside = nodes(s="startEvent", m="exclusiveGateway", e="endEvent") + chain("s", "m", "tick", "g")
    inside += element("intermediateCatchEvent", "tick", timer("PT0S", "timeDuration"))
    inside += nodes(g="exclusiveGateway")
    return inside + flow("g", "m", "True") + flow("g", "e", "False")


def nested(depth: int) -> str:
    """A condition in so many brackets."""
    inside = nodes(s="startEvent", g="exclusiveGateway", a="endEvent", b="endEvent") + chain("s", "g")
    return inside + flow("g", "a", f"{'(' * depth}1{')' * depth} == 1") + flow("g", "b", "False")


HOSTILE = {
    "circle of gateways": (circle(), "b", "打转"),
    "three million instances": (many_items(3_000_000), "each", ""),
    "circle of capabilities": (service_circle(), "again", "打转"),
    "timer without duration": (ticking(), "tick", "打转"),
    "nested expression": (nested(50_000), None, ""),
}


class TestHostile:
    @pytest.fixture(autouse=True)
    def _in_time(self) -> Iterator[None]:
        begun = time.monotonic()
        yield
        assert time.monotonic() - begun < sandbox.WAIT_SECONDS

    @pytest.mark.parametrize("name", HOSTILE)
    def test_it_ends_with_a_sentence_at_its_element(self, name: str) -> None:
        inside, place, sentence = HOSTILE[name]
        found = in_child(inside, alone=True)
        assert found.outcome is None
        assert found.problems
        assert all(problem.severity == "error" for problem in found.problems)
        assert place is None or found.problems[0].element == place
        assert sentence in found.problems[0].message

    def test_a_process_that_calls_itself(self) -> None:
        call = element("callActivity", "again", calledElement="main")
        found = in_child(nodes(s="startEvent", e="endEvent") + call + chain("s", "again", "e"), alone=True)
        assert [problem.element for problem in found.problems] == ["again"]
        assert "循环调用" in found.problems[0].message

    def test_entities_are_refused(self) -> None:
        bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>'
        found = dry_run_in_child({"a.bpmn": bomb}, "main", None, Setting(now=NOW))
        assert "DOCTYPE" in found.problems[0].message

    @pytest.mark.parametrize(
        ("name", "limit"), [("CPU_SECONDS", 0), ("MEMORY_BYTES", 1), ("WAIT_SECONDS", 0.01)]
    )
    def test_a_child_that_needs_too_much_is_a_problem(
        self, name: str, limit: float, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sandbox, name, limit)
        found = in_child(
            nodes(s="startEvent", **{f"t{number}": "task" for number in range(20_000)}), alone=True
        )
        assert [(p.file, p.severity) for p in found.problems] == [("main.bpmn", "error")]
        assert "时间和内存" in found.problems[0].message
        assert found.steps == ()
