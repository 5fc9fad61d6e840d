"""A third made-up scheme: processes in which cases are given back 退回; the tiny world's people.

`branches` two branches of a unit task and a review each, a last review after them · `inside` a review in a
called process within a sub-process under a clock · `waiting` a day's wait between task and review · `final` a
certificate-like effect in between · `sending` a message to another case in between.
"""

from __future__ import annotations

import json
from datetime import datetime

from app.extensions import atomic
from app.operations import cases, deployments
from app.operations.actors import SYSTEM
from app.operations.dates import clock
from app.operations.trials.worlds import Built
from support.waits import FORM, NAMED, document, duration, ends_at, flows, process, properties, throws
from support.world import LIBRARY, PUBLISHED

RETURNS = "returns-2021"

SHEET = """\
id: returns-2021
name: 退回（样例）
jurisdiction: "990000"
year: 2021
grades: [{code: senior, title: 高级工, rank: 1}]
processes:
  branches: {title: 两路, subject: unit, start: {role: unit}}
  inside: {title: 里面, subject: unit, start: {role: unit}}
  waiting: {title: 等待, subject: unit, start: {role: unit}}
  final: {title: 定局, subject: unit, start: {role: unit}}
  sending: {title: 发信, subject: unit, start: {role: unit}}
  several: {title: 多人, subject: unit, start: {role: unit}}
phases:
  - {process: part, title: 里面}
"""
CALENDAR = "dates:\n  closes: {day: 2021-06-30, edge: closes, title: 截止}\n"
ROLES = """\
roles:
  unit: {title: 申报单位, relation: unit}
  bureau: {title: 区人社局, relation: jurisdiction, function: review, region: unit, level: district}
  office: {title: 省考核办, relation: jurisdiction, function: final_review, region: "990000"}
"""


def publish_returning() -> int:
    with atomic():
        clock.mark_database(True, PUBLISHED)
        return deployments.publish(returning_files(), SYSTEM, PUBLISHED)


def open_returning(world: Built, name: str, when: datetime) -> int:
    with atomic():
        unit_id, actor = world.organisations[LIBRARY], world.actors[LIBRARY]
        return cases.start(RETURNS, name, unit_id=unit_id, actor=actor, received_at=when)


def step(name: str, role: str, returns: str = "", inside: str = "") -> str:
    """A user task with the field `text`, which becomes the variable of the task's name."""
    given = {"role": role, "formJsonSchemaFilename": "note.json", "outputs": f"{name}=text"}
    more = {"returns": returns} if returns else {}
    told = properties(**given, status=f"待{name}", **more)
    return f'<bpmn:userTask id="{name}" name="{name}">{told}{inside}</bpmn:userTask>'


def gateway(name: str) -> str:
    return f'<bpmn:parallelGateway id="{name}"/>'


def service(name: str, capability: str, **inputs: str) -> str:
    given = "".join(f'<spiffworkflow:parameter id="{k}" type="any" value="{v}"/>' for k, v in inputs.items())
    return (
        f'<bpmn:serviceTask id="{name}"><bpmn:extensionElements><spiffworkflow:serviceTaskOperator'
        f' id="{capability}"><spiffworkflow:parameters>{given}</spiffworkflow:parameters>'
        "</spiffworkflow:serviceTaskOperator></bpmn:extensionElements></bpmn:serviceTask>"
    )


def several(name: str, role: str) -> str:
    loop = "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>2</bpmn:loopCardinality>"
    return step(name, role, inside=f"{loop}</bpmn:multiInstanceLoopCharacteristics>")


def _branches() -> str:
    return (
        step("fill", "unit")
        + gateway("split")
        + step("proof", "unit")
        + step("proof_review", "bureau", "true")
        + step("photo", "unit")
        + step("photo_review", "bureau", "true")
        + gateway("join")
        + step("last", "office", "true")
        + flows("split", "photo", "photo_review", "join")
    )


def _inside() -> str:
    called = (
        '<bpmn:callActivity id="call" name="调用" calledElement="part">'
        f"{properties(inputs='fill')}</bpmn:callActivity>"
    )
    within = f'<bpmn:startEvent id="in"/>{called}<bpmn:endEvent id="out"/>{flows("in", "call", "out")}'
    return (
        step("fill", "unit")
        + ends_at("fill", duration("P2D"), "late")
        + f'<bpmn:subProcess id="stage" name="阶段">{within}</bpmn:subProcess>'
        + ends_at("stage", NAMED, "lapsed")
    )


def returning_files() -> dict[str, bytes]:
    day = f"<bpmn:timerEventDefinition>{duration('P1D')}</bpmn:timerEventDefinition>"
    wait = f'<bpmn:intermediateCatchEvent id="day" name="等一天">{day}</bpmn:intermediateCatchEvent>'
    fill, review = step("fill", "unit"), step("review", "bureau", "true")
    part = step("first", "bureau", "fill") + step("second", "office", "true")
    drawn = {
        "branches": process(
            "branches", _branches(), "fill", "split", "proof", "proof_review", "join", "last"
        ),
        "inside": process("inside", _inside(), "fill", "stage"),
        "part": process("part", part, "first", "second"),
        "waiting": process("waiting", fill + wait + review, "fill", "day", "review"),
        "final": process(
            "final",
            fill + service("lift", "lift_bar", ground="&quot;复核&quot;") + review,
            *("fill", "lift", "review"),
        ),
        "sending": process(
            "sending",
            step("fill", "unit") + throws("answer", '{"text": fill}').replace('"ticket"', '"fill"') + review,
            *("fill", "sends", "review"),
        ),
        "several": process(
            "several", fill + several("all", "bureau") + step("last", "office", "true"), "fill", "all", "last"
        ),
    }
    folder = f"bpmn/{RETURNS}/"
    return {
        **{f"{folder}{name}.bpmn": document(text) for name, text in drawn.items()},
        f"{folder}scheme.yaml": SHEET.encode(),
        f"{folder}calendar.yaml": CALENDAR.encode(),
        f"{folder}roles.yaml": ROLES.encode(),
        f"{folder}clauses.yaml": b"{}",
        f"forms/{RETURNS}/note.json": json.dumps(FORM).encode(),
    }
