"""A running case: start it, give it what it waits for, see where it stands, store it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from SpiffWorkflow.util.task import TaskState

from app.engine import modification, state, ways_back
from app.engine.definitions import Definitions
from app.engine.events import Message, Timer
from app.engine.snapshot import asks, take
from app.engine.specs import ServiceTask
from app.engine.tokens import Token
from app.engine.types import Ask, Context, Snapshot, Variables
from app.engine.ways_back import WayBack
from app.engine.workflow import Execution
from app.errors import Conflict, EngineError


@dataclass(frozen=True, slots=True)
class Position:
    """A token and where it stands; `inside` is the token of the activity around it, 0 for the process.

    `via` is the flow by which it came to a join.
    """

    token: int
    element: str
    name: str
    kind: str
    process: str
    inside: int
    via: str | None


class Instance:
    """A case in the engine.

    Every call runs until nothing is ready. One that raises leaves the instance in pieces: discard it. What a
    snapshot shows is shared with the instance and must not be changed.
    """

    def __init__(self, execution: Execution) -> None:
        self._execution = execution

    @classmethod
    def start(
        cls,
        definitions: Definitions,
        process_id: str,
        variables: Mapping[str, Any],
        context: Context,
        *,
        message: str | None = None,
    ) -> Instance:
        """Start a process at its none start event, or at the one that waits for `message`.

        Raises EngineError if there is no such process or start event.
        """
        process = definitions.processes.get(process_id)
        if process is None:
            raise EngineError("没有这个流程", process=process_id)
        start = process.start if message is None else process.start_messages.get(message)
        if start is None:
            raise EngineError("这个流程不能这样发起", process=process_id)
        execution = Execution(definitions, process)
        execution.root.assign(variables)
        execution.begin(context)
        execution.enter(process.specs[start], None, execution.root)
        execution.run()
        return cls(execution)

    @classmethod
    def load(cls, definitions: Definitions, stored: bytes) -> Instance:
        """The instance that `dump` stored. Raises StateInvalid for anything else."""
        return cls(state.load(definitions, stored))

    def dump(self, canonical: bytes | None = None) -> bytes:
        """The state as bytes: versioned, compressed; after inflation canonical.

        Whoever has just asked for the canonical state may give it back, so that it is not made twice.
        """
        return state.pack(self.canonical() if canonical is None else canonical)

    def canonical(self) -> bytes:
        """The state before compression: byte-equal for the same logical state."""
        return state.canonical(self._execution)

    @property
    def process_id(self) -> str:
        return self._execution.process.id

    @property
    def is_over(self) -> bool:
        """Whether no token is left: ended, or cancelled."""
        return not self._execution.tasks

    def complete(self, token: int, variables: Mapping[str, Any], context: Context) -> None:
        """Complete a user or manual task; `variables` are its mapped outputs.

        Raises Conflict if it is not open.
        """
        task = self._waiting(token, TaskState.READY)
        if not task.task_spec.manual:
            raise Conflict
        task.scope.assign(variables)
        self._begin(context)
        task.run()
        self._execution.run()

    def fire(self, token: int, context: Context) -> None:
        """Let a timer fire as of its due instant, `context.now`.

        Raises Conflict if it is not due, or waits no more.
        """
        timer = self._waiting(token, TaskState.WAITING, Timer)
        due = Timer.due_at(timer)
        if due is None or context.now < due:
            raise Conflict("定时器尚未到期", element=timer.element)
        self._begin(context)
        self._execution.note("fired", timer.element, timer, due_at=due)
        self._trigger(timer)

    def receive(self, token: int, payload: Mapping[str, Any], context: Context) -> None:
        """Give a message to the event or task that waits for it. Raises Conflict if it waits no more."""
        event = self._waiting(token, TaskState.WAITING, Message)
        definition = event.task_spec.event_definition
        definition.receive(event, dict(payload))
        self._begin(context)
        self._execution.note("received", event.element, event, message=definition.name)
        self._trigger(event)

    def answer(
        self, token: int, result: Variables | None, context: Context, *, refused: str | None = None
    ) -> None:
        """Give a capability's result, or the code of its refusal: a BPMN error, thrown at the task."""
        task = self._waiting(token, TaskState.STARTED)
        if not isinstance(task.task_spec, ServiceTask):
            raise Conflict
        self._execution.resume(context, task)
        if refused is None:
            task.task_spec.answer(task, result)
        else:
            self._execution.note("refused", task.element, task, code=refused)
            self._execution.throw_error(refused, task)
        self._execution.run()

    def move(
        self,
        context: Context,
        *,
        cancel: Sequence[int] = (),
        start: Sequence[str | tuple[int, str]] = (),
    ) -> None:
        """Take tokens away and start elements in their place, as a supervisor does; see `modification`."""
        self._begin(context)
        modification.move(self._execution, cancel, start)
        self._execution.run()

    def way_back(self, token: int, earlier: int, to: tuple[str, str]) -> WayBack | None:
        """How `move` takes the case back from a task to an earlier one; see `ways_back`."""
        return ways_back.way_back(self._execution, token, earlier, to)

    def way_before(self, token: int, earlier: int, to: tuple[str, str]) -> WayBack | None:
        """The same from any token that stands, such as an arrival at a join."""
        return ways_back.way_before(self._execution, token, earlier, to)

    def retime(self, context: Context, names: Collection[str] | None = None) -> None:
        """Compute waiting timers anew that used these dates; without names, the undetermined ones."""
        self._begin(context)
        for token in self._execution.tasks.values():
            definition = getattr(token.task_spec, "event_definition", None)
            if not isinstance(definition, Timer) or not token.has_state(TaskState.WAITING):
                continue
            data = token.internal_data
            concerned = data["due"] is None if names is None else not set(names).isdisjoint(data["dates"])
            if concerned:
                definition.compute(token)

    def cancel(self, context: Context) -> None:
        """End the whole instance without an outcome."""
        self._begin(context)
        for token in self._execution.inside(None):
            if token.alive:
                token.cancel()
        self._execution.reached = None

    @property
    def asks(self) -> list[Ask]:
        """The service tasks that wait for their capability's answer, oldest first."""
        return asks(self._execution)

    def snapshot(self) -> Snapshot:
        """What stands; also hands over what happened and was sent since the last one."""
        return take(self._execution)

    def positions(self) -> list[Position]:
        """Every live token: for repair, migration and checks."""
        return [
            Position(
                token.id,
                token.element,
                token.task_spec.element.name,
                token.task_spec.element.kind,
                self._execution.definition_inside(token.host).id,
                token.host.id if token.host else 0,
                token.via,
            )
            for token in self._execution.tasks.values()
        ]

    def _begin(self, context: Context) -> None:
        self._execution.begin(context)

    def _trigger(self, token: Token) -> None:
        self._execution.trigger(token)
        self._execution.run()

    def _waiting(self, number: int, wanted: int, definition: type | None = None) -> Token:
        token: Token | None = self._execution.tasks.get(number)
        if token is None or not token.has_state(wanted):
            raise Conflict
        if definition and not isinstance(getattr(token.task_spec, "event_definition", None), definition):
            raise Conflict
        return token
