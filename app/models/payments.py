"""Payments 缴费: what a case owes, what was paid and refunded, and what payment providers told."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import (
    CaseRef,
    Code,
    Id,
    Instant,
    JsonList,
    OptionalCode,
    OptionalInstant,
)


class Payment(Model):
    """A sum that a case owes for a purpose; `amount` and all sums are in fen 分 (0.01 yuan).

    `state`: due, paid, void (no longer owed), refund_due, refunded. `method`: counter with a `receipt`
    票据号, or online by a `provider` under our `order_number` and its own `reference`.
    """

    __tablename__ = "payment"
    __table_args__ = (
        Index(
            "ix_payment_live",
            "case_id",
            "purpose",
            unique=True,
            postgresql_where=text("state in ('due', 'paid')"),
        ),
        Index("ix_payment_case", "case_id", "id"),
        Index("ix_payment_order", "order_number", unique=True),
        Index(
            "ix_payment_receipt",
            "jurisdiction",
            "receipt",
            postgresql_where=text("receipt is not null"),
        ),
        Index("ix_payment_state", "state", "id"),
        Index("ix_payment_day", "provider", "provider_day"),
    )

    id: Mapped[Id]
    jurisdiction: Mapped[Code]
    case_id: Mapped[CaseRef]
    purpose: Mapped[str]
    amount: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[Code]
    asked_at: Mapped[Instant]
    method: Mapped[OptionalCode]
    receipt: Mapped[OptionalCode]
    provider: Mapped[OptionalCode]
    order_number: Mapped[OptionalCode]
    reference: Mapped[OptionalCode]
    paid_at: Mapped[OptionalInstant]
    provider_day: Mapped[date | None]
    ground: Mapped[str | None]
    refund_reference: Mapped[OptionalCode]
    refunded_at: Mapped[OptionalInstant]


class PaymentCallback(Model):
    """What a provider told, once for each time that it told it, and what came of it (`verdict`).

    Only `accepted` changed anything; the others are kept to be seen. A forged one has no content here but
    its digest.
    """

    __tablename__ = "payment_callback"
    __table_args__ = (Index("ix_payment_callback_verdict", "verdict", "id"),)

    id: Mapped[Id]
    provider: Mapped[Code]
    received_at: Mapped[Instant]
    digest: Mapped[bytes]
    verdict: Mapped[Code]
    order_number: Mapped[OptionalCode]
    reference: Mapped[OptionalCode]
    amount: Mapped[int | None] = mapped_column(BigInteger)
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"))


class Reconciliation(Model):
    """A provider's statement 对账单 of a day beside our payments; `differences` lists what does not agree."""

    __tablename__ = "reconciliation"
    __table_args__ = (Index("ix_reconciliation_day", "day", "id"),)

    id: Mapped[Id]
    provider: Mapped[Code]
    day: Mapped[date]
    made_at: Mapped[Instant]
    lines: Mapped[int]
    total: Mapped[int] = mapped_column(BigInteger)
    differences: Mapped[JsonList]
