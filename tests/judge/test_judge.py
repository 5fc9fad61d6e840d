"""The engine against an independent reading of the standard, over random diagrams and random walks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from generator import diagrams
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from token_game import Game

from app.engine import Context, Instance, load_definitions

MOST_STEPS = 25
Wait = tuple[tuple[str, ...], str, int | None]


class NoCalendar:
    def is_workday(self, day: date) -> bool | None:
        return None


def at(day: int) -> Context:
    now = datetime(2021, 1, 1, tzinfo=UTC) + timedelta(days=day)
    return Context(now=now, dates={}, workdays=NoCalendar())


class Engine:
    """The product's engine, stored and loaded again before each step."""

    def __init__(self, document: bytes) -> None:
        self.definitions = load_definitions({"main.bpmn": document})
        self.instance = Instance.start(self.definitions, "main", {"v": 0}, at(0))
        self.trace: list[str] = []
        self.day = 0
        self.look()

    def look(self) -> None:
        snapshot = self.instance.snapshot()
        self.over = snapshot.outcome is not None
        self.trace += [h.element for h in snapshot.happened if h.kind == "completed"]
        waits: list[tuple[Any, str]] = [
            *((task, "complete") for task in snapshot.tasks),
            *((timer, "fire") for timer in snapshot.timers),
            *((message, "receive") for message in snapshot.messages),
        ]
        self.open = sorted(
            ((self.label(wait.token), wait.token, verb) for wait, verb in waits), key=lambda item: item[:2]
        )

    def label(self, number: int) -> Wait:
        token = self.instance._execution.tasks[number]
        path, host = [], token.host
        while host is not None:
            index = host.internal_data.get("index")
            path.insert(0, host.element if index is None else f"{host.element}:{index}")
            host = host.host
        return tuple(path), token.element, token.internal_data.get("index")

    def end(self, wait: Wait, variables: dict[str, Any]) -> None:
        self.day += 2
        stored = self.instance.dump()
        self.instance = Instance.load(self.definitions, stored)
        assert self.instance.dump() == stored
        _, token, verb = next(item for item in self.open if item[0] == wait)
        arguments = [] if verb == "fire" else [variables]
        getattr(self.instance, verb)(token, *arguments, at(self.day))
        self.look()


def play(document: bytes, data: st.DataObject) -> None:
    game, engine = Game(document, "main", {"v": 0}), Engine(document)
    for _ in range(MOST_STEPS):
        assert [item[0] for item in engine.open] == game.waits()
        assert sorted(engine.trace) == sorted(game.trace)
        if not engine.open:
            break
        wait = data.draw(st.sampled_from(engine.open), label="wait")
        variables = {"v": data.draw(st.integers(0, 2))} if wait[2] != "fire" else {}
        engine.end(wait[0], variables)
        game.end(wait[0], variables)
    assert engine.over == game.over


@given(diagrams(), st.data())
@settings(suppress_health_check=list(HealthCheck))
def test_the_engine_plays_as_the_standard_says(document: bytes, data: st.DataObject) -> None:
    play(document, data)


@pytest.mark.soak
@given(diagrams(depth=4), st.data())
@settings(suppress_health_check=list(HealthCheck))
def test_the_engine_plays_as_the_standard_says_for_long(document: bytes, data: st.DataObject) -> None:
    play(document, data)
