"""The engine beside the stock one: what a completed user task costs, and whether that grows with rework.

`python -m bench.engine` runs both on the same diagram, the stock engine in a process of its own, and prints
their ratio as a Markdown table. CPU is user and system time; load, step, projection and save are all in it.
"""

from __future__ import annotations

import gc
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import pairwise
from random import Random
from typing import Any

ROUNDS = 100
CHARACTERS = (
    "经审核申报材料齐全工作年限继续教育学时与培训证书均符合规定同意上报请补充说明技师高级单位车辆维修"
)
HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" id="d" targetNamespace="t">'
)
DMN = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="defs" name="r" namespace="t">
<decision id="route" name="route"><decisionTable id="table" hitPolicy="FIRST">
<input id="i"><inputExpression id="ie" typeRef="number"><text>years</text></inputExpression></input>
<output id="o" name="route" typeRef="string"/>
<rule id="r1"><inputEntry id="r1i"><text>&gt;= 10</text></inputEntry>
<outputEntry id="r1o"><text>"senior"</text></outputEntry></rule>
<rule id="r2"><inputEntry id="r2i"><text></text></inputEntry>
<outputEntry id="r2o"><text>"junior"</text></outputEntry></rule>
</decisionTable></decision></definitions>"""


class _Diagram:
    """Text of a process, element by element."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def node(self, kind: str, name: str, inside: str = "", **attributes: str) -> None:
        given = "".join(f' {key}="{value}"' for key, value in attributes.items())
        self.parts.append(f'<bpmn:{kind} id="{name}" name="{name}"{given}>{inside}</bpmn:{kind}>')

    def flow(self, *names: str, condition: str = "") -> None:
        for source, target in pairwise(names):
            text = f"<bpmn:conditionExpression>{condition}</bpmn:conditionExpression>" if condition else ""
            ends = f'id="{source}-{target}" sourceRef="{source}" targetRef="{target}"'
            self.parts.append(f"<bpmn:sequenceFlow {ends}>{text}</bpmn:sequenceFlow>")

    def task(self, name: str, late: str = "", inside: str = "") -> None:
        """A user task; with `late` it has an interrupting timer that leads there."""
        self.node("userTask", name, inside)
        if late:
            timer = '<bpmn:timeDuration>"P30D"</bpmn:timeDuration>'
            event = f"<bpmn:timerEventDefinition>{timer}</bpmn:timerEventDefinition>"
            self.node("boundaryEvent", f"{name}_due", event, attachedToRef=name, cancelActivity="true")
            self.flow(f"{name}_due", late)

    def done(self, name: str) -> str:
        inside = "".join(self.parts)
        return f'<bpmn:process id="{name}" name="{name}" isExecutable="true">{inside}</bpmn:process>'


def _called(name: str) -> str:
    d = _Diagram()
    d.node("startEvent", f"{name}_start")
    d.node("endEvent", f"{name}_end")
    for task in (1, 2):
        d.task(f"{name}_{task}", late=f"{name}_end" if task == 1 else "")
    d.flow(f"{name}_start", f"{name}_1", f"{name}_2", f"{name}_end")
    return d.done(name)


