"""Messages between cases, and notices to people: rows written with the step that sent them."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import (
    CaseRef,
    Code,
    Id,
    Instant,
    Json,
    OptionalAccountRef,
    OptionalCode,
    OptionalInstant,
    OptionalOrganisationRef,
)


class Message(Model):
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


class Notice(Model):
    """A notice 站内消息 to an organisation or one account: a diagram's (`token`), or of what people do.

    `kind`: case, task, reminder, copy: what its reader may choose a channel for. One of no case has no link.
    """

    __tablename__ = "notice"
    __table_args__ = (
        CheckConstraint("num_nonnulls(account_id, organisation_id) = 1", name="one_recipient"),
        Index("ix_notice_organisation", "organisation_id", "id"),
        Index("ix_notice_account", "account_id", "id"),
        Index("ix_notice_case", "case_id", "token", unique=True, postgresql_where=text("account_id is null")),
        Index(
            "ix_notice_case_account",
            "case_id",
            "token",
            "account_id",
            unique=True,
            postgresql_where=text("account_id is not null"),
        ),
    )

    id: Mapped[Id]
    organisation_id: Mapped[OptionalOrganisationRef]
    account_id: Mapped[OptionalAccountRef]
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"))
    token: Mapped[int | None]
    kind: Mapped[Code] = mapped_column(server_default="case")
    text: Mapped[str]
    sent_at: Mapped[Instant]
    read_at: Mapped[OptionalInstant]
