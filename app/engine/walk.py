"""Walks a case through its process move by move, with simulated capabilities, as a dry run does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TypeVar

from app.engine.definitions import Definitions
from app.engine.dry_run import DryRun, DryStep, Move, Setting, Waiting
from app.engine.runtime import Instance
from app.engine.types import Context, Happening, MessageWait, Problem, Snapshot, TaskWait, TimerWait
from app.engine.variables import plain
from app.errors import Conflict, DomainError, EngineError

Wait = TypeVar("Wait", TaskWait, MessageWait, TimerWait)

MOST_MOVES = 100
"""A case that goes on after so many moves is left where it stands."""
MOST_CALLS = 1000
"""Timers fired and capabilities asked in one move; beyond it a diagram is taken to run in circles."""


def walk(definitions: Definitions, process_id: str, moves: Sequence[Move] | None, setting: Setting) -> DryRun:
    """The way of a case of the process, by these moves or by itself; see `dry_run_in_child`."""
    walker = _Walker(definitions, setting)
    problems = []
    try:
        walker.begin(process_id)
        for move in walker.choices() if moves is None else moves:
            if len(walker.steps) > MOST_MOVES:
                problems.append(_unfinished(definitions, process_id))
                break
            walker.make(move)
    except DomainError as failure:
        problems.append(_problem(definitions, process_id, failure, len(walker.steps)))
    stands = walker.stands
    return DryRun(
        tuple(walker.steps),
        stands.outcome if stands else None,
        stands.variables if stands else {},
        tuple(problems),
    )


class _Days:
    """Working days: by the weekday, but for the days that are stated."""

    def __init__(self, stated: Mapping[str, bool | None]) -> None:
        self._stated = stated

    def is_workday(self, day: date) -> bool | None:
        return self._stated.get(day.isoformat(), day.weekday() < 5)


class _Walker:
    """A case on its way. `now` is the time of the walk; a timer fires as of its own due instant."""

    instance: Instance
    stands: Snapshot | None = None

    def __init__(self, definitions: Definitions, setting: Setting) -> None:
        self.definitions = definitions
        self.setting = setting
        self.days = _Days(setting.days)
        self.now = setting.now
        self.calls = 0
        self.steps: list[DryStep] = []

    def begin(self, process_id: str) -> None:
        self.instance = Instance.start(
            self.definitions,
            process_id,
            self.setting.variables,
            self._context(self.now),
            message=self.setting.message,
        )
        self._settle(None)

    def choices(self) -> Iterator[Move]:
        """What to do next if nobody says: what came least often, boundary events last, else the oldest."""
        chosen: Counter[str] = Counter()
        while self.stands is not None and (waits := self._open_waits(self.stands)):
            ranks = {wait.token: (chosen[wait.element], self._on_border(wait.element)) for wait in waits}
            wait = min(waits, key=lambda wait: (ranks[wait.token], wait.token))
            chosen[wait.element] += 1
            match wait:
                case TaskWait():
                    yield Move("complete", wait.element)
                case MessageWait():
                    yield Move("receive", wait.element)
                case TimerWait():
                    yield Move("pass")

    def make(self, move: Move) -> None:
        """Raises Conflict with a sentence where nothing waits for the move, and what the engine raises."""
        self.calls = 0
        stands = self.stands or self.instance.snapshot()
        match move.kind:
            case "complete":
                task = _named(move, stands.tasks)
                sample = self.setting.samples.get(task.process, {}).get(task.element, {})
                self.instance.complete(task.token, {**sample, **move.variables}, self._context(self.now))
            case "receive":
                message = _named(move, stands.messages)
                self.instance.receive(message.token, move.variables, self._context(self.now))
            case "fire":
                self._pass_time([_named(move, stands.timers)], move.target)
            case "pass":
                self._pass_time(stands.timers, "")
        self._settle(move)

    def _pass_time(self, timers: Sequence[TimerWait], target: str) -> None:
        due = [timer.due_at for timer in timers if timer.due_at is not None]
        if not due:
            sentence = f"定时“{target}”的时刻尚未确定，不会触发" if target else "没有已经确定时刻的定时在等"
            raise Conflict(sentence)
        self.now = max(self.now, min(due))

    def _settle(self, move: Move | None) -> None:
        """Answers what is asked, fires what is due, and takes the step down."""
        happened: list[Happening] = []
        self._answer(self.now)
        stands = self.instance.snapshot()
        while due := [
            (t.due_at, t.token, t.element) for t in stands.timers if t.due_at and t.due_at <= self.now
        ]:
            happened += stands.happened
            at, token, element = min(due)
            self._count(element)
            self.instance.fire(token, self._context(at))
            self._answer(at)
            stands = self.instance.snapshot()
        happened += stands.happened
        self.stands = stands
        told = tuple(Happening(h.kind, h.element, h.token, plain(h.detail, h.element)) for h in happened)
        self.steps.append(DryStep(move, self.now, told, tuple(_waiting(stands))))

    def _answer(self, at: datetime) -> None:
        while asks := self.instance.asks:
            ask = asks[0]
            self._count(ask.element)
            given = self.setting.answers.get(ask.element, self.setting.answers.get(ask.capability, {}))
            if isinstance(given, str):
                self.instance.answer(ask.token, None, self._context(at), refused=given)
            else:
                self.instance.answer(ask.token, given, self._context(at))

    def _count(self, element: str) -> None:
        self.calls += 1
        if self.calls > MOST_CALLS:
            raise EngineError("一步之内触发的定时和调用的系统能力太多，流程可能在原地打转", element=element)

    def _context(self, at: datetime) -> Context:
        return Context(at, self.setting.dates, self.days, self.setting.parameters)

    def _open_waits(self, stands: Snapshot) -> list[TaskWait | MessageWait | TimerWait]:
        timers = [timer for timer in stands.timers if timer.due_at is not None]
        return [*stands.tasks, *stands.messages, *timers]

    def _on_border(self, element: str) -> bool:
        found = (process.elements.get(element) for process in self.definitions.processes.values())
        return any(one is not None and one.kind == "boundaryEvent" for one in found)


def _named(move: Move, waits: Sequence[Wait]) -> Wait:
    """The oldest wait that the move means. Raises Conflict with those that there are."""
    fitting = [w for w in waits if move.target in (w.element, w.name, getattr(w, "message", w.element))]
    if not fitting:
        known = "、".join(dict.fromkeys(wait.name or wait.element for wait in waits)) or "没有"
        raise Conflict(f"“{move.target}”此时没有在等；这一类在等的：{known}")
    return min(fitting, key=lambda wait: wait.token)


def _waiting(stands: Snapshot) -> Iterator[Waiting]:
    yield from (Waiting("task", w.element, w.name, w.closes_at) for w in stands.tasks)
    yield from (Waiting("message", w.element, w.name, w.closes_at) for w in stands.messages)
    yield from (Waiting("timer", w.element, w.name, w.due_at) for w in stands.timers)


def _unfinished(definitions: Definitions, process_id: str) -> Problem:
    sentence = f"走了 {MOST_MOVES} 步还没有结束，没有再走下去"
    return Problem(definitions.processes[process_id].file, sentence, process_id, severity="warning")


def _problem(definitions: Definitions, process_id: str, failure: DomainError, move: int) -> Problem:
    """Where it stopped: the element that the failure names, else the process."""
    element = str(failure.details.get("element", process_id))
    for process in definitions.processes.values():
        found = process.elements.get(element) or process.flows.get(element)
        if found is not None:
            return Problem(process.file, failure.message, element, found.name or None, row=move or None)
    file = definitions.processes[process_id].file if process_id in definitions.processes else ""
    return Problem(file, failure.message, element, row=move or None)
