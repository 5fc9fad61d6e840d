"""Tokens: SpiffWorkflow's tasks, flat and numbered, without data of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from app.engine.expressions import Expression
from app.engine.types import Context
from app.engine.variables import Scope
from app.errors import DomainError, EngineError

if TYPE_CHECKING:
    from app.engine.workflow import Execution

Located = Callable[[], Any]


class Token(Task):
    """Where a case stands: an element that is entered, waits or runs.

    `host` is the token of the activity inside which this one lives (None in the process itself). The
    library's tree is not kept: children are known only while a token completes.
    """

    workflow: Execution

    def __init__(
        self,
        workflow: Execution,
        spec: Any,
        number: int,
        host: Token | None,
        scope: Scope,
        state: int = TaskState.FUTURE,
    ) -> None:
        self.id = number
        self.workflow = workflow
        self.task_spec = spec
        self.host = host
        self.scope = scope
        self.inner = scope
        self.via: str | None = None
        self.internal_data: dict[str, Any] = {}
        self.triggered = False
        self._parent = None
        self._children: list[int] = []
        self._state = state

    @property
    def data(self) -> dict[str, Any]:
        """The variables that this token sees."""
        return self.scope.visible()

    @property
    def element(self) -> str:
        """The id of the diagram's element."""
        return str(self.task_spec.bpmn_id)

    @property
    def alive(self) -> bool:
        return self.workflow.tasks.get(self.id) is self

    def run(self) -> bool | None:
        """Run the element, if it is ready. The library runs a task in any state, a completed one too."""
        if not self.alive or not self.has_state(TaskState.READY):
            raise EngineError(element=self.element)
        done: bool | None = super().run()
        return done

    def evaluate(self, expression: Expression, context: Context | None = None) -> Any:
        """The expression's value here; an error names the element."""
        return self.located(lambda: expression.evaluate(self.data, context or self.workflow.context))

    def test(self, condition: Expression) -> bool:
        return bool(self.located(lambda: condition.test(self.data, self.workflow.context)))

    def located(self, compute: Located) -> Any:
        """What `compute` gives; an error gets this element's id among its details."""
        try:
            return compute()
        except DomainError as problem:
            problem.details = {"element": self.element, **problem.details}
            raise

    def _set_state(self, value: int) -> None:
        self._state = value

    def _inherit_data(self) -> None:
        """Nothing to inherit: variables live in scopes."""

    def __repr__(self) -> str:
        return f"<{self.id} {self.task_spec.name} {TaskState.get_name(self._state)}>"
