"""Long work 长任务: what somebody asked for that takes longer than a request may, done in the background."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import (
    Code,
    Id,
    Instant,
    Json,
    OptionalCode,
    OptionalInstant,
    OptionalOrganisationRef,
)


class Work(Model):
    """Acts on many tasks, the lines of an import, or an export, as accepted; kept for some weeks.

    `kind`: decisions, returns, recalls, handover, import, export; who has no organisation may hand over.
    `state`: queued, running, done, cancelled, failed (given up after a defect; `message` tells).
    `received_at` is when it was accepted, by the scheme's clock: the instant that counts for every item; an
    export goes by no scheme's, recalls and handovers by each item's own. The other instants are by the real
    clock. `done` and `failed` are kept once it is over; while it runs the items are counted, but for an
    export, whose rows are told here now and then. Of `lanes` each is worked off by one worker at a time.
    `asked` is what the kind needs: the values of all decisions; the list, the filters and the columns of an
    export, whose file lies under `digest`.
    """

    __tablename__ = "work"
    __table_args__ = (Index("ix_work_mine", "account_id", "id"),)

    id: Mapped[Id]
    kind: Mapped[Code]
    title: Mapped[str]
    organisation_id: Mapped[OptionalOrganisationRef]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    scheme_id: Mapped[OptionalCode]
    import_id: Mapped[int | None] = mapped_column(ForeignKey("import.id", ondelete="SET NULL"), unique=True)
    received_at: Mapped[OptionalInstant]
    asked: Mapped[Json]
    total: Mapped[int]
    lanes: Mapped[int]
    done: Mapped[int]
    failed: Mapped[int]
    state: Mapped[Code]
    message: Mapped[str | None]
    digest: Mapped[OptionalCode]
    created_at: Mapped[Instant]
    finished_at: Mapped[OptionalInstant]


class WorkItem(Model):
    """One task of the decisions of a long work, by its `number` there.

    `state`: waiting, done, refused, failed (a defect), cancelled; `message` is the new status, or why not.
    `values` are those of this task alone, and go when it is settled. There are no foreign keys to the case
    and its task: they would lock thousands of cases while the work is accepted.
    """

    __tablename__ = "work_item"

    work_id: Mapped[int] = mapped_column(ForeignKey("work.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[int] = mapped_column(BigInteger)
    case_id: Mapped[int] = mapped_column(BigInteger)
    subject: Mapped[str]
    values: Mapped[Json]
    state: Mapped[Code]
    message: Mapped[str | None]
