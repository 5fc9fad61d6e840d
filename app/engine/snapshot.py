"""What stands after a step: the tasks, timers, messages and capabilities that wait, and until when."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from SpiffWorkflow.util.task import TaskState

from app.engine.event_specs import BoundaryEvent
from app.engine.events import Message, Timer
from app.engine.specs import ManualTask, ServiceTask
from app.engine.tokens import Token
from app.engine.types import Ask, MessageWait, Outcome, Snapshot, TaskWait, TimerWait
from app.engine.workflow import Execution

_Closings = dict[tuple[str, int], datetime]


def take(execution: Execution) -> Snapshot:
    """The snapshot; drains what happened and what was sent."""
    tasks: list[TaskWait] = []
    timers: list[TimerWait] = []
    messages: list[MessageWait] = []
    closings, reminders = _closings(execution), _reminders(execution)
    for token in execution.tasks.values():
        definition = getattr(token.task_spec, "event_definition", None)
        if token.has_state(TaskState.READY):
            tasks.append(_task(token, closings, reminders))
        elif token.has_state(TaskState.WAITING) and isinstance(definition, Timer):
            timers.append(_timer(token))
        elif token.has_state(TaskState.WAITING) and isinstance(definition, Message):
            messages.append(_message(token, definition, closings))
    happened, execution.happened = execution.happened, []
    sent, execution.sent = execution.sent, []
    return Snapshot(
        tasks,
        timers,
        messages,
        asks(execution),
        sent,
        happened,
        dict(execution.root.variables),
        _outcome(execution),
    )


def asks(execution: Execution) -> list[Ask]:
    """The service tasks that wait for their capability's answer, oldest first."""
    return [
        _ask(token)
        for token in execution.tasks.values()
        if token.has_state(TaskState.STARTED) and isinstance(token.task_spec, ServiceTask)
    ]


def _task(token: Token, closings: _Closings, reminders: dict[int, datetime]) -> TaskWait:
    element = token.task_spec.element
    closes_at = _closes_at(token, closings)
    return TaskWait(
        token.id,
        element.id,
        element.name,
        "manual" if isinstance(token.task_spec, ManualTask) else "user",
        token.workflow.definition_inside(token.host).id,
        element.role,
        element.form,
        element.properties,
        dict(token.data),
        closes_at,
        closes_at or reminders.get(_bordered(token).id),
        token.internal_data.get("assignee"),
    )


def _bordered(token: Token) -> Token:
    """The token of the activity as the diagram shows it, whose border the timers are on."""
    whole = token.host
    return whole if whole and getattr(whole.task_spec, "child", None) is token.task_spec else token


def _timer(token: Token) -> TimerWait:
    spec = token.task_spec
    interrupting = not isinstance(spec, BoundaryEvent) or bool(spec.cancel_activity)
    dates = tuple(token.internal_data["dates"])
    element = spec.element
    return TimerWait(token.id, element.id, element.name, Timer.due_at(token), dates, interrupting)


def _message(token: Token, definition: Message, closings: _Closings) -> MessageWait:
    element = token.task_spec.element
    key = token.internal_data["key"]
    return MessageWait(token.id, element.id, element.name, definition.name, key, _closes_at(token, closings))


def _ask(token: Token) -> Ask:
    spec: Any = token.task_spec
    process = token.workflow.definition_inside(token.host).id
    return Ask(token.id, spec.element.id, spec.operation_name, token.internal_data["inputs"], process)


def _closings(execution: Execution) -> _Closings:
    """The earliest due instant by what it ends: an activity, or a race behind an event-based gateway."""
    closings: _Closings = {}
    for token in execution.tasks.values():
        due = Timer.due_at(token) if token.internal_data.get("due") else None
        if due is None or not token.has_state(TaskState.WAITING):
            continue
        for ended in _ended_by(token):
            closings[ended] = min(due, closings.get(ended, due))
    return closings


def _reminders(execution: Execution) -> dict[int, datetime]:
    """The earliest due instant of the timers that stand by an activity and do not end it, by its token."""
    found: dict[int, datetime] = {}
    for token in execution.tasks.values():
        spec, due = token.task_spec, Timer.due_at(token) if token.internal_data.get("due") else None
        if due is None or not isinstance(spec, BoundaryEvent) or spec.cancel_activity:
            continue
        attached = token.internal_data.get("attached")
        if token.has_state(TaskState.WAITING) and attached is not None:
            found[attached] = min(due, found.get(attached, due))
    return found


def _ended_by(timer: Token) -> list[tuple[str, int]]:
    if isinstance(timer.task_spec, BoundaryEvent):
        attached = timer.internal_data["attached"]
        return [("activity", attached)] if timer.task_spec.cancel_activity else []
    return [("race", timer.internal_data["race"])] if "race" in timer.internal_data else []


def _closes_at(token: Token, closings: _Closings) -> datetime | None:
    data = token.internal_data
    ends = [("race", data.get("race", 0)), ("activity", data.get("attached", 0))]
    inner: Token | None = token
    while inner is not None:
        ends.append(("activity", inner.id))
        inner = inner.host
    return min((closings[end] for end in ends if end in closings), default=None)


def _outcome(execution: Execution) -> Outcome | None:
    if execution.tasks or execution.reached is None:
        return None
    element = execution.process.elements[execution.reached]
    return Outcome(element.id, element.name, element.properties)
