"""Made-up values: what a scenario fills in by name becomes what a form holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from io import BytesIO
from typing import Any

from PIL import Image
from sqlalchemy import select

from app.content import Form
from app.content.form_fields import Field
from app.extensions import db
from app.models import Account
from app.operations.actors import Actor
from app.operations.uploads import files

_KINDS = {"png": "PNG", "jpg": "JPEG", "jpeg": "JPEG"}


def filled_in(
    values: Mapping[str, Any], form: Form | None, people: Mapping[str, int], actor: Actor, at: datetime
) -> dict[str, Any]:
    """The values as the form takes them; small made-up files are stored for the names of files."""
    fields = form.fields if form else {}

    def convert(field: Field | None, value: Any) -> Any:
        if field is None or value is None:
            return value
        if isinstance(value, list):
            return [convert(field.item or field, item) for item in value]
        if isinstance(value, Mapping):
            columns = {column.name: column for column in field.columns}
            return {name: convert(columns.get(name), item) for name, item in value.items()}
        if field.format == "person":
            return people.get(value, value)
        if field.format == "colleague":
            return _colleague(value, actor)
        if field.format == "file":
            return files.store(BytesIO(content_of(_suffix(value))), value, actor=actor, now=at).name
        return value

    return {name: convert(fields.get(name), value) for name, value in values.items()}


def _colleague(name: Any, actor: Actor) -> Any:
    """The account of that name at the actor's organisation."""
    own = (Account.name == name, Account.organisation_id == actor.organisation_id)
    found = db.session.scalar(select(Account.id).where(*own)) if isinstance(name, str) else None
    return name if found is None else found


@lru_cache
def content_of(suffix: str) -> bytes:
    """A small blank picture or page, really of the kind that a file name's suffix says."""
    content = BytesIO()
    Image.new("L", (8, 8), 255).save(content, _KINDS.get(suffix, "PDF"))
    return content.getvalue()


def _suffix(name: str) -> str:
    return name.rpartition(".")[2].lower()