def diagram() -> str:
    """18 user tasks, a decision, two called processes, three experts at once, a fork, two loops, 7 timers."""
    d = _Diagram()
    d.node("startEvent", "start")
    for end in ("passed", "lapsed"):
        d.node("endEvent", end)
    for number in range(1, 14):
        d.task(f"t{number}", late="lapsed" if number in (1, 4, 6, 9, 12) else "")
    three = "<bpmn:loopCardinality>3</bpmn:loopCardinality>"
    many = f"<bpmn:multiInstanceLoopCharacteristics>{three}</bpmn:multiInstanceLoopCharacteristics>"
    d.task("experts", inside=many)
    called = "<spiffworkflow:calledDecisionId>route</spiffworkflow:calledDecisionId>"
    called = f"<bpmn:extensionElements>{called}</bpmn:extensionElements>"
    d.node("businessRuleTask", "rule", called)
    for gateway in ("fork", "join"):
        d.node("parallelGateway", gateway)
    for gateway, onward in (("first", "first-fork"), ("second", "second-t9")):
        d.node("exclusiveGateway", gateway, default=onward)
    for call in ("review", "publish"):
        d.node("callActivity", f"call_{call}", calledElement=call)
    d.flow(
        "start",
        "t1",
        "t2",
        "rule",
        "t3",
        "first",
        "fork",
        "t4",
        "t5",
        "join",
        "call_review",
        "experts",
        "t8",
        "second",
    )
    d.flow("first", "t1", condition='verdict == "return"')
    d.flow("fork", "t6", "t7", "join")
    d.flow("second", "t8", condition='verdict == "return"')
    d.flow("second", "t9", "t10", "t11", "call_publish", "t12", "t13", "passed")
    return f"{HEAD}{d.done('main')}{_called('review')}{_called('publish')}</bpmn:definitions>"


def text(number: int, length: int) -> str:
    """Text that does not repeat itself, as people's does not."""
    return "".join(Random(number).choices(CHARACTERS, k=length))


def values(number: int, verdict: str = "pass") -> dict[str, Any]:
    """What completing the nth task adds: about 700 bytes."""
    rows = [{"year": 2000 + n, "hours": number * n % 90} for n in range(8)]
    form = {"opinion": text(number, 120), "score": number, "rows": rows}
    return {f"form_{number}": form, "verdict": verdict, "years": 12}


def initial() -> dict[str, Any]:
    """About 3 KB."""
    career = [{"from": 1990 + n, "unit": text(n, 8), "note": text(n + 100, 24)} for n in range(20)]
    return {"applicant": {"career": career}}


Step = Callable[[Any, str, dict[str, Any]], tuple[Any, list[str]]]


