"""Dry runs: a case walked through a scheme's diagrams, so that its designer sees what they do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any, Literal

from app.engine.sandbox import ChildFailed, in_child, too_much
from app.engine.types import Happening, Outcome, Problem, Variables
from app.engine.variables import plain

_TOO_MUCH = "试走没能在限定的时间和内存内完成；流程可能在原地打转，请精简后再试"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a dry run is given beside the diagrams: plain data alone, for it goes to another process.

    `days`, by ISO date: whether a day is worked that goes against its weekday, None where nobody knows.
    `answers`, by service task or capability: the variables that it gives, or the code of its refusal.
    `samples`, by process and task: what the task is completed with unless a move says otherwise.
    """

    now: datetime
    variables: Variables = field(default_factory=dict)
    message: str | None = None
    dates: Mapping[str, datetime | None] = field(default_factory=dict)
    days: Mapping[str, bool | None] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    answers: Mapping[str, Variables | str] = field(default_factory=dict)
    samples: Mapping[str, Mapping[str, Variables]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Move:
    """One thing that happens to the case. `target` is the id or name of what waits, or a message's name.

    Of several waits that fit the oldest is meant. `fire` lets time go on until that timer is due, `pass`
    until the next one is; whatever is due by then fires in order.
    """

    kind: Literal["complete", "fire", "receive", "pass"]
    target: str = ""
    variables: Variables = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the case waits for; `due_at` is when a timer fires, or when a task or message closes."""

    kind: Literal["task", "timer", "message"]
    element: str
    name: str
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DryStep:
    """A move (None: the start), and how the case stands after it."""

    move: Move | None
    at: datetime
    happened: tuple[Happening, ...]
    waiting: tuple[Waiting, ...]


@dataclass(frozen=True, slots=True)
class DryRun:
    """The way of the case, as far as it came; a problem's `row` is the number of the move that it stopped."""

    steps: tuple[DryStep, ...] = ()
    outcome: Outcome | None = None
    variables: Variables = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def dry_run_in_child(
    files: Mapping[str, bytes], process_id: str, moves: Sequence[Move] | None, setting: Setting
) -> DryRun:
    """Walks a case of the process by these moves, in a child with limits on time and memory.

    Without moves it goes by itself: what came least often so far, boundary events last, else what has waited
    longest. Errors in the files, a move that is not possible and a child that needs too much are problems of
    the run.
    """
    request = {
        "process": process_id,
        "moves": None if moves is None else [asdict(move) for move in moves],
        "setting": {part.name: plain(getattr(setting, part.name), part.name) for part in fields(setting)},
    }
    try:
        return _from_plain(in_child("dry-run", files, **request))
    except ChildFailed:
        return DryRun(problems=(too_much(files, _TOO_MUCH),))


def _from_plain(run: Mapping[str, Any]) -> DryRun:
    return DryRun(
        steps=tuple(map(_step, run["steps"])),
        outcome=Outcome(**run["outcome"]) if run["outcome"] else None,
        variables=run["variables"],
        problems=tuple(Problem(**problem) for problem in run["problems"]),
    )


def _step(step: Mapping[str, Any]) -> DryStep:
    return DryStep(
        move=Move(**step["move"]) if step["move"] else None,
        at=step["at"],
        happened=tuple(Happening(**one) for one in step["happened"]),
        waiting=tuple(Waiting(**one) for one in step["waiting"]),
    )
