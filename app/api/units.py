"""Units register themselves and complete their data (CQ-26)."""

from __future__ import annotations

from typing import Any

from flask import request

from app import edge
from app.api import schemas
from app.api.auth import me, signed_in
from app.api.reading import Room
from app.operations.access import accounts
from app.operations.offices.organisations import Profile
from app.queries import organisations

blueprint = Room("api_units", __name__, "申报单位")


@blueprint.get("/regions")
@blueprint.response(200, schemas.Region(many=True))
def regions() -> Any:
    """行政区划，供注册时选择"""
    return organisations.regions()


@blueprint.post("/units")
@blueprint.arguments(schemas.UnitRegistration)
@blueprint.response(201, schemas.Started)
@blueprint.doc(responses={429: "TOO_MANY_REQUESTS"})
def register(body: dict[str, Any]) -> dict[str, Any]:
    """单位凭统一社会信用代码注册；同一地址、同一代码每小时的次数有限"""
    with edge.transaction():
        accounts.count_registration(request.remote_addr or "", body["code"], edge.received_at())
    with edge.transaction():
        account = accounts.register_unit(**body, now=edge.received_at())
        return {"id": account.organisation_id}


@blueprint.get("/departments")
@signed_in(unfinished=True)
@blueprint.response(200, schemas.Department(many=True))
def departments() -> Any:
    """可供选择的主管部门"""
    return organisations.departments()


@blueprint.put("/units/current/profile")
@signed_in("operator", unfinished=True)
@blueprint.arguments(schemas.UnitProfile)
@blueprint.response(204)
def complete_profile(body: dict[str, Any]) -> None:
    """完善单位资料：一次填定，以后由管理员更改"""
    superior_id = body.pop("superior")
    with edge.transaction():
        accounts.complete_unit_profile(superior_id, Profile(**body), actor=me().actor, now=edge.received_at())
