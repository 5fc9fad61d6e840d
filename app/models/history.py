"""The replayable log: one chained row for each call of the engine (decisions 1 and 10)."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import (
    CaseRef,
    Code,
    Instant,
    Json,
    JsonList,
    OptionalAccountRef,
    OptionalCode,
    OptionalOrganisationRef,
)


class History(Model):
    """One link of a case's chain.

    `call`: start, complete, fire, receive, move, retime, cancel; or, logged without a call of the engine,
    record and handed (to another unit or office).
    `at` is the instant the engine was given (received, or due); `recorded_at` when it was written.
    `arguments` is all that replays the call but personal values, which lie in `HistoryPayload` and stand
    here as `payload_digest`; and with it, where there is any, what the step resolved: `offices` by the token
    of each task that it opened or handed over, the case's `unit` and the `engine` where they changed.
    `state_digest` is of the canonical engine state after the call. `mac` is keyed over this row and
    `previous`.
    """

    __tablename__ = "history"
    # Rows are added in the order of time: the hourly root finds the newest by a few pages of summary.
    __table_args__ = (
        Index(
            "ix_history_recorded_at",
            "recorded_at",
            postgresql_using="brin",
            postgresql_with={"autosummarize": "on"},
        ),
        # Who began which cases.
        Index("ix_history_begun_by", "actor_id", "case_id", postgresql_where=text("seq = 1")),
        Index("ix_history_begun_for", "office_id", "case_id", postgresql_where=text("seq = 1")),
        # For the timers of a date that had fired before it was moved.
        Index("ix_history_fired", "element", "at", "case_id", postgresql_where=text("call = 'fire'")),
    )

    case_id: Mapped[CaseRef] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    call: Mapped[Code]
    element: Mapped[OptionalCode]
    task_id: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[Instant]
    recorded_at: Mapped[Instant]
    actor_id: Mapped[OptionalAccountRef]
    actor_name: Mapped[str]
    office_id: Mapped[OptionalOrganisationRef]
    office_name: Mapped[str | None]
    arguments: Mapped[Json]
    happened: Mapped[JsonList]
    payload_digest: Mapped[bytes | None]
    state_digest: Mapped[bytes]
    previous: Mapped[bytes]
    mac: Mapped[bytes]
    key_id: Mapped[Code]


class HistoryPayload(Model):
    """The personal arguments of one call; `body` null after an erasure: only the digest is checked."""

    __tablename__ = "history_payload"
    __table_args__ = (ForeignKeyConstraint(["case_id", "seq"], ["history.case_id", "history.seq"]),)

    case_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    salt: Mapped[bytes]
    body: Mapped[Json | None]
