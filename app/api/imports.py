"""Tables of values for many tasks, such as scores: uploaded and checked, then imported as chosen (CQ-23)."""

from __future__ import annotations

from typing import Any

from app import edge, jobs
from app.api import schemas
from app.api.auth import me, signed_in
from app.api.moving import receipt
from app.api.reading import Room
from app.operations.long_work import imports, work
from app.operations.uploads._tables import MOST_BYTES
from app.queries import imports as import_queries
from app.queries import work as works

blueprint = Room("api_imports", __name__, "导入")


@blueprint.get("/imports")
@signed_in("operator")
@blueprint.response(200, schemas.Imports)
def listing() -> dict[str, Any]:
    """可以导入的环节，和自己上传过的表格，新的在前；上传后保留一天"""
    kinds = import_queries.kinds(me().organisation_id)
    recent = import_queries.recent(me().actor)
    return {"kinds": kinds, "items": [_told(import_queries.one(table.id, me().actor)) for table in recent]}


@blueprint.post("/imports")
@signed_in("operator")
@blueprint.arguments(schemas.ImportQuery, location="query")
@blueprint.arguments(schemas.Upload, location="files")
@blueprint.response(201, schemas.Import)
def upload(query: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """上传 xlsx 或 csv 并逐行检查；不导入任何内容，等待确认"""
    sent = body["file"]
    now, at = edge.received_at(), receipt(query["kind"].partition("/")[0])
    content = sent.stream.read(MOST_BYTES + 1)
    with edge.transaction():
        import_id = imports.upload(
            query["kind"], sent.filename or "", content, actor=me().actor, now=now, at=at
        )
        return _told(import_queries.one(import_id, me().actor))


@blueprint.get("/imports/<id:import_id>")
@signed_in("operator")
@blueprint.response(200, schemas.Import)
def one(import_id: int) -> dict[str, Any]:
    """一份表格：各种结果的行数，有误和未成功的行（最多 200 行）"""
    return _told(import_queries.one(import_id, me().actor))


@blueprint.post("/imports/<id:import_id>/confirm")
@signed_in("operator")
@blueprint.arguments(schemas.ImportChoice)
@blueprint.response(200, schemas.Import)
def confirm(body: dict[str, Any], import_id: int) -> dict[str, Any]:
    """确认导入，以首次确认的时刻为准；超过 100 行的在后台导入，否则重复调用直到 good 为 0"""
    table = import_queries.one(import_id, me().actor).table
    at = receipt(table.scheme_id)
    if table.state == "checked":
        with edge.transaction():
            accepted = work.accept_import(
                import_id, body["lines"], actor=me().actor, at=at, now=edge.received_at()
            )
            if accepted:
                jobs.enqueue(accepted)
    if works.of_import(import_id) is None:
        imports.go_on(import_id, actor=me().actor, at=at, transaction=edge.transaction)
    return _told(import_queries.one(import_id, me().actor))


@blueprint.delete("/imports/<id:import_id>")
@signed_in("operator")
@blueprint.response(204)
def drop(import_id: int) -> None:
    """放弃一份表格；已经导入的不会撤销"""
    with edge.transaction():
        imports.drop(import_id, actor=me().actor)


def _told(found: import_queries.Standing) -> dict[str, Any]:
    table = found.table
    return {
        "id": table.id,
        "kind": f"{table.scheme_id}/{table.element}",
        "name": table.name,
        "file": table.title,
        "state": table.state,
        "received_at": table.received_at,
        **{state: found.count(state) for state in ("good", "bad", "blank", "done", "refused")},
        "work": works.of_import(table.id),
        "lines": found.told,
    }
