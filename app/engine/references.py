"""What a diagram refers to in other files: called processes, decisions, catchers of its errors."""

from __future__ import annotations

from collections.abc import Iterator

from app.engine.definitions import Definitions, ProcessDefinition
from app.engine.types import Problem


def check(definitions: Definitions) -> list[Problem]:
    """References that lead nowhere, and processes that call themselves."""
    return [problem for process in definitions.processes.values() for problem in _check(definitions, process)]


def _check(definitions: Definitions, process: ProcessDefinition) -> Iterator[Problem]:
    for spec in process.specs.values():
        element = process.elements[spec.bpmn_id]
        if spec.calls:
            message = _call_problem(definitions, process, spec.spec)
        elif hasattr(spec, "decision_id") and spec.decision_id not in definitions.decisions:
            message = f"方案里没有编号为“{spec.decision_id}”的决策"
        else:
            message = None
        if message:
            yield Problem(process.file, message, element.id, element.name)


def _call_problem(definitions: Definitions, caller: ProcessDefinition, called: str) -> str | None:
    if called not in definitions.processes:
        return f"方案里没有编号为“{called}”的流程"
    if definitions.processes[called].start is None:
        return f"被调用的流程“{called}”没有普通开始事件"
    if caller.id in _reached(definitions, called):
        return f"流程“{called}”又会调用到本流程，成了循环调用"
    return None


def _reached(definitions: Definitions, process: str) -> set[str]:
    reached: set[str] = set()
    pending = [process]
    while pending:
        current = pending.pop()
        if current not in reached and current in definitions.processes:
            reached.add(current)
            pending.extend(definitions.processes[current].called)
    return reached
