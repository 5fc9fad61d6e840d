"""Notices 站内消息 of the account and its organisation."""

from __future__ import annotations

from typing import Any

from app import edge
from app.api import schemas
from app.api.auth import me, signed_in
from app.api.reading import Room
from app.operations.telling import notices
from app.queries import notices as notice_queries

blueprint = Room("api_notices", __name__, "站内消息")


@blueprint.get("/notices")
@signed_in()
@blueprint.arguments(schemas.Cursor, location="query")
@blueprint.response(200, schemas.page_of(schemas.Notice))
def listing(query: dict[str, Any]) -> dict[str, Any]:
    """给本机构和给自己的站内消息，新的在前"""
    page = notice_queries.of_actor(me().actor, query.get("after"))
    return {"items": page.rows, "next": page.next}


@blueprint.put("/notices/read")
@signed_in()
@blueprint.response(204)
def mark_read() -> None:
    """全部标为已读；给本机构的，由经办人标"""
    with edge.transaction():
        notices.mark_read(me().actor, edge.received_at())
