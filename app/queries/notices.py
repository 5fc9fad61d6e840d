"""Notices 站内消息 of an account: its own, and its organisation's."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, or_, select

from app.extensions import db
from app.models import Case, Notice
from app.operations.actors import Actor
from app.queries.paging import Page, capped_count, cut, limited, read_id_cursor
from app.queries.visibility import Sight, seen_by


def of_actor(actor: Actor, before: str | None = None) -> Page[Notice]:
    """A page of notices, the newest first."""
    query = select(Notice).where(_for(actor)).order_by(Notice.id.desc())
    last = read_id_cursor(before)
    if last is not None:
        query = query.where(Notice.id < last)
    return cut(db.session.scalars(limited(query)).all(), lambda notice: str(notice.id))


def cases_in_sight(notices: Iterable[Notice], sight: Sight) -> set[int]:
    """Of the cases that notices are about, those that whoever reads them may open."""
    about = {notice.case_id for notice in notices if notice.case_id is not None}
    return set(db.session.scalars(select(Case.id).where(Case.id.in_(about), seen_by(sight))))


def unread(actor: Actor) -> int:
    """How many wait to be read, counted to a thousand: every page asks it."""
    return capped_count(select(Notice.id).where(_for(actor), Notice.read_at.is_(None)))[0]


def _for(actor: Actor) -> ColumnElement[bool]:
    own = Notice.account_id == actor.account_id
    return or_(own, Notice.organisation_id == actor.organisation_id) if actor.organisation_id else own
