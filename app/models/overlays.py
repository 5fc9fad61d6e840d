"""Decided changes of named dates 日期调整 (decision 6)."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import (
    Code,
    Id,
    Instant,
    OptionalAccountRef,
    OptionalCode,
    OptionalInstant,
    OptionalOrganisationRef,
)


class Overlay(Model):
    """A named date of a scheme moved to `at` (null: undetermined) for all its cases, an area's, or one case.

    `area` is a code of GB/T 2260; with neither `area` nor `case_id` it is for all. `state`: proposed,
    approved, rejected, withdrawn. Of the approved ones a case's wins over an area's, the smaller area's over
    the larger's, that over the scheme's, the newest among equals. `filed_for` is the office that was told of
    it 备案. `reached` is the last case whose timers were computed anew, until `carried_out_at` is set;
    `moved` counts those in which that changed something.
    """

    __tablename__ = "overlay"
    __table_args__ = (
        Index("ix_overlay_approved", "scheme_id", postgresql_where=text("state = 'approved'")),
        Index(
            "ix_overlay_under_way",
            "id",
            postgresql_where=text("state = 'approved' and carried_out_at is null"),
        ),
    )

    id: Mapped[Id]
    scheme_id: Mapped[Code]
    date: Mapped[Code]
    area: Mapped[OptionalCode]
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"), index=True)
    at: Mapped[OptionalInstant]
    ground: Mapped[str]
    document: Mapped[str | None]
    state: Mapped[Code]
    proposed_by: Mapped[OptionalAccountRef]
    proposer: Mapped[str]
    proposed_for: Mapped[OptionalOrganisationRef]
    proposed_at: Mapped[Instant]
    decided_by: Mapped[OptionalAccountRef]
    decider: Mapped[str | None]
    decided_for: Mapped[OptionalOrganisationRef]
    decided_at: Mapped[OptionalInstant]
    opinion: Mapped[str | None]
    filed_for: Mapped[OptionalOrganisationRef]
    reached: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    moved: Mapped[int] = mapped_column(server_default=text("0"))
    carried_out_at: Mapped[OptionalInstant]
