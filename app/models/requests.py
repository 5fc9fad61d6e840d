"""Requests that may come twice."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import Code, Instant, Json


class IdempotencyKey(Model):
    """The answer given to a request that named an `Idempotency-Key`; the same key gets the same answer."""

    __tablename__ = "idempotency_key"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    key: Mapped[Code] = mapped_column(primary_key=True)
    request_digest: Mapped[bytes]
    status: Mapped[int]
    body: Mapped[Json]
    created_at: Mapped[Instant]
