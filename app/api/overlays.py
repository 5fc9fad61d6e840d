"""Moved dates 日期调整: proposed, approved by somebody else, and whom they reach (decision 6)."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import Schema, fields

from app.api.accounts import Ground
from app.api.auth import me, signed_in
from app.api.fields import number, pattern, text
from app.api.idempotency import PARAMETER, once
from app.api.moving import receipt
from app.api.organisations import REGION
from app.api.reading import Room
from app.api.schemas import Body, Cursor, Started, page_of
from app.errors import Invalid
from app.operations.dates import overlays
from app.queries import organisations
from app.queries import overlays as queries

blueprint = Room("api_overlays", __name__, "日期调整")

DAY = {"description": "新的一天 2021-07-10，可带钟点 2021-07-10 17:30；null 为尚未确定"}
FOR_WHOM = {"description": "地区代码；与 case 都不给则为全部办件"}


class Proposal(Ground):
    scheme = text(1, required=True)
    date = text(1, required=True, metadata={"description": "日历里的日期名"})
    day = text(1, 20, required=True, allow_none=True, metadata=DAY)
    area = pattern(*REGION, allow_none=True)
    case = number(allow_none=True)
    document = text(0, 100, allow_none=True)


class Opinion(Body):
    opinion = text(0, 500)


class Overlay(Schema):
    id = fields.Integer()
    scheme = fields.String(attribute="scheme_id")
    date = fields.String()
    area = fields.String(allow_none=True, metadata=FOR_WHOM)
    case = fields.Integer(attribute="case_id", allow_none=True)
    at = fields.AwareDateTime(allow_none=True, metadata={"description": "null 为尚未确定"})
    ground = fields.String()
    document = fields.String(allow_none=True)
    state = fields.String(metadata={"enum": ["proposed", "approved", "rejected", "withdrawn"]})
    proposer = fields.String()
    proposed_at = fields.AwareDateTime()
    decider = fields.String(allow_none=True)
    decided_at = fields.AwareDateTime(allow_none=True)
    opinion = fields.String(allow_none=True)
    filed_for = fields.Integer(allow_none=True, metadata={"description": "备案的机构"})
    moved = fields.Integer(metadata={"description": "已重新计算期限的办件"})
    carried_out_at = fields.AwareDateTime(allow_none=True)


class Fired(Schema):
    case_id = fields.Integer()
    element = fields.String()
    at = fields.AwareDateTime()


class OverlayDetail(Overlay):
    cases = fields.Integer(metadata={"description": "有未触发的定时用到这个日期的办件"})
    timers = fields.Integer()
    fired = fields.Integer(metadata={"description": "此前已经触发、不会撤销的定时"})
    fired_in = fields.List(fields.Nested(Fired), metadata={"description": "其中最近的，最多 100 个"})


@blueprint.get("/overlays")
@signed_in("operator", "supervisor", "administrator")
@blueprint.arguments(Cursor, location="query")
@blueprint.response(200, page_of(Overlay))
def listing(query: dict[str, Any]) -> dict[str, Any]:
    """日期调整，新的在前"""
    page = queries.listing(_scope(), query.get("after"))
    return {"items": page.rows, "next": page.next}


@blueprint.post("/overlays")
@signed_in("operator")
@blueprint.arguments(Proposal)
@blueprint.response(201, Started)
@blueprint.doc(parameters=[PARAMETER])
def propose(body: dict[str, Any]) -> Response:
    """提出调整：方案写明可以调整的日期，由其角色提出，另一人批准"""
    if body.get("area") and body.get("case") is not None:
        raise Invalid({"area": ["地区和办件只能给一个。"]})

    def work() -> dict[str, Any]:
        made = overlays.propose(
            body["scheme"],
            body["date"],
            body["day"],
            area=body.get("area"),
            case_id=body.get("case"),
            ground=body["ground"],
            document=body.get("document"),
            actor=me().actor,
            now=receipt(body["scheme"]),
        )
        return {"id": made}

    return once(work, Started(), 201)


@blueprint.get("/overlays/<id:overlay_id>")
@signed_in("operator", "supervisor", "administrator")
@blueprint.response(200, OverlayDetail)
def one(overlay_id: int) -> dict[str, Any]:
    """一项调整，连同它影响的办件和此前已经触发的定时"""
    overlay = queries.known(overlay_id, _scope())
    effect = queries.effect(overlay, receipt(overlay.scheme_id))
    columns = {field.attribute or name for name, field in Overlay().fields.items()}
    return {
        **{name: getattr(overlay, name) for name in columns},
        "cases": effect.cases,
        "timers": effect.timers,
        "fired": effect.fired,
        "fired_in": [{"case_id": row.id, "element": row.element, "at": row.at} for row in effect.shown],
    }


@blueprint.post("/overlays/<id:overlay_id>/approve")
@signed_in("operator")
@blueprint.arguments(Opinion)
@blueprint.response(200, Overlay)
@blueprint.doc(parameters=[PARAMETER])
def approve(body: dict[str, Any], overlay_id: int) -> Response:
    """批准；未触发的定时随后按新的日期重新计算，不能批准自己提出的"""
    return _decided(
        overlay_id, lambda told: overlays.approve(overlay_id, opinion=body.get("opinion"), **told)
    )


@blueprint.post("/overlays/<id:overlay_id>/reject")
@signed_in("operator")
@blueprint.arguments(Opinion)
@blueprint.response(200, Overlay)
@blueprint.doc(parameters=[PARAMETER])
def reject(body: dict[str, Any], overlay_id: int) -> Response:
    """不批准，要写明理由"""
    opinion = body.get("opinion", "")
    return _decided(overlay_id, lambda told: overlays.reject(overlay_id, opinion=opinion, **told))


@blueprint.post("/overlays/<id:overlay_id>/withdraw")
@signed_in("operator")
@blueprint.response(200, Overlay)
@blueprint.doc(parameters=[PARAMETER])
def withdraw(overlay_id: int) -> Response:
    """撤回自己机构提出、尚未批准的调整"""
    return _decided(overlay_id, lambda told: overlays.withdraw(overlay_id, **told))


def _decided(overlay_id: int, decide: Any) -> Response:
    overlay = queries.known(overlay_id, _scope())
    now = receipt(overlay.scheme_id)

    def work() -> Any:
        decide({"actor": me().actor, "now": now})
        return queries.known(overlay_id, _scope())

    return once(work, Overlay())


def _scope() -> Any:
    organisation_id = me().actor.organisation_id
    return queries.visible_to(organisations.one(organisation_id) if organisation_id is not None else None)
