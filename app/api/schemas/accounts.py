"""Signing in, and units that register."""

from __future__ import annotations

from marshmallow import Schema, fields

from app.api.fields import choice, number, pattern, text
from app.api.schemas.common import Body
from app.content import words

LEVELS, SYSTEMS, NATURES = map(tuple, (words.LEVELS, words.SYSTEMS, words.NATURES))


class SignIn(Body):
    login = text(1, required=True)
    password = text(1, 200, required=True)
    code = text(1, 50, metadata={"description": "验证码或恢复码；账号已绑定验证器时必填"})


class Token(Schema):
    token = fields.String(required=True)
    must_change_password = fields.Boolean(required=True)


class PasswordChange(Body):
    old = text(1, 200, required=True)
    new = text(1, 200, required=True)


class Me(Schema):
    account_id = fields.Integer()
    name = fields.String()
    duties = fields.List(fields.String())
    organisation_id = fields.Integer(allow_none=True)
    organisation_name = fields.String(allow_none=True)
    organisation_kind = fields.String(allow_none=True)
    must_change_password = fields.Boolean()
    must_bind = fields.Boolean(metadata={"description": "必须先绑定验证器"})
    profile_complete = fields.Boolean()


class UnitRegistration(Body):
    """CQ-26: a unit registers itself with its 统一社会信用代码."""

    code = text(1, 30, required=True)
    name = text(2, required=True)
    region = pattern("[1-9][0-9]{5}", "应为六位行政区划代码。", required=True)
    login = text(1, required=True)
    password = text(1, 200, required=True)
    person_name = text(1, 50, required=True)
    telephone = text(1, 30, required=True)


class UnitProfile(Body):
    """What a unit's cases are routed by; `superior` null for a unit without one (无隶属)."""

    superior = number(required=True, allow_none=True)
    level = choice(*LEVELS, required=True)
    system = choice(*SYSTEMS, required=True)
    nature = choice(*NATURES, required=True)
    contact = text(1, 50)
    telephone = text(1, 30)
    address = text(1, 200)


class Region(Schema):
    code = fields.String()
    name = fields.String()
    parent = fields.String(allow_none=True)


class Department(Schema):
    id = fields.Integer()
    name = fields.String()
    region = fields.String()
