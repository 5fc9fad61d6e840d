"""Tables of values that an office uploads to complete many tasks, kept until it has chosen what to import."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import Code, Id, Instant, Json, OptionalInstant, OrganisationRef


class Import(Model):
    """An uploaded table for the open tasks of one kind; kept for a day.

    `state`: checked (waits for the choice), running, finished. `uploaded_at` is by the real clock;
    `received_at` is when the choice was made, by the scheme's: the instant that counts for every row.
    """

    __tablename__ = "import"

    id: Mapped[Id]
    organisation_id: Mapped[OrganisationRef] = mapped_column(index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    scheme_id: Mapped[Code]
    element: Mapped[Code]
    name: Mapped[str]
    title: Mapped[str]
    state: Mapped[Code]
    uploaded_at: Mapped[Instant]
    received_at: Mapped[OptionalInstant]


class ImportRow(Model):
    """A line of the table, by its `number` there.

    `state`: good (may be imported), bad, blank (nothing filled in), done, refused; `message` says why not, or
    the status that it led to. `values` go when the line is settled: then the case has them. There are no
    foreign keys to the case and its task: they would lock thousands of cases while a table is checked.
    """

    __tablename__ = "import_row"

    import_id: Mapped[int] = mapped_column(ForeignKey("import.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int | None] = mapped_column(BigInteger)
    task_id: Mapped[int | None] = mapped_column(BigInteger)
    subject: Mapped[str]
    values: Mapped[Json]
    state: Mapped[Code]
    message: Mapped[str | None]
