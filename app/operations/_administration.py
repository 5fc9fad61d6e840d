"""What every administrative act needs: the right to do it, a row that is new, and an entry in the log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError

from app.errors import Conflict, Forbidden, Invalid
from app.extensions import db
from app.models import Act
from app.operations.actors import Actor


def demand(actor: Actor, duty: str) -> None:
    """Raises Forbidden unless the actor has the duty; the system itself has all."""
    if not actor.system and not actor.has(duty):
        raise Forbidden()


def ground_of(text: str) -> str:
    """The ground of an act, which every act has to state (ALL-03)."""
    ground = text.strip()
    if not ground:
        raise Invalid({"ground": ["请写明依据，例如文号或审批意见。"]})
    return ground


def ground_by(actor: Actor, text: str | None) -> str | None:
    """The ground of an administrator's act; the system itself may go without one."""
    return None if actor.system and not text else ground_of(text or "")


def insert(row: object, taken: str) -> None:
    """Writes a new row; raises Conflict with the sentence `taken` where a unique key stands already."""
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except IntegrityError as error:
        raise Conflict(taken) from error


def record(
    kind: str,
    subject: object,
    actor: Actor,
    at: datetime,
    *,
    ground: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """One row of the log."""
    db.session.add(
        Act(
            at=at,
            kind=kind,
            subject=str(subject),
            actor_id=actor.account_id,
            actor_name=actor.name,
            organisation_id=actor.organisation_id,
            ground=ground,
            detail=dict(detail or {}),
        )
    )
