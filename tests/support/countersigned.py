"""A made-up scheme in which an office chooses colleagues who countersign 会签, each at their own task."""

from __future__ import annotations

import json

from app.extensions import atomic
from app.operations import cases, deployments
from app.operations.actors import SYSTEM
from app.operations.dates import clock
from app.operations.trials.worlds import Built
from support.waits import document, duration, ends_at, process, properties
from support.world import PUBLISHED, at

COUNTERSIGNED = "countersigned-2021"
SHEET = """\
id: countersigned-2021
name: 会签（样例）
jurisdiction: "990000"
year: 2021
grades: [{code: senior, title: 高级工, rank: 1}]
processes:
  filing: {title: 会签, subject: unit, start: {role: unit}}
"""
ROLES = """\
roles:
  unit: {title: 申报单位, relation: unit}
"""
CHOICE = {
    "type": "object",
    "title": "请谁会签",
    "required": ["who"],
    "properties": {
        "who": {
            "type": "array",
            "title": "会签人",
            "minItems": 1,
            "items": {"type": "integer", "format": "colleague"},
        }
    },
}
OPINION = {
    "type": "object",
    "title": "会签意见",
    "required": ["agrees"],
    "properties": {"agrees": {"type": "string", "title": "意见", "enum": ["yes", "no"]}},
}


def publish_countersigned(assignee: str = "colleague") -> int:
    with atomic():
        clock.mark_database(True, PUBLISHED)
        return deployments.publish(countersigned_files(assignee), SYSTEM, PUBLISHED)


def open_countersigned(world: Built, unit: str) -> int:
    """A case that waits for who is to countersign."""
    with atomic():
        unit_id, actor = world.organisations[unit], world.actors[unit]
        return cases.start(
            COUNTERSIGNED, "filing", unit_id=unit_id, actor=actor, received_at=at("2021-06-10 09:00")
        )


def countersigned_files(assignee: str = "colleague") -> dict[str, bytes]:
    chosen = properties(
        role="unit", formJsonSchemaFilename="choice.json", outputs="who", status="待确定会签人"
    )
    given = properties(
        role="unit",
        formJsonSchemaFilename="opinion.json",
        outputs="agrees",
        status="会签中",
        assignee=assignee,
    )
    inside = (
        ends_at("choose", duration("PT48H"), "reminded", interrupting=False)
        + f'<bpmn:userTask id="choose" name="确定会签人">{chosen}</bpmn:userTask>'
        f'<bpmn:userTask id="countersign" name="会签">{given}'
        "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopDataInputRef>who</bpmn:loopDataInputRef>"
        '<bpmn:inputDataItem id="colleague"/></bpmn:multiInstanceLoopCharacteristics></bpmn:userTask>'
    )
    folder = f"bpmn/{COUNTERSIGNED}/"
    return {
        f"{folder}filing.bpmn": document(process("filing", inside, "choose", "countersign")),
        f"{folder}scheme.yaml": SHEET.encode(),
        f"{folder}calendar.yaml": b"dates: {}\n",
        f"{folder}roles.yaml": ROLES.encode(),
        f"{folder}clauses.yaml": b"{}",
        f"forms/{COUNTERSIGNED}/choice.json": json.dumps(CHOICE).encode(),
        f"forms/{COUNTERSIGNED}/opinion.json": json.dumps(OPINION).encode(),
    }
