"""Uploads of a case, and those that forms name."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select

from app.extensions import db
from app.models import Attachment


def of_case(case_id: int) -> Sequence[Attachment]:
    query = select(Attachment).where(Attachment.case_id == case_id).order_by(Attachment.id)
    return db.session.scalars(query).all()


def by_name(names: Collection[str]) -> dict[str, Attachment]:
    """The uploads that form values name, for the titles that people gave them."""
    if not names:
        return {}
    found = db.session.scalars(select(Attachment).where(Attachment.name.in_(names)))
    return {attachment.name: attachment for attachment in found}
