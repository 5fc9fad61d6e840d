"""The cells of decision tables: S-FEEL unary tests, with our expressions as what they compare with."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.engine import values
from app.engine.civil import parse_day
from app.engine.columns import ColumnType
from app.engine.expressions import Expression, ExpressionError, compile_expression
from app.engine.types import Context
from app.engine.values import ExpressionFailed

Variables = Mapping[str, Any]

_COMPARISON = re.compile(r"(<=|>=|!=|==|<|>|=)\s*(.+)", re.DOTALL)
_INTERVAL_ENDS = re.compile(r"([\[(\]])(.+)([\])\[])", re.DOTALL)
_NEGATION = re.compile(r"not\s*\((.*)\)", re.DOTALL)
_ISO_DAY = re.compile(r"@?\"?([0-9]{4}-[0-9]{2}-[0-9]{2})\"?")
_OPERATIONS = {
    "=": values.equal,
    "==": values.equal,
    "!=": values.unequal,
    "<": values.less,
    "<=": values.less_or_equal,
    ">": values.greater,
    ">=": values.greater_or_equal,
}
_ORDERING = {"<", "<=", ">", ">="}
_NOT_IN_A_CELL = (ast.Compare, ast.BoolOp, ast.IfExp, ast.List, ast.Tuple, ast.Dict, ast.Not)


class _NoCalendar:
    def is_workday(self, day: Any) -> bool | None:
        return None


_NOWHEN = Context(datetime(1, 1, 2, tzinfo=UTC), {}, _NoCalendar())
_WITHOUT_CONTEXT = {"date", "instant"}


class CellError(ValueError):
    """A cell that is not understood; the message is a sentence for its designer."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What a cell compares with: a value known when the table is read, or an expression."""

    type: ColumnType
    value: Any = None
    expression: Expression | None = None

    def read(self, variables: Variables, context: Context) -> Any:
        if self.expression is None:
            return self.value
        return self.type.read(self.expression.evaluate(variables, context))


@dataclass(frozen=True, slots=True)
class Comparison:
    operator: str
    endpoint: Endpoint

    def holds(self, value: Any, variables: Variables, context: Context) -> bool | None:
        """None where an empty value is asked for its order: neither true nor false (DMN 10.3.2.13)."""
        if value is None and self.operator in _ORDERING:
            return None
        return bool(_OPERATIONS[self.operator](value, self.endpoint.read(variables, context)))


@dataclass(frozen=True, slots=True)
class Interval:
    lower: Comparison
    upper: Comparison

    def holds(self, value: Any, variables: Variables, context: Context) -> bool | None:
        above = self.lower.holds(value, variables, context)
        return above and self.upper.holds(value, variables, context)


@dataclass(frozen=True, slots=True)
class UnaryTests:
    """A cell: alternatives, of which one must hold, or none if negated; no alternatives: anything goes."""

    text: str
    tests: tuple[Comparison | Interval, ...] = ()
    negated: bool = False

    def matches(self, value: Any, variables: Variables, context: Context) -> bool:
        """Whether the input's value satisfies the cell. Raises ExpressionFailed or ValueError."""
        if not self.tests:
            return True
        undecided = False
        for test in self.tests:
            holds = test.holds(value, variables, context)
            if holds:
                return not self.negated
            undecided |= holds is None
        return self.negated and not undecided

    def comparisons(self) -> Iterator[Comparison]:
        for test in self.tests:
            yield from (test,) if isinstance(test, Comparison) else (test.lower, test.upper)

    def expressions(self) -> Iterator[Expression]:
        """What the cell evaluates when it is asked."""
        for comparison in self.comparisons():
            if comparison.endpoint.expression is not None:
                yield comparison.endpoint.expression

    def matches_constantly(self, value: Any) -> bool:
        """`matches` for a cell without expressions, which needs no variables and no context."""
        return self.matches(value, {}, _NOWHEN)


def compile_tests(text: str | None, column: ColumnType) -> UnaryTests:
    """Read an input cell. Raises CellError with a sentence."""
    source = (text or "").strip()
    if source in ("", "-"):
        return UnaryTests(source)
    negation = _NEGATION.fullmatch(source)
    if negation:
        return UnaryTests(source, _alternatives(negation[1], column), negated=True)
    return UnaryTests(source, _alternatives(source, column))


def compile_result(text: str | None, column: ColumnType, allowed: tuple[Any, ...] = ()) -> Expression | None:
    """Read an output cell: a literal or an expression; empty means no value. Raises CellError."""
    source = (text or "").strip()
    if source in ("", "-"):
        return None
    day = _ISO_DAY.fullmatch(source)
    expression = _compile(f'date("{day[1]}")' if day and not source.startswith('"') else source)
    if _is_constant(expression):
        value = _read_constant(expression, column)
        if value is not None and allowed and not values.contains(allowed, value):
            raise CellError("不在该列列出的取值之内")
    return expression


