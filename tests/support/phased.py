"""A fourth made-up scheme: entries in phases, up to an examination's scores; the tiny world's people.

`entry` is about a unit's person: `review` (the unit files, the bureau reviews), `sign_up` (the unit), then
`exam`, whose scores the province's office enters or imports until the end of July.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import insert

from app.clock import now as real_now
from app.content.identity import make_citizen_id
from app.extensions import atomic
from app.models import Import
from app.operations import cases, deployments
from app.operations.actors import SYSTEM
from app.operations.dates import clock
from app.operations.registers import people
from app.operations.trials.worlds import Built
from support.waits import call, date, end, flows, process
from support.waits import properties as said
from support.world import BUREAU, LIBRARY, PUBLISHED, at, complete

PHASED = "phased-2021"

SHEET = """\
id: phased-2021
name: 分阶段的考核（样例）
jurisdiction: "990000"
year: 2021
grades:
  - {code: technician, title: 技师, rank: 1}
  - {code: senior, title: 高级工, rank: 2}
processes:
  entry:
    {title: 考核, subject: person, start: {message: begin}, list: [trade, grade, absent, theory, practice]}
phases:
  - {process: review, title: 资格申请}
  - {process: sign_up, title: 报名}
  - {process: exam, title: 成绩}
mask:
  id_number: {head: 6, tail: 4, fill: "****"}
"""
CALENDAR = "dates:\n  scores_close: {day: 2021-07-31, edge: closes, title: 成绩录入截止}\n"
ROLES = """\
roles:
  unit: {title: 申报单位, relation: unit}
  bureau: {title: 区人社局, relation: jurisdiction, function: review, region: unit, level: district}
  office: {title: 省考核办, relation: jurisdiction, function: final_review, region: "990000"}
"""
FORMS: dict[str, dict[str, Any]] = {
    "entry": {
        "type": "object",
        "title": "申报",
        "required": ["trade", "grade"],
        "properties": {
            "trade": {"type": "string", "title": "工种"},
            "grade": {"type": "string", "title": "等级", "x-options": "grades"},
        },
    },
    "note": {"type": "object", "title": "说明", "properties": {"text": {"type": "string", "title": "说明"}}},
    "scores": {
        "type": "object",
        "title": "录入成绩",
        "required": ["absent"],
        "properties": {
            "grade": {"type": "string", "title": "等级", "x-options": "grades", "readOnly": True},
            "absent": {"type": "boolean", "title": "缺考", "x-widget": "radio"},
            "theory": {"type": "integer", "title": "理论成绩", "minimum": 0, "maximum": 100},
            "practice": {"type": "integer", "title": "实作成绩", "minimum": 0, "maximum": 100},
            "level": {"type": "string", "title": "评价", "oneOf": [
                {"const": "good", "title": "良好"}, {"const": "fair", "title": "一般"}]},
            "taken_on": {"type": "string", "title": "考试日期", "format": "date"},
        },
        "allOf": [{
            "if": {"properties": {"absent": {"const": False}}, "required": ["absent"]},
            "then": {"required": ["theory", "practice"], "properties": {"theory": True, "practice": True}},
        }],
    },
}  # fmt: skip


def _task(name: str, title: str, role: str, form: str, status: str, **more: str) -> str:
    told = said(role=role, formJsonSchemaFilename=f"{form}.json", status=status, **more)
    return f'<bpmn:userTask id="{name}" name="{title}">{told}</bpmn:userTask>'


def _call(name: str, inputs: str = "", outputs: str = "") -> str:
    return call(name, name).replace("/>", f">{said(inputs=inputs, outputs=outputs)}</bpmn:callActivity>")


def _phase(name: str, inside: str, *middle: str, status: str) -> str:
    drawn = process(name, inside, *middle)
    return drawn.replace(
        end("done"), f'<bpmn:endEvent id="{name}_done">{said(status=status)}</bpmn:endEvent>'
    ).replace('targetRef="done"', f'targetRef="{name}_done"')


LATE = (
    '<bpmn:boundaryEvent id="late" name="到期" attachedToRef="enter" cancelActivity="true">'
    f"<bpmn:timerEventDefinition>{date('named_date(&quot;scores_close&quot;)')}</bpmn:timerEventDefinition>"
    f'</bpmn:boundaryEvent><bpmn:endEvent id="missed">{said(status="未录入成绩")}</bpmn:endEvent>'
    + flows("late", "missed")
)
PROCESSES = {
    "entry": process(
        "entry",
        _call("review", outputs="trade; grade")
        + _call("sign_up")
        + _call("exam", inputs="grade", outputs="absent; theory; practice"),
        "review",
        "sign_up",
        "exam",
        message="begin",
    ),
    "review": _phase(
        "review",
        _task("file", "填写申报", "unit", "entry", "待提交", outputs="trade; grade")
        + _task("check", "审核", "bureau", "note", "待{role}审核"),
        "file",
        "check",
        status="审核已通过",
    ),
    "sign_up": _phase(
        "sign_up", _task("register", "报名", "unit", "note", "未报名"), "register", status="已报名"
    ),
    "exam": _phase(
        "exam",
        _task(
            "enter",
            "录入成绩",
            "office",
            "scores",
            "待录入成绩",
            outputs="absent; theory; practice",
            **{"import": "true"},
        )
        + LATE,
        "enter",
        status="成绩已录入",
    ),
}


def phased_files() -> dict[str, bytes]:
    folder = f"bpmn/{PHASED}/"
    head = (
        '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
        ' xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" targetNamespace="t">'
        '<bpmn:message id="m_begin" name="begin"/>'
    )
    return {
        **{
            f"{folder}{name}.bpmn": f"{head}{text}</bpmn:definitions>".encode()
            for name, text in PROCESSES.items()
        },
        f"{folder}scheme.yaml": SHEET.encode(),
        f"{folder}calendar.yaml": CALENDAR.encode(),
        f"{folder}roles.yaml": ROLES.encode(),
        f"{folder}clauses.yaml": b"{}",
        **{f"forms/{PHASED}/{name}.json": json.dumps(form).encode() for name, form in FORMS.items()},
    }


def publish_phased() -> int:
    with atomic():
        clock.mark_database(True, PUBLISHED)
        return deployments.publish(phased_files(), SYSTEM, PUBLISHED)


def open_phased() -> None:
    """Publishes it; its clock tells 1 July 2021, 9:00, the month of the scores."""
    publish_phased()
    with atomic():
        clock.open_clock(PHASED, at("2021-07-01 09:00"), SYSTEM, real_now())


def open_entry(
    world: Built, person: str = "陈一", *, unit: str = LIBRARY, when: str = "2021-06-10 09:00"
) -> int:
    """An entry of one of the unit's people, waiting to be filed."""
    with atomic():
        deployment_id = deployments.current(PHASED, at(when))
        found = deployments.scheme(deployment_id).processes["entry"]
        unit_id, person_id = world.organisations[unit], world.people[person]
        return cases.open_case(deployment_id, found, unit_id, person_id, {}, SYSTEM, at(when), "begin")


