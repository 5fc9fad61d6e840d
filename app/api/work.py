"""Long work 长任务: what the caller asked for, how far each is; cancelling."""

from __future__ import annotations

from typing import Any

from app import edge
from app.api import schemas
from app.api.auth import me, signed_in
from app.api.reading import Room
from app.operations.long_work import work
from app.queries import work as queries

blueprint = Room("api_work", __name__, "长任务")


@blueprint.get("/work")
@signed_in("operator", "supervisor", "administrator")
@blueprint.arguments(schemas.Cursor, location="query")
@blueprint.response(200, schemas.page_of(schemas.Work))
def listing(query: dict[str, Any]) -> dict[str, Any]:
    """自己提交的长任务，新的在前；保留三十天"""
    page = queries.recent(me().actor, query.get("after"))
    return {"items": [told(found) for found in page.rows], "next": page.next}


@blueprint.get("/work/<id:work_id>")
@signed_in("operator", "supervisor", "administrator")
@blueprint.arguments(schemas.Cursor, location="query")
@blueprint.response(200, schemas.WorkDetail)
def one(query: dict[str, Any], work_id: int) -> dict[str, Any]:
    """一项长任务：进度和每件的结果"""
    found = queries.one(work_id, me().actor)
    page = queries.items(found.work, query.get("after"))
    return {**told(found), "items": page.rows, "next": page.next}


@blueprint.post("/work/<id:work_id>/cancellation")
@signed_in("operator", "supervisor", "administrator")
@blueprint.response(200, schemas.Work)
def cancel(work_id: int) -> dict[str, Any]:
    """取消一项长任务；已经办理的不会撤销"""
    with edge.transaction():
        work.cancel(work_id, actor=me().actor, now=edge.received_at())
        return told(queries.one(work_id, me().actor))


def told(found: queries.Standing) -> dict[str, Any]:
    """What `Work` says of one."""
    names = (
        *("id", "kind", "title", "state", "message", "total"),
        *("received_at", "created_at", "finished_at", "import_id"),
    )
    facts = {name: getattr(found.work, name) for name in names}
    has_file = found.has_file(edge.received_at())
    return {**facts, "done": found.done, "failed": found.failed, "has_file": has_file}
