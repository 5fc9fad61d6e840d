"""What a scheme's diagrams and tables define, read once and shared by every case of a deployment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.engine.expressions import Expression

THROWING = frozenset({"endEvent", "intermediateThrowEvent", "sendTask"})
_SEPARATORS = re.compile(r"[,，、;；\s]+")


@dataclass(frozen=True, slots=True)
class Element:
    """A flow node of a diagram; `kind` is its BPMN tag, `parent` the sub-process that it stands in."""

    id: str
    kind: str
    name: str
    lane: str | None
    properties: Mapping[str, str]
    clauses: tuple[str, ...]
    parent: str | None

    @property
    def role(self) -> str | None:
        """Who does it: the element's own property, else its lane's name."""
        return self.properties.get("role") or self.lane

    @property
    def form(self) -> str | None:
        return self.properties.get("formJsonSchemaFilename") or None


@dataclass(frozen=True, slots=True)
class Flow:
    """A sequence flow; `condition` is the text of its expression."""

    id: str
    source: str
    target: str
    name: str
    condition: str | None
    clauses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UsedExpression:
    """An expression and the element or flow that uses it, so that a check can tell where a name stands."""

    element: str
    expression: Expression


@dataclass(frozen=True, slots=True)
class ProcessDefinition:
    """An executable process. `specs` are the engine's own: what each element does; `levels` its markings."""

    id: str
    name: str
    file: str
    elements: Mapping[str, Element]
    flows: Mapping[str, Flow]
    start: str | None
    start_messages: Mapping[str, str]
    called: frozenset[str]
    expressions: tuple[UsedExpression, ...]
    specs: Mapping[str, Any] = field(repr=False, compare=False)
    workflow_spec: Any = field(repr=False, compare=False)
    levels: dict[str | None, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def repeats(self, element_id: str) -> bool:
        """Whether the element may run more than once at a time: it, or an activity around it, is repeated."""
        element: str | None = element_id
        while element is not None:
            if hasattr(self.specs[element], "child"):
                return True
            element = self.elements[element].parent
        return False

    @property
    def _once(self) -> Mapping[str, Any]:
        """What each element does; of a repeated activity, what each of its instances does."""
        return {name: getattr(spec, "child", spec) for name, spec in self.specs.items()}

    @property
    def capabilities(self) -> frozenset[str]:
        """The names of the capabilities that its service tasks ask for."""
        return frozenset(s.operation_name for s in self._once.values() if hasattr(s, "operation_name"))

    def inputs_of(self, capability: str) -> list[tuple[str, Mapping[str, Expression]]]:
        """The service tasks that ask for a capability, each with its inputs."""
        found = self._once.items()
        return [(n, s.inputs_wanted) for n, s in found if getattr(s, "operation_name", None) == capability]

    @property
    def sent_messages(self) -> frozenset[str]:
        """The names of the messages that it sends to other cases."""
        throwing = [s.event_definition for s in self._once.values() if s.element.kind in THROWING]
        return frozenset(event.name for event in throwing if hasattr(event, "payload"))

    @property
    def decisions(self) -> frozenset[str]:
        """The decisions that its business rule tasks call."""
        return frozenset(s.decision_id for s in self._once.values() if hasattr(s, "decision_id"))

    @property
    def forms(self) -> frozenset[str]:
        return frozenset(e.form for e in self.elements.values() if e.form)

    @property
    def roles(self) -> frozenset[str]:
        """The roles that its tasks name themselves; lanes are named by the roles' titles."""
        return frozenset(e.properties["role"] for e in self.elements.values() if e.properties.get("role"))


@dataclass(frozen=True, slots=True)
class Definitions:
    """The processes and decision tables of one deployment, by id."""

    processes: Mapping[str, ProcessDefinition]
    decisions: Mapping[str, Any]


def clause_ids(properties: Mapping[str, str]) -> tuple[str, ...]:
    """The clauses that an element names: ``CQ-12, CQ-13``."""
    return split_list(properties.get("clauses", ""))


def split_list(text: str) -> tuple[str, ...]:
    return tuple(part for part in _SEPARATORS.split(text) if part)
