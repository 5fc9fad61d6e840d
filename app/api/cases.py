"""Cases 办件: lists, one case, its history; starting one, and what is said to it."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from app import edge
from app.api import schemas
from app.api.auth import current_actor, current_sight, own_organisation, signed_in
from app.api.idempotency import PARAMETER, once
from app.api.people import masked_number
from app.extensions import atomic
from app.operations import cases, messages
from app.operations.clock import scheme_now
from app.queries import cases as case_queries
from app.queries import timeline
from app.queries.visibility import case_for, seen_by

blueprint = Blueprint("api_cases", __name__, description="办件")


@blueprint.get("/cases")
@signed_in
@blueprint.arguments(schemas.CaseQuery, location="query")
@blueprint.response(200, schemas.page_of(schemas.Case))
def listing(query: dict[str, Any]) -> dict[str, Any]:
    """可见的办件，新的在前"""
    wanted = case_queries.CaseFilter(
        scheme_id=query["scheme"],
        process=query["process"],
        name=query["name"],
        unit=query["unit"],
        status=query["status"],
        state=query["state"],
    )
    page = case_queries.listing(seen_by(current_sight()), wanted, query["after"])
    return {"items": [_row(row) for row in page.rows], "next": page.next}


@blueprint.get("/cases/<int:case_id>")
@signed_in
@blueprint.response(200, schemas.Case)
def one(case_id: int) -> dict[str, Any]:
    """一个办件"""
    return _row(case_queries.one(case_id, seen_by(current_sight())))


@blueprint.get("/cases/<int:case_id>/history")
@signed_in
@blueprint.arguments(schemas.Cursor, location="query")
@blueprint.response(200, schemas.page_of(schemas.Step))
def history(query: dict[str, Any], case_id: int) -> dict[str, Any]:
    """办件的经过：谁、何时、为哪个机构"""
    case_for(case_id, current_sight())
    page = timeline.steps(case_id, query["after"])
    return {"items": page.rows, "next": page.next}


@blueprint.post("/cases")
@signed_in
@blueprint.arguments(schemas.NewCase)
@blueprint.response(201, schemas.Started)
@blueprint.doc(parameters=[PARAMETER])
def start(body: dict[str, Any]) -> Any:
    """发起办件（如岗位使用情况备案、公示）"""

    def work() -> tuple[dict[str, Any], int]:
        started = cases.start(
            body["scheme"],
            body["process"],
            unit_id=own_organisation(),
            actor=current_actor(),
            received_at=scheme_now(body["scheme"], edge.received_at()),
        )
        return {"id": started}, 201

    answer = once(work)
    messages.deliver(atomic)
    return answer


@blueprint.post("/cases/<int:case_id>/messages")
@signed_in
@blueprint.arguments(schemas.CaseMessage)
@blueprint.response(200, schemas.Status)
@blueprint.doc(parameters=[PARAMETER])
def message(body: dict[str, Any], case_id: int) -> Any:
    """对办件发出其正在等待的消息，如删除待提交的申报"""
    scheme_id = case_for(case_id, current_sight()).scheme_id
    at = scheme_now(scheme_id, edge.received_at())

    def work() -> tuple[dict[str, Any], int]:
        status = cases.message(case_id, body["message"], {}, current_actor(), at)
        return {"case_id": case_id, "status": status}, 200

    answer = once(work)
    messages.deliver(atomic)
    return answer


@blueprint.post("/cases/<int:case_id>/records")
@signed_in
@blueprint.arguments(schemas.Record)
@blueprint.response(204)
def record(body: dict[str, Any], case_id: int) -> None:
    """记录一项不影响办理的事实，如收到纸质材料"""
    scheme_id = case_for(case_id, current_sight()).scheme_id
    at = scheme_now(scheme_id, edge.received_at())
    with edge.transaction():
        cases.record(case_id, body["kind"], body["values"], current_actor(), at)


def _row(row: case_queries.CaseRow) -> dict[str, Any]:
    case = row.case
    return {
        "id": case.id,
        "scheme": case.scheme_id,
        "process": case.process,
        "unit": row.unit_name,
        "person": row.person.name if row.person else None,
        "id_number_masked": masked_number(row.person, case.deployment_id) if row.person else None,
        "state": case.state,
        "status": case.status,
        "outcome": case.outcome,
        "listed": case.listed,
        "started_at": case.started_at,
        "ended_at": case.ended_at,
    }
