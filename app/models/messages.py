"""Messages between cases, and notices to people: rows written with the step that sent them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import db
from app.models.columns import (
    CaseRef,
    Code,
    Id,
    Instant,
    Json,
    OptionalCode,
    OptionalInstant,
    OrganisationRef,
)


class Message(db.Model):
    """A BPMN message on its way to one receiving case, or to the start of a new one.

    `from_seq` is the step that sent it; null: the capability `release_waiting` did, which no replay repeats.
    """

    __tablename__ = "message"
    __table_args__ = (
        Index(
            "ix_message_waiting",
            "id",
            postgresql_where=text("delivered_at is null and failed_at is null"),
        ),
    )

    id: Mapped[Id]
    scheme_id: Mapped[Code]
    message: Mapped[Code]
    key: Mapped[OptionalCode]
    payload: Mapped[Json]
    from_case_id: Mapped[CaseRef] = mapped_column(index=True)
    from_element: Mapped[Code]
    from_seq: Mapped[int | None]
    sent_at: Mapped[Instant]
    delivered_at: Mapped[OptionalInstant]
    delivered_case_id: Mapped[int | None] = mapped_column(BigInteger)
    failed_at: Mapped[OptionalInstant]
    failure: Mapped[str | None]


class Notice(db.Model):
    """A notice 站内消息 to an organisation about a case, written by the capability `notify`."""

    __tablename__ = "notice"
    __table_args__ = (
        Index("ix_notice_organisation", "organisation_id", "id"),
        Index("ix_notice_case", "case_id", "token", unique=True),
    )

    id: Mapped[Id]
    organisation_id: Mapped[OrganisationRef]
    case_id: Mapped[CaseRef]
    token: Mapped[int]
    text: Mapped[str]
    sent_at: Mapped[Instant]
    read_at: Mapped[OptionalInstant]
