"""Schemes 方案 as they are in force, and their forms as JSON Schema."""

from __future__ import annotations

from typing import Any

from flask import Response, json

from app import edge
from app.api import schemas
from app.api.auth import signed_in
from app.api.moving import receipt
from app.api.reading import Room
from app.content import Scheme
from app.errors import NotFound
from app.operations import deployments

SCHEMA_TYPE = "application/schema+json"

blueprint = Room("api_schemes", __name__, "方案")


@blueprint.get("/schemes")
@signed_in()
@blueprint.response(200, schemas.Scheme(many=True))
def listing() -> list[dict[str, Any]]:
    """已发布的方案：可以发起的办件、可以登记的事项、表单"""
    return [_row(deployment_id) for deployment_id, _ in deployments.latest(edge.received_at())]


@blueprint.get("/schemes/<word:scheme_id>/forms/<path:form>")
@signed_in()
@blueprint.response(200, {"type": "object"}, content_type=SCHEMA_TYPE)
def form(scheme_id: str, form: str) -> Response:
    """一张表单的 JSON Schema (2020-12)"""
    found = newest(scheme_id).form(form).json_schema()
    return Response(json.dumps(found), mimetype=SCHEMA_TYPE)


def newest(scheme_id: str) -> Scheme:
    """The newest deployment of a scheme. Raises NotFound."""
    for deployment_id, name in deployments.latest(edge.received_at()):
        if name == scheme_id:
            return deployments.scheme(deployment_id)
    raise NotFound("没有这个方案。")


def _row(deployment_id: int) -> dict[str, Any]:
    scheme = deployments.scheme(deployment_id)
    return {
        "id": scheme.id,
        "name": scheme.name,
        "notice": scheme.notice,
        "year": scheme.year,
        "deployment": deployment_id,
        "now": receipt(scheme.id),
        "processes": [
            {
                "id": name,
                "title": process.title,
                "subject": process.subject,
                "started_by": process.start.role,
                "about": process.start.about,
            }
            for name, process in scheme.processes.items()
        ],
        "phases": scheme.phases,
        "records": [
            {"kind": kind, "title": declared.title, "form": declared.form}
            for kind, declared in scheme.records.items()
        ],
        "forms": sorted(scheme.forms),
    }
