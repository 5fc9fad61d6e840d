"""The list of cases that one, or one's organisation, has begun 我发起的."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from app.queries import started
from app.queries.cases import CaseFilter
from app.web.listing import asked, asked_days
from app.web.session import needs, signed_in

bp = Blueprint("started", __name__, url_prefix="/started")


@bp.get("/")
@needs("operator")
def index() -> str:
    anybody = request.args.get("who") == "all"
    page = started.listing(signed_in().actor, _wanted(), request.args.get("before"), anybody=anybody)
    return render_template("started/index.html", page=page, anybody=anybody)


def _wanted() -> CaseFilter:
    begin, end = asked_days("from", "to")
    return CaseFilter(
        name=asked("name"),
        unit=asked("unit"),
        state=asked("state"),
        started_from=begin,
        started_before=end,
    )
