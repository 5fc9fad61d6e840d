"""Messages between cases: thrown and caught by nobody, caught and thrown by nobody, said too little."""

from collections.abc import Iterator

from app.content.checks.subject import Subject, at_element
from app.content.diagram import Messages
from app.engine import ProcessDefinition
from app.engine.types import Problem


def check_messages(subject: Subject) -> Iterator[Problem]:
    found = [(process, message) for process, diagram in subject.read() for message in diagram.messages]
    thrown = {message.name for _, message in found if message.throws}
    caught = {message.name for _, message in found if not message.throws}
    for process, message in found:
        if message.throws and message.name not in caught:
            yield at_element(
                process, message.element, f"发出的消息“{message.name}”没有任何流程接收", "warning"
            )
        elif not message.throws and not message.border and message.name not in thrown:
            yield at_element(
                process, message.element, f"等待的消息“{message.name}”没有任何流程发出", "warning"
            )
        if message.throws:
            yield from _check_payload(subject, process, message)


def _check_payload(subject: Subject, process: ProcessDefinition, message: Messages) -> Iterator[Problem]:
    """A message that starts a case about a person has to say about whom."""
    if not message.payload or "person" in message.payload:
        return
    for started in subject.scheme.processes.values():
        drawn = subject.processes.get(started.id)
        if drawn and message.name in drawn.start_messages and started.subject == "person":
            sentence = f"消息“{message.name}”开始流程“{started.id}”，内容里要有 person"
            yield at_element(process, message.element, sentence)
