"""Quotas and who holds them: posts of a unit by grade (CQ-01), shares that a rule allows (JD-09)."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import CaseRef, Code, Id, Instant, OptionalInstant, OrganisationRef


class PostQuota(Model):
    """What a unit's latest verified filing says of one grade; `rank` orders the grades, 1 is the highest."""

    __tablename__ = "post_quota"
    __table_args__ = (UniqueConstraint("jurisdiction", "scheme_id", "unit_id", "grade"),)

    id: Mapped[Id]
    jurisdiction: Mapped[Code]
    scheme_id: Mapped[Code]
    unit_id: Mapped[OrganisationRef]
    grade: Mapped[Code]
    rank: Mapped[int]
    approved: Mapped[int]
    held: Mapped[int]
    special: Mapped[int]
    vacant: Mapped[int]
    source_case_id: Mapped[CaseRef]
    registered_at: Mapped[Instant]


class PlaceClaim(Model):
    """A place held by a case; `basis`: vacancy (counts against the vacancies), or what exempts it."""

    __tablename__ = "place_claim"
    __table_args__ = (
        Index("ix_place_claim_live", "case_id", unique=True, postgresql_where=text("released_at is null")),
        Index("ix_place_claim_quota", "quota_id", postgresql_where=text("released_at is null")),
    )

    id: Mapped[Id]
    quota_id: Mapped[int] = mapped_column(ForeignKey("post_quota.id"))
    case_id: Mapped[CaseRef]
    basis: Mapped[Code]
    claimed_at: Mapped[Instant]
    released_at: Mapped[OptionalInstant]


class SharePool(Model):
    """So many as a unit may put forward of one kind, `pool`, in a year's scheme (JD-09).

    `most` is what the rule said to the last case that got a share.
    """

    __tablename__ = "share_pool"
    __table_args__ = (UniqueConstraint("jurisdiction", "scheme_id", "unit_id", "pool"),)

    id: Mapped[Id]
    jurisdiction: Mapped[Code]
    scheme_id: Mapped[Code]
    year: Mapped[int]
    unit_id: Mapped[OrganisationRef]
    pool: Mapped[str]
    most: Mapped[int]


class ShareClaim(Model):
    """A share held by a case."""

    __tablename__ = "share_claim"
    __table_args__ = (
        Index("ix_share_claim_live", "case_id", unique=True, postgresql_where=text("released_at is null")),
        Index("ix_share_claim_pool", "pool_id", postgresql_where=text("released_at is null")),
    )

    id: Mapped[Id]
    pool_id: Mapped[int] = mapped_column(ForeignKey("share_pool.id"))
    case_id: Mapped[CaseRef]
    claimed_at: Mapped[Instant]
    released_at: Mapped[OptionalInstant]
