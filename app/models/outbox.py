"""What goes out of the house: where an account wants to be told, and the post that waits or has gone."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import Code, Id, Instant, OptionalInstant


class Contact(Model):
    """An account's address on a channel (`mail`, `sms`), encrypted, and the kinds of notices it is for."""

    __tablename__ = "contact"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True, autoincrement=False)
    channel: Mapped[Code] = mapped_column(primary_key=True)
    address_cipher: Mapped[bytes]
    key_id: Mapped[Code]
    kinds: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    changed_at: Mapped[Instant]


class Post(Model):
    """A row of the outbox: one account to be told on one channel, written with the notice that it tells of.

    `state`: waiting, sending, sent, unknown (whoever was sending it died), given_up, dropped (nobody to send
    it to any more). The address is looked up when it is sent; `reference` is what the provider calls it.
    All instants are real ones, also in a rehearsal.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_waiting", "next_at", "id", postgresql_where=text("state = 'waiting'")),
        Index("ix_outbox_sending", "id", postgresql_where=text("state = 'sending'")),
        Index("ix_outbox_failed", "id", postgresql_where=text("state in ('unknown', 'given_up')")),
        Index("ix_outbox_account", "account_id", "id"),
    )

    id: Mapped[Id]
    key: Mapped[Code] = mapped_column(unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    channel: Mapped[Code]
    kind: Mapped[Code]
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"))
    state: Mapped[Code]
    tries: Mapped[int]
    next_at: Mapped[Instant]
    made_at: Mapped[Instant]
    sent_at: Mapped[OptionalInstant]
    reference: Mapped[str | None]
    failure: Mapped[str | None]
