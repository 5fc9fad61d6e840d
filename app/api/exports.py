"""Lists as Excel files: asked for, written in the background, fetched for a day (CQ-25)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flask import Response

from app import edge, jobs
from app.api import schemas
from app.api.auth import me, signed_in
from app.api.idempotency import PARAMETER, once
from app.api.reading import Room
from app.api.work import told
from app.errors import NotFound
from app.operations.uploads import files
from app.queries import work as queries
from app.web import long_exports
from app.web.exports import as_download

blueprint = Room("api_exports", __name__, "导出")

LISTS = {"cases": "cases", "open_tasks": "inbox", "completed_tasks": "done", "watched": "watched"}
"""The pages' names of the lists."""
NAMES = {"started_from": "from", "started_to": "to", "arrived_from": "from", "arrived_to": "to"}
COLUMNS = ("trade", "grade")


@blueprint.post("/exports")
@signed_in("operator", "supervisor")
@blueprint.arguments(schemas.NewExport)
@blueprint.response(202, schemas.Work)
@blueprint.doc(parameters=[PARAMETER])
def start(body: dict[str, Any]) -> Response:
    """导出一个列表，内容与页面上的相同；在后台写成文件，进度见 work"""
    name = LISTS[body.pop("list")]
    if name == "cases":
        body["of"] = f"{body.pop('scheme')}/{body.pop('process')}"
    narrowed_to = dict(_narrowed_to(body))

    def work() -> dict[str, Any]:
        accepted = long_exports.accept(name, narrowed_to, actor=me().actor, now=edge.received_at())
        jobs.enqueue(accepted)
        return told(queries.standing(accepted))

    return once(work, schemas.Work(), 202)


@blueprint.get("/work/<id:work_id>/file")
@signed_in("operator", "supervisor")
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="*/*")
def fetch(work_id: int) -> Response:
    """下载导出的文件 (xlsx)；保留一天，只有导出的人可以下载"""
    found = queries.one(work_id, me().actor)
    if not found.has_file(edge.received_at()):
        raise NotFound("没有这个文件，或已过期；请重新导出。")
    return as_download(files.path_for_a_day(found.work.digest or ""), found.work.title)


def _narrowed_to(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What the page's address would say."""
    for name, value in body.items():
        if value:
            yield (f"v-{name}" if name in COLUMNS else NAMES.get(name, name)), str(value)
