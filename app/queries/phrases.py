"""The phrases 常用语 that somebody can put into a form."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from app.extensions import db
from app.models import Phrase
from app.operations.actors import Actor
from app.operations.company.phrases import usable_by


def usable(actor: Actor) -> Sequence[Phrase]:
    """One's own phrases, then the organisation's, each in the order in which they were added."""
    query = select(Phrase).where(usable_by(actor)).order_by(Phrase.organisation_id.is_not(None), Phrase.id)
    return db.session.scalars(query).all()
