"""What may still come on a case's way: the tasks and waits that its diagram leads to from where it stands."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from app.engine.definitions import Definitions, Element, ProcessDefinition
from app.engine.events import Error, Timer
from app.engine.specs import CallActivity, SubProcess

WAITS = {"userTask", "manualTask", "intermediateCatchEvent", "receiveTask"}

STANDING = WAITS | {"startEvent"}

Place = tuple[tuple[str, ...], str, str]
"""The call activities around, the process, and the element in it."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """An element that waits for somebody or something. `steps`: so many waits away, 1 is the next.

    `dates`: the named dates that timers on its border go by.
    """

    process: str
    element: Element
    steps: int
    dates: tuple[str, ...]


def ahead(definitions: Definitions, process_id: str, standing: Collection[str]) -> Sequence[Ahead]:
    """The waits that lie before a case which stands at these elements, the nearest first.

    Every branch counts, whatever its condition, and what happens when a term is over; what is said or fails
    at a border does not, nor does what only leads back to where the case stands.
    """
    graph = _Graph(definitions)
    begin = graph.enter((), definitions.processes[process_id])
    order = {place: number for number, place in enumerate(graph.walk(begin))}
    here = [place for place in order if place[2] in standing and graph.element(place).kind in STANDING]
    found: dict[Place, int] = {}
    pending = deque((place, 0) for place in here)
    seen = set(here)
    while pending:
        place, steps = pending.popleft()
        for following in graph.onward(place):
            if following in seen or graph.leads_back(following, here, order):
                continue
            seen.add(following)
            waits = graph.element(following).kind in WAITS
            if waits:
                found[following] = steps + 1
            pending.append((following, steps + waits))
    return [
        Ahead(place[1], graph.element(place), steps, graph.dates(place))
        for place, steps in sorted(found.items(), key=lambda one: one[1])
    ]


class _Graph:
    """The diagrams as one graph of places: calls and sub-processes are gone into and out of."""

    def __init__(self, definitions: Definitions) -> None:
        self.definitions = definitions

    def element(self, place: Place) -> Element:
        return self.definitions.processes[place[1]].elements[place[2]]

    def enter(self, calls: tuple[str, ...], process: ProcessDefinition) -> list[Place]:
        starts = [e.id for e in process.elements.values() if e.kind == "startEvent" and e.parent is None]
        return [(calls, process.id, start) for start in starts]

    def walk(self, begin: Sequence[Place]) -> Iterator[Place]:
        """Everything that can be come to, the nearest first; what borders lead to as well."""
        pending, seen = deque(begin), set(begin)
        while pending:
            place = pending.popleft()
            yield place
            for following in (*self.following(place), *self._borders(place)):
                if following not in seen:
                    seen.add(following)
                    pending.append(following)

    def leads_back(self, place: Place, here: Sequence[Place], order: dict[Place, int]) -> bool:
        """Whether it is a detour: from there the case comes to an end only by where it stands.

        A step that was before loses nothing by its term: that it may lapse there is no way ahead.
        """
        if self.element(place).kind not in WAITS or not here:
            return False
        earlier = order.get(place, 0) <= min(order[one] for one in here)
        first = self.following(place) if earlier else self.onward(place)
        return not any(self._is_end(one) for one in self._reached(first, here))

    def onward(self, place: Place) -> list[Place]:
        """Where it goes on from there by itself."""
        return [*self.following(place), *self._borders(place, Timer)]

    def following(self, place: Place) -> list[Place]:
        calls, process_id, name = place
        process = self.definitions.processes[process_id]
        spec = process.specs[name]
        inside = getattr(spec, "child", spec)
        if isinstance(inside, SubProcess):
            return [(calls, process_id, inside.first.bpmn_id)]
        if isinstance(inside, CallActivity):
            called = self.definitions.processes[inside.spec]
            return [((*calls, f"{process_id}/{name}"), called.id, str(called.start))]
        return self._after(calls, process, name)

    def dates(self, place: Place) -> tuple[str, ...]:
        process = self.definitions.processes[place[1]]
        borders = {event.bpmn_id for event in process.specs[place[2]].boundaries}
        used = (found for found in process.expressions if found.element in borders)
        return tuple(sorted({name for found in used for name in found.expression.date_names}))

    def _after(self, calls: tuple[str, ...], process: ProcessDefinition, name: str) -> list[Place]:
        """Where its flows lead; at an end, what comes after the sub-process or the call around it."""
        element, spec = process.elements[name], process.specs[name]
        if spec.outgoing:
            return [(calls, process.id, flow.target.bpmn_id) for flow in spec.outgoing]
        if element.kind != "endEvent" or _fails(spec):
            return []
        if element.parent is not None:
            return self._after(calls, process, element.parent)
        if not calls:
            return []
        caller, _, call = calls[-1].partition("/")
        return self._after(calls[:-1], self.definitions.processes[caller], call)

    def _borders(self, place: Place, kind: type = object) -> list[Place]:
        spec = self.definitions.processes[place[1]].specs[place[2]]
        wanted = (event for event in spec.boundaries if isinstance(event.event_definition, kind))
        return [(place[0], place[1], event.bpmn_id) for event in wanted]

    def _is_end(self, place: Place) -> bool:
        """Whether the case itself ends there, and not by an error."""
        element = self.element(place)
        spec = self.definitions.processes[place[1]].specs[place[2]]
        inner = bool(place[0]) or element.parent is not None
        return element.kind == "endEvent" and not inner and not _fails(spec)

    def _reached(self, first: Sequence[Place], without: Sequence[Place]) -> Iterator[Place]:
        pending, seen = deque(first), set(without)
        while pending:
            place = pending.popleft()
            if place not in seen:
                seen.add(place)
                pending.extend(self.onward(place))
                yield place


def _fails(spec: Any) -> bool:
    """Whether an end throws an error, which goes on at a border."""
    return isinstance(getattr(spec, "event_definition", None), Error)
