"""Where the tokens of one level of a process can stand at the same time, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

from app.engine.definitions import ProcessDefinition
from app.engine.event_specs import EndEvent
from app.engine.events import Error, Terminate
from app.engine.gateways import EventBasedGateway, ExclusiveGateway, InclusiveGateway, ParallelGateway

MOST = 4000
"""A level with more markings than this is left unjudged."""

_WAITING = {
    *("userTask", "manualTask", "receiveTask", "intermediateCatchEvent"),
    *("eventBasedGateway", "subProcess", "callActivity"),
}

Marking = frozenset[str]
"""The elements at which tokens stand; of a token that waits at a join, the flow by which it came."""


def joins(spec: Any) -> bool:
    """Whether tokens wait for each other there."""
    return bool(spec.joins and len(spec.incoming) > 1)


@dataclass(frozen=True, slots=True)
class Step:
    """What a token, or one for each flow into a join, may do: where it stood, where it goes, what stands."""

    cause: Marking
    given: Marking
    after: Marking


class Level:
    """A process or an embedded sub-process by itself: activities within it are single elements.

    Conditions may come out either way, boundary events may happen, and every interleaving of what waits is
    played. Two tokens at one place count as one.
    """

    def __init__(self, process: ProcessDefinition, parent: str | None) -> None:
        self.process = process
        self.parent = parent

    @cached_property
    def following(self) -> Mapping[Marking, tuple[Step, ...]]:
        """Every marking that the level can come to, with the steps from it; empty if too many."""
        starts = [spec for spec in self._specs() if spec.element.kind == "startEvent"]
        pending = [self.entered(flow.id for flow in start.outgoing) for start in starts]
        found: dict[Marking, tuple[Step, ...]] = {}
        while pending:
            marking = pending.pop()
            if marking not in found:
                found[marking] = tuple(self._steps(marking))
                pending += [step.after for step in found[marking]]
            if len(found) > MOST:
                return {}
        return found

    def entered(self, flows: Iterable[str]) -> Marking:
        """The places of tokens that have taken these flows."""
        return frozenset(self.place(flow) for flow in flows)

    def place(self, flow: str) -> str:
        target = self.process.flows[flow].target
        return flow if joins(self.process.specs[target]) else target

    def at(self, place: str) -> Any:
        """What the element at a place does."""
        flow = self.process.flows.get(place)
        return self.process.specs[flow.target if flow else place]

    def _specs(self) -> Iterator[Any]:
        for name, element in self.process.elements.items():
            if element.parent == self.parent:
                yield self.process.specs[name]

    def _steps(self, marking: Marking) -> Iterator[Step]:
        """What moves by itself does so first, one after the other; which comes first makes no difference."""
        standing = sorted(marking - self.process.flows.keys())
        moving = next((place for place in standing if not _waits(self.at(place))), None)
        if moving is not None:
            yield from self._leaving(marking, moving)
        elif steps := list(self._joining(marking)):
            yield from steps
        else:
            for place in standing:
                yield from self._leaving(marking, place)

    def _joining(self, marking: Marking) -> Iterator[Step]:
        arrived = (self.at(place) for place in sorted(marking & self.process.flows.keys()))
        for join in {spec.bpmn_id: spec for spec in arrived}.values():
            if consumed := self._consumed(join, marking):
                for taken in choices(join):
                    given = self.entered(taken)
                    yield Step(consumed, given, (marking - consumed) | given)

    def _leaving(self, marking: Marking, place: str) -> Iterator[Step]:
        spec, rest = self.at(place), marking - {place}
        here = marking - rest
        if ends_all(spec):
            yield Step(here, frozenset(), frozenset())
            return
        for taken in choices(spec):
            given = self.entered(taken)
            yield Step(here, given, rest | given)
        for event in spec.boundaries:
            given = self.entered(flow.id for flow in event.outgoing)
            yield Step(here, given, (rest if event.cancel_activity else marking) | given)

    def _consumed(self, join: Any, marking: Marking) -> Marking:
        """The arrivals that a join takes now; none if it still waits."""
        arrived = marking.intersection(join.incoming)
        if isinstance(join, ParallelGateway):
            return arrived if len(arrived) == len(set(join.incoming)) else frozenset()
        elsewhere = {self.at(place).bpmn_id for place in marking} - {join.bpmn_id}
        empty = set(join.incoming) - arrived
        return frozenset() if any(join.awaits(place, empty, arrived) for place in elsewhere) else arrived


def _waits(spec: Any) -> bool:
    return spec.element.kind in _WAITING or hasattr(spec, "child")


def choices(spec: Any) -> Iterator[list[str]]:
    """The sets of flows by which a token can leave an element, its boundary events left aside."""
    outgoing = [flow.id for flow in spec.outgoing]
    if isinstance(spec, (ExclusiveGateway, EventBasedGateway)):
        yield from ([flow] for flow in outgoing)
    elif isinstance(spec, InclusiveGateway):
        sizes = range(1, len(outgoing) + 1) if len(outgoing) <= 4 else (1, len(outgoing))
        yield from (list(chosen) for size in sizes for chosen in combinations(outgoing, size))
    else:
        yield outgoing


def ends_all(spec: Any) -> bool:
    """Whether it takes all other tokens of its level along."""
    return isinstance(spec, EndEvent) and isinstance(spec.event_definition, (Terminate, Error))
