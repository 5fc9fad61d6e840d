"""Organisations as pages name them and offer them for choice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select

from app.extensions import db
from app.models import Organisation, Region, Subordination


def one(organisation_id: int) -> Organisation | None:
    return db.session.get(Organisation, organisation_id)


def name_of(organisation_id: int) -> str:
    return db.session.scalar(select(Organisation.name).where(Organisation.id == organisation_id)) or ""


def departments() -> Sequence[Organisation]:
    """Superior departments 主管部门 that a unit may choose from, by pinyin."""
    query = select(Organisation).where(Organisation.kind == "department", Organisation.closed_at.is_(None))
    return db.session.scalars(query.order_by(Organisation.name_key, Organisation.id)).all()


def superior_id(organisation_id: int, at: datetime) -> int | None:
    """The superior department that the register names at an instant."""
    query = select(Subordination.superior_id).where(
        Subordination.organisation_id == organisation_id,
        Subordination.valid_from <= at,
        or_(Subordination.valid_to.is_(None), Subordination.valid_to > at),
    )
    return db.session.scalar(query.order_by(Subordination.id.desc()).limit(1))


def regions() -> Sequence[Region]:
    """All divisions of GB/T 2260 that are known, by code."""
    return db.session.scalars(select(Region).order_by(Region.code)).all()
