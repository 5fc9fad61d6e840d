"""Organisations as administrators keep them: made, renamed, amended, related, merged, closed (LIFE-04)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from flask import Response
from marshmallow import Schema, fields

from app import edge
from app.api.accounts import Ground, LoggedAct
from app.api.auth import me, signed_in
from app.api.fields import choice, instant, number, pattern, text
from app.api.idempotency import PARAMETER, once
from app.api.reading import Room
from app.api.schemas import LEVELS, NATURES, SYSTEMS, Cursor, Started, page_of
from app.operations.offices import organisations
from app.operations.offices.organisations import Profile
from app.queries import acts as act_queries
from app.queries import organisations as queries
from app.queries.organisations import OrganisationFilter

blueprint = Room("api_organisations", __name__, "机构")

FACTS = ("level", "system", "nature", "contact", "telephone", "address")
REGION = ("[1-9][0-9]{5}", "应为六位行政区划代码。")
SINCE = {"description": "自何时起；不给则立即生效"}


class Facts(Ground):
    """What is left out stays; null empties."""

    level = choice(*LEVELS, allow_none=True)
    system = choice(*SYSTEMS, allow_none=True)
    nature = choice(*NATURES, allow_none=True)
    contact = text(0, 50, allow_none=True)
    telephone = text(0, 30, allow_none=True)
    address = text(0, 200, allow_none=True)


class NewOrganisation(Facts):
    """Units register themselves (CQ-26)."""

    kind = choice("office", "department", required=True)
    name = text(2, required=True)
    region = pattern(*REGION, required=True)
    code = text(1, 30)


class NewName(Ground):
    name = text(2, required=True)


class Superior(Ground):
    superior = number(required=True, allow_none=True)
    since = instant(metadata=SINCE)


class Grant(Ground):
    function = text(1, required=True, metadata={"description": "方案角色的职责代号，如 review"})
    region = pattern(*REGION, required=True)
    level = choice(*LEVELS, allow_none=True)
    system = choice(*SYSTEMS, allow_none=True)
    since = instant(metadata=SINCE)


class End(Ground):
    since = instant(metadata=SINCE)


class Merger(Ground):
    into = number(required=True)


class Moved(Schema):
    tasks = fields.List(fields.Integer(), metadata={"description": "移交的待办"})


class OrganisationQuery(Cursor):
    name = text(metadata={"description": "名称的一部分，或统一社会信用代码"})
    kind = choice("unit", "department", "office")
    region = pattern(*REGION)
    state = choice("open", "closed")


class Organisation(Schema):
    id = fields.Integer()
    kind = fields.String()
    name = fields.String()
    code = fields.String(allow_none=True)
    region = fields.String()
    level = fields.String(allow_none=True)
    system = fields.String(allow_none=True)
    nature = fields.String(allow_none=True)
    contact = fields.String(allow_none=True)
    telephone = fields.String(allow_none=True)
    address = fields.String(allow_none=True)
    profile_complete = fields.Boolean()
    created_at = fields.AwareDateTime()
    closed_at = fields.AwareDateTime(allow_none=True)
    successor_id = fields.Integer(allow_none=True)


class Period(Schema):
    valid_from = fields.AwareDateTime()
    valid_to = fields.AwareDateTime(allow_none=True)


class Name(Period):
    name = fields.String()


class SuperiorPeriod(Period):
    superior_id = fields.Integer()
    name = fields.String()


class JurisdictionRow(Period):
    id = fields.Integer()
    function = fields.String()
    region = fields.String()
    level = fields.String(allow_none=True)
    system = fields.String(allow_none=True)
    ground = fields.String(allow_none=True)


class Weight(Schema):
    accounts = fields.Integer()
    people = fields.Integer()
    cases = fields.Integer()
    tasks = fields.Integer()
    jurisdictions = fields.Integer()
    subordinates = fields.Integer()


class OrganisationDetail(Organisation):
    names = fields.List(fields.Nested(Name))
    superiors = fields.List(fields.Nested(SuperiorPeriod))
    jurisdictions = fields.List(fields.Nested(JurisdictionRow))
    weight = fields.Nested(Weight, metadata={"description": "并入其他机构时转去的内容"})


@blueprint.get("/organisations")
@signed_in("administrator")
@blueprint.arguments(OrganisationQuery, location="query")
@blueprint.response(200, page_of(Organisation))
def listing(query: dict[str, Any]) -> dict[str, Any]:
    """机构，按名称拼音"""
    after, part = query.pop("after", None), query.pop("name", "")
    page = queries.listing(OrganisationFilter(text=part, **query), after)
    return {"items": page.rows, "next": page.next}


@blueprint.post("/organisations")
@signed_in("administrator")
@blueprint.arguments(NewOrganisation)
@blueprint.response(201, Started)
@blueprint.doc(parameters=[PARAMETER])
def create(body: dict[str, Any]) -> Response:
    """建立经办机构或主管部门；申报单位自行注册"""
    profile = Profile(**{name: body.pop(name, None) or None for name in FACTS})

    def work() -> dict[str, Any]:
        made = organisations.create(**body, profile=profile, actor=me().actor, now=edge.received_at())
        return {"id": made.id}

    return once(work, Started(), 201)


@blueprint.get("/organisations/<id:organisation_id>")
@signed_in("administrator")
@blueprint.response(200, OrganisationDetail)
def one(organisation_id: int) -> dict[str, Any]:
    """一个机构：资料、名称、隶属、管辖职责"""
    known = queries.known(organisation_id)
    return {
        **{name: getattr(known, name) for name in Organisation().fields},
        "names": queries.names(organisation_id),
        "superiors": [
            {
                "superior_id": row.superior_id,
                "name": name,
                "valid_from": row.valid_from,
                "valid_to": row.valid_to,
            }
            for row, name in queries.superiors(organisation_id)
        ],
        "jurisdictions": queries.jurisdictions(organisation_id),
        "weight": asdict(queries.weight(organisation_id)),
    }


@blueprint.get("/organisations/<id:organisation_id>/acts")
@signed_in("administrator")
@blueprint.response(200, LoggedAct(many=True))
def logged(organisation_id: int) -> Any:
    """对一个机构做过的变更：谁、何时、依据；新的在前，最多 50 项"""
    queries.known(organisation_id)
    return act_queries.of_nouns(("organisation", "unit", "jurisdiction"), organisation_id)


@blueprint.patch("/organisations/<id:organisation_id>")
@signed_in("administrator")
@blueprint.arguments(Facts)
@blueprint.response(204)
def amend(body: dict[str, Any], organisation_id: int) -> None:
    """更改资料；在办的事项按原来的路径继续"""
    profile = Profile(**{name: body[name] or "" for name in FACTS if name in body})
    with edge.transaction():
        organisations.amend(
            organisation_id, profile, ground=body["ground"], actor=me().actor, now=edge.received_at()
        )


@blueprint.post("/organisations/<id:organisation_id>/names")
@signed_in("administrator")
@blueprint.arguments(NewName)
@blueprint.response(204)
def rename(body: dict[str, Any], organisation_id: int) -> None:
    """更名，原名称保留在历史记录里"""
    with edge.transaction():
        organisations.rename(
            organisation_id, body["name"], edge.received_at(), ground=body["ground"], actor=me().actor
        )


@blueprint.put("/organisations/<id:organisation_id>/superior")
@signed_in("administrator")
@blueprint.arguments(Superior)
@blueprint.response(204)
def subordinate(body: dict[str, Any], organisation_id: int) -> None:
    """更改主管部门；null 为没有"""
    with edge.transaction():
        organisations.assign_superior(organisation_id, body["superior"], _since(body), **_told(body))


@blueprint.post("/organisations/<id:organisation_id>/jurisdictions")
@signed_in("administrator")
@blueprint.arguments(Grant)
@blueprint.response(201, Started)
def grant(body: dict[str, Any], organisation_id: int) -> dict[str, Any]:
    """授予职责；原来由其他机构行使的同时终止"""
    with edge.transaction():
        granted = organisations.grant_jurisdiction(
            organisation_id,
            body["function"],
            body["region"],
            _since(body),
            level=body.get("level"),
            system=body.get("system"),
            **_told(body),
        )
        return {"id": granted.id}


@blueprint.post("/jurisdictions/<id:jurisdiction_id>/end")
@signed_in("administrator")
@blueprint.arguments(End)
@blueprint.response(204)
def end(body: dict[str, Any], jurisdiction_id: int) -> None:
    """终止职责"""
    with edge.transaction():
        organisations.end_jurisdiction(jurisdiction_id, _since(body), **_told(body))


@blueprint.post("/organisations/<id:organisation_id>/merger")
@signed_in("administrator")
@blueprint.arguments(Merger)
@blueprint.response(200, Moved)
def merge(body: dict[str, Any], organisation_id: int) -> dict[str, Any]:
    """并入另一机构，不能撤回；账号须重新登录"""
    with edge.transaction():
        tasks = organisations.merge(
            organisation_id, body["into"], edge.received_at(), ground=body["ground"], actor=me().actor
        )
    return {"tasks": tasks}


@blueprint.post("/organisations/<id:organisation_id>/takeover")
@signed_in("administrator")
@blueprint.response(200, Moved)
def take_over(organisation_id: int) -> dict[str, Any]:
    """移交并入期间产生的遗留事项"""
    queries.known(organisation_id)
    with edge.transaction():
        return {"tasks": organisations.take_over(organisation_id, at=edge.received_at(), actor=me().actor)}


@blueprint.post("/organisations/<id:organisation_id>/closure")
@signed_in("administrator")
@blueprint.arguments(Ground)
@blueprint.response(204)
def close(body: dict[str, Any], organisation_id: int) -> None:
    """撤销没有承接机构、没有未办结事项的机构"""
    with edge.transaction():
        organisations.close(organisation_id, edge.received_at(), **body, actor=me().actor)


def _since(body: dict[str, Any]) -> datetime:
    since: datetime = body.get("since") or edge.received_at()
    return since


def _told(body: dict[str, Any]) -> dict[str, Any]:
    return {"ground": body["ground"], "actor": me().actor, "told_at": edge.received_at()}
