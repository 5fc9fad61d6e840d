"""A BPMN document as the token game sees it: nodes, flows, borders, conditions."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Any

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
CONDITION = re.compile(r"(\w+) (==|!=) (\d+)")


class Drawing:
    """Looks things up in the XML; holds no state of a run."""

    def __init__(self, document: bytes) -> None:
        root = ET.fromstring(document)
        self.nodes = {node.get("id", ""): node for node in root.iter() if node.get("id")}
        self.flows = {name: node for name, node in self.nodes.items() if kind(node) == "sequenceFlow"}

    def target(self, flow: str) -> ET.Element:
        return self.nodes[self.flows[flow].get("targetRef", "")]

    def incoming(self, node: ET.Element) -> list[str]:
        return [name for name, flow in self.flows.items() if flow.get("targetRef") == node.get("id")]

    def outgoing(self, node: ET.Element) -> list[str]:
        return [name for name, flow in self.flows.items() if flow.get("sourceRef") == node.get("id")]

    def borders(self, node: ET.Element) -> list[ET.Element]:
        return [event for event in self.nodes.values() if event.get("attachedToRef") == node.get("id")]

    def holds(self, flow: str, variables: Mapping[str, Any]) -> bool:
        """Whether the flow's condition is true: ``v == 1`` or ``v != 1``, or there is none."""
        found = self.flows[flow].find(BPMN + "conditionExpression")
        if found is None:
            return True
        name, operator, number = CONDITION.fullmatch(found.text or "").groups()
        return (variables[name] == int(number)) is (operator == "==")

    def reachable(self, place: str, join: ET.Element) -> set[str]:
        """The flows into a join to which a token at `place` can come without passing the join."""
        pending, seen, ways = [place], {join.get("id", "")}, set()
        while pending:
            name = pending.pop()
            if name in seen:
                continue
            seen.add(name)
            pending += [event.get("id", "") for event in self.borders(self.nodes[name])]
            for flow in self.outgoing(self.nodes[name]):
                pending.append(self.target(flow).get("id", ""))
                ways |= {flow} if self.target(flow) is join else set()
        return ways


def kind(node: ET.Element) -> str:
    return node.tag.removeprefix(BPMN)


def defines(event: ET.Element, what: str) -> ET.Element | None:
    """The event's definition of that kind."""
    return event.find(f"{BPMN}{what}EventDefinition")


def count(node: ET.Element) -> int | None:
    """How many instances a multi-instance activity has."""
    found = node.find(f"{BPMN}multiInstanceLoopCharacteristics/{BPMN}loopCardinality")
    return None if found is None else int(found.text or 0)


def sequential(node: ET.Element) -> bool:
    loop = node.find(BPMN + "multiInstanceLoopCharacteristics")
    return loop is not None and loop.get("isSequential") == "true"
