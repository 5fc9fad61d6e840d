"""What every element does: tasks and the parts common to all, on SpiffWorkflow's task life cycle."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from SpiffWorkflow.bpmn.specs.bpmn_task_spec import BpmnTaskSpec
from SpiffWorkflow.spiff.specs import defaults as spiff
from SpiffWorkflow.util.task import TaskState

from app.engine.definitions import Element
from app.engine.expressions import Expression
from app.engine.tokens import Token
from app.engine.types import Variables
from app.engine.variables import plain
from app.errors import EngineError


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A sequence flow seen from its source."""

    id: str
    target: Any
    condition: Expression | None
    default: bool


class Node(BpmnTaskSpec):
    """An element of the executed profile.

    Life cycle (the library's): `_update` on entry → READY → `_run` → COMPLETED → `_on_complete`, which
    enters what follows. An `_update_hook` that gives False leaves the token waiting; a `_run_hook` that gives
    None leaves it started, to be completed later.
    """

    element: Element
    outgoing: tuple[Outgoing, ...] = ()
    incoming: tuple[str, ...] = ()
    predecessors: tuple[Node, ...] = ()
    default_flow: str | None = None
    boundaries: tuple[Any, ...] = ()
    hosts = False
    calls = False
    joins = False
    synchronises = False

    def test(self) -> None:
        """Nothing: diagrams are checked once, when they are read."""

    def _update_hook(self, token: Token) -> bool:
        token.workflow.note("entered", token.element, token)
        return True

    def _on_ready_hook(self, token: Token) -> None:
        if not self.manual:
            token.workflow.make_ready(token)

    def _run_hook(self, token: Token) -> bool | None:
        return True

    def _on_complete_hook(self, token: Token) -> None:
        workflow = token.workflow
        workflow.note("completed", token.element, token)
        for flow in self.taken(token):
            follower = workflow.add(flow.target, token.host, token.scope)
            follower.via = flow.id
            token._children.append(follower.id)
            workflow.note("flow", flow.id)

    def _on_cancel(self, token: Token) -> None:
        token.workflow.note("cancelled", token.element, token)
        token.workflow.discard(token)

    def taken(self, token: Token) -> tuple[Outgoing, ...]:
        """The flows that the token leaves by: all of them (BPMN 2.0, 13.3.1)."""
        return self.outgoing

    def waits_for_signal(self, signal: str) -> bool:
        return False

    def catcher(self, code: str) -> Any:
        """The boundary event here that catches an error: by its code, else one without a code."""
        catches = [b for b in self.boundaries if b.event_definition.catches_error(code)]
        return min(catches, key=lambda b: b.event_definition.code is None, default=None)


class Activity(Node):
    """An element that may carry boundary events."""

    def _update_hook(self, token: Token) -> bool:
        super()._update_hook(token)
        for event in self.boundaries:
            event.arm(token)
        return True

    def _on_complete_hook(self, token: Token) -> None:
        token.workflow.release(token)
        super()._on_complete_hook(token)


class NoneTask(Activity, spiff.NoneTask):
    """A task without a type: nothing is known to be done there, so it is passed at once."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.manual = False


class UserTask(Activity, spiff.UserTask):
    """Waits, ready, for somebody who completes it; perhaps for the one whose account its diagram names."""

    assignee_wanted: Expression | None = None

    def _update_hook(self, token: Token) -> bool:
        if self.assignee_wanted is not None:
            account = token.evaluate(self.assignee_wanted)
            if account is not None and (isinstance(account, bool) or not isinstance(account, int)):
                raise EngineError("办理人（assignee）应当是账号的编号", element=token.element)
            token.internal_data["assignee"] = account
        return super()._update_hook(token)


class ManualTask(Activity, spiff.ManualTask):
    """A user task without a form."""


class ServiceTask(Activity, spiff.ServiceTask):
    """Asks for a capability and waits for the answer."""

    inputs_wanted: dict[str, Expression]
    result: str | None = None

    def _run_hook(self, token: Token) -> None:
        inputs = {name: plain(token.evaluate(value), name) for name, value in self.inputs_wanted.items()}
        token.internal_data["inputs"] = inputs
        token.workflow.note("asked", token.element, token, capability=self.operation_name, inputs=inputs)

    def answer(self, token: Token, result: Variables | None) -> None:
        """Take the capability's result: into its variable, else its parts become variables."""
        if self.result:
            token.scope.assign({self.result: result})
        else:
            token.scope.assign(result or {})
        token.workflow.note("answered", token.element, token, result=result)
        token.complete()


class BusinessRuleTask(Activity, spiff.BusinessRuleTask):
    """Decides by a table; its outputs become variables, or one variable if the task names it."""

    decision_id: str
    result: str | None = None

    def _run_hook(self, token: Token) -> bool:
        table = token.workflow.definitions.decisions[self.decision_id]
        decided = token.located(lambda: table.decide(token.data, token.workflow.context))
        if self.result:
            token.scope.assign({self.result: decided.value})
        elif isinstance(decided.value, dict):
            token.scope.assign(decided.value)
        else:
            raise EngineError("决策得出的不是一行结果，请为该任务设置 resultVariable", element=token.element)
        rows = [{**asdict(rule), "clauses": list(rule.clauses)} for rule in decided.matched]
        token.workflow.note(
            "decided", token.element, token, decision=self.decision_id, matched=rows, value=decided.value
        )
        return True


class Container(Activity):
    """An activity with tokens inside, which completes when none is left (BPMN 2.0, 13.3.4)."""

    hosts = True

    def child_completed(self, token: Token, child: Token) -> None:
        if not token.workflow.population(token):
            self.finish(token)

    def child_cancelled(self, token: Token) -> None:
        """Somebody took one of the tokens inside away."""

    def finish(self, token: Token) -> None:
        token.complete()


class SubProcess(Container, spiff.SubWorkflowTask):
    """An embedded sub-process: tokens of its own, the variables of what is around it."""

    first: Any

    def _run_hook(self, token: Token) -> None:
        token._set_state(TaskState.STARTED)
        token.workflow.enter(self.first, token, token.scope)


class CallActivity(Container, spiff.CallActivity):
    """Runs another process in variables of its own; only what it names goes in and comes out."""

    inputs_wanted: dict[str, Expression]
    outputs_wanted: dict[str, str]
    calls = True

    def _run_hook(self, token: Token) -> None:
        called = token.workflow.definitions.processes[self.spec]
        self.open(token)
        token.inner.assign({name: token.evaluate(value) for name, value in self.inputs_wanted.items()})
        token._set_state(TaskState.STARTED)
        token.workflow.enter(called.specs[str(called.start)], token, token.inner)

    def open(self, token: Token) -> None:
        """Make the called process's own, empty scope."""
        token.inner = type(token.scope)(token.workflow.number(), {})

    def finish(self, token: Token) -> None:
        inner = token.inner.variables
        token.scope.assign({outer: inner.get(name) for outer, name in self.outputs_wanted.items()})
        super().finish(token)
