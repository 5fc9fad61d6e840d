"""Schemes as they are in force."""

from __future__ import annotations

from marshmallow import Schema, fields


class Process(Schema):
    id = fields.String()
    title = fields.String()
    subject = fields.String()
    started_by = fields.String(allow_none=True, metadata={"description": "可以发起的角色；null 为消息发起"})
    about = fields.String(allow_none=True, metadata={"description": "case 为关于另一件办件发起"})


class Phase(Schema):
    process = fields.String()
    title = fields.String()


class RecordKind(Schema):
    kind = fields.String()
    title = fields.String()
    form = fields.String()


class Scheme(Schema):
    id = fields.String()
    name = fields.String()
    notice = fields.String()
    year = fields.Integer()
    deployment = fields.Integer()
    now = fields.AwareDateTime(metadata={"description": "方案的当前时刻；演练库中各方案时钟不同"})
    processes = fields.List(fields.Nested(Process))
    phases = fields.List(fields.Nested(Phase), metadata={"description": "办件的各个阶段，依次"})
    records = fields.List(fields.Nested(RecordKind))
    forms = fields.List(fields.String())
