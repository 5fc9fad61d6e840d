"""Uploads and downloads: type told by content, downloads never shown inline."""

from __future__ import annotations

from typing import Any

from flask import Response, send_file
from flask_smorest import Blueprint

from app import edge
from app.api import schemas
from app.api.auth import current_actor, current_sight, signed_in
from app.operations import files
from app.queries.visibility import attachment_for

blueprint = Blueprint("api_files", __name__, description="附件")


@blueprint.post("/files")
@signed_in
@blueprint.arguments(schemas.Upload, location="files")
@blueprint.response(201, schemas.StoredFile)
def store(body: dict[str, Any]) -> Any:
    """上传一个文件；返回的 name 填入表单的附件字段"""
    upload = body["file"]
    with edge.transaction():
        stored = files.store(
            upload.stream, upload.filename or "", actor=current_actor(), now=edge.received_at()
        )
        return {name: getattr(stored, name) for name in ("name", "title", "media_type", "size")}


@blueprint.get("/files/<name>")
@signed_in
@blueprint.response(200, content_type="application/octet-stream")
def fetch(name: str) -> Response:
    """下载一个文件"""
    found = attachment_for(name, current_sight())
    response = send_file(
        files.path_of(found), mimetype=found.media_type, as_attachment=True, download_name=found.title
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
