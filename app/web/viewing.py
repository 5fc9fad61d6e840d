"""Uploads shown beside a form: PDF files and images, in a frame of our own pages alone."""

from __future__ import annotations

from urllib.parse import quote

from flask import Blueprint, Response, send_file

from app.operations.uploads import files
from app.queries.visibility import attachment_for
from app.web.session import needs, signed_in

bp = Blueprint("viewing", __name__, url_prefix="/files")

NOTHING_BUT_ITSELF = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
"""The browser's own viewers of images and PDF files style what they draw; nothing else runs or loads."""


@bp.get("/<name>/view")
@needs("operator", "supervisor", "applicant")
def show(name: str) -> Response:
    """By the type that was found in the content: uploads are PDF files, JPG and PNG images alone."""
    found = attachment_for(name, signed_in().sight)
    response = send_file(files.path_of(found), mimetype=found.media_type, conditional=True, max_age=0)
    response.headers["Content-Disposition"] = f"inline; filename*=UTF-8''{quote(found.title, safe='')}"
    sandbox = "; sandbox" if found.media_type.startswith("image/") else ""
    response.headers["Content-Security-Policy"] = NOTHING_BUT_ITSELF + sandbox
    response.headers["Cache-Control"] = "no-store"
    return response
