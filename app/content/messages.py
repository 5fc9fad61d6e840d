"""Which messages come from cases, and which a person may say to a case."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from app.content.head import Process
from app.content.scheme import Scheme
from app.engine import Element, ProcessDefinition

RELEASE = "release_waiting"
"""The capability that sends the message named in its input `message` to all cases that wait for it."""

PAYMENT_RECEIVED = "payment_received"
"""What the house itself tells a case, whose id as text is the key, when its payment has come in online."""


@dataclass(frozen=True, slots=True)
class Saying:
    """How a person says a message to a case: `role` None is the case's own unit.

    `title` is what the button says, `outputs` which fields of `form` the message takes along.
    """

    message: str
    title: str
    role: str | None
    form: str | None
    outputs: str


def saying_of(scheme: Scheme, process_id: str, element_id: str, message: str) -> Saying | None:
    """How a person says a message that a case of the process waits for at an element.

    None for what only cases say: what a process sends or releases, and what no boundary event waits for.
    """
    if message in between_cases(scheme):
        return None
    element = next(_elements(scheme, process_id, element_id), None)
    if element is None or element.kind != "boundaryEvent":
        return None
    outputs = element.properties.get("outputs", "")
    return Saying(message, element.name or message, element.properties.get("role"), element.form, outputs)


def between_cases(scheme: Scheme) -> frozenset[str]:
    """The messages that nobody says: cases of the scheme send them to one another, or the house does."""
    processes = scheme.definitions.processes.values()
    sent = (process.sent_messages | released_messages(process) for process in processes)
    return frozenset({PAYMENT_RECEIVED}).union(*sent)


def senders(scheme: Scheme, message: str) -> list[Process]:
    """The processes that somebody begins by hand and that send the message, such as the unit's list."""
    drawn = scheme.definitions.processes
    return [
        process
        for process in scheme.processes.values()
        if process.start.role is not None and process.start.about is None
        if message in drawn[process.id].sent_messages
    ]


def released_messages(process: ProcessDefinition) -> frozenset[str]:
    """The messages that a process releases cases by."""
    asked = process.inputs_of(RELEASE)
    named = (inputs["message"].source for _, inputs in asked if "message" in inputs)
    return frozenset(name for source in named if (name := literal_text(source)) is not None)


def literal_text(source: str) -> str | None:
    """The text that an expression is, where it is nothing else."""
    try:
        value = ast.literal_eval(source.strip())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return value if isinstance(value, str) else None


def _elements(scheme: Scheme, process_id: str, element_id: str) -> Iterator[Element]:
    """The elements of that id in the process and in those that it calls."""
    waiting, seen = [process_id], {process_id}
    while waiting:
        process = scheme.definitions.processes[waiting.pop()]
        if element_id in process.elements:
            yield process.elements[element_id]
        waiting += process.called - seen
        seen |= process.called
