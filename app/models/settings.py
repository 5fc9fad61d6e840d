"""What the database knows of itself: its mark, its clocks, its holidays."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import Code, Instant, OptionalAccountRef


class DatabaseMark(Model):
    """Whether this is a rehearsal database 演练库; set at creation, never changed (decision 13)."""

    __tablename__ = "database_mark"
    __table_args__ = (CheckConstraint("id = 1", name="single_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rehearsal: Mapped[bool]
    created_at: Mapped[Instant]


class SchemeClock(Model):
    """The offset of a scheme's rehearsal clock from real time; it only grows."""

    __tablename__ = "scheme_clock"

    scheme_id: Mapped[Code] = mapped_column(primary_key=True)
    offset: Mapped[timedelta]


class Holiday(Model):
    """An administrator's word on one day, on top of the State Council's calendar; the newest version wins."""

    __tablename__ = "holiday"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(primary_key=True)
    is_workday: Mapped[bool]
    note: Mapped[str]
    set_by: Mapped[OptionalAccountRef]
    set_at: Mapped[Instant]
