"""A second reading of BPMN 2.0, for the tests alone: tokens on the XML's flows, no code of the product's."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import ChainMap
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass, field
from typing import Any

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
CONDITION = re.compile(r"(\w+) (==|!=) (\d+)")


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
    count: int = 0
    left: int = 0
    inner: list[Frame] = field(default_factory=list)
    called: MutableMapping[str, Any] | None = None

    @property
    def id(self) -> str:
        return self.node.get("id", "")


class Game:
    """Plays a process by the standard's rules; every wait is ended by hand."""

    def __init__(self, document: bytes, process: str, variables: dict[str, Any]) -> None:
        root = ET.fromstring(document)  # noqa: S314
        self.nodes = {node.get("id", ""): node for node in root.iter() if node.get("id")}
        self.flows = {name: n for name, n in self.nodes.items() if n.tag == BPMN + "sequenceFlow"}
        self.tokens: list[tuple[Frame, str]] = []
        self.works: list[Work] = []
        self.trace: list[str] = []
        self.frame = Frame(dict(variables))
        self._start(self.nodes[process], self.frame)
        self._settle()

    def waits(self) -> list[tuple[tuple[str, ...], str, int | None]]:
        """What waits to be ended by hand: the path of activities around it, the element, the instance."""
        return sorted((self._path(w), w.id, w.index) for w in self.works if self._is_open(w))

    @property
    def over(self) -> bool:
        return not self.tokens and not self.works

    def end(self, wait: tuple[tuple[str, ...], str, int | None], variables: dict[str, Any]) -> None:
        """End one wait: complete the task, let the timer fire, receive the message."""
        work = next(w for w in self.works if self._is_open(w) and (self._path(w), w.id, w.index) == wait)
        work.frame.variables.update(variables)
        if _kind(work.node) == "boundaryEvent":
            self._boundary(work)
        else:
            for rival in [
                w for w in self.works if w.race is not None and w.race is work.race and w is not work
            ]:
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
        node = self.nodes[self.flows[flow].get("targetRef", "")]
        incoming = self._incoming(node)
        if _kind(node) == "inclusiveGateway" and len(incoming) > 1:
            return False
        if _kind(node) == "parallelGateway":
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
        kind = _kind(node)
        if kind in ("userTask", "subProcess", "callActivity"):
            self._activate(node, frame)
        elif kind == "intermediateCatchEvent":
            self.works.append(Work(node, frame, race=race))
        elif kind == "endEvent":
            self._end_event(node, frame)
        else:
            self.trace.append(node.get("id", ""))
            self._leave(node, frame)

    def _leave(self, node: ET.Element, frame: Frame) -> None:
        outgoing = self._outgoing(node)
        if _kind(node) == "eventBasedGateway":
            race = object()
            for flow in outgoing:
                self._enter(self.nodes[self.flows[flow].get("targetRef", "")], frame, race)
            return
        if _kind(node) in ("exclusiveGateway", "inclusiveGateway"):
            true = [f for f in outgoing if f != node.get("default") and self._holds(f, frame)]
            outgoing = true or [node.get("default", "")]
            outgoing = outgoing[:1] if _kind(node) == "exclusiveGateway" else outgoing
        self.tokens += [(frame, flow) for flow in outgoing]
        self._check_done(frame)

    def _holds(self, flow: str, frame: Frame) -> bool:
        found = self.flows[flow].find(BPMN + "conditionExpression")
        if found is None:
            return True
        name, operator, number = CONDITION.fullmatch(found.text or "").groups()  # type: ignore[union-attr]
        return (frame.variables[name] == int(number)) is (operator == "==")

    def _check_done(self, frame: Frame) -> None:
        if any(f is frame for f, _ in self.tokens) or any(w.frame is frame for w in self.works):
            return
        owner = frame.owner
        if owner is None or frame not in owner.inner:
            return
        owner.inner.remove(frame)
        if owner.left:
            owner.left -= 1
            if self._sequential(owner) and owner.left:
                self._instance(owner, owner.count - owner.left)
        if not owner.left and not owner.inner:
            self._finish(owner)

    # Activities

    def _activate(self, node: ET.Element, frame: Frame) -> None:
        work = Work(node, frame)
        self.works.append(work)
        for event in self._borders(node):
            if event.find(BPMN + "errorEventDefinition") is None:
                self.works.append(Work(event, frame, host=work))
        count = node.find(f"{BPMN}multiInstanceLoopCharacteristics/{BPMN}loopCardinality")
        if count is None:
            self._run(work, frame)
            return
        work.left = work.count = int(count.text or 0)
        for index in range(1 if self._sequential(work) else work.left):
            self._instance(work, index)

    def _instance(self, multi: Work, index: int) -> None:
        frame = Frame(ChainMap({}, multi.frame.variables), multi)
        multi.inner.append(frame)
        work = Work(multi.node, frame, index=index)
        self.works.append(work)
        self._run(work, frame)

    def _run(self, work: Work, frame: Frame) -> None:
        kind = _kind(work.node)
        if kind == "subProcess":
            inner = Frame(frame.variables, work)
            work.inner.append(inner)
            self._start(work.node, inner)
        elif kind == "callActivity":
            work.called = {"v": frame.variables["v"]}
            inner = Frame(work.called, work)
            work.inner.append(inner)
            self._start(self.nodes[work.node.get("calledElement", "")], inner)

    def _start(self, level: ET.Element, frame: Frame) -> None:
        self._enter(level.find(BPMN + "startEvent"), frame)  # type: ignore[arg-type]

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
            self._kill(event.host)  # type: ignore[arg-type]
        elif event.node.find(BPMN + "messageEventDefinition") is None:
            self.works.remove(event)
        self._leave(event.node, event.frame)

    def _end_event(self, node: ET.Element, frame: Frame) -> None:
        error = node.find(BPMN + "errorEventDefinition")
        if error is not None:
            self._throw(error.get("errorRef"), frame)
            return
        self.trace.append(node.get("id", ""))
        if node.find(BPMN + "terminateEventDefinition") is not None:
            self._clear(frame)
        self._check_done(frame)

    def _throw(self, code: str | None, frame: Frame) -> None:
        work = frame.owner
        while work is not None:
            for event in self._borders(work.node) if work.index is None else ():
                caught = event.find(BPMN + "errorEventDefinition")
                if caught is not None and caught.get("errorRef") in (None, code):
                    self._kill(work)
                    self.trace.append(event.get("id", ""))
                    self._leave(event, work.frame)
                    return
            work = work.frame.owner

    # Inclusive joins (13.4.3)

    def _inclusive_joins(self) -> bool:
        for frame, flow in list(self.tokens):
            node = self.nodes[self.flows[flow].get("targetRef", "")]
            if _kind(node) == "inclusiveGateway" and self._enabled(node, frame):
                marked = [f for f in self._incoming(node) if (frame, f) in self.tokens]
                self._consume(frame, marked)
                self._enter(node, frame)
                return True
        return False

    def _enabled(self, join: ET.Element, frame: Frame) -> bool:
        incoming = self._incoming(join)
        marked = {f for f in incoming if (frame, f) in self.tokens}
        empty = set(incoming) - marked
        places = [
            self.flows[f].get("targetRef", "") for fr, f in self.tokens if fr is frame and f not in incoming
        ]
        places += [work.id for work in self.works if work.frame is frame]
        reached = [self._reachable(place, join) for place in places]
        return not any(ways & empty and not ways & marked for ways in reached)

    def _reachable(self, place: str, join: ET.Element) -> set[str]:
        pending, seen, ways = [place], {join.get("id", "")}, set()
        while pending:
            name = pending.pop()
            if name in seen:
                continue
            seen.add(name)
            pending += [event.get("id", "") for event in self._borders(self.nodes[name])]
            for flow in self._outgoing(self.nodes[name]):
                target = self.flows[flow].get("targetRef", "")
                pending.append(target)
                ways |= {flow} if target == join.get("id") else set()
        return ways

    # Looking

    def _is_open(self, work: Work) -> bool:
        repeats = work.node.find(BPMN + "multiInstanceLoopCharacteristics") is not None and work.index is None
        return _kind(work.node) not in ("subProcess", "callActivity") and not repeats

    def _path(self, work: Work) -> tuple[str, ...]:
        path, owner = [], work.frame.owner
        while owner is not None:
            path.insert(0, owner.id if owner.index is None else f"{owner.id}:{owner.index}")
            owner = owner.frame.owner
        return tuple(path)

    def _sequential(self, work: Work) -> bool:
        loop = work.node.find(BPMN + "multiInstanceLoopCharacteristics")
        return loop is not None and loop.get("isSequential") == "true"

    def _incoming(self, node: ET.Element) -> list[str]:
        return [name for name, flow in self.flows.items() if flow.get("targetRef") == node.get("id")]

    def _outgoing(self, node: ET.Element) -> list[str]:
        return [name for name, flow in self.flows.items() if flow.get("sourceRef") == node.get("id")]

    def _borders(self, node: ET.Element) -> Iterator[ET.Element]:
        return (n for n in self.nodes.values() if n.get("attachedToRef") == node.get("id"))


def _kind(node: ET.Element) -> str:
    return node.tag.removeprefix(BPMN)
