"""Dry runs 试走: a made-up case walked through a scheme's diagram, of which nothing remains."""

from __future__ import annotations

from typing import Any

from flask import json
from marshmallow import Schema, fields

from app import edge
from app.api.auth import signed_in
from app.api.fields import mapping, text
from app.api.reading import Room
from app.api.schemas import Body
from app.api.schemes import newest
from app.content.dry_run_words import told_end, told_steps
from app.content.dry_runs import DryRunScript, read_script
from app.errors import NotFound
from app.operations import deployments
from app.operations.trials import dry_runs

blueprint = Room("api_dry_runs", __name__, "试走")


class DryRunRequest(Body):
    process = text(1, required=True)
    script = mapping(metadata={"description": "怎样走，同方案编写指南“试走”一节的文件；不给则自己走"})


class DryRunStep(Schema):
    heading = fields.String()
    at = fields.AwareDateTime()
    lines = fields.List(fields.String())


class DryRunProblem(Schema):
    severity = fields.String()
    message = fields.String()
    file = fields.String()
    element = fields.String(allow_none=True)
    row = fields.Integer(allow_none=True, metadata={"description": "第几步"})


class DryRun(Schema):
    steps = fields.List(fields.Nested(DryRunStep))
    outcome = fields.String(allow_none=True, metadata={"description": "结果代号；null 为没有走到结束"})
    end = fields.String(allow_none=True)
    problems = fields.List(fields.Nested(DryRunProblem), metadata={"description": "走不下去的原因"})


@blueprint.post("/schemes/<word:scheme_id>/dry-runs")
@signed_in("designer", "administrator")
@blueprint.arguments(DryRunRequest)
@blueprint.response(200, DryRun)
def walk(body: dict[str, Any], scheme_id: str) -> dict[str, Any]:
    """试走一个流程：编造一件办件走一遍，系统能力只模拟，不留下任何内容"""
    scheme = newest(scheme_id)
    if body["process"] not in scheme.definitions.processes:
        raise NotFound("方案里没有这个流程。")
    said = body.get("script")
    script = read_script("script", json.dumps(said, ensure_ascii=False).encode()) if said else DryRunScript()
    files = deployments.files_of(_deployment(scheme_id))
    run = dry_runs.dry_run(files, body["process"], script, edge.received_at())
    return {
        "steps": told_steps(run, scheme),
        "outcome": run.outcome.properties.get("outcome") if run.outcome else None,
        "end": told_end(run),
        "problems": run.problems,
    }


def _deployment(scheme_id: str) -> int:
    in_force = deployments.latest(edge.received_at())
    return next(deployment_id for deployment_id, name in in_force if name == scheme_id)
