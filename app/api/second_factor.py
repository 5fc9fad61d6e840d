"""The second factor of one's own account: bind a device, new recovery codes, give the device up."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import request
from marshmallow import Schema, fields

from app import edge
from app.api.auth import me, signed_in
from app.api.fields import text
from app.api.reading import Room
from app.api.schemas import Body
from app.operations.access import second_factor

blueprint = Room("api_second_factor", __name__, "两步验证")


class Code(Body):
    code = text(1, 50, required=True, metadata={"description": "验证器上的 6 位数字，或一个恢复码"})


class DeviceCode(Body):
    code = text(1, 50, required=True, metadata={"description": "验证器上的 6 位数字"})


class Standing(Schema):
    since = fields.AwareDateTime(allow_none=True, metadata={"description": "绑定的时刻；null 为没有绑定"})
    recovery_codes = fields.Integer(metadata={"description": "剩余恢复码"})


class Enrolment(Schema):
    secret = fields.String(metadata={"description": "密钥 (base32)"})
    address = fields.String(metadata={"description": "otpauth 地址，可作成二维码"})


class RecoveryCodes(Schema):
    recovery_codes = fields.List(fields.String(), metadata={"description": "只在这里出现一次"})


class Enrolled(RecoveryCodes):
    token = fields.String(metadata={"description": "新的令牌；原有登录全部失效"})


class Unbound(Schema):
    token = fields.String(metadata={"description": "新的令牌；原有登录全部失效"})


@blueprint.get("/me/second-factor")
@signed_in(unfinished=True)
@blueprint.response(200, Standing)
def standing() -> dict[str, Any]:
    """是否绑定了验证器，还剩几个恢复码"""
    found = second_factor.standing(_account_id())
    return asdict(found) if found else {"since": None, "recovery_codes": 0}


@blueprint.post("/me/second-factor")
@signed_in(unfinished=True)
@blueprint.response(201, Enrolment)
def start() -> Any:
    """开始绑定：给出密钥，输入它的验证码后才算绑定"""
    with edge.transaction():
        return second_factor.start(_account_id(), edge.received_at())


@blueprint.put("/me/second-factor")
@signed_in(unfinished=True)
@blueprint.arguments(DeviceCode)
@blueprint.response(200, Enrolled)
def enrol(body: dict[str, Any]) -> Any:
    """完成绑定：给出恢复码和新的令牌"""
    with edge.transaction():
        return second_factor.enrol(body["code"], actor=me().actor, now=edge.received_at())


@blueprint.post("/me/second-factor/recovery-codes")
@signed_in(unfinished=True)
@blueprint.arguments(Code)
@blueprint.response(200, RecoveryCodes)
@blueprint.doc(responses={429: "TOO_MANY_REQUESTS"})
def renew(body: dict[str, Any]) -> dict[str, Any]:
    """重新生成恢复码，原来的作废"""
    with edge.transaction():
        codes = second_factor.renew_recovery_codes(
            body["code"], request.remote_addr or "", actor=me().actor, now=edge.received_at()
        )
    return {"recovery_codes": codes}


@blueprint.post("/me/second-factor/removal")
@signed_in(unfinished=True)
@blueprint.arguments(Code)
@blueprint.response(200, Unbound)
@blueprint.doc(responses={429: "TOO_MANY_REQUESTS"})
def unbind(body: dict[str, Any]) -> dict[str, Any]:
    """解除绑定；必须两步验证的账号随后要重新绑定"""
    with edge.transaction():
        token = second_factor.unbind(
            body["code"], request.remote_addr or "", actor=me().actor, now=edge.received_at()
        )
    return {"token": token}


def _account_id() -> int:
    return me().actor.account_id or 0
