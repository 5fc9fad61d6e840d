"""Which timers may lead to a quota: their cases fire one a transaction, others in batches (decision 4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from app.engine.definitions import Definitions, ProcessDefinition
from app.engine.events import Signal
from app.operations.capabilities import capabilities

_NO_FLOW_LEADS = frozenset({"inclusiveGateway"})
"""Kinds of element that may go on because of what happens elsewhere in the diagram."""


def may_lock_quota(definitions: Definitions, process_id: str, element_id: str) -> bool:
    """Whether what follows an event of a case, at once or after what it then waits for, may touch a quota.

    The flows tell for an event on the level of the case's own process; elsewhere, and where something happens
    that no flow leads to, all that the case could ever do counts.
    """
    process = definitions.processes[process_id]
    called = _called(definitions, process)
    if not _flows_tell(process, called, element_id):
        return any(_locks(one, one.elements) for one in (process, *called))
    reached = _reached(process, element_id)
    calls = any(spec.calls for spec in _specs(process, reached))
    return _locks(process, reached) or (calls and any(_locks(one, one.elements) for one in called))


def _called(definitions: Definitions, process: ProcessDefinition) -> list[ProcessDefinition]:
    """The processes that it calls, and those that they call."""
    found: dict[str, ProcessDefinition] = {}
    waiting = list(process.called)
    while waiting:
        one = waiting.pop()
        if one not in found:
            found[one] = definitions.processes[one]
            waiting += found[one].called
    return list(found.values())


def _flows_tell(process: ProcessDefinition, called: Iterable[ProcessDefinition], element_id: str) -> bool:
    element = process.elements.get(element_id)
    if element is None or element.parent is not None or any(element_id in one.elements for one in called):
        return False
    elsewhere = any(one.kind in _NO_FLOW_LEADS for one in process.elements.values())
    definitions = (getattr(spec, "event_definition", None) for spec in process.specs.values())
    return not elsewhere and not any(isinstance(one, Signal) for one in definitions)


def _reached(process: ProcessDefinition, element_id: str) -> set[str]:
    """The element, what its flows lead to, and what stands inside and on the border of that."""
    reached, waiting = set[str](), [element_id]
    while waiting:
        one = waiting.pop()
        if one in reached:
            continue
        reached.add(one)
        waiting += [flow.target for flow in process.flows.values() if flow.source == one]
        waiting += [element.id for element in process.elements.values() if element.parent == one]
        waiting += [event.bpmn_id for event in process.specs[one].boundaries]
    return reached


def _locks(process: ProcessDefinition, elements: Iterable[str]) -> bool:
    known = capabilities()
    asked = {getattr(spec, "operation_name", "") for spec in _specs(process, elements)}
    return any(known[name].declaration.locks_quota for name in asked if name in known)


def _specs(process: ProcessDefinition, elements: Iterable[str]) -> Iterator[Any]:
    """What the elements do; of a repeated one also what is repeated."""
    for element in elements:
        spec = process.specs[element]
        yield from (spec, spec.child) if hasattr(spec, "child") else (spec,)
