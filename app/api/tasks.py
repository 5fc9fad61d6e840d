"""Tasks 待办事项: the inbox, one task with its form, drafts, completions."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from flask_smorest import Blueprint

from app import edge
from app.api import schemas
from app.api.auth import current_actor, own_organisation, signed_in
from app.api.idempotency import PARAMETER, once, once_in_parts
from app.errors import Invalid
from app.extensions import atomic
from app.operations import deployments, messages, tasks
from app.operations.clock import scheme_now
from app.queries import inbox
from app.queries import tasks as task_queries

blueprint = Blueprint("api_tasks", __name__, description="待办事项")


@blueprint.get("/tasks")
@signed_in
@blueprint.arguments(schemas.Cursor, location="query")
@blueprint.response(200, schemas.page_of(schemas.Task))
def listing(query: dict[str, Any]) -> dict[str, Any]:
    """本机构的待办事项，先到的在前"""
    page = inbox.open_tasks(own_organisation(), inbox.TaskFilter(), query["after"])
    return {"items": [_row(row) for row in page.rows], "next": page.next}


@blueprint.get("/tasks/<int:task_id>")
@signed_in
@blueprint.response(200, schemas.TaskDetail)
def one(task_id: int) -> dict[str, Any]:
    """一项待办，附表单和已暂存的内容"""
    page = task_queries.one(task_id, own_organisation())
    scheme = deployments.scheme(page.case.deployment_id)
    form = scheme.form(page.task.form).json_schema() if page.task.form else None
    draft = task_queries.typed([task_id]).get(task_id)
    return {**_row(page), "form": form, "draft": draft}


@blueprint.put("/tasks/<int:task_id>/draft")
@signed_in
@blueprint.arguments(schemas.Values)
@blueprint.response(204)
def draft(body: dict[str, Any], task_id: int) -> None:
    """暂存填写内容，不检查"""
    at = _now_for(task_id)
    with edge.transaction():
        tasks.save_draft(task_id, body["values"], current_actor(), at)


@blueprint.post("/tasks/<int:task_id>/completion")
@signed_in
@blueprint.arguments(schemas.Values)
@blueprint.response(200, schemas.Status)
@blueprint.doc(parameters=[PARAMETER])
def complete(body: dict[str, Any], task_id: int) -> Any:
    """办理一项待办"""

    def work() -> tuple[dict[str, Any], int]:
        done = tasks.complete(task_id, body["values"], current_actor(), at)
        return {"case_id": done.case_id, "status": done.status}, 200

    at = _now_for(task_id)
    answer = once(work)
    messages.deliver(atomic)
    return answer


@blueprint.post("/tasks/completions")
@signed_in
@blueprint.arguments(schemas.BulkCompletion)
@blueprint.response(200, schemas.BulkResult)
@blueprint.doc(parameters=[PARAMETER])
def complete_many(body: dict[str, Any]) -> Any:
    """批量办理，逐项给出结果；不给 values 时提交每项各自暂存的内容"""

    def work() -> tuple[dict[str, Any], int]:
        results = tasks.complete_many(ids, values, current_actor(), at, edge.transaction)
        return {"results": [asdict(result) for result in results]}, 200

    ids = body["tasks"]
    drafts = task_queries.typed(ids) if body["values"] is None else {}
    values = body["values"] if body["values"] is not None else lambda task_id: drafts.get(task_id, {})
    at = _now_for_all(ids)
    answer = once_in_parts(work)
    messages.deliver(atomic)
    return answer


def _row(row: Any) -> dict[str, Any]:
    task = row.task
    return {
        "id": task.id,
        "case_id": task.case_id,
        "scheme": task.scheme_id,
        "element": task.element,
        "name": task.name,
        "unit": row.unit_name,
        "person": row.person.name if row.person else None,
        "bulk": task.bulk,
        "opened_at": task.opened_at,
        "closes_at": task.closes_at,
    }


def _now_for(task_id: int) -> datetime:
    """The receipt of this request by the clock of the task's scheme; NotFound for a foreign task."""
    page = task_queries.one(task_id, own_organisation())
    return scheme_now(page.task.scheme_id, edge.received_at())


def _now_for_all(task_ids: list[int]) -> datetime:
    schemes = {row.task.scheme_id for row in inbox.chosen(task_ids, own_organisation())}
    if len(schemes) > 1:
        raise Invalid({"tasks": ["一次只能办理同一方案的事项。"]})
    return scheme_now(schemes.pop(), edge.received_at()) if schemes else edge.received_at()
