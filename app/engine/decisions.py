"""Decision tables: what they decide, with which rows, and every way in which they can fail to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.engine import values
from app.engine.columns import ColumnType
from app.engine.expressions import Expression
from app.engine.hit_policies import (
    AGGREGATIONS,
    EMPTY_AGGREGATES,
    LISTING,
    POLICIES,
    Choice,
    Clash,
    Row,
    Value,
)
from app.engine.sfeel import UnaryTests
from app.engine.types import Context
from app.engine.values import ExpressionFailed
from app.errors import EngineError


class DecisionError(EngineError):
    """决策表得不出结果。"""


@dataclass(frozen=True, slots=True)
class Input:
    """An input column; `allowed` are the values that may occur at all."""

    label: str
    expression: Expression
    type: ColumnType
    allowed: UnaryTests


@dataclass(frozen=True, slots=True)
class Output:
    """An output column; `allowed` lists its values by descending priority; () means any.

    `label` is what people call it, if the table says that.
    """

    name: str
    type: ColumnType
    allowed: tuple[Any, ...] = ()
    default: Expression | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class RuleRef:
    """A row as the log and a person see it; rows count from 1."""

    row: int
    rule: str
    clauses: tuple[str, ...]
    annotation: str


@dataclass(frozen=True, slots=True)
class Rule:
    ref: RuleRef
    tests: tuple[UnaryTests, ...]
    results: tuple[Expression | None, ...]


@dataclass(frozen=True, slots=True)
class DecisionResult:
    """`value` is a row of outputs, or by hit policy a list of rows or a number."""

    table: str
    value: Value
    matched: tuple[RuleRef, ...]


@dataclass(frozen=True, slots=True)
class DecisionTable:
    """A DMN decision table, read and compiled; `id` is the decision's, by which diagrams call it."""

    id: str
    name: str
    file: str
    hit_policy: str
    aggregation: str | None
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rules: tuple[Rule, ...]

    def decide(self, variables: Mapping[str, Any], context: Context) -> DecisionResult:
        """The decision on these variables. Raises DecisionError with a sentence that shows no value."""
        hits = list(self._hits(variables, context))
        if not hits:
            return DecisionResult(self.id, self._without_hits(variables, context), ())
        rows = [self._row(rule, variables, context) for rule in hits]
        value, chosen = self._choose(hits, rows)
        return DecisionResult(self.id, value, tuple(hits[place].ref for place in chosen))

    def expressions(self) -> Iterator[tuple[int | None, str, Expression]]:
        """Row, column and expression of everything that is evaluated: for checks of what it refers to."""
        for column in self.inputs:
            yield None, column.label, column.expression
            yield from ((None, column.label, found) for found in column.allowed.expressions())
        for output in self.outputs:
            if output.default is not None:
                yield None, output.name, output.default
        for rule in self.rules:
            for column, tests in zip(self.inputs, rule.tests, strict=True):
                yield from ((rule.ref.row, column.label, found) for found in tests.expressions())
            for output, result in zip(self.outputs, rule.results, strict=True):
                if result is not None:
                    yield rule.ref.row, output.name, result

    def _hits(self, variables: Mapping[str, Any], context: Context) -> Iterator[Rule]:
        given = [self._read(column, variables, context) for column in self.inputs]
        for rule in self.rules:
            if self._fits(rule, given, variables, context):
                yield rule
                if self.hit_policy == "FIRST":
                    return

    def _read(self, column: Input, variables: Mapping[str, Any], context: Context) -> Any:
        try:
            value = column.type.read(column.expression.evaluate(variables, context))
            if value is not None and not column.allowed.matches(value, variables, context):
                raise ValueError("不在该列允许的取值之内")
        except (ExpressionFailed, ValueError) as problem:
            raise self._error(f"输入“{column.label}”：{problem}") from None
        return value

    def _fits(self, rule: Rule, given: Sequence[Any], variables: Mapping[str, Any], context: Context) -> bool:
        for column, tests, value in zip(self.inputs, rule.tests, given, strict=True):
            try:
                if not tests.matches(value, variables, context):
                    return False
            except (ExpressionFailed, ValueError) as problem:
                raise self._error(f"第 {rule.ref.row} 行“{column.label}”：{problem}", rule.ref.row) from None
        return True

    def _row(self, rule: Rule, variables: Mapping[str, Any], context: Context) -> Row:
        try:
            return self._results(rule.results, variables, context)
        except (ExpressionFailed, ValueError) as problem:
            raise self._error(f"第 {rule.ref.row} 行{problem}", rule.ref.row) from None

    def _results(
        self, results: Sequence[Expression | None], variables: Mapping[str, Any], context: Context
    ) -> Row:
        row: Row = {}
        for output, result in zip(self.outputs, results, strict=True):
            try:
                value = None if result is None else output.type.read(result.evaluate(variables, context))
            except (ExpressionFailed, ValueError) as problem:
                raise ValueError(f"输出“{output.name}”：{problem}") from None
            if value is not None and output.allowed and not values.contains(output.allowed, value):
                raise ValueError(f"输出“{output.name}”不在该列允许的取值之内")
            row[output.name] = value
        return row

    def _choose(self, hits: Sequence[Rule], rows: Sequence[Row]) -> Choice:
        if self.aggregation:
            amounts = [row[self.outputs[0].name] for row in rows]
            try:
                return AGGREGATIONS[self.aggregation](amounts), range(len(rows))
            except ExpressionFailed as problem:
                raise self._error(f"汇总（{self.aggregation}）：{problem}") from None
        ranks = [(output.name, output.allowed) for output in self.outputs if output.allowed]
        try:
            return POLICIES[self.hit_policy](rows, ranks)
        except Clash as clash:
            numbers = [rule.ref.row for rule in hits]
            raise self._error(f"第 {'、'.join(map(str, numbers))} 行{clash}", *numbers) from None

    def _without_hits(self, variables: Mapping[str, Any], context: Context) -> Value:
        if any(output.default is not None for output in self.outputs):
            return self._defaults(variables, context)
        if self.aggregation in EMPTY_AGGREGATES:
            return EMPTY_AGGREGATES[self.aggregation]
        if self._answers_with_a_list:
            return []
        inputs = "、".join(column.label for column in self.inputs)
        raise self._error(f"没有一行符合；请核对{inputs}，或补上缺少的行")

    def _defaults(self, variables: Mapping[str, Any], context: Context) -> Value:
        try:
            row = self._results([output.default for output in self.outputs], variables, context)
        except (ExpressionFailed, ValueError) as problem:
            raise self._error(f"缺省{problem}") from None
        return [row] if self._answers_with_a_list else row

    @property
    def _answers_with_a_list(self) -> bool:
        return self.hit_policy in LISTING and not self.aggregation

    def _error(self, sentence: str, *rows: int) -> DecisionError:
        return DecisionError(f"决策表“{self.name}”{sentence}", decision=self.id, rows=list(rows))
