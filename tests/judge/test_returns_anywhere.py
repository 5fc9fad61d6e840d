"""After any way back, in any diagram, a case still comes to its end, and its calls give the same bytes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from generator import ALL, diagrams
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.engine import Context, Definitions, Instance, WayBack, load_definitions

SOUND = ALL - {"mismatch", "ends"}
"""What is drawn without these comes to its end, as long as no boundary event ends a branch."""
MOST_STEPS, MOST_TO_THE_END = 12, 400
Call = tuple[str, tuple[Any, ...], dict[str, Any]]


class NoCalendar:
    def is_workday(self, day: date) -> bool | None:
        return None


class Case:
    """A case with the calls that made it, and which token did which task."""

    def __init__(self, definitions: Definitions) -> None:
        self.definitions = definitions
        self.calls: list[Call] = []
        self.done: list[tuple[int, tuple[str, str]]] = []
        self.instance = Instance.start(definitions, "main", {"v": 0}, at(0))
        self.stands = self.instance.snapshot()

    def call(self, verb: str, *arguments: Any, **named: Any) -> None:
        context = at(2 * len(self.calls) + 2)
        self.instance = Instance.load(self.definitions, self.instance.dump())
        made: Call = (verb, (context,) if verb == "move" else (*arguments, context), named)
        self.calls.append(made)
        getattr(self.instance, verb)(*made[1], **named)
        self.stands = self.instance.snapshot()

    def moves(self) -> list[tuple[str, Any]]:
        """What can happen, but for boundary events."""
        waits: list[tuple[str, Any]] = [("complete", task) for task in self.stands.tasks]
        waits += [("fire", timer) for timer in self.stands.timers]
        waits += [("receive", message) for message in self.stands.messages]
        return [move for move in waits if not move[1].element.startswith("bo")]

    def make(self, verb: str, wait: Any, value: int) -> None:
        if verb == "complete":
            self.done.append((wait.token, (wait.process, wait.element)))
        self.call(verb, wait.token, *([] if verb == "fire" else [{"v": value}]))

    def ways(self) -> list[WayBack]:
        pairs = [(task.token, earlier) for task in self.stands.tasks for earlier in self.done]
        found = (self.instance.way_back(token, *earlier) for token, earlier in pairs)
        return [way for way in found if way is not None]

    def undoings(self) -> list[WayBack]:
        """The ways from whatever stands to before the task that was done last."""
        standing = [at.token for at in self.instance.positions() if at.kind != "boundaryEvent"]
        found = (self.instance.way_before(token, *self.done[-1]) for token in standing if self.done)
        return [way for way in found if way is not None]

    def finish(self) -> None:
        """Whatever waits is done, tasks before events."""
        for _ in range(MOST_TO_THE_END):
            if not self.moves():
                break
            self.make(*self.moves()[0], 0)

    def replayed(self) -> bytes:
        again = Instance.start(self.definitions, "main", {"v": 0}, at(0))
        for verb, arguments, named in self.calls:
            getattr(again, verb)(*arguments, **named)
        return again.canonical()


def at(day: int) -> Context:
    return Context(datetime(2021, 1, 1, tzinfo=UTC) + timedelta(days=day), {}, NoCalendar())


def play(document: bytes, data: st.DataObject) -> None:
    case = Case(load_definitions({"main.bpmn": document}))
    for _ in range(MOST_STEPS):
        ways = case.ways() + case.undoings()
        if ways and data.draw(st.booleans(), label="back"):
            way = data.draw(st.sampled_from(ways), label="way")
            before = {task.token for task in case.stands.tasks}
            case.call("move", cancel=way.cancel, start=way.start)
            opened = [task for task in case.stands.tasks if task.token not in before]
            assert way.start[0][1] in {task.element for task in opened}
        elif case.moves():
            move = data.draw(st.sampled_from(case.moves()), label="move")
            case.make(*move, data.draw(st.integers(0, 2), label="v"))
    case.finish()
    assert case.stands.outcome is not None, "the case is over"
    assert case.replayed() == case.instance.canonical()


@given(diagrams(SOUND), st.data())
@settings(suppress_health_check=list(HealthCheck))
def test_after_any_way_back_a_case_still_comes_to_its_end(document: bytes, data: st.DataObject) -> None:
    play(document, data)


def standing(case: Case) -> dict[int, tuple[str, str]]:
    """Where tokens stand, by number."""
    found = case.instance.positions()
    return {at.token: (at.process, at.element) for at in found if at.kind != "boundaryEvent"}


@given(diagrams(SOUND), st.data())
@settings(suppress_health_check=list(HealthCheck))
def test_a_task_that_is_taken_back_at_once_leaves_what_stood(document: bytes, data: st.DataObject) -> None:
    case = Case(load_definitions({"main.bpmn": document}))
    for _ in range(MOST_STEPS):
        if not case.moves():
            return
        move = data.draw(st.sampled_from(case.moves()), label="move")
        before = standing(case)
        case.make(*move, data.draw(st.integers(0, 2), label="v"))
        new = standing(case).keys() - before.keys()
        if move[0] != "complete":
            continue
        ways = (case.instance.way_before(token, *case.done[-1]) for token in sorted(new))
        way = next((way for way in ways if way is not None and new.issuperset(way.cancel)), None)
        if way is not None and way.certain:
            case.call("move", cancel=way.cancel, start=way.start)
            assert sorted(standing(case).values()) == sorted(before.values())
            case.done.pop()


@pytest.mark.soak
@given(diagrams(SOUND, depth=4), st.data())
@settings(suppress_health_check=list(HealthCheck))
def test_after_any_way_back_a_case_still_comes_to_its_end_for_long(
    document: bytes, data: st.DataObject
) -> None:
    play(document, data)
