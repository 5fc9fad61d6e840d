"""What a diagram refers to in other files: called processes, decisions, catchers of its errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from app.engine.definitions import Definitions, ProcessDefinition
from app.engine.event_specs import EndEvent
from app.engine.events import Error
from app.engine.types import Problem


def check(definitions: Definitions) -> list[Problem]:
    """References that lead nowhere, processes that call themselves, errors that nobody catches."""
    return [problem for process in definitions.processes.values() for problem in _check(definitions, process)]


def _check(definitions: Definitions, process: ProcessDefinition) -> Iterator[Problem]:
    for spec in process.specs.values():
        element = process.elements[spec.bpmn_id]
        severity: Literal["error", "warning"] = "error"
        message = None
        if spec.calls:
            message = _call_problem(definitions, process, spec.spec)
        elif hasattr(spec, "decision_id") and spec.decision_id not in definitions.decisions:
            message = f"方案里没有编号为“{spec.decision_id}”的决策"
        elif _throws_error(spec) and not _caught(
            definitions, process, element.parent, spec.event_definition.code
        ):
            message = f"错误“{spec.event_definition.code}”没有任何边界事件会接住"
            severity = "error" if element.parent else "warning"
        if message:
            yield Problem(process.file, message, element.id, element.name, severity=severity)


def _call_problem(definitions: Definitions, caller: ProcessDefinition, called: str) -> str | None:
    if called not in definitions.processes:
        return f"方案里没有编号为“{called}”的流程"
    if definitions.processes[called].start is None:
        return f"被调用的流程“{called}”没有普通开始事件"
    if caller.id in _reached(definitions, called):
        return f"流程“{called}”又会调用到本流程，成了循环调用"
    return None


def _reached(definitions: Definitions, process: str) -> set[str]:
    """The processes that may run inside a process, itself included."""
    reached: set[str] = set()
    pending = [process]
    while pending:
        current = pending.pop()
        if current not in reached and current in definitions.processes:
            reached.add(current)
            pending.extend(definitions.processes[current].called)
    return reached


def _throws_error(spec: Any) -> bool:
    return isinstance(spec, EndEvent) and isinstance(spec.event_definition, Error)


def _caught(
    definitions: Definitions, process: ProcessDefinition, around: str | None, code: str, depth: int = 0
) -> bool:
    """Whether a sub-process around, or an activity that calls the process, can catch the error."""
    while around is not None:
        if process.specs[around].catcher(code) is not None:
            return True
        around = process.elements[around].parent
    if depth > len(definitions.processes):
        return False
    return any(
        caller.specs[name].catcher(code) is not None
        or _caught(definitions, caller, caller.elements[name].parent, code, depth + 1)
        for caller in definitions.processes.values()
        for name in _calls(caller, process.id)
    )


def _calls(caller: ProcessDefinition, called: str) -> set[str]:
    return {spec.bpmn_id for spec in caller.specs.values() if spec.calls and spec.spec == called}
