"""The allow-list of effects that a diagram may cause through a service task."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.content.capabilities import CapabilityDeclaration
from app.content.scheme import Scheme
from app.errors import EngineError
from app.operations.road._projection import Changes

Values = dict[str, Any]


class CapabilityRefused(Exception):
    """A capability said no: an error boundary event may catch `code`, else the person is told `message`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


Question = Callable[[Sequence[int]], Collection[int]]
"""Of which of these cases something is true."""


@dataclass(slots=True)
class Together:
    """The cases that move in one transaction: what is asked of one is asked of all of them at once."""

    case_ids: Sequence[int] = ()
    answers: dict[Question, Collection[int]] = field(default_factory=dict)

    def ask(self, question: Question, case_id: int) -> bool:
        """Whether it is true of the case; where many move, as of the first time that it was asked."""
        if case_id not in self.case_ids:
            return case_id in question([case_id])
        if question not in self.answers:
            self.answers[question] = question(self.case_ids)
        return case_id in self.answers[question]

    def forget(self, question: Question) -> None:
        """For whoever has just changed what the answer is."""
        self.answers.pop(question, None)


@dataclass(frozen=True, slots=True)
class Request:
    """What a capability is given: the case that asks, the inputs it computed, and the step's instant.

    `changes` are the rows that are written together when the step, or a batch of steps, is done; `together`
    are the cases of the batch.
    """

    case_id: int
    jurisdiction: str
    scheme: Scheme
    unit_id: int
    person_id: int | None
    token: int
    element: str
    inputs: Mapping[str, Any]
    at: datetime
    changes: Changes
    together: Together = field(default_factory=Together)


Perform = Callable[[Request], Values]
Simulate = Callable[[Mapping[str, Any]], Values]


@dataclass(frozen=True, slots=True)
class Capability:
    """A declared effect: `perform` writes inside the caller's transaction, `simulate` writes nothing."""

    declaration: CapabilityDeclaration
    perform: Perform
    simulate: Simulate


_registry: dict[str, Capability] = {}


def capability(
    declaration: CapabilityDeclaration, simulate: Simulate = lambda inputs: {}
) -> Callable[[Perform], Perform]:
    """Registers the decorated function as the effect that `declaration` describes."""

    def register(perform: Perform) -> Perform:
        if declaration.name in _registry:
            raise ValueError(f"capability {declaration.name} is declared twice")
        _registry[declaration.name] = Capability(declaration, perform, simulate)
        return perform

    return register


def capabilities() -> Mapping[str, Capability]:
    return _registry


def declarations() -> Mapping[str, CapabilityDeclaration]:
    """What `check_scheme` needs to know of every capability."""
    return {name: known.declaration for name, known in _registry.items()}


def simulated() -> dict[str, Values]:
    """What every capability would give, asked with texts of nothing: for runs that only look at the way."""
    return {
        name: known.simulate(dict.fromkeys(known.declaration.inputs, "")) for name, known in _registry.items()
    }


def perform(name: str, request: Request) -> Values:
    """Performs a capability; raises `CapabilityRefused`, or EngineError if it is misdeclared."""
    known = _registry.get(name)
    if known is None:
        raise EngineError(f"没有名为“{name}”的系统能力，流程无法继续。", element=request.element)
    missing = set(known.declaration.inputs) - known.declaration.optional - set(request.inputs)
    if missing:
        raise EngineError(
            f"系统能力“{name}”缺少输入：{'、'.join(sorted(missing))}。", element=request.element
        )
    return known.perform(request)
