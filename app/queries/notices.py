"""Notices 站内消息 of an organisation."""

from __future__ import annotations

from sqlalchemy import func, select

from app.extensions import db
from app.models import Notice
from app.queries.paging import Page, cut, limited, read_id_cursor


def of_organisation(organisation_id: int, before: str | None = None) -> Page[Notice]:
    """A page of notices, the newest first."""
    query = select(Notice).where(Notice.organisation_id == organisation_id).order_by(Notice.id.desc())
    last = read_id_cursor(before)
    if last is not None:
        query = query.where(Notice.id < last)
    return cut(db.session.scalars(limited(query)).all(), lambda notice: str(notice.id))


def unread(organisation_id: int) -> int:
    query = select(func.count()).where(Notice.organisation_id == organisation_id, Notice.read_at.is_(None))
    return db.session.scalar(query) or 0
