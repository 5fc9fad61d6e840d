"""The log of administrative acts, about one thing."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import or_, select

from app.extensions import db
from app.models import Act

MOST = 50


def about(kinds: Collection[str], subject: int) -> Sequence[Act]:
    """The newest acts of some kinds on the row of that id."""
    query = select(Act).where(Act.kind.in_(kinds), Act.subject == str(subject))
    return db.session.scalars(query.order_by(Act.id.desc()).limit(MOST)).all()


def of_nouns(nouns: Collection[str], subject: int) -> Sequence[Act]:
    """The same for all acts of some nouns, such as `account` for `account.created`."""
    kinds = or_(*(Act.kind.startswith(f"{noun}.", autoescape=True) for noun in nouns))
    query = select(Act).where(kinds, Act.subject == str(subject))
    return db.session.scalars(query.order_by(Act.id.desc()).limit(MOST)).all()
