"""Gateways: where tokens choose, split and meet."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from SpiffWorkflow.bpmn.specs import defaults as bpmn
from SpiffWorkflow.specs.base import TaskSpec
from SpiffWorkflow.util.task import TaskState

from app.engine.specs import Node, Outgoing
from app.engine.tokens import Token
from app.errors import EngineError


class NoFlow(EngineError):
    """网关的所有条件都不成立，也没有默认流向，流程无法继续。"""


class Gateway(Node):
    """Common to gateways."""

    def connect(self, target: Any) -> None:
        """Connect as any element does: choices are made by `outgoing`, not by the library's lists."""
        TaskSpec.connect(self, target)

    def _no_flow(self, token: Token) -> NoFlow:
        name = self.element.name or self.element.id
        return NoFlow(f"网关“{name}”的所有条件都不成立，也没有默认流向，流程无法继续", element=token.element)


class ExclusiveGateway(Gateway, bpmn.ExclusiveGateway):
    """The first flow in the diagram's order whose condition holds, else the default (BPMN 2.0, 13.4.2)."""

    def taken(self, token: Token) -> tuple[Outgoing, ...]:
        for flow in self.outgoing:
            if not flow.default and (flow.condition is None or token.test(flow.condition)):
                return (flow,)
        default = next((flow for flow in self.outgoing if flow.default), None)
        if default is None:
            raise self._no_flow(token)
        return (default,)


class Joining(Gateway):
    """A gateway at which tokens wait for each other; each waiting token is one arrival by one flow."""

    joins = True

    def arrivals(self, token: Token) -> dict[str, Token]:
        """The oldest arrival of each incoming flow, in the token's own activity."""
        oldest: dict[str, Token] = {}
        for other in token.workflow.tasks.values():
            here = other.task_spec is self and other.host is token.host
            if here and other.via and (other is token or other.has_state(TaskState.WAITING)):
                oldest.setdefault(other.via, other)
        return oldest

    def fire(self, token: Token, arrivals: Iterable[Token]) -> bool:
        """Consume one arrival of each flow; `token` is the one that goes on."""
        for other in arrivals:
            if other is not token:
                token.workflow.remove(other)
        token.workflow.note("entered", token.element, token)
        return True


class ParallelGateway(Joining, bpmn.ParallelGateway):
    """Waits for one token by each incoming flow and consumes just these (BPMN 2.0, 13.4.1)."""

    def _update_hook(self, token: Token) -> bool:
        if len(self.incoming) < 2:
            return super()._update_hook(token)
        arrivals = self.arrivals(token)
        if len(arrivals) < len(self.incoming):
            token._set_state(TaskState.WAITING)
            return False
        arrivals[str(token.via)] = token
        return self.fire(token, arrivals.values())


class InclusiveGateway(Joining, bpmn.InclusiveGateway):
    """Waits while a token can still come by an empty flow and by no other (BPMN 2.0, 13.4.3)."""

    synchronises = True

    def _update_hook(self, token: Token) -> bool:
        if len(self.incoming) < 2:
            return super()._update_hook(token)
        token._set_state(TaskState.WAITING)
        return False

    def taken(self, token: Token) -> tuple[Outgoing, ...]:
        chosen = tuple(
            f for f in self.outgoing if not f.default and (f.condition is None or token.test(f.condition))
        )
        chosen = chosen or tuple(flow for flow in self.outgoing if flow.default)
        if not chosen:
            raise self._no_flow(token)
        return chosen

    def try_to_fire(self, token: Token) -> bool:
        """Go on if nothing that is worth waiting for is on its way any more."""
        arrivals = self.arrivals(token)
        if token.via and arrivals[token.via] is not token:
            return False
        empty = set(self.incoming) - arrivals.keys()
        others = {t.element for t in token.workflow.inside(token.host) if t.task_spec is not self}
        if any(self.awaits(element, empty, arrivals) for element in others):
            return False
        self.fire(token, arrivals.values())
        token._ready()
        return True

    def awaits(self, element: str, empty: Iterable[str], filled: Iterable[str]) -> bool:
        """Whether a token at another element may still come by an empty flow, and by no filled one."""
        ways = self._ways.get(element, frozenset())
        return not ways.isdisjoint(empty) and ways.isdisjoint(filled)

    @cached_property
    def _ways(self) -> dict[str, frozenset[str]]:
        """By element: the incoming flows by which a token there can still come, not passing this gateway."""
        ways: dict[str, set[str]] = {}
        for flow in self.incoming:
            pending = list(self._sources(flow))
            while pending:
                spec = pending.pop()
                reached = ways.setdefault(spec.bpmn_id, set())
                if flow not in reached and spec is not self:
                    reached.add(flow)
                    pending.extend(spec.predecessors)
        return {element: frozenset(flows) for element, flows in ways.items()}

    def _sources(self, flow: str) -> Iterable[Any]:
        return (s for s in self.predecessors if any(out.id == flow for out in s.outgoing))


class EventBasedGateway(Gateway, bpmn.EventBasedGateway):
    """Starts all the events that follow; the first to happen ends the others' waiting (BPMN 2.0, 13.4.4)."""

    def _update_hook(self, token: Token) -> bool:
        return Node._update_hook(self, token)

    def _run_hook(self, token: Token) -> bool:
        return True

    def _on_complete_hook(self, token: Token) -> None:
        super()._on_complete_hook(token)
        for follower in token.children:
            follower.internal_data["race"] = token.id
