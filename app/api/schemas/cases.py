"""Cases, what is said to them, and their history."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from app.api.fields import choice, instant, mapping, number, pattern, text
from app.api.schemas.common import Body, Cursor, StoredFile


class CaseQuery(Cursor):
    scheme = text()
    process = text()
    state = choice("running", "ended", "cancelled")
    status = text()
    phase = text(metadata={"description": "办到过的阶段，有哪些见 GET /schemes"})
    phase_status = text(metadata={"description": "该阶段的状态；要与 phase 一起给出"})
    name = text()
    unit = text()
    region = pattern("[1-9][0-9]{5}", "应为六位行政区划代码。")
    trade = text()
    grade = text()
    started_from = instant()
    started_before = instant()

    @validates_schema
    def _status_of_a_phase(self, query: dict[str, Any], **_: Any) -> None:
        if query.get("phase_status") and not query.get("phase"):
            raise ValidationError({"phase_status": ["要与 phase 一起给出。"]})


class Case(Schema):
    id = fields.Integer()
    scheme = fields.String()
    process = fields.String()
    unit = fields.String()
    person = fields.String(allow_none=True)
    id_number_masked = fields.String(allow_none=True)
    state = fields.String()
    status = fields.String()
    outcome = fields.String(allow_none=True)
    phases = fields.Dict(metadata={"description": "到过的每个阶段和它的状态"})
    listed = fields.Dict()
    started_at = fields.AwareDateTime()
    ended_at = fields.AwareDateTime(allow_none=True)


class OpenTask(Schema):
    id = fields.Integer()
    name = fields.String()
    office = fields.String(allow_none=True)
    closes_at = fields.AwareDateTime(allow_none=True)


class Sayable(Schema):
    message = fields.String()
    name = fields.String()
    form = fields.String(allow_none=True)
    closes_at = fields.AwareDateTime(allow_none=True)


class CaseCertificate(Schema):
    number = fields.String()
    state = fields.String(metadata={"description": "valid 有效，revoked 已撤销"})
    copy = fields.Integer(metadata={"description": "第几次制发，以前的作废"})
    issued_at = fields.AwareDateTime()


class CaseDetail(Case):
    tasks = fields.List(fields.Nested(OpenTask), metadata={"description": "办件停在哪里、由谁办理"})
    messages = fields.List(fields.Nested(Sayable), metadata={"description": "现在可以发出的消息"})
    certificates = fields.List(fields.Nested(CaseCertificate))
    about = fields.Integer(allow_none=True, metadata={"description": "本办件所关于的办件"})
    linked = fields.List(fields.Integer(), metadata={"description": "看得到的相关办件"})
    beginnings = fields.List(fields.String(), metadata={"description": "可以关于本办件发起的流程"})
    retained_until = fields.Date(allow_none=True, metadata={"description": "归档后保管到哪一天"})
    files = fields.List(fields.Nested(StoredFile))


class NewCase(Body):
    scheme = text(1, required=True)
    process = text(1, required=True)
    linked_case_id = number(metadata={"description": "所关于的办件；流程写明 about: case 的才有，也必须有"})
    unit = text(
        1, metadata={"description": "由机构发起、关于一个单位的：单位全称或统一社会信用代码；不写是本机构"}
    )
    person = number(
        metadata={"description": "由单位发起、关于本单位一个人的：人员编号；申报人发起的总是关于自己"}
    )


class CaseMessage(Body):
    """Something said to a case that waits for it, such as a deletion."""

    message = text(1, required=True)
    values = mapping(metadata={"description": "消息的表单，如果有"})


class Record(Body):
    kind = text(1, required=True)
    values = mapping(required=True)


class Recorded(Schema):
    case_id = fields.Integer()
    kind = fields.String()


class Step(Schema):
    seq = fields.Integer()
    call = fields.String()
    element = fields.String(allow_none=True)
    at = fields.AwareDateTime()
    actor = fields.String()
    office = fields.String(allow_none=True)
    happened = fields.List(fields.Dict())
    values = fields.Dict(allow_none=True, metadata={"description": "经办人填写的内容"})


class Diagram(Schema):
    name = fields.String()
    xml = fields.String(metadata={"description": "BPMN 2.0 XML，与发布时逐字节相同"})
    taken = fields.List(fields.String(), metadata={"description": "走过的元素和顺序流的 id"})
    current = fields.List(fields.String(), metadata={"description": "现在所处的元素的 id；办结后为空"})


class Diagrams(Schema):
    items = fields.List(fields.Nested(Diagram))


class Notice(Schema):
    id = fields.Integer()
    kind = fields.String(metadata={"description": "case、task、reminder 或 copy，见 notifications.md"})
    case_id = fields.Integer(allow_none=True)
    text = fields.String()
    sent_at = fields.AwareDateTime()
    read_at = fields.AwareDateTime(allow_none=True)
