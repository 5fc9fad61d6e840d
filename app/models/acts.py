"""The log of what is done outside the cases: organisations, accounts, people, clocks, holidays."""

from __future__ import annotations

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped

from app.extensions import Model
from app.models.columns import (
    Code,
    Id,
    Instant,
    Json,
    OptionalAccountRef,
    OptionalCode,
    OptionalOrganisationRef,
)


class Act(Model):
    """One administrative act (ALL-03): who, when, for which organisation, on what ground; never altered.

    `kind` is noun.verb, such as organisation.merged; `subject` the id of the row that it concerns.
    `detail` is plain data that tells what changed; no ID number and no password ever.
    """

    __tablename__ = "act"
    __table_args__ = (
        Index("ix_act_subject", "kind", "subject", "id"),
        # How often an account has looked somebody up of late, which is limited.
        Index("ix_act_looked_up", "actor_id", "id", postgresql_where=text("kind = 'person.looked_up'")),
    )

    id: Mapped[Id]
    at: Mapped[Instant]
    kind: Mapped[Code]
    subject: Mapped[OptionalCode]
    actor_id: Mapped[OptionalAccountRef]
    actor_name: Mapped[str]
    organisation_id: Mapped[OptionalOrganisationRef]
    ground: Mapped[str | None]
    detail: Mapped[Json]
