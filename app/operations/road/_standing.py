"""How a case stands, as its row has it and people read it: state, status, outcome, listed variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.content.scheme import Scheme
from app.engine import Instance
from app.engine.types import MessageWait, Snapshot, TaskWait, TimerWait
from app.operations.road._plain import to_json


def standing(
    scheme: Scheme, process: str, status_before: str, instance: Instance, stands: Snapshot
) -> dict[str, Any]:
    """The columns of the case's row that follow from the engine's state.

    Where no task that waits names a status, it is that of the phase's event that was come to last, or of the
    first phase that waits for an event, or else the one before stays.
    """
    cancelled = instance.is_over and stands.outcome is None
    return {
        "state": "cancelled" if cancelled else "ended" if instance.is_over else "running",
        "status": _status(scheme, stands) or _last_mark(scheme, stands) or status_before,
        "outcome": stands.outcome.properties.get("outcome") if stands.outcome else None,
        "listed": {
            name: to_json(stands.variables[name])
            for name in scheme.processes[process].listed
            if name in stands.variables
        },
    }


def phases(scheme: Scheme, before: Mapping[str, str], stands: Snapshot) -> dict[str, str]:
    """The status of each phase that the case has come to: of its task that waits, else of its event."""
    now = {**before, **dict(_marks(scheme, stands))}
    known = {phase.process for phase in scheme.phases}
    for wait in stands.tasks:
        status_text = wait.properties.get("status")
        if wait.process in known and status_text:
            now[wait.process] = _named(scheme, wait, status_text)
    return now


def _marks(scheme: Scheme, stands: Snapshot) -> Iterator[tuple[str, str]]:
    """(process, status) of each marking event that the step came to, in order."""
    for happening in stands.happened:
        if happening.kind == "entered" and happening.element in scheme.phase_marks:
            yield scheme.phase_marks[happening.element]


def _last_mark(scheme: Scheme, stands: Snapshot) -> str | None:
    marks = list(_marks(scheme, stands))
    return marks[-1][1] if marks else None


def _status(scheme: Scheme, stands: Snapshot) -> str | None:
    """The state's name as people read it (CQ-19); `{role}` stands for the office's title.

    Where several things wait at once, that of the phase which the scheme names first, and before all phases
    what waits outside of them.
    """
    if stands.outcome is not None:
        return stands.outcome.properties.get("status") or stands.outcome.name
    waiting = list(_waiting(scheme, stands))
    order = {phase.process: number for number, phase in enumerate(scheme.phases)}
    first = min(waiting, key=lambda found: order.get(found[0], -1), default=None)
    return first[1] if first else None


def _waiting(scheme: Scheme, stands: Snapshot) -> Iterator[tuple[str, str]]:
    """(process, status) of each task that waits, or else of the event that was come to last; and of the
    events that are waited for, unless nothing waits but them and nothing has happened.
    """
    for wait in stands.tasks:
        if status := wait.properties.get("status"):
            yield wait.process, _named(scheme, wait, status)
    come_to = [] if stands.tasks else list(_marks(scheme, stands))[-1:]
    yield from come_to
    if stands.tasks or stands.happened:
        events: list[MessageWait | TimerWait] = [*stands.messages, *stands.timers]
        for event in events:
            if event.element in scheme.phase_marks:
                yield scheme.phase_marks[event.element]


def _named(scheme: Scheme, wait: TaskWait, status: str) -> str:
    return status.replace("{role}", scheme.role_named(wait.role or "").title)
