"""The record proved: a case's check code and audit path, and what the record says to a check code."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from app.api.auth import me, signed_in
from app.api.fields import text
from app.api.reading import Room
from app.api.schemas import Body
from app.queries import proofs
from app.queries.visibility import case_for

blueprint = Room("api_proofs", __name__, "存证")

HEXADECIMAL = {"description": "十六进制"}


class Inclusion(Schema):
    """What tools/verify_proof.py reads."""

    case = fields.Integer()
    seq = fields.Integer(metadata={"description": "存证时办件的记录条数"})
    head = fields.String(metadata=HEXADECIMAL)
    code = fields.String()
    index = fields.Integer()
    path = fields.List(fields.String(metadata=HEXADECIMAL))
    root = fields.Dict(metadata={"description": "存证文件里的一行"})


class Proof(Schema):
    code = fields.String(metadata={"description": "办件现在的校验码"})
    proof = fields.Nested(Inclusion, allow_none=True, metadata={"description": "最近一次存证的证明，如有"})


class Code(Body):
    code = text(1, required=True)


class Checked(Schema):
    verdict = fields.String(
        metadata={"enum": ["intact", "damaged", "unknown"], "description": "相符、记录受损、没有"}
    )
    told = fields.String()
    case_id = fields.Integer()
    seq = fields.Integer()
    recorded_at = fields.AwareDateTime(allow_none=True)
    later = fields.Integer(metadata={"description": "其后的记录条数"})
    proved_at = fields.AwareDateTime(allow_none=True)


@blueprint.get("/cases/<id:case_id>/proof")
@signed_in("operator", "supervisor")
@blueprint.response(200, Proof)
def one(case_id: int) -> dict[str, Any]:
    """办件的校验码，和可以脱离本系统核对的证明"""
    case = case_for(case_id, me().sight)
    return {"code": proofs.code_of(case), "proof": proofs.inclusion(case_id)}


@blueprint.get("/proofs")
@signed_in()
@blueprint.arguments(Code, location="query")
@blueprint.response(200, Checked)
def check(query: dict[str, Any]) -> proofs.Checked:
    """核对校验码：当时的状态是否就是记录下来的那一个"""
    return proofs.check(query["code"])
