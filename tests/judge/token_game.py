"""A second reading of BPMN 2.0, for the tests alone: tokens on the XML's flows, no code of the product's."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import ChainMap
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any

from drawing import BPMN, Drawing, count, defines, kind, sequential

Wait = tuple[tuple[str, ...], str, int | None]
"""The path of activities around what waits, the element, and which of several instances it is."""


@dataclass(eq=False)
class Frame:
    """A level that runs: the process, a sub-process, a called process, one instance of many."""

    variables: MutableMapping[str, Any]
    owner: Work | None = None


@dataclass(eq=False)
class Work:
    """An activity that runs or an event that waits."""

    node: ET.Element
    frame: Frame
    host: Work | None = None
    race: object = None
    index: int | None = None
    left: int = 0
    inner: list[Frame] = field(default_factory=list)
    called: MutableMapping[str, Any] | None = None

    @property
    def id(self) -> str:
        return self.node.get("id", "")


class Game:
    """Plays a process by the standard's rules; every wait is ended by hand."""

    def __init__(self, document: bytes, process: str, variables: dict[str, Any]) -> None:
        self.drawing = Drawing(document)
        self.tokens: list[tuple[Frame, str]] = []
        self.works: list[Work] = []
        self.trace: list[str] = []
        self.frame = Frame(dict(variables))
        self._start(self.drawing.nodes[process], self.frame)
        self._settle()

    def waits(self) -> list[Wait]:
        """What waits to be ended by hand."""
        return sorted((self._path(w), w.id, w.index) for w in self.works if self._is_open(w))

    @property
    def over(self) -> bool:
        return not self.tokens and not self.works

    def end(self, wait: Wait, variables: dict[str, Any]) -> None:
        """End one wait: complete the task, let the timer fire, receive the message."""
        work = next(w for w in self.works if self._is_open(w) and (self._path(w), w.id, w.index) == wait)
        work.frame.variables.update(variables)
        if kind(work.node) == "boundaryEvent":
            self._boundary(work)
        else:
            rivals = [w for w in self.works if w.race is not None and w.race is work.race]
            for rival in rivals:
                self._kill(rival)
            self._finish(work)
        self._settle()

    # Moving

    def _settle(self) -> None:
        while any(self._move(frame, flow) for frame, flow in list(self.tokens)) or self._inclusive_joins():
            pass

    def _move(self, frame: Frame, flow: str) -> bool:
        if (frame, flow) not in self.tokens:
            return False
        node = self.drawing.target(flow)
        incoming = self.drawing.incoming(node)
        if kind(node) == "inclusiveGateway" and len(incoming) > 1:
            return False
        if kind(node) == "parallelGateway":
            if not all((frame, needed) in self.tokens for needed in incoming):
                return False
            self._consume(frame, incoming)
        else:
            self._consume(frame, [flow])
        self._enter(node, frame)
        return True

    def _consume(self, frame: Frame, flows: list[str]) -> None:
        for flow in flows:
            self.tokens.remove((frame, flow))

    def _enter(self, node: ET.Element, frame: Frame, race: object = None) -> None:
        if kind(node) in ("userTask", "subProcess", "callActivity"):
            self._activate(node, frame)
        elif kind(node) == "intermediateCatchEvent":
            self.works.append(Work(node, frame, race=race))
        elif kind(node) == "endEvent":
            self._end_event(node, frame)
        else:
            self.trace.append(node.get("id", ""))
            self._leave(node, frame)

    def _leave(self, node: ET.Element, frame: Frame) -> None:
        outgoing = self.drawing.outgoing(node)
        if kind(node) == "eventBasedGateway":
            race = object()
            for flow in outgoing:
                self._enter(self.drawing.target(flow), frame, race)
            return
        if kind(node) in ("exclusiveGateway", "inclusiveGateway"):
            true = [
                f for f in outgoing if f != node.get("default") and self.drawing.holds(f, frame.variables)
            ]
            outgoing = true or [node.get("default", "")]
            outgoing = outgoing[:1] if kind(node) == "exclusiveGateway" else outgoing
        self.tokens += [(frame, flow) for flow in outgoing]
        self._check_done(frame)

    def _check_done(self, frame: Frame) -> None:
        if any(f is frame for f, _ in self.tokens) or any(w.frame is frame for w in self.works):
            return
        owner = frame.owner
        if owner is None or frame not in owner.inner:
            return
        owner.inner.remove(frame)
        if owner.left:
            owner.left -= 1
            if sequential(owner.node) and owner.left:
                self._instance(owner, (count(owner.node) or 0) - owner.left)
        if not owner.left and not owner.inner:
            self._finish(owner)

    # Activities

    def _activate(self, node: ET.Element, frame: Frame) -> None:
        work = Work(node, frame)
        self.works.append(work)
        for event in self.drawing.borders(node):
            if defines(event, "error") is None:
                self.works.append(Work(event, frame, host=work))
        work.left = count(node) or 0
        if not work.left:
            self._run(work, frame)
        for index in range(min(1, work.left) if sequential(node) else work.left):
            self._instance(work, index)

    def _instance(self, multi: Work, index: int) -> None:
        frame = Frame(ChainMap({}, multi.frame.variables), multi)
        multi.inner.append(frame)
        work = Work(multi.node, frame, index=index)
        self.works.append(work)
        self._run(work, frame)

    def _run(self, work: Work, frame: Frame) -> None:
        if kind(work.node) == "subProcess":
            inner = Frame(frame.variables, work)
            work.inner.append(inner)
            self._start(work.node, inner)
        elif kind(work.node) == "callActivity":
            work.called = {"v": frame.variables["v"]}
            inner = Frame(work.called, work)
            work.inner.append(inner)
            self._start(self.drawing.nodes[work.node.get("calledElement", "")], inner)

    def _start(self, level: ET.Element, frame: Frame) -> None:
        self._enter(level.find(BPMN + "startEvent"), frame)

    def _finish(self, work: Work) -> None:
        self.trace.append(work.id)
        self._kill(work)
        if work.called is not None:
            work.frame.variables["v"] = work.called["v"]
        if work.index is not None:
            self._check_done(work.frame)
        else:
            self._leave(work.node, work.frame)

    def _kill(self, work: Work) -> None:
        if work not in self.works:
            return
        self.works.remove(work)
        for event in [w for w in self.works if w.host is work]:
            self.works.remove(event)
        for frame in work.inner:
            self._clear(frame)
        work.inner = []

    def _clear(self, frame: Frame) -> None:
        self.tokens = [(f, flow) for f, flow in self.tokens if f is not frame]
        for work in [w for w in self.works if w.frame is frame]:
            self._kill(work)

    # Events

    def _boundary(self, event: Work) -> None:
        self.trace.append(event.id)
        if event.node.get("cancelActivity") == "true":
            self._kill(event.host)
        elif defines(event.node, "message") is None:
            self.works.remove(event)
        self._leave(event.node, event.frame)

    def _end_event(self, node: ET.Element, frame: Frame) -> None:
        self.trace.append(node.get("id", ""))
        error = defines(node, "error")
        if error is not None:
            self._throw(error.get("errorRef"), frame)
            return
        if defines(node, "terminate") is not None:
            self._clear(frame)
        self._check_done(frame)

    def _throw(self, code: str | None, frame: Frame) -> None:
        work = frame.owner
        while work is not None:
            for event in self.drawing.borders(work.node) if work.index is None else ():
                caught = defines(event, "error")
                if caught is not None and caught.get("errorRef") in (None, code):
                    self._kill(work)
                    self.trace.append(event.get("id", ""))
                    self._leave(event, work.frame)
                    return
            work = work.frame.owner

    # Inclusive joins (13.4.3)

    def _inclusive_joins(self) -> bool:
        for frame, flow in list(self.tokens):
            node = self.drawing.target(flow)
            if kind(node) == "inclusiveGateway" and self._enabled(node, frame):
                marked = [f for f in self.drawing.incoming(node) if (frame, f) in self.tokens]
                self._consume(frame, marked)
                self._enter(node, frame)
                return True
        return False

    def _enabled(self, join: ET.Element, frame: Frame) -> bool:
        incoming = self.drawing.incoming(join)
        marked = {f for f in incoming if (frame, f) in self.tokens}
        empty = set(incoming) - marked
        flows = [flow for place, flow in self.tokens if place is frame and flow not in incoming]
        places = [self.drawing.target(flow).get("id", "") for flow in flows]
        places += [work.id for work in self.works if work.frame is frame]
        reached = [self.drawing.reachable(place, join) for place in places]
        return not any(ways & empty and not ways & marked for ways in reached)

    # Looking

    def _is_open(self, work: Work) -> bool:
        repeats = count(work.node) is not None and work.index is None
        return kind(work.node) not in ("subProcess", "callActivity") and not repeats

    def _path(self, work: Work) -> tuple[str, ...]:
        path, owner = [], work.frame.owner
        while owner is not None:
            path.insert(0, owner.id if owner.index is None else f"{owner.id}:{owner.index}")
            owner = owner.frame.owner
        return tuple(path)
