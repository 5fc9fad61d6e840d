"""The plain values that pass between the engine and the rest of the house."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, Protocol

Variables = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a scheme, told so that its designer finds the place.

    `element` is a BPMN id, a DMN rule id, a date or field name; `row` counts from 1.
    """

    file: str
    message: str
    element: str | None = None
    name: str | None = None
    row: int | None = None
    column: str | None = None
    severity: Literal["error", "warning"] = "error"


WORKDAYS = "*workdays"
"""Stands among the dates that a timer used where it counted working days; no date's name has a star."""


class Workdays(Protocol):
    """The statutory calendar (State Council notices, with make-up workdays)."""

    def is_workday(self, day: date) -> bool | None:
        """Whether `day` is a working day; None where nobody knows that year yet."""


@dataclass(frozen=True, slots=True)
class Context:
    """Every argument of a step that is not the case's own: the engine asks no clock and no database.

    `now` is an aware UTC instant; `dates` are the scheme's named dates, resolved (None: undetermined);
    `parameters` are the scheme's own data (pass marks, lengths of periods).
    """

    now: datetime
    dates: Mapping[str, datetime | None]
    workdays: Workdays
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TaskWait:
    """A user, manual or receive task's token that waits for somebody.

    `closes_at` is the earliest due instant of the interrupting timers that would cancel it: its own,
    an enclosing sub-process's, a call activity's (decision 3). `due_at` is until when it should be done: its
    closing, else the earliest due instant of the timers on its border that only start a path beside it.
    `assignee` is the account that the diagram names for it.
    """

    token: int
    element: str
    name: str
    kind: Literal["user", "manual"]
    process: str
    role: str | None
    form: str | None
    properties: Mapping[str, str]
    variables: Variables
    closes_at: datetime | None
    due_at: datetime | None = None
    assignee: int | None = None


@dataclass(frozen=True, slots=True)
class TimerWait:
    """A timer event that waits; `due_at` None means undetermined: alarm, never automatic rejection.

    `dates` are the named dates that its expression used, and WORKDAYS where it counted working days, so that
    an overlay or a corrected holiday recomputes just those.
    """

    token: int
    element: str
    name: str
    due_at: datetime | None
    dates: tuple[str, ...]
    interrupting: bool


@dataclass(frozen=True, slots=True)
class MessageWait:
    """A message event or receive task that waits; `key` correlates it with the sender's."""

    token: int
    element: str
    name: str
    message: str
    key: str | None
    closes_at: datetime | None


@dataclass(frozen=True, slots=True)
class Ask:
    """A service task at which the engine stopped: operations perform the capability and `answer`."""

    token: int
    element: str
    capability: str
    inputs: Variables
    process: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A message thrown to other cases; routing between cases is not the engine's."""

    element: str
    message: str
    key: str | None
    payload: Variables


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened in a step, in order.

    kind: entered, completed, cancelled, flow, decided, fired, received, sent, signalled, asked, answered,
    refused, error, ended, moved. `detail` is plain data (matched rows, due instant, error code …).
    """

    kind: str
    element: str
    token: int | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end event that the whole instance reached; a case is over when this is set, and only then."""

    element: str
    name: str
    properties: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What stands after a step."""

    tasks: Sequence[TaskWait]
    timers: Sequence[TimerWait]
    messages: Sequence[MessageWait]
    asks: Sequence[Ask]
    sent: Sequence[Sent]
    happened: Sequence[Happening]
    variables: Variables
    outcome: Outcome | None
