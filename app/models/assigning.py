"""Who is asked for a second opinion on a task, and who acts for whom."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import AccountRef, Id, Instant, OptionalAccountRef, OptionalCode, OptionalInstant


class Cosigner(Model):
    """A colleague who was asked to countersign a task 加签; until they answer, nobody can complete it.

    `verdict`: agree or disagree, which decides nothing. `given_by` is their deputy, where one answered.
    One that was removed 减签 is waited for no more.
    """

    __tablename__ = "cosigner"
    __table_args__ = (
        Index("ix_cosigner_task", "task_id", "id"),
        Index(
            "ix_cosigner_asked",
            "account_id",
            "task_id",
            unique=True,
            postgresql_where=text("given_at is null and removed_at is null"),
        ),
    )

    id: Mapped[Id]
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"))
    account_id: Mapped[AccountRef]
    asked_by: Mapped[AccountRef]
    asked_at: Mapped[Instant]
    question: Mapped[str]
    verdict: Mapped[OptionalCode]
    opinion: Mapped[str | None]
    given_at: Mapped[OptionalInstant]
    given_by: Mapped[OptionalAccountRef]
    removed_at: Mapped[OptionalInstant]
    removed_by: Mapped[OptionalAccountRef]


class Deputy(Model):
    """An account that acts for another 代理人 from one instant up to another, exclusive, of the real clock.

    `scheme_id` null: in every scheme. Nobody acts for somebody for whom their principal acts.
    """

    __tablename__ = "deputy"
    __table_args__ = (
        Index("ix_deputy_deputy", "deputy_id", "valid_to", postgresql_where=text("revoked_at is null")),
        Index("ix_deputy_principal", "principal_id", "id"),
    )

    id: Mapped[Id]
    principal_id: Mapped[AccountRef]
    deputy_id: Mapped[AccountRef]
    scheme_id: Mapped[OptionalCode]
    valid_from: Mapped[Instant]
    valid_to: Mapped[Instant]
    ground: Mapped[str]
    made_by: Mapped[AccountRef]
    made_at: Mapped[Instant]
    revoked_at: Mapped[OptionalInstant]
    revoked_by: Mapped[OptionalAccountRef]
