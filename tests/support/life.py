"""A third made-up scheme: what happens around a certificate; the tiny world's people and offices.

`award` is about a unit's person: the list of passed examinees releases it, a certificate is issued, and it
waits for the archive while it may be lost, voided or moved. `sanction`, `review`, `correction` and `transfer`
are about such a case; `publication` releases.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.engine import Instance
from app.extensions import atomic, db
from app.models import Certificate
from app.operations import cases, deployments, messages, tasks
from app.operations.actors import SYSTEM
from app.operations.dates import clock
from app.operations.trials.worlds import Built
from support.waits import end, flows, process, properties
from support.world import BUREAU, LIBRARY, OFFICE, PUBLISHED, at, case_row, task_of

LIFE = "life-2021"

SHEET = """\
id: {id}
name: 证书与处理（样例）
jurisdiction: "{jurisdiction}"
year: {year}
parameters:
  certificate_number: {{value: "{{region}}{{year}}{{sequence:06d}}{{check}}", title: 证书编号}}
  retention_years: {{value: 30, title: 保管年限}}
grades:
  - {{code: senior, title: 高级工, rank: 2}}
  - {{code: technician, title: 技师, rank: 1}}
  - {{code: junior, title: 初级工, rank: 3}}
processes:
  award: {{title: 发证, subject: person, start: {{message: passed}}, list: [trade, grade]}}
  publication: {{title: 公布名单, subject: office, start: {{role: office}}}}
  sanction: {{title: 处理, subject: person, start: {{role: bureau, about: case}}, list: [kind]}}
  review: {{title: 复核, subject: person, start: {{role: office, about: case}}}}
  correction: {{title: 证件号码更正, subject: person, start: {{role: unit, about: case}}}}
  transfer: {{title: 调动, subject: person, start: {{role: unit, about: case}}}}
"""
ROLES = """\
roles:
  unit: {title: 申报单位, relation: unit}
  bureau: {title: 区人社局, relation: jurisdiction, function: review, region: unit, level: district}
  office: {title: 省考核办, relation: jurisdiction, function: final_review, region: "990000"}
