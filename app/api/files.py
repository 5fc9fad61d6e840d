"""Uploads and downloads: type told by content, downloads never shown inline."""

from __future__ import annotations

from typing import Any

from flask import Response, send_file

from app import edge
from app.api import schemas
from app.api.auth import me, signed_in
from app.api.reading import Room
from app.models import Attachment
from app.operations.uploads import files
from app.queries.visibility import attachment_for

blueprint = Room("api_files", __name__, "附件")


@blueprint.post("/files")
@signed_in("operator", "applicant")
@blueprint.arguments(schemas.Upload, location="files")
@blueprint.response(201, schemas.StoredFile)
def store(body: dict[str, Any]) -> Attachment:
    """上传一个文件；返回的 name 填入表单的附件字段"""
    upload = body["file"]
    with edge.transaction():
        return files.store(upload.stream, upload.filename or "", actor=me().actor, now=edge.received_at())


@blueprint.get("/files/<word:name>")
@signed_in("operator", "supervisor", "applicant")
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="*/*")
def fetch(name: str) -> Response:
    """下载一个文件"""
    found = attachment_for(name, me().sight)
    response = send_file(
        files.path_of(found), mimetype=found.media_type, as_attachment=True, download_name=found.title
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
