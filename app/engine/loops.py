"""Activities done several times: the standard loop and the two kinds of multi-instance."""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.spiff.specs import defaults as spiff
from SpiffWorkflow.util.task import TaskState

from app.engine.expressions import Expression
from app.engine.specs import Container
from app.engine.tokens import Token
from app.engine.types import Variables
from app.engine.variables import Scope
from app.errors import EngineError

MOST_INSTANCES = 1000
"""More instances of one activity than this are taken for a mistake."""


class _Repeated(Container):
    """The element as the diagram shows it; `child` does it once. Boundary events belong to the whole."""

    child: Any
    condition_wanted: Expression | None = None

    def _begin(self, token: Token, scope: Scope) -> Token:
        """Enter the activity once more; it runs when its turn comes."""
        token._set_state(TaskState.STARTED)
        return token.workflow.enter(self.child, token, scope)


class StandardLoopTask(_Repeated, spiff.StandardLoopTask):
    """While its condition holds, and at most so often (BPMN 2.0, 13.3.6); in the variables around it."""

    def _run_hook(self, token: Token) -> bool | None:
        token.internal_data["done"] = 0
        if self.test_before and self._over(token):
            return True
        self._begin(token, token.scope)
        return None

    def child_completed(self, token: Token, child: Token) -> None:
        token.internal_data["done"] += 1
        if self._over(token):
            token.complete()
        else:
            self._begin(token, token.scope)

    def _over(self, token: Token) -> bool:
        if self.maximum is not None and token.internal_data["done"] >= self.maximum:
            return True
        return self.condition_wanted is not None and not token.test(self.condition_wanted)


class _MultiInstance(_Repeated):
    """Once an item, each in a scope of its own (BPMN 2.0, 13.3.7).

    What an instance assigns stays in it; its output item goes into the collection, in the order of the input.
    Of instances that the completion condition cuts off there is no output.
    """

    cardinality_wanted: Expression | None = None

    def _run_hook(self, token: Token) -> bool | None:
        items = self._items(token)
        token.internal_data.update(total=len(items), outputs=[])
        if not items:
            self._finish(token)
            return True
        self.start(token, items)
        return None

    def start(self, token: Token, items: list[Any]) -> None:
        """Begin with the items that are to be done at once."""
        for index, item in enumerate(items):
            self.begin_item(token, index, item)

    def begin_item(self, token: Token, index: int, item: Any) -> None:
        scope = Scope(token.workflow.number(), {"loopCounter": index}, token.scope)
        if self.input_item is not None:
            scope.assign({self.input_item.bpmn_id: item})
        self._begin(token, scope).internal_data["index"] = index

    def next(self, token: Token) -> None:
        """Begin with the next item, if one waits for its turn."""

    def child_completed(self, token: Token, child: Token) -> None:
        data = token.internal_data
        output = child.scope.variables.get(self.output_item.bpmn_id) if self.output_item is not None else None
        data["outputs"].append([child.internal_data["index"], output])
        if len(data["outputs"]) < data["total"] and not self._cut_short(token):
            self.next(token)
            return
        for remaining in token.workflow.inside(token):
            remaining.cancel()
        self._finish(token)
        token.complete()

    def child_cancelled(self, token: Token) -> None:
        token.internal_data["total"] -= 1

    def _finish(self, token: Token) -> None:
        token.scope.assign(self._collected(token))

    def _collected(self, token: Token) -> Variables:
        if self.data_output is None:
            return {}
        outputs = sorted(token.internal_data["outputs"], key=lambda pair: int(pair[0]))
        return {self.data_output.bpmn_id: [output for _, output in outputs]}

    def _cut_short(self, token: Token) -> bool:
        if self.condition_wanted is None:
            return False
        done, total = len(token.internal_data["outputs"]), token.internal_data["total"]
        counts = {
            "numberOfInstances": total,
            "numberOfCompletedInstances": done,
            "numberOfActiveInstances": len(token.workflow.inside(token)),
        }
        variables = {**token.data, **self._collected(token), **counts}
        condition = self.condition_wanted
        return bool(token.located(lambda: condition.test(variables, token.workflow.context)))

    def _items(self, token: Token) -> list[Any]:
        if self.cardinality_wanted is not None:
            count = token.evaluate(self.cardinality_wanted)
            if type(count) is not int or count < 0:
                raise EngineError("多实例的个数（loopCardinality）应当是非负整数", element=token.element)
            items: Any = range(count)
        else:
            items = token.data.get(self.data_input.bpmn_id)
            if not isinstance(items, list):
                name = self.data_input.bpmn_id
                raise EngineError(f"多实例的输入“{name}”应当是列表", element=token.element, variable=name)
        if len(items) > MOST_INSTANCES:
            raise EngineError(f"多实例一次最多 {MOST_INSTANCES} 个", element=token.element)
        return list(items)


class ParallelMultiInstanceTask(_MultiInstance, spiff.ParallelMultiInstanceTask):
    """All instances at once."""


class SequentialMultiInstanceTask(_MultiInstance, spiff.SequentialMultiInstanceTask):
    """One instance after the other; the items are those that were there at the start."""

    def start(self, token: Token, items: list[Any]) -> None:
        token.internal_data["items"] = items
        self.next(token)

    def next(self, token: Token) -> None:
        index = len(token.internal_data["outputs"])
        self.begin_item(token, index, token.internal_data["items"][index])