"""


def life_files(scheme: str = LIFE, jurisdiction: str = "990000", year: int = 2021) -> dict[str, bytes]:
    """The scheme's files; under another id, jurisdiction and year it is a later or a neighbour's scheme."""
    folder = f"bpmn/{scheme}/"
    sheet = SHEET.format(id=scheme, jurisdiction=jurisdiction, year=year)
    return {
        **{f"{folder}{name}.bpmn": _document(text) for name, text in _PROCESSES.items()},
        f"{folder}scheme.yaml": sheet.encode(),
        f"{folder}calendar.yaml": b"dates: {}",
        f"{folder}roles.yaml": ROLES.encode(),
        f"{folder}clauses.yaml": b"{}",
        **{f"forms/{scheme}/{name}.json": json.dumps(form).encode() for name, form in _FORMS.items()},
    }


def publish_life(**other: Any) -> int:
    with atomic():
        clock.mark_database(True, PUBLISHED)
        return deployments.publish(life_files(**other), SYSTEM, PUBLISHED)


def open_award(
    world: Built,
    person: str = "陈一",
    *,
    unit: str = LIBRARY,
    grade: str = "senior",
    scheme: str = LIFE,
    when: str = "2021-09-01 09:00",
) -> int:
    """A case that waits for the publication of the list."""
    with atomic():
        deployment_id = deployments.current(scheme, at(when))
        return cases.open_case(
            deployment_id,
            deployments.scheme(deployment_id).processes["award"],
            world.organisations[unit],
            world.people[person],
            {"trade": "图书资料业务员", "grade": grade},
            SYSTEM,
            at(when),
            "passed",
        )


def start_about(world: Built, process: str, about: int, by: str, when: str, scheme: str = LIFE) -> int:
    """A case about another, begun by the operator of that name."""
    with atomic():
        return cases.start(
            scheme, process, linked_case_id=about, actor=world.actors[by], received_at=at(when)
        )


def publish_list(
    world: Built, when: str = "2021-09-10 09:00", transaction: Any = atomic, scheme: str = LIFE
) -> int:
    """The office publishes the list; every case that waits for it goes on, each in a `transaction`."""
    office = world.actors[OFFICE]
    with atomic():
        case_id = cases.start(
            scheme,
            "publication",
            unit_id=world.organisations[OFFICE],
            actor=office,
            received_at=at(when),
        )
        tasks.complete(task_of(case_id), {"text": "名单见附件"}, office, at(when))
    messages.deliver(transaction)
    return case_id


def certified(world: Built, person: str = "陈一", **more: Any) -> int:
    """A case whose certificate is issued; it waits for the archive."""
    case_id = open_award(world, person, **more)
    publish_list(world, scheme=more.get("scheme", LIFE))
    return case_id


def archived(world: Built, person: str = "陈一", **more: Any) -> int:
    """A case that passed: its certificate issued, itself in the archive."""
    case_id = certified(world, person, **more)
    complete_life(case_id, "file", {}, world.actors[OFFICE], at("2021-09-20 10:00"))
    return case_id


def sanctioned(world: Built, about: int, values: dict[str, Any], when: str = "2021-10-08 10:00") -> int:
    """A case about another, decided by the bureau with these values; its messages delivered."""
    case_id = start_about(world, "sanction", about, BUREAU, when)
    complete_life(case_id, "decide", values, world.actors[BUREAU], at(when))
    return case_id


def complete_life(case_id: int, element: str, values: dict[str, Any], actor: Any, when: datetime) -> None:
    """Completes a task; what it sends is delivered."""
    with atomic():
        tasks.complete(task_of(case_id, element), values, actor, when)
    messages.deliver(atomic)


def variables(case_id: int) -> dict[str, Any]:
    """What a case knows as it stands."""
    case = case_row(case_id)
    scheme = deployments.scheme(case.deployment_id)
    return Instance.load(scheme.definitions, case.engine_state).snapshot().variables


def certificate_of(case_id: int) -> Certificate:
    """The only certificate that a case has issued, as the database has it now."""
    db.session.expire_all()
    return db.session.scalars(select(Certificate).where(Certificate.case_id == case_id)).one()


def _document(text: str) -> bytes:
    names = ("passed", "list_published", "voided", "lost", "moved")
    known = "".join(f'<bpmn:message id="m_{name}" name="{name}"/>' for name in names)
    codes = ("no_certificate", "disputed", "duplicate", "unknown_unit")
    known += "".join(f'<bpmn:error id="e_{code}" errorCode="{code}"/>' for code in codes)
    return (
        '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
        ' xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" targetNamespace="t">'
        f"{known}{text}</bpmn:definitions>"
    ).encode()


def _task(name: str, role: str, form: str, outputs: str = "", status: str = "待办") -> str:
    told = properties(role=role, formJsonSchemaFilename=form, outputs=outputs, status=status)
    return f'<bpmn:userTask id="{name}" name="{name}">{told}</bpmn:userTask>'


def _service(name: str, capability: str, result: str = "", **inputs: str) -> str:
    parameters = "".join(
        f'<spiffworkflow:parameter id="{key}" type="any" value=\'{value}\'/>' for key, value in inputs.items()
    )
    kept = f' resultVariable="{result}"' if result else ""
    return (
        f'<bpmn:serviceTask id="{name}" name="{name}"><bpmn:extensionElements>'
        f'<spiffworkflow:serviceTaskOperator id="{capability}"{kept}><spiffworkflow:parameters>{parameters}'
        "</spiffworkflow:parameters></spiffworkflow:serviceTaskOperator></bpmn:extensionElements>"
        "</bpmn:serviceTask>"
    )


def _border(
    name: str, host: str, message: str, *, cancels: bool = True, variable: str = "", **told: str
) -> str:
    cancel = "true" if cancels else "false"
    taken = f"<spiffworkflow:messageVariable>{variable}</spiffworkflow:messageVariable>" if variable else ""
    return (
        f'<bpmn:boundaryEvent id="{name}" name="{name}" attachedToRef="{host}" cancelActivity="{cancel}">'
        f"{properties(**told)}"
        f'<bpmn:messageEventDefinition messageRef="m_{message}"><bpmn:extensionElements>{taken}'
        "</bpmn:extensionElements></bpmn:messageEventDefinition></bpmn:boundaryEvent>"
    )


def _caught(name: str, host: str, code: str) -> str:
    return (
        f'<bpmn:boundaryEvent id="{name}" name="{name}" attachedToRef="{host}">'
        f'<bpmn:errorEventDefinition errorRef="e_{code}"/></bpmn:boundaryEvent>'
    )


def _waits(name: str, message: str, correlation: str) -> str:
    return (
        f'<bpmn:intermediateCatchEvent id="{name}" name="{name}">{properties(correlation=correlation)}'
        f'<bpmn:messageEventDefinition messageRef="m_{message}"/></bpmn:intermediateCatchEvent>'
    )


def _throws(name: str, message: str, correlation: str, payload: str) -> str:
    return (
        f'<bpmn:intermediateThrowEvent id="{name}" name="{name}">{properties(correlation=correlation)}'
        f'<bpmn:messageEventDefinition messageRef="m_{message}"><bpmn:extensionElements>'
        f"<spiffworkflow:messagePayload>{payload}</spiffworkflow:messagePayload></bpmn:extensionElements>"
        "</bpmn:messageEventDefinition></bpmn:intermediateThrowEvent>"
    )


def _choice(name: str, *ways: tuple[str, str]) -> str:
    """An exclusive gateway: (condition, target); an empty condition is the default."""
    default = next(target for condition, target in ways if not condition)
    lines = "".join(
        f'<bpmn:sequenceFlow id="{name}_to_{target}" sourceRef="{name}" targetRef="{target}">'
        + (f"<bpmn:conditionExpression>{condition}</bpmn:conditionExpression>" if condition else "")
        + "</bpmn:sequenceFlow>"
        for condition, target in ways
    )
    return f'<bpmn:exclusiveGateway id="{name}" name="{name}" default="{name}_to_{default}"/>{lines}'


_MINE = "text(case.id)"
_THEIRS = "text(linked.id)"

_PROCESSES = {
    "award": process(
        "award",
        _waits("list", "list_published", _MINE)
        + _service("issue", "issue_certificate", "certificate", trade="trade", grade="grade")
        + _task("file", "office", "note.json", "", "待归档")
        + _border(
            "lost",
            "file",
            "lost",
            cancels=False,
            formJsonSchemaFilename="lost.json",
            outputs="reason",
            role="bureau",
        )
        + _service("again", "reissue_certificate", "copied", ground="reason")
        + end("copied")
        + flows("lost", "again", "copied")
        + _border("voided", "file", "voided", variable="void", correlation=_MINE)
        + end("cancelled")
        + flows("voided", "cancelled")
        + _border("moved", "file", "moved", cancels=False, variable="move", correlation=_MINE)
        + _service("follow", "transfer_person", unit="move.unit")
        + end("followed")
        + flows("moved", "follow", "followed")
        + _service("archive", "archive_case", "archived", retention_years='parameter("retention_years")')
        + _caught("held", "archive", "disputed")
        + flows("held", "file")
        + end("passed")
        + flows("archive", "passed"),
        "list",
        "issue",
        "file",
        "archive",
        last=False,
        message="passed",
    ),
    "publication": process(
        "publication",
        _task("publish", "office", "note.json")
        + _service("release", "release_waiting", "released", message='"list_published"'),
        "publish",
        "release",
    ),
    "sanction": process(
        "sanction",
        _task("decide", "bureau", "sanction.json", "kind; until; ground", "待{role}决定")
        + _service("revoke", "revoke_certificate", "revoked", ground="ground")
        + _caught("none_yet", "revoke", "no_certificate")
        + flows("none_yet", "which")
        + _choice("which", ('kind == "warning"', "tell"), ("", "bar"))
        + _service("bar", "impose_bar", "barred", kind="kind", until="until", ground="ground")
        + flows("bar", "tell")
        + _throws("tell", "voided", _THEIRS, '{"ground": ground}')
        + end("decided")
        + flows("tell", "decided"),
        "decide",
        "revoke",
        "which",
        last=False,
    ),
    "review": process(
        "review",
        _task("examine", "office", "examine.json", "decision; ground")
        + _choice("upheld", ('decision == "reject"', "kept"), ("", "lift"))
        + end("kept")
        + _service("lift", "lift_bar", "lifted", ground="ground")
        + _service("restore", "restore_certificate", "restored", ground="ground")
        + _caught("had_none", "restore", "no_certificate")
        + flows("had_none", "quashed")
        + end("quashed")
        + flows("lift", "restore", "quashed"),
        "examine",
        "upheld",
        last=False,
    ),
    "correction": process(
        "correction",
        _task("enter", "unit", "number.json", "number")
        + _task("examine", "bureau", "examine.json", "decision; ground")
        + _choice("right", ('decision == "approve"', "correct"), ("", "refused"))
        + _service("correct", "correct_id_number", number="number")
        + _caught("known", "correct", "duplicate")
        + flows("known", "refused")
        + end("refused")
        + end("corrected")
        + flows("correct", "corrected"),
        "enter",
        "examine",
        "right",
        last=False,
    ),
    "transfer": process(
        "transfer",
        _task("name_unit", "unit", "unit.json", "new_unit")
        + _service("move", "transfer_person", unit="new_unit")
        + _caught("unknown", "move", "unknown_unit")
        + flows("unknown", "name_unit")
        + _task("confirm", "unit", "note.json", "", "待{role}确认")
        + _throws("tell", "moved", _THEIRS, '{"unit": unit.id}')
        + end("moved"),
        "name_unit",
        "move",
        "confirm",
        "tell",
        "moved",
        last=False,
    ),
}

_TEXT = {"type": "string", "title": "内容"}
_GROUND = {"type": "string", "title": "依据"}
_DECISION = {
    "type": "string",
    "title": "结论",
    "oneOf": [{"const": "approve", "title": "同意"}, {"const": "reject", "title": "不同意"}],
}


def _form(title: str, required: list[str], **fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "title": title, "required": required, "properties": fields}


_FORMS = {
    "note": _form("办理", [], text=_TEXT),
    "lost": _form(
        "补发证书",
        ["reason"],
        reason={"type": "string", "title": "补发原因"},
        proof={"type": "string", "title": "声明", "format": "file", "x-accept": ["pdf"]},
    ),
    "sanction": _form(
        "处理决定",
        ["kind", "ground"],
        kind={
            "type": "string",
            "title": "处理",
            "oneOf": [
                {"const": "warning", "title": "撤销证书"},
                {"const": "until", "title": "限期禁考"},
                {"const": "next_examination", "title": "不得参加下次考试"},
            ],
        },
        until={"type": "string", "title": "禁考到", "format": "date"},
        ground=_GROUND,
    ),
    "examine": _form("审查", ["decision"], decision=_DECISION, ground=_GROUND),
    "number": _form(
        "证件号码更正",
        ["number"],
        number={"type": "string", "title": "正确的证件号码", "format": "id_number"},
    ),
    "unit": _form("调入单位", ["new_unit"], new_unit={"type": "string", "title": "调入单位"}),
}
