"""Certificates 证书: what anybody may ask by number; nothing of the person is told (ALL-05)."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from app import edge
from app.api.reading import Room
from app.queries import certificates

blueprint = Room("api_certificates", __name__, "证书查验")


class Certificate(Schema):
    state = fields.String(metadata={"description": "valid 有效，revoked 已撤销"})
    trade = fields.String()
    grade = fields.String()
    issued_on = fields.Date()


class Certificates(Schema):
    number = fields.String()
    certificates = fields.List(fields.Nested(Certificate), metadata={"description": "空：没有这个编号"})


@blueprint.get("/certificates/<word:number>")
@blueprint.response(200, Certificates)
@blueprint.doc(responses={429: "TOO_MANY_REQUESTS"})
def verify(number: str) -> dict[str, Any]:
    """查验证书：有效、已撤销，或没有这个编号；每个地址每分钟最多 30 次"""
    edge.count_lookup()
    return {"number": number, "certificates": certificates.verified(number)}
