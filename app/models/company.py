"""What people tell each other about a case, beside its tasks: copies 抄送, phrases 常用语."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped

from app.extensions import Model
from app.models.columns import (
    CaseRef,
    Id,
    Instant,
    OptionalAccountRef,
    OptionalInstant,
    OptionalOrganisationRef,
)


class CaseCopy(Model):
    """A case that was brought to a colleague's or an organisation's notice 抄送; it gives them sight of it.

    `seq` is the row of the case's log that tells of it. Of an organisation anybody's reading counts.
    """

    __tablename__ = "case_copy"
    __table_args__ = (
        CheckConstraint("num_nonnulls(account_id, organisation_id) = 1", name="one_recipient"),
        Index("ix_case_copy_account", "account_id", "id"),
        Index("ix_case_copy_organisation", "organisation_id", "id"),
        Index("ix_case_copy_case", "case_id", "seq"),
    )

    id: Mapped[Id]
    case_id: Mapped[CaseRef]
    seq: Mapped[int]
    account_id: Mapped[OptionalAccountRef]
    organisation_id: Mapped[OptionalOrganisationRef]
    sent_by: Mapped[OptionalAccountRef]
    note: Mapped[str]
    sent_at: Mapped[Instant]
    read_at: Mapped[OptionalInstant]


class Phrase(Model):
    """A sentence that somebody writes again and again 常用语: one's own, or shared by an organisation."""

    __tablename__ = "phrase"
    __table_args__ = (
        CheckConstraint("num_nonnulls(account_id, organisation_id) = 1", name="one_owner"),
        Index("ix_phrase_account", "account_id", "id"),
        Index("ix_phrase_organisation", "organisation_id", "id"),
    )

    id: Mapped[Id]
    account_id: Mapped[OptionalAccountRef]
    organisation_id: Mapped[OptionalOrganisationRef]
    text: Mapped[str]
    made_by: Mapped[OptionalAccountRef]
    made_at: Mapped[Instant]
