"""What keeps a person's work at hand: saved filters, who has a task open, what an ended session sent."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import Code, Id, Instant, Json, OrganisationRef


class SavedFilter(Model):
    """A list's filter 常用筛选 under a name: one's own, or `shared` with everybody of the organisation.

    `list` is the list's page, `asked` the parameters of its address.
    """

    __tablename__ = "saved_filter"
    __table_args__ = (
        Index("ix_saved_filter_own", "account_id", "list", "name", unique=True),
        Index("ix_saved_filter_office", "organisation_id", "list"),
    )

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    organisation_id: Mapped[OrganisationRef]
    list: Mapped[Code]
    name: Mapped[str]
    asked: Mapped[Json]
    shared: Mapped[bool]
    created_at: Mapped[Instant]


class TaskPresence(Model):
    """Who has a task's page open: since when, and when the page was heard of last; by the real clock."""

    __tablename__ = "task_presence"

    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    opened_at: Mapped[Instant]
    seen_at: Mapped[Instant]


class KeptForm(Model):
    """What somebody sent whose session had ended: theirs again after the next sign-in, for a day.

    Without ID numbers and files, as a draft. `kind`: the task's own form, or one for many tasks of which this
    was the first.
    """

    __tablename__ = "kept_form"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    values: Mapped[Json]
    kept_at: Mapped[Instant]
