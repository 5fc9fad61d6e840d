"""The workers' register: which grade a person holds in which trade, and what each year's assessment gave."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import (
    Code,
    Id,
    Instant,
    OptionalAccountRef,
    OptionalInstant,
    OptionalOrganisationRef,
    OrganisationRef,
)


class Holding(Model):
    """A grade that a person holds in a trade, or held: then `ended_at` tells since when no longer.

    `source`: entered (with the person, by unit or department) or imported (results of an assessment).
    """

    __tablename__ = "holding"
    __table_args__ = (
        Index(
            "ix_holding_valid", "person_id", "trade", unique=True, postgresql_where=text("ended_at is null")
        ),
        Index("ix_holding_person", "person_id", "id"),
    )

    id: Mapped[Id]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    trade: Mapped[str]
    grade: Mapped[Code]
    issued_on: Mapped[date | None]
    source: Mapped[Code]
    entered_by: Mapped[OptionalAccountRef]
    entered_for: Mapped[OptionalOrganisationRef]
    entered_at: Mapped[Instant]
    ended_at: Mapped[OptionalInstant]


class AssessmentResult(Model):
    """What the assessment of a year gave somebody, who was then of `unit_id`; `passed` or not."""

    __tablename__ = "assessment_result"
    __table_args__ = (
        UniqueConstraint("person_id", "year", "trade", "grade"),
        Index("ix_assessment_result_unit", "unit_id", "year"),
    )

    id: Mapped[Id]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    unit_id: Mapped[OrganisationRef]
    year: Mapped[int]
    trade: Mapped[str]
    grade: Mapped[Code]
    passed: Mapped[bool]
    entered_by: Mapped[OptionalAccountRef]
    entered_for: Mapped[OptionalOrganisationRef]
    entered_at: Mapped[Instant]
