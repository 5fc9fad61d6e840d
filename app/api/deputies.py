"""Deputies 代理人, and handing over 离职交接 what somebody who leaves has."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import Schema, fields

from app import edge, jobs
from app.api.auth import me, signed_in
from app.api.fields import instant, number, text
from app.api.idempotency import PARAMETER, once, once_in_parts
from app.api.moving import receipt
from app.api.reading import Room
from app.api.schemas import Body, Started
from app.operations.company import deputies, handovers
from app.operations.long_work import work
from app.queries import deputies as queries

blueprint = Room("api_deputies", __name__, "代理与交接")


class Deputyship(Schema):
    id = fields.Integer()
    principal_id = fields.Integer()
    principal = fields.String()
    deputy_id = fields.Integer()
    deputy = fields.String()
    scheme = fields.String(allow_none=True, metadata={"description": "只在这个方案里；空着的，所有方案"})
    valid_from = fields.AwareDateTime()
    valid_to = fields.AwareDateTime(metadata={"description": "到此为止，不含这一刻"})
    ground = fields.String()
    state = fields.String(metadata={"description": "to_come、in_force、over、revoked"})


class Deputies(Schema):
    own = fields.List(fields.Nested(Deputyship), metadata={"description": "代理您的"})
    acting = fields.List(fields.Nested(Deputyship), metadata={"description": "您代理的"})


class Naming(Body):
    principal = number(metadata={"description": "谁的代理人；缺省为您自己的"})
    deputy = number(required=True, metadata={"description": "由哪个账号代理，见 GET /colleagues"})
    valid_from = instant(required=True)
    valid_to = instant(required=True, metadata={"description": "到此为止，最多一年"})
    scheme = text(1, metadata={"description": "只在这个方案里；缺省为所有方案"})
    ground = text(1, required=True)


class Grounded(Body):
    ground = text(1, required=True)


class Handover(Body):
    to = number(required=True, metadata={"description": "交给哪个账号，须是同一机构在用的经办账号"})
    ground = text(1, required=True)


class OpenItem(Schema):
    task = fields.Integer()
    case_id = fields.Integer()
    name = fields.String()
    subject = fields.String()
    part = fields.String(metadata={"description": "assignee 办理人，owner 委派人，cosigner 会签人"})


class HandedItem(OpenItem):
    ok = fields.Boolean()
    message = fields.String(allow_none=True)


class Handed(Schema):
    results = fields.List(fields.Nested(HandedItem))
    work = fields.Integer(
        allow_none=True, metadata={"description": "超过 200 项的在后台交接，这是长任务的编号"}
    )


class OpenItems(Schema):
    items = fields.List(fields.Nested(OpenItem))
    more = fields.Boolean(metadata={"description": "不止这些；最多列 200 项"})


@blueprint.get("/deputies")
@signed_in("operator", "supervisor", "administrator")
@blueprint.response(200, Deputies)
def listing() -> dict[str, Any]:
    """您的代理人，和您代理的人，新的在前"""
    account_id = me().actor.account_id or 0
    return {
        "own": [_row(one) for one in queries.named_by(account_id)],
        "acting": [_row(one) for one in queries.acting(account_id)],
    }


@blueprint.post("/deputies")
@signed_in("operator", "supervisor", "administrator")
@blueprint.arguments(Naming)
@blueprint.response(201, Started)
@blueprint.doc(parameters=[PARAMETER], responses={404: "NOT_FOUND"})
def name(body: dict[str, Any]) -> Response:
    """指定代理人：自己的；监督人员另可指定本机构经办人的，系统管理可以指定任何人的"""

    def do() -> dict[str, Any]:
        row = deputies.name(
            body.get("principal") or me().actor.account_id or 0,
            body["deputy"],
            body["valid_from"],
            body["valid_to"],
            ground=body["ground"],
            actor=me().actor,
            now=edge.received_at(),
            scheme_id=body.get("scheme"),
        )
        return {"id": row.id}

    return once(do, Started(), 201)


@blueprint.post("/deputies/<id:deputy_id>/revocation")
@signed_in("operator", "supervisor", "administrator")
@blueprint.arguments(Grounded)
@blueprint.response(200, Deputyship)
@blueprint.doc(parameters=[PARAMETER])
def revoke(body: dict[str, Any], deputy_id: int) -> Response:
    """撤销代理，即时生效"""

    def do() -> dict[str, Any]:
        deputies.revoke(deputy_id, actor=me().actor, now=edge.received_at(), ground=body["ground"])
        return _row(queries.one(deputy_id))

    return once(do, Deputyship())


@blueprint.get("/handovers/<id:account_id>")
@signed_in("supervisor", "administrator")
@blueprint.response(200, OpenItems)
def open_items(account_id: int) -> dict[str, Any]:
    """一个账号没有办结的：签收的、委派出去的、等其会签的"""
    leaver = handovers.of_leaver(account_id, me().actor)
    found = handovers.items(leaver.id, handovers.AT_ONCE + 1)
    shown = found[: handovers.AT_ONCE]
    return {"items": [_item(one) for one in shown], "more": len(found) > len(shown)}


@blueprint.post("/handovers/<id:account_id>")
@signed_in("supervisor", "administrator")
@blueprint.arguments(Handover)
@blueprint.response(200, Handed)
@blueprint.doc(parameters=[PARAMETER])
def hand_over(body: dict[str, Any], account_id: int) -> Response:
    """离职交接：全部未办结的交给一位同事，逐项给出结果；代理他人的，由该同事接着代理"""
    given = (account_id, body["to"], body["ground"])

    def do() -> dict[str, Any]:
        handovers.of_leaver(account_id, me().actor)
        many = len(handovers.items(account_id, handovers.AT_ONCE + 1)) > handovers.AT_ONCE
        if many:
            return {"results": [], "work": _accept(given)}
        results = handovers.hand_over(
            *given, actor=me().actor, now_of=receipt, now=edge.received_at(), transaction=edge.transaction
        )
        rows = [{**_item(one.item), "ok": one.ok, "message": one.message} for one in results]
        return {"results": rows, "work": None}

    return once_in_parts(do, Handed())


def _accept(given: tuple[int, int, str]) -> int:
    with edge.transaction():
        accepted = work.accept_handover(*given, title="离职交接", actor=me().actor, now=edge.received_at())
        jobs.enqueue(accepted)
        return accepted.id


def _item(one: handovers.Item) -> dict[str, Any]:
    return {
        "task": one.task_id,
        "case_id": one.case_id,
        "name": one.name,
        "subject": one.subject,
        "part": one.part,
    }


def _row(one: queries.Deputyship) -> dict[str, Any]:
    row = one.row
    return {
        "id": row.id,
        "principal_id": row.principal_id,
        "principal": one.principal,
        "deputy_id": row.deputy_id,
        "deputy": one.deputy,
        "scheme": row.scheme_id,
        "valid_from": row.valid_from,
        "valid_to": row.valid_to,
        "ground": row.ground,
        "state": one.state(edge.received_at()),
    }
