"""Variables that are read but that nothing can have set; a guess from the names alone, so a warning."""

import re
from collections.abc import Iterator

from app.content import head
from app.content.checks.subject import Subject, at_element, in_file
from app.content.diagram import Calls, Diagram
from app.content.head import given
from app.content.mapping import read_mapping
from app.engine import ProcessDefinition
from app.engine.types import Problem

_COUNTERS = {
    "loopCounter", "numberOfInstances", "numberOfCompletedInstances", "numberOfActiveInstances",
}  # fmt: skip
_SEPARATORS = re.compile(r"[;；,，\s]+")


def check_variables(subject: Subject) -> Iterator[Problem]:
    known = {process.id: _known(subject, process, diagram) for process, diagram in subject.read()}
    for process, diagram in subject.read():
        own = known[process.id]
        if own is not None:
            for element, variable in dict.fromkeys(_read(subject, process, diagram)):
                if variable not in own:
                    sentence = f"用到的变量“{variable}”在流程“{process.id}”里没有任何地方赋值；请核对拼写"
                    yield at_element(process, element, sentence, "warning")
            yield from _check_listed(subject, process, own)
        for call in diagram.calls:
            yield from _check_call(process, call, known.get(call.process))


def _check_call(process: ProcessDefinition, call: Calls, inside: set[str] | None) -> Iterator[Problem]:
    """What comes out of a call must have been set in there; None: nobody can tell."""
    if inside is None:
        return
    for _, inner in call.outputs:
        if inner not in inside:
            sentence = f"要带出的变量“{inner}”，被调用的流程“{call.process}”没有任何地方赋值"
            yield at_element(process, call.element, sentence, "warning", "outputs")


def _check_listed(subject: Subject, process: ProcessDefinition, known: set[str]) -> Iterator[Problem]:
    listed = subject.scheme.processes[process.id].listed if subject.listed(process) else ()
    for variable in listed:
        if variable not in known:
            sentence = f"流程“{process.id}”的 list 里的变量“{variable}”没有任何地方赋值"
            yield in_file(subject.file(head.FILE), process.id, sentence, "warning")


def _known(subject: Subject, process: ProcessDefinition, diagram: Diagram) -> set[str] | None:
    """Every variable that may be set; None if a message may bring in ones that no diagram states."""
    received = _received(subject, diagram)
    if received is None:
        return None
    known = received | _decided(subject, diagram) | _answered(subject, diagram)
    if subject.listed(process):
        known |= given(subject.scheme.processes[process.id])
    for element in process.elements.values():
        if element.kind in ("userTask", "boundaryEvent"):
            known |= {variable for variable, _ in read_mapping(element.properties.get("outputs", ""))}
    for repeat in diagram.repeats:
        known |= {name for name in (repeat.item, repeat.output_item, repeat.output) if name} | _COUNTERS
    for call in diagram.calls:
        known |= {outer for outer, _ in call.outputs}
    for _, other in subject.read():
        known |= {name for call in other.calls if call.process == process.id for name in call.inputs}
    return known


def _decided(subject: Subject, diagram: Diagram) -> set[str]:
    known: set[str] = set()
    for found in diagram.decides:
        table = subject.scheme.definitions.decisions.get(found.decision)
        known |= {found.result} if found.result else {o.name for o in table.outputs} if table else set()
    return known


def _answered(subject: Subject, diagram: Diagram) -> set[str]:
    known: set[str] = set()
    for ask in diagram.asks:
        offered = (subject.capabilities or {}).get(ask.capability)
        known |= {ask.result} if ask.result else set(offered.outputs) if offered else set()
    return known


def _received(subject: Subject, diagram: Diagram) -> set[str] | None:
    """What caught messages bring; None if nobody can tell."""
    known: set[str] = set()
    thrown = [m for _, other in subject.read() for m in other.messages if m.throws]
    for caught in (message for message in diagram.messages if not message.throws):
        senders = [message for message in thrown if message.name == caught.name]
        if caught.variable:
            known.add(caught.variable)
        elif not all(sender.payload for sender in senders) or (caught.starts and not senders):
            return None
        else:
            known |= {key for sender in senders for key in sender.payload}
    return known


def _read(subject: Subject, process: ProcessDefinition, diagram: Diagram) -> Iterator[tuple[str, str]]:
    """(element or flow, variable) of every reading."""
    for used in process.expressions:
        yield from ((used.element, name) for name in sorted(used.expression.names))
    for repeat in diagram.repeats:
        if repeat.collection:
            yield repeat.element, repeat.collection
    for found in diagram.decides:
        table = subject.scheme.definitions.decisions.get(found.decision)
        if table:
            names = {name for _, _, expression in table.expressions() for name in expression.names}
            yield from ((found.element, name) for name in sorted(names))
    for element in process.elements.values():
        shown = _SEPARATORS.split(element.properties.get("show", ""))
        yield from ((element.id, name) for name in shown if name)
