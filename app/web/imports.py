"""Importing values for many tasks: template, upload, what is wrong by line, choice, progress (CQ-23)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from app import edge, jobs
from app.content.form_cells import NAME, NUMBER, TO_READ, columns_of, explained
from app.documents import workbooks
from app.documents.workbooks import Cell
from app.errors import Invalid
from app.operations.long_work import imports, work
from app.operations.long_work.imports import AT_MOST
from app.operations.uploads._tables import MOST_BYTES, MOST_LINES
from app.queries import imports as queries
from app.queries import work as works
from app.queries.inbox import TaskRow
from app.web.exports import as_download
from app.web.schemes import listed_text, masked, newest_schemes, now_of, real_now, scheme_of
from app.web.session import needs, signed_in

bp = Blueprint("imports", __name__, url_prefix="/imports")


@bp.get("/")
@needs("operator")
def index() -> str:
    return _choose()


@bp.get("/template")
@needs("operator")
def template() -> Any:
    """The open tasks of a kind as a table to be filled in; every cell of theirs a text."""
    form, rows = queries.template(request.args.get("kind", ""), signed_in().organisation_id)
    columns = columns_of(form)
    shown = [field for field in form.fields.values() if field.read_only]
    head = [NUMBER, NAME, *TO_READ, *(field.title for field in [*shown, *columns])]
    notes = [
        _(
            "每行一个办件，凭“%(number)s”认定，并核对“%(name)s”；请不要改动这两列和第一行的列名。",
            number=NUMBER,
            name=NAME,
        ),
        _("一行里要填写的各列都空着的，不导入。是非的列空着，视为“否”。不要用公式，不要合并单元格。"),
        *(f"{field.title}：{explained(field)}" for field in columns),
    ]
    blank = [""] * len(columns)
    lines = ([*_known(row, [field.name for field in shown]), *blank] for row in rows)
    table = workbooks.made(form.title, head, lines, notes=notes)
    return as_download(table, _("%(title)s导入模板", title=form.title))


@bp.post("/")
@needs("operator")
def upload() -> Any:
    kind, sent = request.form.get("kind", ""), request.files.get("file")
    if sent is None or not sent.filename:
        return _choose(_("请选择要上传的文件。")), 422
    content = sent.stream.read(MOST_BYTES + 1)
    actor, now = signed_in().actor, real_now()
    try:
        with edge.transaction():
            imports.clean_up(now)
            at = now_of(kind.partition("/")[0])
            import_id = imports.upload(kind, sent.filename, content, actor=actor, now=now, at=at)
    except Invalid as refusal:
        return _choose("".join(text for texts in refusal.fields.values() for text in texts)), 422
    return redirect(url_for("imports.show", import_id=import_id))


@bp.get("/<int:import_id>")
@needs("operator")
def show(import_id: int) -> str:
    found = queries.one(import_id, signed_in().actor)
    return render_template("imports/show.html", found=found, work_id=works.of_import(import_id))


@bp.post("/<int:import_id>/confirm")
@needs("operator")
def confirm(import_id: int) -> Any:
    """The choice; its instant is what counts for every line. More than a request imports is long work."""
    table = queries.one(import_id, signed_in().actor).table
    choice: imports.Choice = "good" if request.form.get("lines") == "good" else "all"
    at, actor = now_of(table.scheme_id), signed_in().actor
    with edge.transaction():
        accepted = work.accept_import(import_id, choice, actor=actor, at=at, now=real_now())
        if accepted:
            jobs.enqueue(accepted)
        work_id = accepted.id if accepted else None
    return redirect(url_for("work.show", work_id=work_id)) if work_id else go_on(import_id)


@bp.post("/<int:import_id>/next")
@needs("operator")
def go_on(import_id: int) -> Any:
    """Imports some lines; the page goes on by itself, or by its button where no script runs."""
    table = queries.one(import_id, signed_in().actor).table
    at = now_of(table.scheme_id)
    imports.go_on(import_id, actor=signed_in().actor, at=at, transaction=edge.transaction, at_most=AT_MOST)
    return redirect(url_for("imports.show", import_id=import_id))


@bp.post("/<int:import_id>/drop")
@needs("operator")
def drop(import_id: int) -> Any:
    with edge.transaction():
        imports.drop(import_id, actor=signed_in().actor)
    flash(_("已放弃，没有导入任何内容。"), "done")
    return redirect(url_for("imports.index"))


def _choose(message: str = "") -> str:
    me = signed_in()
    names = {id: scheme.name for id, scheme in newest_schemes().items()}
    return render_template(
        "imports/index.html",
        kinds=queries.kinds(me.organisation_id),
        names=names,
        recent=queries.recent(me.actor),
        most_lines=MOST_LINES,
        most_bytes=MOST_BYTES,
        chosen=request.values.get("kind"),
        message=message,
    )


def _known(row: TaskRow, shown: list[str]) -> list[Cell]:
    """What a template says of a task: its case's number, whom it is about, what the form shows of it."""
    scheme = scheme_of(row.case.deployment_id)
    listed = [listed_text(scheme, row.case.listed.get(name)) for name in shown]
    number = f"{row.case.scheme_id}-{row.case.id}"
    return [number, row.subject, masked(row.person, scheme), row.unit_name, *listed]
