"""Notices 站内消息 of the account and its organisation; they are marked as read all at once."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app import edge
from app.operations.telling import notices as notice_operations
from app.queries import notices
from app.web.session import needs, signed_in

bp = Blueprint("notices", __name__, url_prefix="/notices")


@bp.get("/")
@needs()
def index() -> str:
    me = signed_in()
    page = notices.of_actor(me.actor, request.args.get("before"))
    return render_template(
        "notices/index.html",
        page=page,
        opens=notices.cases_in_sight(page.rows, me.sight),
        unread=notices.unread(me.actor),
    )


@bp.post("/read")
@needs()
def read() -> Response:
    with edge.transaction():
        notice_operations.mark_read(signed_in().actor, edge.received_at())
    return redirect(url_for("notices.index"))
