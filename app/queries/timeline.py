"""What happened to a case, as its page tells it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, column, func, select
from sqlalchemy.dialects.postgresql import JSONB

from app.extensions import db
from app.models import History, HistoryPayload, Incident, MessageWait, Organisation, Task, TaskValue, Timer
from app.queries.paging import Page, read_id_cursor

STEPS_SHOWN = 200
WAY_KINDS = ("entered", "completed", "flow", "decided", "fired", "received", "ended")


@dataclass(frozen=True)
class Step:
    """One row of the log; `values` is what a person entered, `recorded` the kind of a record (CQ-29).

    `act`: what was done beside the case's way, with its `text` and the name of whom it was done to;
    `principal`: for whom it, or what was decided, was done.
    `stands`: the system carried on an earlier opinion, when an amended case went straight back.
    """

    seq: int
    call: str
    element: str | None
    at: datetime
    recorded_at: datetime
    actor: str
    office: str | None
    happened: Sequence[dict[str, Any]]
    recorded: str | None
    task: Task | None
    values: dict[str, Any] | None
    stands: bool = False
    act: str | None = None
    to: str | None = None
    text: str = ""
    principal: str | None = None


def steps(case_id: int, before: str | None = None) -> Page[Step]:
    """The newest steps in the order they happened; `next` leads to earlier ones."""
    query = (
        select(History, Task, TaskValue.values, HistoryPayload.body)
        .outerjoin(Task, Task.id == History.task_id)
        .outerjoin(TaskValue, TaskValue.task_id == History.task_id)
        .outerjoin(HistoryPayload, _recorded())
        .where(History.case_id == case_id)
        .order_by(History.seq.desc())
        .limit(STEPS_SHOWN + 1)
    )
    last = read_id_cursor(before)
    if last is not None:
        query = query.where(History.seq < last)
    newest_first = [_step(*row) for row in db.session.execute(query)]
    kept = newest_first[:STEPS_SHOWN]
    return Page(kept[::-1], str(kept[-1].seq) if len(newest_first) > STEPS_SHOWN else None)


def _recorded() -> ColumnElement[bool]:
    """The payload of what people entered beside tasks: other calls' is the engine's, not for a page."""
    same = (HistoryPayload.case_id == History.case_id) & (HistoryPayload.seq == History.seq)
    return same & History.call.in_(("record", "receive", "move"))


def way(case_id: int) -> set[str]:
    """The ids of the elements and sequence flows that the case has passed."""
    happening = (
        func.jsonb_array_elements(History.happened).table_valued(column("value", JSONB)).render_derived()
    )
    query = (
        select(happening.c.value["element"].astext)
        .select_from(History)
        .join(happening, History.case_id == case_id)
        .where(History.case_id == case_id, happening.c.value["kind"].astext.in_(WAY_KINDS))
        .distinct()
    )
    return set(db.session.scalars(query))


@dataclass(frozen=True)
class Waits:
    """Where a case stands: tasks with the name of who holds them, timers, messages, open incidents."""

    tasks: Sequence[tuple[Task, str | None]]
    timers: Sequence[Timer]
    messages: Sequence[MessageWait]
    incidents: Sequence[Incident]

    def elements(self) -> set[str]:
        tasks = {task.element for task, _ in self.tasks}
        return tasks | {wait.element for wait in self.messages} | {timer.element for timer in self.timers}


def waits(case_id: int) -> Waits:
    tasks = (
        select(Task, Organisation.name)
        .outerjoin(Organisation, Organisation.id == Task.office_id)
        .where(Task.case_id == case_id, Task.state == "open")
        .order_by(Task.id)
    )
    incidents = select(Incident).where(Incident.case_id == case_id, Incident.closed_at.is_(None))
    return Waits(
        tasks=[(task, office) for task, office in db.session.execute(tasks)],
        timers=db.session.scalars(select(Timer).where(Timer.case_id == case_id).order_by(Timer.due_at)).all(),
        messages=db.session.scalars(select(MessageWait).where(MessageWait.case_id == case_id)).all(),
        incidents=db.session.scalars(incidents.order_by(Incident.id)).all(),
    )


def _step(
    history: History, task: Task | None, values: dict[str, Any] | None, payload: dict[str, Any] | None
) -> Step:
    return Step(
        seq=history.seq,
        call=history.call,
        element=history.element,
        at=history.at,
        recorded_at=history.recorded_at,
        actor=history.actor_name,
        office=history.office_name,
        happened=history.happened,
        recorded=history.arguments.get("record"),
        task=task,
        values=values or (payload or {}).get("values"),
        stands="stands" in history.arguments,
        act=history.arguments.get("act"),
        to=history.arguments.get("to_name"),
        text=(payload or {}).get("text", ""),
        principal=history.arguments.get("for", {}).get("name"),
    )
