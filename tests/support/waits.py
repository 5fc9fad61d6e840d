"""A second made-up scheme: one small process for each way in which a case can wait; the tiny world's people.

`nested` a task in a sub-process that a timer ends · `called` the same by a call activity · `lasting` a task
under a month and a reminder after 48 hours · `working` a task of two working days · `race` a message against
48 hours · `answering` sends that message · `splitting` sends one that starts `started`.
"""

from __future__ import annotations

import json
from datetime import datetime
from itertools import pairwise

from app.extensions import atomic
from app.operations import cases, deployments
from app.operations.actors import SYSTEM
from app.operations.dates import clock
from app.operations.trials.worlds import Built
from support.world import LIBRARY, PUBLISHED

WAITS = "waits-2021"

SHEET = """\
id: waits-2021
name: 等待的各种方式（样例）
jurisdiction: "990000"
year: 2021
grades: [{code: senior, title: 高级工, rank: 1}]
processes:
  nested: {title: 子流程, subject: unit, start: {role: unit}}
  called: {title: 调用, subject: unit, start: {role: unit}}
  lasting: {title: 时长, subject: unit, start: {role: unit}}
  working: {title: 工作日, subject: unit, start: {role: unit}}
  race: {title: 询问, subject: unit, start: {role: unit}}
  answering: {title: 答复, subject: unit, start: {role: unit}}
  splitting: {title: 派生, subject: unit, start: {role: unit}}
  started: {title: 被派生, subject: person, start: {message: begin}, unique: year}
"""
CALENDAR = "dates:\n  closes: {day: 2021-06-30, edge: closes, title: 截止}\n"
ROLES = "roles:\n  unit: {title: 申报单位, relation: unit}\n"
FORM = {
    "type": "object",
    "title": "填写",
    "required": ["text"],
    "properties": {"text": {"type": "string", "title": "内容"}},
}
PEOPLE = {
    "type": "object",
    "title": "派生",
    "required": ["who"],
    "properties": {"who": {"type": "integer", "format": "person", "title": "人员"}},
}


def publish_waits() -> int:
    with atomic():
        clock.mark_database(True, PUBLISHED)
        return deployments.publish(waits_files(), SYSTEM, PUBLISHED)


def open_wait(world: Built, process: str, when: datetime, unit: str = LIBRARY) -> int:
    """A case of one of the processes, begun by the unit."""
    with atomic():
        unit_id, actor = world.organisations[unit], world.actors[unit]
        return cases.start(WAITS, process, unit_id=unit_id, actor=actor, received_at=when)


def waits_files() -> dict[str, bytes]:
    drawn = {
        "nested": process(
            "nested", sub_process("around", task("inner")) + ends_at("around", NAMED, "lapsed")
        ),
        "called": process("called", call("around", "part") + ends_at("around", NAMED, "lapsed")),
        "part": process("part", task("inner"), "inner"),
        "lasting": process(
            "lasting",
            task("inner")
            + ends_at("inner", duration("P1M"), "lapsed")
            + ends_at("inner", duration("PT48H"), "reminded", interrupting=False),
            "inner",
        ),
        "working": process(
            "working", task("inner") + ends_at("inner", date("working_days(2)"), "lapsed"), "inner"
        ),
        "race": process("race", task("inner", outputs="ticket=text") + RACE, "inner", "either", last=False),
        "answering": process(
            "answering", task("inner", outputs="ticket=text") + throws("answer"), "inner", "sends"
        ),
        "splitting": process(
            "splitting",
            task("inner", outputs="who", form="people.json") + throws("begin", BEGIN),
            "inner",
            "sends",
        ),
        "started": process("started", task("inner"), "inner", message="begin"),
    }
    folder = f"bpmn/{WAITS}/"
    return {
        **{f"{folder}{name}.bpmn": document(text) for name, text in drawn.items()},
        f"{folder}scheme.yaml": SHEET.encode(),
        f"{folder}calendar.yaml": CALENDAR.encode(),
        f"{folder}roles.yaml": ROLES.encode(),
        f"{folder}clauses.yaml": b"{}",
        f"forms/{WAITS}/note.json": json.dumps(FORM).encode(),
        f"forms/{WAITS}/people.json": json.dumps(PEOPLE).encode(),
    }


def document(*parts: str) -> bytes:
    """A BPMN file with these processes; the messages `answer` and `begin` are known in it."""
    return (
        '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
        ' xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" targetNamespace="t">'
        '<bpmn:message id="m_answer" name="answer"/><bpmn:message id="m_begin" name="begin"/>'
        f"{''.join(parts)}</bpmn:definitions>"
    ).encode()


