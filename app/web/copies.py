"""The list of cases that were copied to one 抄送我的; opening one marks it as read."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app import edge
from app.operations.company import copies as copy_operations
from app.queries import copies
from app.web.session import needs, signed_in

bp = Blueprint("copies", __name__, url_prefix="/copies")


@bp.get("/")
@needs("operator", "supervisor")
def index() -> str:
    page = copies.received(signed_in().actor, request.args.get("before"))
    return render_template("copies/index.html", page=page)


@bp.post("/<int:copy_id>")
@needs("operator", "supervisor")
def open_one(copy_id: int) -> Response:
    with edge.transaction():
        case_id = copy_operations.mark_read(copy_id, signed_in().actor, edge.received_at())
    return redirect(url_for("case.show", case_id=case_id))
