"""Importing into the workers' register: workers of units below, results of an assessment (JD-04, JD-11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from app import edge
from app.documents import workbooks
from app.errors import Invalid
from app.operations.registers import register_imports
from app.operations.registers.register_imports import MOST, RESULTS, WORKERS, Imported
from app.operations.uploads._tables import MOST_BYTES
from app.queries import register as register_queries
from app.queries import shares
from app.web.exports import as_download
from app.web.listing import asked
from app.web.schemes import newest_schemes, real_now
from app.web.session import needs, signed_in

bp = Blueprint("register", __name__, url_prefix="/register")

CHOICES: Mapping[str, register_imports.Choice] = {"all": "all", "good": "good", "none": "none"}


@dataclass(frozen=True)
class _Table:
    """What may be imported: its columns, and what to tell about them."""

    title: str
    columns: Sequence[str]
    notes: Sequence[str]


def _table(kind: str) -> _Table:
    """Aborts with 404 for what the organisation may not import."""
    me = signed_in()
    if kind not in register_imports.open_to(me.caller.kind, me.actor, edge.received_at()):
        abort(404)
    if kind == "workers":
        told = [
            _("“单位”填单位全称或统一社会信用代码；单位自己导入的可以空着。"),
            _("工种、等级空着的，只添加人员；取得日期如 2012-06-01。"),
            _("工种等级只在这里填一次，以后只随考评结果的导入更新。"),
        ]
        return _Table(_("人员"), WORKERS, told)
    told = [_("“年度”是考评的年度，在下一年度导入；“结果”填“通过”或“不通过”。")]
    return _Table(_("考评结果"), RESULTS, told)


@bp.get("/shares")
@needs("operator")
def taken() -> str:
    """Shares of the units whose registers one keeps, or that hold one of a case in sight (JD-09)."""
    me = signed_in()
    kept = register_queries.kept_by(me.organisation_id, real_now())
    schemes = newest_schemes()
    page = shares.overview(list(kept), me.sight, scheme_id=asked("scheme"), after=request.args.get("after"))
    return render_template(
        "people/shares.html",
        page=page,
        schemes={scheme.id: scheme.name for scheme in schemes.values()},
        units=kept,
        strengths=register_queries.strengths(list(kept)),
        grades={grade.code: grade.title for scheme in schemes.values() for grade in scheme.grades},
    )


@bp.get("/<kind>")
@needs("operator")
def index(kind: str) -> str:
    return _page(kind)


@bp.get("/<kind>/template")
@needs("operator")
def template(kind: str) -> Any:
    table = _table(kind)
    blank = workbooks.made(table.title, table.columns, notes=table.notes)
    return as_download(blank, _("%(title)s导入模板", title=table.title))


@bp.post("/<kind>")
@needs("operator")
def upload(kind: str) -> Any:
    """Takes the table at once; what is wrong is told by line, and nothing of it is kept."""
    _table(kind)
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return _page(kind, message=_("请选择要上传的文件。")), 422
    take = register_imports.import_workers if kind == "workers" else register_imports.import_results
    choice = CHOICES.get(request.form.get("choice", ""), "none")
    content = sent.stream.read(MOST_BYTES + 1)
    try:
        with edge.transaction():
            told = take(content, choice, actor=signed_in().actor, now=edge.received_at())
    except Invalid as refusal:
        sentences = "".join(text for texts in refusal.fields.values() for text in texts)
        return _page(kind, message=sentences), 422
    if told.faults or choice == "none":
        return _page(kind, told, checked=choice == "none"), 200 if told.done or choice == "none" else 422
    flash(_("已导入 %(count)s 行。", count=told.done), "done")
    return redirect(url_for("people.register.index", kind=kind))


def _page(kind: str, told: Imported | None = None, message: str = "", *, checked: bool = False) -> str:
    return render_template(
        "people/import.html",
        kind=kind,
        table=_table(kind),
        told=told,
        checked=checked,
        message=message,
        most_lines=MOST,
    )
