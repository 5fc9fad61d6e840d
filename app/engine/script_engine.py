"""The bridge that makes every expression hook of SpiffWorkflow use our expressions and nothing else."""

from collections.abc import Mapping
from typing import Any, NoReturn

from SpiffWorkflow.bpmn.script_engine import BasePythonScriptEngineEnvironment, PythonScriptEngine
from SpiffWorkflow.task import Task

from app.engine.expressions import ExpressionError, compile_expression
from app.engine.types import Context
from app.engine.values import ExpressionFailed
from app.errors import EngineError


class ScriptRefused(EngineError):
    """流程图里不能运行脚本；请改用表单、决策表或服务任务。"""


class ExpressionEnvironment(BasePythonScriptEngineEnvironment):
    """Evaluates against task data in which an external context has the last word.

    The library's own environment lets the data win: a form field named like one of the engine's
    variables then decides in the engine's place.
    """

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context

    def evaluate(
        self,
        expression: str,
        context: Mapping[str, Any],
        external_context: Mapping[str, Any] | None = None,
    ) -> Any:
        variables = {**context, **external_context} if external_context else context
        try:
            return compile_expression(expression).evaluate(variables, self.context)
        except ExpressionError as problem:
            raise ExpressionFailed(f"表达式“{expression}”不能使用：{problem}") from None

    def execute(
        self, script: str, context: Mapping[str, Any], external_context: Mapping[str, Any] | None = None
    ) -> NoReturn:
        raise ScriptRefused()

    def call_service(self, context: Mapping[str, Any], **kwargs: Any) -> NoReturn:
        raise ScriptRefused()


class ScriptEngine(PythonScriptEngine):
    """The only script engine that a workflow of ours is given; a failure keeps its own type and sentence."""

    def __init__(self, context: Context) -> None:
        super().__init__(ExpressionEnvironment(context))

    def validate(self, expression: str) -> None:
        """Raises SyntaxError, on which the library's decision tables rely."""
        compile_expression(expression)

    def evaluate(self, task: Task, expression: str, external_context: Mapping[str, Any] | None = None) -> Any:
        return self.environment.evaluate(expression, task.data, external_context)

    def execute(self, task: Task, script: str, external_context: Mapping[str, Any] | None = None) -> NoReturn:
        raise ScriptRefused()

    def call_service(self, task: Task, **kwargs: Any) -> NoReturn:
        raise ScriptRefused()
