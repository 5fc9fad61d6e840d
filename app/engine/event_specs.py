"""Events in the diagram: start, end, catching, throwing and on the border of an activity."""

from __future__ import annotations

from SpiffWorkflow.bpmn.specs import defaults as bpmn
from SpiffWorkflow.spiff.specs import defaults as spiff
from SpiffWorkflow.util.task import TaskState

from app.engine.events import Signal
from app.engine.specs import Activity, Node
from app.engine.tokens import Token


class StartEvent(Node, bpmn.StartEvent):
    """Where a process or sub-process begins; a message start is passed, the message has come already."""


class _Throwing(Node):
    def _run_hook(self, token: Token) -> bool | None:
        self.event_definition.throw(token)
        return True if token.alive else None


class IntermediateThrowEvent(_Throwing, bpmn.IntermediateThrowEvent):
    """Sends a message or gives a signal, and goes on."""


class EndEvent(_Throwing, bpmn.EndEvent):
    """Consumes its token; on the process's own level it may be the case's outcome."""

    def _run_hook(self, token: Token) -> bool | None:
        if token.host is None:
            token.workflow.reach(self.element)
        return super()._run_hook(token)


class SendTask(Activity, _Throwing, spiff.SendTask):
    """A task that sends a message."""


class _Catching(Node):
    """Waits for its event, perhaps in a race that an event-based gateway began."""

    def _update_hook(self, token: Token) -> bool:
        super()._update_hook(token)
        if not self.event_definition.waits:
            return True
        self.event_definition.arm(token)
        token._set_state(TaskState.WAITING)
        return False

    def triggered(self, token: Token) -> None:
        """The event has happened: the race's other events are over, the token goes on."""
        race = token.internal_data.pop("race", None)
        for rival in list(token.workflow.tasks.values()):
            if race is not None and rival.internal_data.get("race") == race:
                rival.cancel()
        token._ready()

    def waits_for_signal(self, signal: str) -> bool:
        return isinstance(self.event_definition, Signal) and bool(self.event_definition.name == signal)


class IntermediateCatchEvent(_Catching, bpmn.IntermediateCatchEvent):
    """Waits for a timer, a message or a signal."""


class ReceiveTask(_Catching, Activity, spiff.ReceiveTask):
    """A task that waits for a message."""


class BoundaryEvent(_Catching, bpmn.BoundaryEvent):
    """Waits while its activity runs; cancels it, or starts a path beside it."""

    def arm(self, activity: Token) -> None:
        """Begin to wait on the border of an activity; an error is looked for only when it is thrown."""
        if self.event_definition.waits:
            token = activity.workflow.add(self, activity.host, activity.scope)
            token.internal_data["attached"] = activity.id
            self.event_definition.arm(token)
            token._set_state(TaskState.WAITING)

    def _update_hook(self, token: Token) -> bool:
        return Node._update_hook(self, token)

    def triggered(self, token: Token) -> None:
        workflow = token.workflow
        if self.cancel_activity:
            workflow.tasks[token.internal_data.pop("attached")].cancel()
        elif self.event_definition.repeats:
            token = workflow.add(self, token.host, token.scope)
        else:
            del token.internal_data["attached"]
        token._ready()
