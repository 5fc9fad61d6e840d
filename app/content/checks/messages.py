"""Messages between cases: thrown and caught by nobody, caught and thrown by nobody, said too little."""

from collections.abc import Collection, Iterator

from app.content.checks.subject import Subject, at_element
from app.content.diagram import Messages
from app.content.messages import RELEASE, literal_text, released_messages
from app.engine import ProcessDefinition
from app.engine.types import Problem


def check_messages(subject: Subject) -> Iterator[Problem]:
    found = [(process, message) for process, diagram in subject.read() for message in diagram.messages]
    released = {name for process in subject.processes.values() for name in released_messages(process)}
    thrown = {message.name for _, message in found if message.throws} | released
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
    for process in subject.processes.values():
        yield from _check_releases(process, caught)


def _check_releases(process: ProcessDefinition, caught: Collection[str]) -> Iterator[Problem]:
    """A release names a message that cases wait for, written out, so that nobody else can say it."""
    for element, inputs in process.inputs_of(RELEASE):
        source = inputs["message"].source if "message" in inputs else "''"
        name = literal_text(source)
        if name is None:
            yield at_element(process, element, "放行的消息名要直接写成带引号的文字，不能是算出来的")
        elif name not in caught and "message" in inputs:
            yield at_element(process, element, f"放行的消息“{name}”没有任何流程等待", "warning")


def _check_payload(subject: Subject, process: ProcessDefinition, message: Messages) -> Iterator[Problem]:
    """A message that starts a case about a person has to say about whom."""
    if not message.payload or "person" in message.payload:
        return
    for started in subject.scheme.processes.values():
        drawn = subject.processes.get(started.id)
        if drawn and message.name in drawn.start_messages and started.subject == "person":
            sentence = f"消息“{message.name}”开始流程“{started.id}”，内容里要有 person"
            yield at_element(process, message.element, sentence)
