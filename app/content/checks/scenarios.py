"""Scenarios against the diagrams: processes, tasks, messages, outcomes and dates that they name."""

from collections.abc import Iterator

from app.content.checks.subject import Subject, in_file
from app.content.scenario_parts import Scenario, Step
from app.content.scenarios import FOLDER
from app.engine.types import Problem


def check_scenarios(subject: Subject) -> Iterator[Problem]:
    yield from subject.scenarios.problems
    if not subject.readable:
        return
    for name, scenario in subject.scenarios.scenarios.items():
        file = f"{subject.scheme.folder}{FOLDER}{name}"
        for case in scenario.cases.values():
            if case.process not in subject.scheme.processes:
                yield in_file(file, case.process, f"流程“{case.process}”没有列在 scheme.yaml 的 processes 里")
        for row, sentence in _faults(subject, scenario):
            yield in_file(file, None, f"第 {row} 步：{sentence}", row=row)


def _faults(subject: Subject, scenario: Scenario) -> Iterator[tuple[int, str]]:
    tasks = {e.name for _, e in subject.elements() if e.kind in ("userTask", "manualTask")}
    outcomes = {element.properties.get("outcome") for _, element in subject.elements()}
    for row, step in enumerate(scenario.steps, start=1):
        for task in {*_tasks(step)} - tasks:
            yield row, f"没有名为“{task}”的待办"
        if step.expect.outcome is not None and step.expect.outcome not in outcomes:
            yield row, f"没有结果代号（outcome）是“{step.expect.outcome}”的结束事件"
        if step.overlay is not None and step.overlay.date not in subject.scheme.overlays:
            yield row, f"日期“{step.overlay.date}”没有写在 scheme.yaml 的 overlays 里，不能调整"


def _tasks(step: Step) -> Iterator[str]:
    yield from (task for task in (step.task, step.draft, step.give_back, step.to) if task is not None)
    yield from step.expect.tasks