def reviewed(
    world: Built, person: str = "陈一", *, unit: str = LIBRARY, bureau: str = BUREAU, grade: str = "senior"
) -> int:
    """An entry that passed the review and is not signed up yet."""
    case_id = open_entry(world, person, unit=unit)
    filed = {"trade": "汽车驾驶员", "grade": grade}
    complete(case_id, "file", filed, world.actors[unit], "2021-06-10 10:00")
    complete(case_id, "check", {}, world.actors[bureau], "2021-06-10 11:00")
    return case_id


def waiting_for_scores(world: Built, person: str = "陈一", **more: Any) -> int:
    """An entry whose scores are to be entered."""
    case_id = reviewed(world, person, **more)
    complete(case_id, "register", {}, world.actors[more.get("unit", LIBRARY)], "2021-06-10 12:00")
    return case_id


def finished_import(stage: Any, name: str) -> int:
    """An upload of that operator's whose lines are all settled."""
    actor = stage.world.actors[name]
    facts = {
        "scheme_id": PHASED,
        "element": "enter",
        "name": "录入成绩",
        "title": "x.csv",
        "state": "finished",
    }
    mine = {"organisation_id": actor.organisation_id, "account_id": actor.account_id}
    at_present = {"uploaded_at": stage.now(), "received_at": stage.now()}
    with atomic() as session:
        return session.execute(
            insert(Import).values(**facts, **mine, **at_present).returning(Import.id)
        ).scalar_one()


def add_people(world: Built, count: int, unit: str = LIBRARY) -> list[str]:
    """More of the unit's people, by made-up names that the world then knows too."""
    names = [f"考生{number:04d}" for number in range(count)]
    with atomic():
        for number, name in enumerate(names):
            # Sequence numbers run to 499 a day of birth.
            day = at("1980-01-01").date().replace(month=1 + number // 400 % 12, day=1 + number // 4800)
            added = people.add(
                world.organisations[unit],
                name=name,
                id_number=make_citizen_id("110101", day, number % 400, "male"),
                actor=world.actors[unit],
                now=at("2021-06-01 09:00"),
            )
            world.people[name] = added.id
    return names