def process(name: str, inside: str, *middle: str, last: bool = True, message: str = "") -> str:
    """A process that goes from `start` through `middle` (by default `around`) to `done`."""
    begins = f'<bpmn:messageEventDefinition messageRef="m_{message}"/>' if message else ""
    path = ("start", *(middle or ("around",)), *(("done",) if last else ()))
    return (
        f'<bpmn:process id="{name}" name="{name}" isExecutable="true">'
        f'<bpmn:startEvent id="start" name="开始">{begins}</bpmn:startEvent>{inside}'
        f"{end('done') if last else ''}{flows(*path)}</bpmn:process>"
    )


def flows(*path: str) -> str:
    return "".join(
        f'<bpmn:sequenceFlow id="{a}_to_{b}" sourceRef="{a}" targetRef="{b}"/>' for a, b in pairwise(path)
    )


def end(outcome: str) -> str:
    return f'<bpmn:endEvent id="{outcome}" name="{outcome}">{properties(outcome=outcome)}</bpmn:endEvent>'


def properties(**values: str) -> str:
    inside = "".join(f'<spiffworkflow:property name="{k}" value="{v}"/>' for k, v in values.items())
    inside = f"<spiffworkflow:properties>{inside}</spiffworkflow:properties>"
    return f"<bpmn:extensionElements>{inside}</bpmn:extensionElements>"


def task(name: str, outputs: str = "text", form: str = "note.json") -> str:
    told = properties(role="unit", formJsonSchemaFilename=form, outputs=outputs, status="待填写")
    return f'<bpmn:userTask id="{name}" name="填写">{told}</bpmn:userTask>'


def sub_process(name: str, inside: str) -> str:
    start, stop = f'<bpmn:startEvent id="{name}_in"/>', f'<bpmn:endEvent id="{name}_out"/>'
    path = flows(f"{name}_in", "inner", f"{name}_out")
    return f'<bpmn:subProcess id="{name}" name="子流程">{start}{inside}{stop}{path}</bpmn:subProcess>'


def call(name: str, called: str) -> str:
    return f'<bpmn:callActivity id="{name}" name="调用" calledElement="{called}"/>'


def ends_at(host: str, moment: str, outcome: str, *, interrupting: bool = True) -> str:
    """A timer on the border of an activity, with the end event that it leads to."""
    cancels = "true" if interrupting else "false"
    return (
        f'<bpmn:boundaryEvent id="until_{outcome}" name="到期" attachedToRef="{host}"'
        f' cancelActivity="{cancels}"><bpmn:timerEventDefinition>{moment}</bpmn:timerEventDefinition>'
        f"</bpmn:boundaryEvent>{end(outcome)}{flows(f'until_{outcome}', outcome)}"
    )


def date(expression: str) -> str:
    return f"<bpmn:timeDate>{expression}</bpmn:timeDate>"


def duration(text: str) -> str:
    return f"<bpmn:timeDuration>{text}</bpmn:timeDuration>"


def throws(message: str, payload: str = '{"text": ticket}') -> str:
    correlated = '<spiffworkflow:property name="correlation" value="ticket"/>' if message == "answer" else ""
    return (
        f'<bpmn:intermediateThrowEvent id="sends" name="发出"><bpmn:extensionElements>'
        f"<spiffworkflow:properties>{correlated}</spiffworkflow:properties></bpmn:extensionElements>"
        f'<bpmn:messageEventDefinition messageRef="m_{message}"><bpmn:extensionElements>'
        f"<spiffworkflow:messagePayload>{payload}</spiffworkflow:messagePayload>"
        "</bpmn:extensionElements></bpmn:messageEventDefinition></bpmn:intermediateThrowEvent>"
    )


NAMED = date('named_date("closes")')
BEGIN = '{"person": {"id": who}}'
RACE = (
    '<bpmn:eventBasedGateway id="either" name="先到为准"/>'
    f'<bpmn:intermediateCatchEvent id="hears" name="收到答复">{properties(correlation="ticket")}'
    '<bpmn:messageEventDefinition messageRef="m_answer"><bpmn:extensionElements>'
    "<spiffworkflow:messageVariable>reply</spiffworkflow:messageVariable>"
    "</bpmn:extensionElements></bpmn:messageEventDefinition></bpmn:intermediateCatchEvent>"
    '<bpmn:intermediateCatchEvent id="gives_up" name="两天无答复"><bpmn:timerEventDefinition>'
    f"{duration('PT48H')}</bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>"
    + end("answered")
    + end("unanswered")
    + flows("either", "hears", "answered")
    + flows("either", "gives_up", "unanswered")
)
