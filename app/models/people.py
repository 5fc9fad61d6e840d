"""The register of persons: the only place that holds an ID number, encrypted with a keyed blind index."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import CaseRef, Code, Id, Instant, OptionalInstant, OptionalOrganisationRef


class Person(Model):
    """An applicant 申报人 (or an officer who might be one: ALL-04)."""

    __tablename__ = "person"
    __table_args__ = (Index("ix_person_unit", "unit_id", "name_key", "id"),)

    id: Mapped[Id]
    unit_id: Mapped[OptionalOrganisationRef]
    name: Mapped[str]
    name_key: Mapped[Code]
    gender: Mapped[Code]
    birth_date: Mapped[date]
    ethnicity: Mapped[str | None]
    telephone: Mapped[str | None]
    id_number_cipher: Mapped[bytes]
    id_number_key_id: Mapped[Code]
    id_number_index: Mapped[bytes] = mapped_column(unique=True)
    id_number_head: Mapped[Code]
    id_number_tail: Mapped[Code]
    created_at: Mapped[Instant]
    left_at: Mapped[OptionalInstant]


class EnteredIdNumber(Model):
    """An ID number entered at a form of a case, or borne before its correction there (LIFE-03).

    The form's value and the log hold `shown`, the masked number; `former` tells a person's old one.
    """

    __tablename__ = "entered_id_number"
    __table_args__ = (Index("ix_entered_id_number_case", "case_id", "shown", "id"),)

    id: Mapped[Id]
    case_id: Mapped[CaseRef]
    shown: Mapped[Code]
    former: Mapped[bool] = mapped_column(default=False)
    cipher: Mapped[bytes]
    key_id: Mapped[Code]
    index: Mapped[bytes]
    entered_at: Mapped[Instant]
