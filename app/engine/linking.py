"""From the specs of a file to the definition of a process: flows, borders, what begins where."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lxml import etree

from app.engine.definitions import Flow, ProcessDefinition, UsedExpression, clause_ids
from app.engine.event_specs import StartEvent
from app.engine.events import Message, Timer
from app.engine.expressions import Expression
from app.engine.markup import BPMN, properties_of, text_of
from app.engine.parser import Reader, compiled
from app.engine.specs import Outgoing, SubProcess


def define(reader: Reader, process_id: str, file: str) -> ProcessDefinition:
    """The definition of a process that the profile accepts. Raises Unreadable."""
    parsed = reader.process_parsers[process_id]
    specs = reader.specs_of(process_id)
    flows = _connect(parsed.node, specs)
    _attach(parsed.node, specs)
    starts: dict[str, list[StartEvent]] = {}
    for node in parsed.node.iterfind(f".//{BPMN}startEvent"):
        starts.setdefault(_id(node.getparent()), []).append(specs[_id(node)])
    for spec in specs.values():
        if isinstance(spec, SubProcess):
            spec.first = starts[spec.bpmn_id][0]
    messages = {s.event_definition.name: s.bpmn_id for s in starts[process_id] if _by_message(s)}
    start = next((s.bpmn_id for s in starts[process_id] if not _by_message(s)), None)
    return ProcessDefinition(
        id=process_id,
        name=parsed.get_name(),
        file=file,
        elements={spec.bpmn_id: spec.element for spec in specs.values()},
        flows=flows,
        start=start,
        start_messages=messages,
        called=frozenset(spec.spec for spec in specs.values() if spec.calls),
        expressions=tuple(_expressions(specs)),
        specs=specs,
        workflow_spec=parsed.get_spec(),
    )


def _id(node: etree._Element | None, attribute: str = "id") -> str:
    return (node.get(attribute) or "") if node is not None else ""


def _by_message(start: StartEvent) -> bool:
    return isinstance(start.event_definition, Message)


def _connect(process: etree._Element, specs: dict[str, Any]) -> dict[str, Flow]:
    """Give every spec its flows, in the order of the file."""
    flows = {}
    for node in process.iterfind(f".//{BPMN}sequenceFlow"):
        source, target = specs[_id(node, "sourceRef")], specs[_id(node, "targetRef")]
        text = text_of(node.find(f"{BPMN}conditionExpression")) or None
        default = source.default_flow == node.get("id")
        condition = compiled(text, node) if text and not default else None
        clauses = clause_ids(properties_of(node))
        flow = Flow(_id(node), source.bpmn_id, target.bpmn_id, node.get("name", ""), text, clauses)
        source.connect(target)
        source.outgoing += (Outgoing(flow.id, target, condition, default),)
        target.incoming += (flow.id,)
        target.predecessors += (source,)
        flows[flow.id] = flow
    return flows


def _attach(process: etree._Element, specs: dict[str, Any]) -> None:
    for node in process.iterfind(f".//{BPMN}boundaryEvent"):
        event, host = specs[_id(node)], specs[_id(node, "attachedToRef")]
        host.boundaries += (event,)
        event.predecessors += (host,)


def _expressions(specs: dict[str, Any]) -> Iterator[UsedExpression]:
    for spec in specs.values():
        for flow in spec.outgoing:
            if flow.condition:
                yield UsedExpression(flow.id, flow.condition)
        for expression in (*_of_activity(spec), *_of_event(getattr(spec, "event_definition", None))):
            if expression is not None:
                yield UsedExpression(spec.bpmn_id, expression)


def _of_activity(spec: Any) -> Iterator[Expression | None]:
    yield from getattr(spec, "inputs_wanted", {}).values()
    # What is done several times has its own beside that of the whole.
    yield getattr(getattr(spec, "child", spec), "assignee_wanted", None)
    yield getattr(spec, "condition_wanted", None)
    yield getattr(spec, "cardinality_wanted", None)


def _of_event(definition: Any) -> Iterator[Expression | None]:
    if isinstance(definition, Timer):
        yield definition.moment
    elif isinstance(definition, Message):
        yield definition.payload
        yield definition.correlation
