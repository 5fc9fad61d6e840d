"""Bars 禁考、不得申报: they follow the person across units and schemes of a jurisdiction (ALL-02)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import CaseRef, Code, Id, Instant, OptionalInstant


class Bar(Model):
    """A bar imposed by a service task's token of a case, found by the person's blind index.

    `kind`: until (the day `until` is the last one barred) or next_examination, which is over when a later
    year's scheme of the jurisdiction has gone by: `year` is that of the scheme that imposed it.
    """

    __tablename__ = "bar"
    __table_args__ = (
        Index("ix_bar_person", "id_number_index", postgresql_where="lifted_at is null"),
        Index("ix_bar_case", "case_id", "token", unique=True),
    )

    id: Mapped[Id]
    jurisdiction: Mapped[Code]
    year: Mapped[int]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    id_number_index: Mapped[bytes]
    case_id: Mapped[CaseRef]
    token: Mapped[int]
    kind: Mapped[Code]
    until: Mapped[date | None]
    ground: Mapped[str]
    imposed_at: Mapped[Instant]
    lifted_at: Mapped[OptionalInstant]
    lifted_by_case_id: Mapped[int | None] = mapped_column(BigInteger)
    lift_ground: Mapped[str | None]
