"""Finds joins that may wait for ever, and circles in which nothing ever changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.engine.definitions import ProcessDefinition
from app.engine.gateways import InclusiveGateway, ParallelGateway
from app.engine.markings import MOST, choices, ends_all, joins
from app.engine.types import Problem

_MOST_TOKENS = 12

Marking = tuple[str, ...]
"""The flows that hold a token, sorted; a flow once for each."""


_IDLE = {
    "task",
    "exclusiveGateway",
    "parallelGateway",
    "inclusiveGateway",
    "intermediateThrowEvent",
    "sendTask",
}
"""Elements that neither wait nor change a variable."""


def check(process: ProcessDefinition) -> list[Problem]:
    """Warnings, found by playing each level through all choices: conditions may come out either way."""
    stuck: set[str] = set()
    for start in (spec for spec in process.specs.values() if spec.element.kind == "startEvent"):
        stuck |= _Level(process).play(start)
    found = dict.fromkeys(sorted(stuck), "这里可能永远等不齐：有的走法里，进入的分支不会全部到达")
    found |= dict.fromkeys(_circles(process), "从这里出发的循环里没有等待的环节，一旦走进去就会原地打转")
    return [
        Problem(process.file, message, name, process.elements[name].name, severity="warning")
        for name, message in found.items()
    ]


def _circles(process: ProcessDefinition) -> Iterator[str]:
    """One element of each circle that can only be left at once or never."""
    told: set[str] = set()
    for name, spec in process.specs.items():
        if name not in told and spec.element.kind in _IDLE:
            around = _idly_reached(spec)
            if name in around:
                told |= around
                yield name


def _idly_reached(spec: Any) -> set[str]:
    reached: set[str] = set()
    pending = [flow.target for flow in spec.outgoing]
    while pending:
        target = pending.pop()
        if target.element.kind in _IDLE and target.name not in reached:
            reached.add(target.name)
            pending += [flow.target for flow in target.outgoing]
    return reached


class _Level:
    """The markings that a level can come to from one start event."""

    def __init__(self, process: ProcessDefinition) -> None:
        self.targets = {flow.id: process.specs[flow.target] for flow in process.flows.values()}

    def play(self, start: Any) -> set[str]:
        """The joins that can be left waiting when nothing else moves."""
        first = tuple(sorted(flow.id for flow in start.outgoing))
        seen, pending, stuck = {first}, [first], set()
        while pending and len(seen) < MOST:
            marking = pending.pop()
            following = list(self._follow(marking))
            if marking and not following:
                stuck |= {self.targets[flow].bpmn_id for flow in marking}
            for found in following:
                if found not in seen and len(found) <= _MOST_TOKENS:
                    seen.add(found)
                    pending.append(found)
        return stuck if not pending else set()

    def _follow(self, marking: Marking) -> Iterator[Marking]:
        """What one token can do. Tokens move one by one; which comes first makes no difference, but for an
        end event that ends all others, which comes last."""
        moving = [flow for flow in marking if not joins(self.targets[flow])]
        ending = [flow for flow in moving if ends_all(self.targets[flow])]
        ordinary = next((flow for flow in moving if flow not in ending), None)
        if ordinary is not None:
            rest = _without(marking, [ordinary])
            yield from (_with(rest, produced) for produced in _choices(self.targets[ordinary]))
            return
        for join in {self.targets[flow].bpmn_id: self.targets[flow] for flow in marking}.values():
            consumed = self._consumed(join, marking)
            if consumed:
                rest = _without(marking, consumed)
                yield from (_with(rest, produced) for produced in _choices(join))
                return
        if ending:
            yield ()

    def _consumed(self, join: Any, marking: Marking) -> list[str]:
        """The tokens that a join takes now, one a flow; none if it still waits."""
        arrived = [flow for flow in join.incoming if flow in marking]
        if isinstance(join, ParallelGateway):
            return arrived if len(arrived) == len(join.incoming) else []
        if not isinstance(join, InclusiveGateway):
            return []
        elsewhere = {self.targets[flow].bpmn_id for flow in marking} - {join.bpmn_id}
        empty = set(join.incoming) - set(arrived)
        return [] if any(join.awaits(place, empty, arrived) for place in elsewhere) else arrived


def _choices(spec: Any) -> Iterator[list[str]]:
    """The sets of flows by which a token can leave an element, or an activity's boundary events."""
    yield from choices(spec)
    outgoing = [flow.id for flow in spec.outgoing]
    for event in spec.boundaries:
        beside = [flow.id for flow in event.outgoing]
        yield beside if event.cancel_activity else outgoing + beside


def _with(marking: Marking, produced: list[str]) -> Marking:
    return tuple(sorted([*marking, *produced]))


def _without(marking: Marking, consumed: list[str]) -> Marking:
    rest = list(marking)
    for flow in consumed:
        rest.remove(flow)
    return tuple(rest)
