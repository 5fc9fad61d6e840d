"""Diagrams against what they ask of the house and of one another: capabilities, calls, processes."""

from collections.abc import Iterator

from app.content.capabilities import CapabilityDeclaration
from app.content.checks.subject import Subject, at_element
from app.content.checks.tasks import name_fault
from app.content.diagram import Asks, Decides, Diagram
from app.engine import ProcessDefinition
from app.engine.types import Problem


def check_diagrams(subject: Subject) -> Iterator[Problem]:
    called = {call.process for _, diagram in subject.read() for call in diagram.calls}
    for process, diagram in subject.read():
        if not subject.listed(process) and process.id not in called:
            sentence = f"流程“{process.id}”既没有列在 scheme.yaml 的 processes 里，也没有被别的流程调用"
            yield at_element(process, process.id, sentence, "warning")
        for ask in diagram.asks:
            yield from _check_ask(subject, process, ask)
        yield from _check_names(subject, process, diagram)


def _check_ask(subject: Subject, process: ProcessDefinition, ask: Asks) -> Iterator[Problem]:
    if subject.capabilities is None:
        return
    offered = subject.capabilities.get(ask.capability)
    if offered is None:
        known = "、".join(sorted(subject.capabilities))
        yield at_element(process, ask.element, f"没有名为“{ask.capability}”的系统能力；可用的有：{known}")
        return
    yield from _check_inputs(process, ask, offered)
    for name, title in offered.parameters.items():
        if name not in subject.scheme.parameters:
            sentence = f"{ask.capability} 要用参数“{name}”（{title}），请在 scheme.yaml 的 parameters 里写明"
            yield at_element(process, ask.element, sentence)
    for code, event in ask.catches.items():
        if code not in offered.refusals:
            given = "、".join(offered.refusals) or "（从不拒绝）"
            sentence = f"接住的错误代码“{code}”，{ask.capability} 不会给出；它会给出的是：{given}"
            yield at_element(process, event, sentence, "warning")


def _check_inputs(process: ProcessDefinition, ask: Asks, offered: CapabilityDeclaration) -> Iterator[Problem]:
    for name, title in offered.inputs.items():
        if name not in ask.inputs and name not in offered.optional:
            yield at_element(process, ask.element, f"{ask.capability} 缺少输入“{name}”（{title}）")
    for name in ask.inputs:
        if name not in offered.inputs and name not in offered.optional:
            known = "、".join(offered.inputs) or "（没有输入）"
            yield at_element(process, ask.element, f"{ask.capability} 没有输入“{name}”；它的输入是：{known}")


def _check_names(subject: Subject, process: ProcessDefinition, diagram: Diagram) -> Iterator[Problem]:
    """Names under which results are kept."""
    named = [
        *((found.element, name) for found in diagram.decides for name in _result_names(subject, found)),
        *((ask.element, ask.result) for ask in diagram.asks),
        *((call.element, outer) for call in diagram.calls for outer, _ in call.outputs),
        *((message.element, message.variable) for message in diagram.messages),
        *((repeat.element, name) for repeat in diagram.repeats for name in (repeat.item, repeat.output)),
    ]
    for element, variable in named:
        fault = name_fault(variable) if variable else None
        if fault:
            yield at_element(process, element, fault)


def _result_names(subject: Subject, found: Decides) -> list[str]:
    """A decision without a result variable sets one for each output column."""
    table = subject.scheme.definitions.decisions.get(found.decision)
    return [found.result] if found.result else [output.name for output in table.outputs] if table else []
