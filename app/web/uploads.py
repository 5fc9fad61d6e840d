"""Files: taking those that come with a form, handing out those that may be seen."""

from __future__ import annotations

from typing import BinaryIO, cast
from urllib.parse import quote

from flask import Blueprint, Response, request, send_file

from app import edge
from app.content.form_fields import Field
from app.content.forms import Form
from app.errors import Busy, Invalid, Refused
from app.operations.actors import Actor
from app.operations.uploads import files
from app.operations.uploads._file_types import MEDIA_TYPES
from app.queries.visibility import attachment_for
from app.web.session import needs, signed_in

bp = Blueprint("files", __name__, url_prefix="/files")

PREFIX = "_file-"


@bp.get("/<name>")
@needs("operator", "supervisor", "applicant")
def download(name: str) -> Response:
    """Always as a download, by the type that was found in the content, never shown inside a page."""
    found = attachment_for(name, signed_in().sight)
    response = send_file(files.path_of(found), mimetype=found.media_type, conditional=True, max_age=0)
    return _alone(response, f"attachment; filename*=UTF-8''{quote(found.title, safe='')}")


@bp.get("/<name>/preview")
@needs("operator", "supervisor", "applicant")
def preview(name: str) -> Response:
    """A picture, small, for a page. Raises NotFound for what is no picture."""
    found = attachment_for(name, signed_in().sight)
    return _alone(Response(files.thumbnail_of(found), mimetype="image/jpeg"), "inline")


def _alone(response: Response, disposition: str) -> Response:
    response.headers["Content-Disposition"] = disposition
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "no-store"
    return response


def take(form: Form, texts: dict[str, list[str]], actor: Actor, *, once: str = "") -> dict[str, list[str]]:
    """Stores the uploads of a post and adds their names to the form's texts; returns what was refused.

    Several files join those that were kept; where one fits, the newest takes the old one's place. `once`
    is the key of a post with one file.
    """
    errors: dict[str, list[str]] = {}
    for key in request.files:
        name = key.removeprefix(PREFIX)
        field = _field(form, name)
        if key.startswith(PREFIX) and field is not None:
            stored, refused = _store(key, field, actor, once)
            if stored:
                texts[name] = [*texts.get(name, []), *stored] if field.type == "array" else stored[-1:]
            if refused:
                errors[name] = refused
    return errors


def _store(key: str, field: Field, actor: Actor, once: str) -> tuple[list[str], list[str]]:
    accept = field.accept or (field.item.accept if field.item else ())
    most = field.max_bytes or (field.item.max_bytes if field.item else None) or files.MAX_BYTES
    stored, refused = [], []
    for upload in request.files.getlist(key):
        if not upload.filename:
            continue
        try:
            with edge.transaction():
                kept = files.store(
                    cast(BinaryIO, upload.stream),
                    upload.filename,
                    actor=actor,
                    now=edge.received_at(),
                    accept=accept or tuple(MEDIA_TYPES),
                    max_bytes=most,
                    once=once,
                )
                stored.append(kept.name)
        except Invalid as refusal:
            refused += [text for texts in refusal.fields.values() for text in texts]
        except (Busy, Refused) as refusal:
            refused.append(refusal.message)
    return stored, refused


def _field(form: Form, name: str) -> Field | None:
    """The file field of an HTML name; of a table's cell (`rows-0-paper`) the column."""
    table, _, rest = name.partition("-")
    found = form.fields.get(table)
    if found is not None and rest:
        column = rest.partition("-")[2]
        found = next((part for part in found.columns if part.name == column), None)
    if found is None or "file" not in (found.format, found.item.format if found.item else ""):
        return None
    return found
