"""The stock engine, in a process of its own and untouched: a second opinion, not the judge.

Reads a document and a walk a line, as JSON, and answers with the tasks that were open after every step.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.spiff.parser import SpiffBpmnParser
from SpiffWorkflow.util.task import TaskState


def start(document: str, variables: dict[str, Any]) -> BpmnWorkflow:
    parser = SpiffBpmnParser()
    parser.add_bpmn_str(document.encode())
    workflow = BpmnWorkflow(parser.get_spec("main"), parser.get_subprocess_specs("main"))
    workflow.task_tree.data.update(variables)
    move(workflow)
    return workflow


def move(workflow: BpmnWorkflow) -> None:
    """As far as it goes without people; it stops at abstract tasks, so these are passed by hand."""
    workflow.do_engine_steps()
    while abstract := [task for task in ready(workflow) if type(task.task_spec).__name__ == "NoneTask"]:
        abstract[0].run()
        workflow.do_engine_steps()


def ready(workflow: BpmnWorkflow) -> list[Any]:
    return list(workflow.get_tasks(state=TaskState.READY, manual=True))


def look(workflow: BpmnWorkflow) -> list[str]:
    return sorted(task.task_spec.bpmn_id for task in ready(workflow))


def play(document: str, variables: dict[str, Any], walk: list[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """The open tasks at the start and after each step, or the error that ended it."""
    opened: list[list[str]] = []
    try:
        workflow = start(document, variables)
        opened.append(look(workflow))
        for element, given in walk:
            task = next(task for task in ready(workflow) if task.task_spec.bpmn_id == element)
            task.data.update(given)
            task.run()
            move(workflow)
            opened.append(look(workflow))
    except Exception as problem:
        return {"open": opened, "error": f"{type(problem).__name__}: {problem}"}
    return {"open": opened, "over": workflow.is_completed(), "data": {"v": workflow.data.get("v")}}


def main() -> None:
    for line in sys.stdin:
        answer = play(**json.loads(line))
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