def constant_values(tests: UnaryTests) -> tuple[Any, ...]:
    """The values that a plain list such as ``"合格","优秀"`` names, in order. Raises CellError."""
    comparisons = list(tests.comparisons())
    if tests.negated or any(c.operator not in ("=", "==") or c.endpoint.expression for c in comparisons):
        raise CellError("允许的取值要逐个列出，用逗号分开")
    return tuple(comparison.endpoint.value for comparison in comparisons)


def _alternatives(source: str, column: ColumnType) -> tuple[Comparison | Interval, ...]:
    return tuple(_test(part.strip(), column) for part in _split(source, ","))


def _test(source: str, column: ColumnType) -> Comparison | Interval:
    if source in ("", "-"):
        raise CellError("逗号的一边是空的")
    ends = _INTERVAL_ENDS.fullmatch(source)
    sides = _split(ends[2], "..") if ends else []
    if ends and len(sides) == 2:
        lower, upper = (_endpoint(side.strip(), column) for side in sides)
        _check_order(lower, upper)
        return Interval(
            Comparison(">=" if ends[1] == "[" else ">", lower),
            Comparison("<=" if ends[3] == "]" else "<", upper),
        )
    comparison = _COMPARISON.fullmatch(source)
    if comparison:
        return Comparison(comparison[1], _endpoint(comparison[2].strip(), column, comparison[1]))
    return Comparison("=", _endpoint(source, column))


def _check_order(lower: Endpoint, upper: Endpoint) -> None:
    if lower.expression is None and upper.expression is None:
        try:
            empty = values.less(upper.value, lower.value)
        except ExpressionFailed as problem:
            raise CellError(f"区间的两端：{problem}") from None
        if empty:
            raise CellError("区间的起点大于终点")


def _endpoint(source: str, column: ColumnType, operator: str = "=") -> Endpoint:
    if len(_split(source, "..")) > 1:
        raise CellError("区间要写成 [1..5] 或 (1..5) 这样")
    day = _ISO_DAY.fullmatch(source)
    if day and (not source.startswith('"') or column.name == "date"):
        return Endpoint(column, _read_as(column, _parse_day(day[1])))
    expression = _compile(source)
    for node in ast.walk(ast.parse(expression.source, mode="eval")):
        if isinstance(node, _NOT_IN_A_CELL):
            raise CellError('格子里只写要比较的值，如 >= 10、"甲","乙"、[1..5]，不写变量名和 and、or')
    if not _is_constant(expression):
        return Endpoint(column, expression=expression)
    value = _read_constant(expression, column)
    if operator in _ORDERING and type(value) in (type(None), bool):
        raise CellError(f"{values.kind(value)}没有大小，不能用 {operator} 比较")
    return Endpoint(column, value)


def _compile(source: str) -> Expression:
    source = re.sub(r"^date and time\(", "instant(", source)
    if "?" in source.partition('"')[0]:
        raise CellError("格子里不要写 ?，直接写比较，例如 >= 10")
    try:
        return compile_expression(" ".join(source.split("\n")))
    except ExpressionError as problem:
        raise CellError(f"看不懂“{source}”：{problem}") from None


def _is_constant(expression: Expression) -> bool:
    return not expression.names and expression.functions <= _WITHOUT_CONTEXT


def _read_constant(expression: Expression, column: ColumnType) -> Any:
    try:
        return _read_as(column, expression.evaluate({}, _NOWHEN))
    except ExpressionFailed as problem:
        raise CellError(problem.message) from None


def _read_as(column: ColumnType, value: Any) -> Any:
    try:
        return column.read(value)
    except ValueError as problem:
        raise CellError(f"这一列{problem}" if str(problem).startswith("应当") else str(problem)) from None


def _parse_day(text: str) -> Any:
    try:
        return parse_day(text)
    except ValueError as problem:
        raise CellError(str(problem)) from None


def _split(source: str, separator: str) -> list[str]:
    """The parts between separators that stand outside quotes and round brackets.

    A part's first bracket is not counted: it may open an interval, which any bracket may close.
    """
    parts, start, depth, quote, place = [], 0, 0, "", 0
    while place < len(source):
        character = source[place]
        if quote:
            place += character == "\\"
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character == "(":
            depth += bool(source[start:place].strip())
        elif character == ")":
            depth = max(depth - 1, 0)
        elif depth == 0 and source.startswith(separator, place):
            parts.append(source[start:place])
            start = place + len(separator)
            place = start - 1
        place += 1
    return [*parts, source[start:]]
