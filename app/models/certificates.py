"""Certificates 证书 by number, and their copies (ALL-05, LIFE-14)."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import CaseRef, Code, Id, Instant, OptionalInstant


class Certificate(Model):
    """A certificate that a case issued; `state`: valid, revoked. `copy` counts from 1, older ones are void.

    `sequence` counts without a gap from 1 in each year of a jurisdiction. `ground` is that of the revocation,
    by the case `revoked_by_case_id`.
    """

    __tablename__ = "certificate"
    __table_args__ = (
        UniqueConstraint("jurisdiction", "number"),
        UniqueConstraint("jurisdiction", "year", "sequence"),
        Index("ix_certificate_valid", "case_id", unique=True, postgresql_where=text("state = 'valid'")),
        Index("ix_certificate_number", "number"),
        Index("ix_certificate_person", "person_id", "id"),
    )

    id: Mapped[Id]
    jurisdiction: Mapped[Code]
    year: Mapped[int]
    sequence: Mapped[int]
    number: Mapped[Code]
    case_id: Mapped[CaseRef]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    trade: Mapped[Code]
    grade: Mapped[Code]
    issued_at: Mapped[Instant]
    copy: Mapped[int]
    state: Mapped[Code]
    revoked_at: Mapped[OptionalInstant]
    revoked_by_case_id: Mapped[int | None] = mapped_column(BigInteger)
    ground: Mapped[str | None]


class CertificateCopy(Model):
    """A copy issued again under the same number, by a service task's token of a case."""

    __tablename__ = "certificate_copy"

    case_id: Mapped[CaseRef] = mapped_column(primary_key=True)
    token: Mapped[int] = mapped_column(primary_key=True)
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"), index=True)
    copy: Mapped[int]
    issued_at: Mapped[Instant]
    ground: Mapped[str]
