"""Schemes 方案 as they are in force, and their forms as JSON Schema."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from app.api import schemas
from app.api.auth import signed_in
from app.errors import NotFound
from app.operations import deployments

blueprint = Blueprint("api_schemes", __name__, description="方案")


@blueprint.get("/schemes")
@signed_in
@blueprint.response(200, schemas.Scheme(many=True))
def listing() -> list[dict[str, Any]]:
    """已发布的方案"""
    return [_summary(deployment_id) for deployment_id, _ in deployments.latest()]


@blueprint.get("/schemes/<scheme_id>/forms/<path:form>")
@signed_in
@blueprint.response(200, content_type="application/schema+json")
def form(scheme_id: str, form: str) -> dict[str, Any]:
    """一张表单的 JSON Schema (2020-12)"""
    newest = {name: deployment_id for deployment_id, name in deployments.latest()}
    if scheme_id not in newest:
        raise NotFound("没有这个方案。")
    return deployments.scheme(newest[scheme_id]).form(form).json_schema()


def _summary(deployment_id: int) -> dict[str, Any]:
    scheme = deployments.scheme(deployment_id)
    return {
        "id": scheme.id,
        "name": scheme.name,
        "notice": scheme.notice,
        "year": scheme.year,
        "deployment": deployment_id,
        "processes": {name: process.title for name, process in scheme.processes.items()},
    }
