"""The workers' register as a whole: who keeps it, tables taken in, shares that go by it (JD-04, JD-09)."""

from __future__ import annotations

from typing import Any

from flask import Response

from app import edge
from app.api import schemas
from app.api.auth import me, signed_in
from app.api.reading import Room
from app.documents import workbooks
from app.errors import Invalid, NotFound
from app.operations.registers import register_imports
from app.operations.uploads._tables import MOST_BYTES
from app.queries import register, shares
from app.web.exports import as_download

blueprint = Room("api_workers", __name__, "人员和工种等级")

TITLES = {"workers": "人员", "results": "考评结果"}
TAKE = {"workers": register_imports.import_workers, "results": register_imports.import_results}


@blueprint.get("/register/units")
@signed_in("operator")
@blueprint.response(200, schemas.RegisterUnits)
def units() -> dict[str, Any]:
    """由本机构维护名册的单位：主管部门的下属单位，或本单位"""
    return {"items": [{"id": id_, "name": name} for id_, name in _kept().items()]}


@blueprint.get("/register/strengths")
@signed_in("operator")
@blueprint.arguments(schemas.StrengthQuery, location="query")
@blueprint.response(200, schemas.Strengths)
@blueprint.doc(responses={404: "NOT_FOUND"})
def strengths(query: dict[str, Any]) -> dict[str, Any]:
    """各单位在册人员现在持有各工种、等级的人数"""
    kept = set(_kept())
    wanted = {query["unit_id"]} if "unit_id" in query else kept
    if not wanted <= kept:
        raise NotFound
    return {"items": [row._mapping for row in register.strengths(wanted)]}


@blueprint.get("/register/shares")
@signed_in("operator")
@blueprint.arguments(schemas.SharesQuery, location="query")
@blueprint.response(200, schemas.page_of(schemas.Shares))
def taken(query: dict[str, Any]) -> dict[str, Any]:
    """申报指标：规定几人、由哪些办件占用、还剩几人；看得到的办件占用的"""
    page = shares.overview(
        list(_kept()), me().sight, scheme_id=query.get("scheme", ""), after=query.get("after")
    )
    return {"items": page.rows, "next": page.next}


@blueprint.get("/register/imports")
@signed_in("operator")
@blueprint.response(200, schemas.RegisterTables)
def tables() -> dict[str, Any]:
    """可以导入的表格和它们的列"""
    items = [{"kind": kind, "columns": register_imports.COLUMNS[kind]} for kind in _open()]
    return {"items": items, "most_lines": register_imports.MOST}


@blueprint.get("/register/imports/<word:kind>/template")
@signed_in("operator")
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type=workbooks.XLSX)
def template(kind: str) -> Response:
    """下载空白表格 (xlsx)"""
    _demand_open(kind)
    blank = workbooks.made(TITLES[kind], register_imports.COLUMNS[kind])
    return as_download(blank, f"{TITLES[kind]}导入模板")


@blueprint.post("/register/imports/<word:kind>")
@signed_in("operator")
@blueprint.arguments(schemas.RegisterImportQuery, location="query")
@blueprint.arguments(schemas.Upload, location="files")
@blueprint.response(200, schemas.RegisterImported)
def take_in(query: dict[str, Any], body: dict[str, Any], kind: str) -> register_imports.Imported:
    """检查或导入 xlsx、csv；表格不保留。lines=all 而有误的答 422，一行也不导入，errors 逐行说明"""
    _demand_open(kind)
    content = body["file"].stream.read(MOST_BYTES + 1)
    with edge.transaction():
        told = TAKE[kind](content, query["lines"], actor=me().actor, now=edge.received_at())
    if query["lines"] == "all" and told.faults:
        raise Invalid({"file": [f"第 {fault.number} 行：{fault.sentence}" for fault in told.faults]})
    return told


def _kept() -> dict[int, str]:
    return register.kept_by(me().organisation_id, edge.received_at())


def _open() -> list[str]:
    return register_imports.open_to(me().caller.kind, me().actor, edge.received_at())


def _demand_open(kind: str) -> None:
    """Raises NotFound alike for no such table and for one that others import."""
    if kind not in _open():
        raise NotFound
