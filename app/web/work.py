"""Long work 长任务: what one asked for, how far each is, its results; cancelling."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from app import edge
from app.errors import NotFound
from app.operations.long_work import work
from app.operations.uploads import files
from app.queries import work as queries
from app.web.exports import as_download
from app.web.schemes import real_now
from app.web.session import needs, signed_in

bp = Blueprint("work", __name__, url_prefix="/work")


@bp.get("/")
@needs("operator", "supervisor", "administrator")
def index() -> str:
    page = queries.recent(signed_in().actor, request.args.get("after"))
    return render_template("work/index.html", page=page)


@bp.get("/<int:work_id>")
@needs("operator", "supervisor", "administrator")
def show(work_id: int) -> str:
    found = queries.one(work_id, signed_in().actor)
    only = request.args.get("shown") == "unsuccessful"
    page = queries.items(found.work, request.args.get("after"), only_unsuccessful=only)
    has_file = found.has_file(real_now())
    return render_template("work/show.html", found=found, page=page, only=only, has_file=has_file)


@bp.get("/<int:work_id>/progress")
@needs("operator", "supervisor", "administrator")
def progress(work_id: int) -> BaseResponse:
    """The part of the page that changes, asked for again and again; nothing where nothing has changed."""
    found = queries.one(work_id, signed_in().actor)
    response = make_response(render_template("work/progress.html", found=found))
    response.set_etag(found.tag)
    return response.make_conditional(request)


@bp.get("/<int:work_id>/file")
@needs("operator", "supervisor", "administrator")
def download(work_id: int) -> BaseResponse:
    """The file of an export, for a day, for whoever asked for it."""
    found = queries.one(work_id, signed_in().actor)
    if not found.has_file(real_now()):
        raise NotFound(_("没有这个文件，或已过期；请重新导出。"))
    return as_download(files.path_for_a_day(found.work.digest or ""), found.work.title)


@bp.post("/<int:work_id>/cancel")
@needs("operator", "supervisor", "administrator")
def cancel(work_id: int) -> Any:
    with edge.transaction():
        work.cancel(work_id, actor=signed_in().actor, now=real_now())
    flash(_("已取消；已经办理的不会撤销。"), "done")
    return redirect(url_for("work.show", work_id=work_id))
