"""Cases 办件: lists, one case, its history; starting one, and what is said to them."""

from __future__ import annotations

from typing import Any

from flask import Response

from app.api import schemas
from app.api.applicants import seen_files, seen_listed, seen_steps
from app.api.auth import me, signed_in
from app.api.idempotency import PARAMETER, once
from app.api.moving import receipt
from app.api.people import masked_number
from app.api.problems import pointing_into
from app.api.reading import Room
from app.operations import cases, deployments, sayings
from app.operations.offices import organisations
from app.queries import cases as case_queries
from app.queries import certificates, pictures, timeline
from app.queries.visibility import case_for, seen_by

blueprint = Room("api_cases", __name__, "办件")


@blueprint.get("/cases")
@signed_in("operator", "supervisor", "applicant")
@blueprint.arguments(schemas.CaseQuery, location="query")
@blueprint.response(200, schemas.page_of(schemas.Case))
def listing(query: dict[str, Any]) -> dict[str, Any]:
    """可见的办件，新的在前"""
    after = query.pop("after", None)
    listed: dict[str, str] = {name: query.pop(name) for name in ("trade", "grade") if name in query}
    wanted = case_queries.CaseFilter(scheme_id=query.pop("scheme", ""), listed=listed, **query)
    page = case_queries.listing(seen_by(me().sight), wanted, after)
    return {"items": [row_of(row) for row in page.rows], "next": page.next}


@blueprint.get("/cases/<id:case_id>")
@signed_in("operator", "supervisor", "applicant")
@blueprint.response(200, schemas.CaseDetail)
def one(case_id: int) -> dict[str, Any]:
    """一个办件，及其停在何处"""
    row = case_queries.one(case_id, seen_by(me().sight))
    waits = timeline.waits(case_id)
    now = receipt(row.case.scheme_id)
    return {
        **row_of(row),
        "tasks": [
            {"id": task.id, "name": task.name, "office": office, "closes_at": task.closes_at}
            for task, office in waits.tasks
        ],
        "messages": [
            {
                "message": found.saying.message,
                "name": found.saying.title,
                "form": found.saying.form,
                "closes_at": found.closes_at,
            }
            for found in sayings.sayable(row.case, me().actor, now)
        ],
        "certificates": certificates.of_case(case_id),
        "about": row.case.linked_case_id,
        "linked": [other.id for other in case_queries.linked(row.case, seen_by(me().sight))],
        "beginnings": [process.id for process in cases.startable_about(row.case, me().actor, now)],
        "retained_until": row.case.retained_until,
        "files": seen_files(case_id, me().sight),
    }


@blueprint.get("/cases/<id:case_id>/history")
@signed_in("operator", "supervisor", "applicant")
@blueprint.arguments(schemas.Cursor, location="query")
@blueprint.response(200, schemas.page_of(schemas.Step))
def history(query: dict[str, Any], case_id: int) -> dict[str, Any]:
    """办件的经过：谁、何时、为哪个机构、填写了什么；新的一页在前，next 给出更早的"""
    case = case_for(case_id, me().sight)
    page = timeline.steps(case_id, query.get("after"))
    return {"items": seen_steps(case, page.rows, me().applicant), "next": page.next}


@blueprint.get("/cases/<id:case_id>/diagram")
@signed_in("operator", "supervisor", "applicant")
@blueprint.response(200, schemas.Diagrams)
def diagram(case_id: int) -> dict[str, Any]:
    """办件走过的各张流程图，自身的在前，被调用的在后；走过哪里，现在停在哪里"""
    case = case_for(case_id, me().sight)
    drawn, _words = pictures.of_case(case, deployments.scheme(case.deployment_id), timeline.waits(case_id))
    return {"items": drawn}


@blueprint.post("/cases")
@signed_in("operator", "applicant")
@blueprint.arguments(schemas.NewCase)
@blueprint.response(201, schemas.Started)
@blueprint.doc(parameters=[PARAMETER])
def start(body: dict[str, Any]) -> Response:
    """发起办件（如岗位使用情况备案、公示），或关于另一件办件发起（如更正、处理）"""
    about = body.get("linked_case_id")
    if about is not None:
        case_for(about, me().sight)

    def work() -> dict[str, Any]:
        own = (
            organisations.open_unit(body["unit"], organisations.SUBJECTS)
            if body.get("unit")
            else me().actor.organisation_id
            if me().applicant
            else me().organisation_id
        )
        started = cases.start(
            body["scheme"],
            body["process"],
            unit_id=own if about is None else None,
            person_id=body.get("person"),
            linked_case_id=about,
            actor=me().actor,
            received_at=receipt(body["scheme"]),
        )
        return {"id": started}

    return once(work, schemas.Started(), 201)


@blueprint.post("/cases/<id:case_id>/messages")
@signed_in("operator", "applicant")
@blueprint.arguments(schemas.CaseMessage)
@blueprint.response(200, schemas.Status)
@blueprint.doc(parameters=[PARAMETER])
def message(body: dict[str, Any], case_id: int) -> Response:
    """对办件发出其正在等待的消息，如删除待提交的申报"""
    at = receipt(case_for(case_id, me().sight).scheme_id)

    def work() -> dict[str, Any]:
        with pointing_into("values"):
            status = cases.message(case_id, body["message"], body.get("values", {}), me().actor, at)
        return {"case_id": case_id, "status": status}

    return once(work, schemas.Status())


@blueprint.post("/cases/<id:case_id>/records")
@signed_in("operator")
@blueprint.arguments(schemas.Record)
@blueprint.response(201, schemas.Recorded)
@blueprint.doc(parameters=[PARAMETER])
def record(body: dict[str, Any], case_id: int) -> Response:
    """登记一项不影响办理的事实，如收到纸质材料"""
    at = receipt(case_for(case_id, me().sight).scheme_id)

    def work() -> dict[str, Any]:
        with pointing_into("values"):
            cases.record(case_id, body["kind"], body["values"], me().actor, at)
        return {"case_id": case_id, "kind": body["kind"]}

    return once(work, schemas.Recorded(), 201)


def row_of(row: case_queries.CaseRow) -> dict[str, Any]:
    """A case as lists show it."""
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
        "phases": case.phases,
        "listed": seen_listed(case, me().applicant),
        "started_at": case.started_at,
        "ended_at": case.ended_at,
    }
