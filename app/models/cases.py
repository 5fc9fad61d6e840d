"""Cases 办件 and the projections of what waits in them."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import (
    CaseRef,
    Code,
    Id,
    Instant,
    Json,
    JsonList,
    OptionalAccountRef,
    OptionalCode,
    OptionalInstant,
    OptionalOrganisationRef,
    OrganisationRef,
)


class Case(Model):
    """One process instance about one subject, pinned to a deployment.

    `phases`: the status of each phase that the case has come to, by the phase's process.
    `state`: running, ended, cancelled. `engine_state` is the engine's own bytes; `head` the newest link of
    the history chain and `seq` its number; `engine` the release of the engine that wrote the newest.
    `overlays` (moved dates) and `workdays` (version of the table of holidays) are those of the newest step:
    where they have changed since, the case's timers are computed anew before anything else.
    `status` is what people read; `listed` the variables that lists show. `unique_key` keeps one live case
    per subject, process and scheme (LIFE-07). `linked_case_id` is the case that this one is about, such as a
    sanction's (decision 8). Archived files are kept to the end of the day `retained_until` (LIFE-15).
    """

    __tablename__ = "case"
    __table_args__ = (
        Index(
            "ix_case_unique_key",
            "jurisdiction",
            "scheme_id",
            "unique_key",
            unique=True,
            postgresql_where=text("ended_at is null and unique_key is not null"),
        ),
        Index("ix_case_unit", "unit_id", "scheme_id", "process", "id"),
        Index("ix_case_person", "person_id", "id"),
        Index("ix_case_scheme", "scheme_id", "process", "state", "id"),
        # For the list of a phase's few in one status; `phases @> {process: status}`.
        Index(
            "ix_case_phases",
            "phases",
            postgresql_using="gin",
            postgresql_ops={"phases": "jsonb_path_ops"},
        ),
        Index("ix_case_linked", "linked_case_id", "id", postgresql_where=text("linked_case_id is not null")),
    )

    id: Mapped[Id]
    jurisdiction: Mapped[Code]
    scheme_id: Mapped[Code]
    deployment_id: Mapped[int] = mapped_column(ForeignKey("deployment.id"), index=True)
    process: Mapped[Code]
    unit_id: Mapped[OrganisationRef]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    linked_case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"))
    unique_key: Mapped[OptionalCode]
    state: Mapped[Code]
    status: Mapped[str]
    outcome: Mapped[OptionalCode]
    listed: Mapped[Json]
    phases: Mapped[Json] = mapped_column(server_default=text("'{}'::jsonb"))
    engine_state: Mapped[bytes]
    engine: Mapped[Code]
    overlays: Mapped[Json] = mapped_column(server_default=text("'{}'::jsonb"))
    workdays: Mapped[int] = mapped_column(server_default=text("0"))
    seq: Mapped[int]
    head: Mapped[bytes]
    started_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    ended_at: Mapped[OptionalInstant]
    archived_at: Mapped[OptionalInstant]
    retained_until: Mapped[date | None]


class Task(Model):
    """A user task 待办事项; `state`: open, completed, returned, cancelled. Its office is stored once.

    One that is `returned` was done by giving the case back 退回 to an earlier step, whose new task names it
    in `returned_from`. `straight_back`: once that is done, the case goes straight to where it came back from.

    `closes_at`: the instant from which a completion is refused. `due_at`: until when it should be done: its
    closing, else the timer at it that only reminds. `pending_since` is the `received_at` of a bulk request
    that was accepted and has not come to this task yet (decision 3).

    `person_id`: the case's person, who may do it too, where its role lets applicants.

    Any operator of the office may do it while it has no `assignee_id`. `owner_id`: whose it is while it is
    `delegated`, that is, waits for the assignee's opinion. `awaits`: how many cosigners have yet to answer.
    """

    __tablename__ = "task"
    __table_args__ = (
        # An inbox is made of parts, each in the order of the page: what nobody of the office has taken, what
        # an account has, what any account of the office has.
        *(
            Index(
                f"ix_task_{part}_{order}",
                owner,
                key,
                "id",
                postgresql_where=text(f"state = 'open' and {those}"),
            )
            for part, owner, those in (
                ("free", "office_id", "assignee_id is null"),
                ("own", "assignee_id", "assignee_id is not null"),
                ("taken", "office_id", "assignee_id is not null"),
            )
            for order, key in (
                ("opened", "opened_at"),
                ("due", text("coalesce(due_at, 'infinity'::timestamptz)")),
            )
        ),
        # What an account has delegated and waits to come back.
        Index(
            "ix_task_delegated",
            "owner_id",
            "id",
            postgresql_where=text("state = 'open' and owner_id is not null"),
        ),
        # For the kinds of tasks in an inbox, which are few, whatever their number.
        Index(
            "ix_task_kind",
            "office_id",
            "scheme_id",
            "element",
            "name",
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_task_case", "case_id", "token"),
        Index("ix_task_person", "person_id", "id", postgresql_where=text("person_id is not null")),
        # Nearly always empty: the sweep asks each due case for such a task, and must not read all tasks.
        Index("ix_task_pending", "case_id", postgresql_where=text("pending_since is not null")),
        Index(
            "ix_task_done",
            "completed_for",
            "completed_at",
            "id",
            postgresql_where=text("completed_for is not null"),
        ),
    )

    id: Mapped[Id]
    case_id: Mapped[CaseRef]
    scheme_id: Mapped[Code]
    token: Mapped[int]
    process: Mapped[Code]
    element: Mapped[Code]
    name: Mapped[str]
    role: Mapped[Code]
    office_id: Mapped[OptionalOrganisationRef]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    form: Mapped[OptionalCode]
    status: Mapped[str | None]
    bulk: Mapped[bool] = mapped_column(default=False)
    state: Mapped[Code]
    opened_at: Mapped[Instant]
    closes_at: Mapped[OptionalInstant]
    due_at: Mapped[OptionalInstant]
    assignee_id: Mapped[OptionalAccountRef]
    owner_id: Mapped[OptionalAccountRef]
    delegated: Mapped[bool] = mapped_column(server_default=text("false"))
    awaits: Mapped[int] = mapped_column(server_default=text("0"))
    pending_since: Mapped[OptionalInstant]
    completed_at: Mapped[OptionalInstant]
    completed_by: Mapped[OptionalAccountRef]
    completed_for: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    returned_from: Mapped[int | None] = mapped_column(ForeignKey("task.id"))
    straight_back: Mapped[bool] = mapped_column(server_default=text("false"))
    reminded_at: Mapped[OptionalInstant]


class TaskValue(Model):
    """What a person entered at a task, apart from the engine; erasable, its salted digest is in history."""

    __tablename__ = "task_value"

    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), primary_key=True)
    values: Mapped[Json]
    salt: Mapped[bytes]


class TaskDraft(Model):
    """What a person has typed and not submitted yet.

    `saved_from` is the key of the page that it was saved from, if that has one: what a page has saved is no
    other's for it, though the answer was lost on the way.
    """

    __tablename__ = "task_draft"

    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), primary_key=True)
    values: Mapped[Json]
    saved_at: Mapped[Instant]
    saved_by: Mapped[OptionalAccountRef]
    saved_from: Mapped[str | None]


class Timer(Model):
    """A timer event that waits; `due_at` null is undetermined. The table is the truth (journey 2).

    `parked_at` set: its firing failed and stands as an incident until somebody retries it.
    """

    __tablename__ = "timer"
    __table_args__ = (
        Index(
            "ix_timer_due",
            "scheme_id",
            "due_at",
            "id",
            postgresql_where=text("due_at is not null and parked_at is null"),
        ),
        Index("ix_timer_case", "case_id", "token", unique=True),
    )

    id: Mapped[Id]
    case_id: Mapped[CaseRef]
    scheme_id: Mapped[Code]
    token: Mapped[int]
    element: Mapped[Code]
    name: Mapped[str]
    due_at: Mapped[OptionalInstant]
    dates: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    parked_at: Mapped[OptionalInstant]


class MessageWait(Model):
    """A message that a case waits for; one receiving case a transaction."""

    __tablename__ = "message_wait"
    __table_args__ = (Index("ix_message_wait_name", "scheme_id", "message", "key"),)

    case_id: Mapped[CaseRef] = mapped_column(primary_key=True)
    token: Mapped[int] = mapped_column(primary_key=True)
    scheme_id: Mapped[Code]
    element: Mapped[Code]
    name: Mapped[str]
    message: Mapped[Code]
    key: Mapped[OptionalCode]
    closes_at: Mapped[OptionalInstant]


class Incident(Model):
    """What stopped a case without anybody's act: cause, and the deadlines that went on meanwhile."""

    __tablename__ = "incident"
    __table_args__ = (Index("ix_incident_open", "case_id", postgresql_where=text("closed_at is null")),)

    id: Mapped[Id]
    case_id: Mapped[CaseRef]
    kind: Mapped[Code]
    element: Mapped[OptionalCode]
    timer_id: Mapped[int | None] = mapped_column(BigInteger)
    message: Mapped[str]
    deadlines: Mapped[JsonList]
    opened_at: Mapped[Instant]
    closed_at: Mapped[OptionalInstant]
    closed_by: Mapped[OptionalAccountRef]
