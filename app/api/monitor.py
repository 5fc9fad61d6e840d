"""What a supervisor looks at: where cases stand and for how long, what is stuck, and trying it again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import and_

from app import edge
from app.api.auth import me, signed_in
from app.api.fields import text
from app.api.moving import receipt
from app.api.reading import Room
from app.api.schemas import Body
from app.api.schemes import newest
from app.errors import NotFound
from app.models import Case
from app.operations import incidents
from app.queries import monitor
from app.queries.visibility import seen_by

blueprint = Room("api_monitor", __name__, "监督")


class MonitorQuery(Body):
    scheme = text(1, required=True)


class StatusCount(Schema):
    process = fields.String()
    status = fields.String()
    count = fields.Integer()


class OfficeLoad(Schema):
    office_id = fields.Integer(allow_none=True)
    office = fields.String(allow_none=True, metadata={"description": "null 为没有办理机构的"})
    count = fields.Integer()
    ages = fields.List(fields.Integer(), metadata={"description": "按停留天数分的待办数，界限见 age_bounds"})
    oldest = fields.AwareDateTime()


class Undetermined(Schema):
    process = fields.String()
    element = fields.String()
    name = fields.String()
    dates = fields.List(
        fields.String(), metadata={"description": "在等的日历日期；*workdays 为尚未公布的节假日"}
    )
    count = fields.Integer()
    oldest = fields.AwareDateTime()


class Monitor(Schema):
    statuses = fields.List(fields.Nested(StatusCount), metadata={"description": "在办的，按流程和状态"})
    age_bounds = fields.List(fields.Integer(), metadata={"description": "停留天数的界限"})
    offices = fields.List(fields.Nested(OfficeLoad), metadata={"description": "各机构手上的待办"})
    undetermined = fields.List(fields.Nested(Undetermined), metadata={"description": "日期尚未确定的定时"})


class Deadline(Schema):
    element = fields.String()
    due_at = fields.AwareDateTime()


class Incident(Schema):
    id = fields.Integer()
    case_id = fields.Integer()
    unit = fields.String()
    kind = fields.String(metadata={"enum": ["timer", "message", "role"]})
    element = fields.String(allow_none=True)
    message = fields.String(metadata={"description": "原因"})
    deadlines = fields.List(fields.Nested(Deadline), metadata={"description": "其间仍在走的期限"})
    opened_at = fields.AwareDateTime()


@blueprint.get("/monitor")
@signed_in("supervisor")
@blueprint.arguments(MonitorQuery, location="query")
@blueprint.response(200, Monitor)
@blueprint.doc(responses={404: "NOT_FOUND"})
def counts(query: dict[str, Any]) -> dict[str, Any]:
    """一个方案在办的办件：停在何处、多久，哪些日期还没有确定"""
    scheme_id = newest(query["scheme"]).id
    scope = and_(seen_by(me().sight), Case.scheme_id == scheme_id)
    return {
        "statuses": monitor.by_status(scope),
        "age_bounds": monitor.AGES,
        "offices": monitor.by_office(scope, receipt(scheme_id)),
        "undetermined": monitor.undetermined(scope),
    }


@blueprint.get("/incidents")
@signed_in("supervisor")
@blueprint.response(200, Incident(many=True))
def stuck() -> list[dict[str, Any]]:
    """没有处理完的异常事件，先发生的在前，最多 50 件"""
    return [
        {
            **{name: getattr(incident, name) for name in ("id", "case_id", "kind", "element", "message")},
            "unit": unit,
            "deadlines": [
                {"element": d["element"], "due_at": datetime.fromisoformat(d["due_at"])}
                for d in incident.deadlines
            ],
            "opened_at": incident.opened_at,
        }
        for incident, _, unit in monitor.incidents(seen_by(me().sight))
    ]


@blueprint.post("/incidents/<id:incident_id>/retry")
@signed_in("supervisor")
@blueprint.response(204)
def retry(incident_id: int) -> None:
    """重试：定时在下一次扫描时触发，消息再投递一次，没有办理机构的待办重新确定机构"""
    found = monitor.incident(incident_id, seen_by(me().sight))
    if found is None:
        raise NotFound
    with edge.transaction():
        incidents.retry(incident_id, me().actor, receipt(found.scheme_id))