def measure(
    begin: Callable[[], tuple[Any, list[str]]], step: Step, size: Callable[[Any], int]
) -> dict[str, Any]:
    """Walk once through the diagram, then a hundred rounds of rework; a state is what a database holds."""
    state, tasks = begin()
    costs, sizes, number = [], [size(state)], 0
    while tasks:
        number += 1
        given = values(number)
        costs.append(_cpu(lambda: step(state, tasks[0], given)))  # noqa: B023 - called at once
        state, tasks = step(state, tasks[0], given)
        sizes.append(size(state))
    state, tasks = begin()
    rework = []
    for _ in range(ROUNDS):
        for task, verdict in (("t1", "pass"), ("t2", "pass"), ("t3", "return")):
            given = values(1, verdict)
            rework.append(_cpu(lambda: step(state, task, given), times=3))  # noqa: B023 - called at once
            state, tasks = step(state, task, given)
    return {
        "ms": statistics.median(costs) * 1000,
        "tasks": number,
        "bytes": [sizes[0], sizes[len(sizes) // 2], max(sizes)],
        "rework_first_ms": statistics.median(rework[:9]) * 1000,
        "rework_last_ms": statistics.median(rework[-9:]) * 1000,
        "rework_bytes": size(state),
    }


def _cpu(work: Callable[[], Any], times: int = 5) -> float:
    gc.collect()
    begin = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - begin) / times


class _NoCalendar:
    def is_workday(self, day: date) -> bool | None:
        return None


def ours() -> dict[str, Any]:
    from app.engine import Context, Instance, load_definitions

    definitions = load_definitions({"main.bpmn": diagram().encode(), "route.dmn": DMN.encode()})
    context = Context(now=datetime(2021, 6, 1, tzinfo=UTC), dates={}, workdays=_NoCalendar())

    tokens: dict[str, int] = {}

    def look(instance: Instance) -> list[str]:
        tasks = instance.snapshot().tasks
        tokens.update((task.element, task.token) for task in tasks)
        return [task.element for task in tasks]

    def begin() -> tuple[bytes, list[str]]:
        instance = Instance.start(definitions, "main", initial(), context)
        return instance.dump(), look(instance)

    def step(state: bytes, task: str, given: dict[str, Any]) -> tuple[bytes, list[str]]:
        instance = Instance.load(definitions, state)
        instance.complete(tokens[task], given, context)
        tasks = look(instance)
        return instance.dump(), tasks

    return measure(begin, step, len)


def stock() -> dict[str, Any]:
    """The stock engine and its serialiser, untouched."""
    from SpiffWorkflow.bpmn import BpmnWorkflow
    from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
    from SpiffWorkflow.spiff.parser import SpiffBpmnParser
    from SpiffWorkflow.spiff.serializer.config import SPIFF_CONFIG
    from SpiffWorkflow.util.task import TaskState

    parser = SpiffBpmnParser()
    parser.add_dmn_str(DMN.encode())
    parser.add_bpmn_str(diagram().encode())
    spec, called = parser.get_spec("main"), parser.get_subprocess_specs("main")
    serializer = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure(SPIFF_CONFIG))

    def look(workflow: Any) -> list[str]:
        return [task.task_spec.bpmn_id for task in workflow.get_tasks(state=TaskState.READY, manual=True)]

    def begin() -> tuple[str, list[str]]:
        workflow = BpmnWorkflow(spec, called)
        workflow.task_tree.data.update(initial())
        workflow.do_engine_steps()
        return serializer.serialize_json(workflow), look(workflow)

    def step(state: str, name: str, given: dict[str, Any]) -> tuple[str, list[str]]:
        workflow = serializer.deserialize_json(state)
        ready = workflow.get_tasks(state=TaskState.READY, manual=True)
        task = next(task for task in ready if task.task_spec.bpmn_id == name)
        task.data.update(given)
        task.run()
        workflow.do_engine_steps()
        tasks = look(workflow)
        return serializer.serialize_json(workflow), tasks

    result = measure(begin, step, lambda state: len(state.encode()))
    return {**result, "specs": len(spec.task_specs) + sum(len(sp.task_specs) for sp in called.values())}


def table(engine: dict[str, Any], other: dict[str, Any]) -> str:
    def row(title: str, mine: float, theirs: float, unit: str) -> str:
        return f"| {title} | {mine:,.3g} {unit} | {theirs:,.3g} {unit} | {theirs / mine:.1f}× |"

    kilobyte = 1024
    return "\n".join(
        [
            f"{other['specs']} specs, {engine['tasks']} completions, {ROUNDS} rounds of rework.",
            "",
            "| | engine | stock | ratio |",
            "|---|---|---|---|",
            row("CPU a completed user task (median)", engine["ms"], other["ms"], "ms"),
            row(
                "the same, first rounds of rework", engine["rework_first_ms"], other["rework_first_ms"], "ms"
            ),
            row(f"the same, after {ROUNDS} rounds", engine["rework_last_ms"], other["rework_last_ms"], "ms"),
            *(
                row(
                    f"state, {when}",
                    engine["bytes"][place] / kilobyte,
                    other["bytes"][place] / kilobyte,
                    "KB",
                )
                for place, when in enumerate(("at the start", "in the middle", "at its largest"))
            ),
            row(
                f"state after {ROUNDS} rounds",
                engine["rework_bytes"] / kilobyte,
                other["rework_bytes"] / kilobyte,
                "KB",
            ),
        ]
    )


def main() -> None:
    if "--stock" in sys.argv:
        json.dump(stock(), sys.stdout)
        return
    child = subprocess.run([sys.executable, "-m", "bench.engine", "--stock"], capture_output=True, check=True)
    print(table(ours(), json.loads(child.stdout)))


if __name__ == "__main__":
    main()
