"""The execution of one case: its tokens, and the loop that moves them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

from app.engine.definitions import Definitions, Element, ProcessDefinition
from app.engine.script_engine import ScriptEngine
from app.engine.tokens import Token
from app.engine.types import Context, Happening, Sent
from app.engine.variables import Scope
from app.errors import EngineError, UncaughtBpmnError

MOST_STEPS = 10_000
"""Elements entered in one call; beyond it a diagram is taken to run in circles."""
MOST_ANSWERS = 5_000
"""Capabilities that may follow one another in one step; beyond it they are taken to go round for ever."""


class Execution(BpmnWorkflow):
    """SpiffWorkflow's workflow with a flat dict of live tokens instead of a tree of everything that ever was.

    A step works in one context, given before it; without one nothing can run.
    """

    context: Context

    def __init__(self, definitions: Definitions, process: ProcessDefinition) -> None:
        super().__init__(process.workflow_spec, script_engine=_REFUSES, deserializing=True)
        self.definitions = definitions
        self.process = process
        self.root = Scope(0, {})
        self.counter = 0
        self.reached: str | None = None
        self.happened: list[Happening] = []
        self.sent: list[Sent] = []
        self._population: dict[int, int] = {}
        self._ready: deque[Token] = deque()
        self._steps = 0
        self._answers = 0

    # Tokens

    def number(self) -> int:
        """The next number for a token or scope; never used again in this case."""
        self.counter += 1
        return self.counter

    def add(self, spec: Any, host: Token | None, scope: Scope) -> Token:
        """A token that is about to enter `spec`."""
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise EngineError("一步之内经过的环节太多，流程可能在原地打转", element=spec.bpmn_id)
        token = Token(self, spec, self.number(), host, scope)
        self.insert(token)
        return token

    def definition_inside(self, host: Token | None) -> ProcessDefinition:
        """The process whose elements stand inside `host`: the nearest called one, else the case's own."""
        while host is not None:
            if host.task_spec.calls:
                return self.definitions.processes[host.task_spec.spec]
            host = host.host
        return self.process

    def insert(self, token: Token) -> None:
        self.tasks[token.id] = token
        inside = token.host.id if token.host else 0
        self._population[inside] = self._population.get(inside, 0) + 1

    def enter(self, spec: Any, host: Token | None, scope: Scope, via: str | None = None) -> Token:
        """A new token enters an element, at a join by a flow."""
        token = self.add(spec, host, scope)
        token.via = via
        spec._update(token)
        return token

    def remove(self, token: Token) -> None:
        del self.tasks[token.id]
        self._population[token.host.id if token.host else 0] -= 1

    def population(self, host: Token | None) -> int:
        """How many tokens live inside an activity, or in the process itself."""
        return self._population.get(host.id if host else 0, 0)

    def inside(self, host: Token | None) -> list[Token]:
        return [token for token in self.tasks.values() if token.host is host]

    def attached(self, host: Token) -> Iterator[Token]:
        """The waiting boundary events of an activity."""
        return (t for t in list(self.tasks.values()) if t.internal_data.get("attached") == host.id)

    def discard(self, token: Token) -> None:
        """Take a token away with everything that lives inside it and waits on its border."""
        if token.alive:
            if token.task_spec.hosts:
                for inner in self.inside(token):
                    inner.cancel()
            self.release(token)
            self.remove(token)

    def release(self, activity: Token) -> None:
        """End the waiting of an activity's boundary events."""
        if activity.task_spec.boundaries:
            for event in self.attached(activity):
                self.remove(event)

    # Steps

    def make_ready(self, token: Token) -> None:
        self._ready.append(token)

    def run(self) -> None:
        """Move every token as far as it goes, one element at a time, oldest first."""
        while self._ready or self._fire_inclusive_joins():
            token = self._ready.popleft()
            if token.alive and token.has_state(TaskState.READY):
                token.run()

    def begin(self, context: Context) -> None:
        self.context = context
        self.script_engine = ScriptEngine(context)
        self._steps = 0
        self._answers = 0

    def resume(self, context: Context, asker: Token) -> None:
        """Go on after a capability's answer, which is part of the step that asked."""
        answers = self._answers + 1
        if answers > MOST_ANSWERS:
            raise EngineError("一步之内调用的系统能力太多，流程可能在原地打转", element=asker.element)
        self.begin(context)
        self._answers = answers

    def _fire_inclusive_joins(self) -> bool:
        joins = [t for t in self.tasks.values() if t.task_spec.synchronises]
        return any(t.has_state(TaskState.WAITING) and t.task_spec.try_to_fire(t) for t in joins)

    def _task_completed_notify(self, token: Token) -> None:
        self.remove(token)
        if token.host is not None:
            token.host.task_spec.child_completed(token.host, token)
        elif not self._population[0]:
            self.reached = self.reached or token.element
            self.note("ended", self.reached)

    # Events

    def trigger(self, token: Token) -> None:
        """An event that waits has happened."""
        token.task_spec.triggered(token)

    def broadcast(self, signal: str) -> None:
        """Give a signal to everything in this instance that waits for it (BPMN 2.0, 10.5.5)."""
        waiting = [token for token in self.tasks.values() if token.has_state(TaskState.WAITING)]
        for token in waiting:
            if token.alive and token.task_spec.waits_for_signal(signal):
                self.note("signalled", token.element, token, signal=signal)
                self.trigger(token)

    def throw_error(self, code: str, thrower: Token) -> None:
        """Cancel the nearest activity around the thrower that catches the error (BPMN 2.0, 10.5.6).

        Raises UncaughtBpmnError if there is none.
        """
        host: Token | None = thrower
        while host is not None:
            catcher = host.task_spec.catcher(code)
            if catcher is not None:
                host.cancel()
                token = self.add(catcher, host.host, host.scope)
                self.note("error", catcher.bpmn_id, token, code=code, thrown_by=thrower.element)
                token._ready()
                return
            host = host.host
        raise UncaughtBpmnError(code, thrower.element)

    def reach(self, end: Element) -> None:
        """Remember an end event as the case's outcome: the last that names one, else the last."""
        if "outcome" in end.properties or not self._has_outcome():
            self.reached = end.id

    def _has_outcome(self) -> bool:
        return self.reached is not None and "outcome" in self.process.elements[self.reached].properties

    def note(self, kind: str, element: str, token: Token | None = None, **detail: Any) -> None:
        self.happened.append(Happening(kind, element, token.id if token else None, detail))


class _Refuses(ScriptEngine):
    """Stands in until a step gives its context: evaluates nothing."""

    def __init__(self) -> None:
        self.environment = None

    def evaluate(self, task: Any, expression: str, external_context: Mapping[str, Any] | None = None) -> Any:
        raise EngineError


_REFUSES = _Refuses()
