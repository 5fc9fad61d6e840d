"""What the checks look at, and how they tell what they find."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from app.content.capabilities import CapabilityDeclaration
from app.content.diagram import Diagram
from app.content.reading import short
from app.content.scenarios import Scenarios
from app.content.scheme import Scheme
from app.engine import Element, ProcessDefinition
from app.engine.types import Problem


@dataclass(frozen=True, slots=True)
class Subject:
    """A scheme with everything that its parts are compared with."""

    scheme: Scheme
    diagrams: Mapping[str, Diagram]
    scenarios: Scenarios
    capabilities: Mapping[str, CapabilityDeclaration] | None

    @property
    def processes(self) -> Mapping[str, ProcessDefinition]:
        return self.scheme.definitions.processes

    @property
    def readable(self) -> bool:
        """Whether the diagrams and tables could be read: else nothing is said to be missing from them."""
        return bool(self.processes)

    def read(self) -> Iterator[tuple[ProcessDefinition, Diagram]]:
        """The processes with what they refer to."""
        for name, process in self.processes.items():
            if name in self.diagrams:
                yield process, self.diagrams[name]

    def file(self, name: str) -> str:
        return self.scheme.folder + name

    def elements(self) -> Iterator[tuple[ProcessDefinition, Element]]:
        for process in self.processes.values():
            for element in process.elements.values():
                yield process, element

    def listed(self, process: ProcessDefinition) -> bool:
        """Whether cases are made of the process, rather than other processes calling it."""
        return process.id in self.scheme.processes


def at_element(
    process: ProcessDefinition,
    element_id: str,
    sentence: str,
    severity: Literal["error", "warning"] = "error",
    column: str | None = None,
) -> Problem:
    """A problem at an element or a flow, called by its name if it has one."""
    found = process.elements.get(element_id) or process.flows.get(element_id)
    called = (found.name if found else "") or element_id
    return Problem(
        process.file,
        f"{short(process.file)}：“{called}”：{sentence}",
        element=element_id,
        name=called,
        column=column,
        severity=severity,
    )


def in_file(
    file: str,
    element: str | None,
    sentence: str,
    severity: Literal["error", "warning"] = "error",
    row: int | None = None,
    column: str | None = None,
) -> Problem:
    """A problem in a file that is no diagram."""
    return Problem(file, f"{short(file)}：{sentence}", element, None, row, column, severity)
