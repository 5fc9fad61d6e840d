"""The expression language of diagrams and tables: Python-looking text over plain data."""

import ast
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from app.engine import values
from app.engine.closures import Compiler, ExpressionError, Run
from app.engine.types import WORKDAYS, Context, Workdays
from app.engine.values import ExpressionFailed

__all__ = ["Expression", "ExpressionError", "ExpressionFailed", "compile_expression", "unknown_dates"]

LONGEST_SOURCE = 2000

_HINTS = {
    "“": '引号请用英文半角的 "',
    "”": '引号请用英文半角的 "',
    "，": "逗号请用英文半角的 ,",
    "（": "括号请用英文半角的 ( )",
    "）": "括号请用英文半角的 ( )",
    "${": "不要写 ${ }，直接写表达式",
    "&&": "“并且”请写 and",
    "||": "“或者”请写 or",
    "!": "“不是”请写 not，“不等于”请写 !=",
    "=": "“等于”请写 ==",
}


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression, with what it refers to: for checks, without running it."""

    source: str
    names: frozenset[str]
    functions: frozenset[str]
    date_names: frozenset[str]
    parameter_names: frozenset[str]
    _run: Run = field(repr=False, compare=False)

    def evaluate(self, variables: Mapping[str, Any], context: Context) -> Any:
        """The value; plain data. Raises ExpressionFailed with a sentence that shows no variable's value."""
        try:
            result = self._run(variables, context)
            if type(result) not in values.SCALARS and values.total_size(result) > values.LONGEST_TEXT:
                raise ExpressionFailed("算出的内容太多")
        except (ExpressionFailed, ValueError) as problem:
            raise self._failure(str(problem)) from None
        except OverflowError:
            raise self._failure("算出的日期或数字超出范围") from None
        except RecursionError:
            raise self._failure("数据的层次太深") from None
        return result

    def test(self, variables: Mapping[str, Any], context: Context) -> bool:
        """Evaluate a condition: its value must be true or false, nothing else passes for either."""
        result = self.evaluate(variables, context)
        if type(result) is not bool:
            raise self._failure(f"条件应当得出真或假，实际得出{values.kind(result)}")
        return result

    def evaluate_with_dates(
        self, variables: Mapping[str, Any], context: Context
    ) -> tuple[Any, frozenset[str]]:
        """The value, and the named dates that it was computed from; WORKDAYS if also from working days."""
        dates, workdays = _Recorder(context.dates), _AskedWorkdays(context.workdays)
        result = self.evaluate(variables, replace(context, dates=dates, workdays=workdays))
        return result, frozenset(dates.used | ({WORKDAYS} if workdays.asked else set()))

    def _failure(self, sentence: str) -> ExpressionFailed:
        return ExpressionFailed(f"表达式“{self.source}”算不出来：{sentence}", expression=self.source)


def unknown_dates(expression: Expression, known: Collection[str]) -> frozenset[str]:
    """The dates that an expression names and a calendar lacks."""
    return expression.date_names.difference(known)


@lru_cache(maxsize=4096)
def compile_expression(source: str) -> Expression:
    """Compile the text of an expression. Raises ExpressionError with a sentence and a position."""
    line = _one_line(source)
    compiler = Compiler(line)
    run = compiler.compile(_parse(line))
    return Expression(
        source,
        frozenset(compiler.names),
        frozenset(compiler.functions),
        frozenset(compiler.literals["named_date"]),
        frozenset(compiler.literals["parameter"]),
        run,
    )


def _one_line(source: str) -> str:
    """The source without the line breaks that a designer put in; a comment would swallow what follows it."""
    line = source.strip()
    if not line:
        raise ExpressionError("表达式是空的", source)
    if len(line) > LONGEST_SOURCE:
        raise ExpressionError(f"表达式太长（最多 {LONGEST_SOURCE} 个字）", line[:40])
    return line if "#" in line else " ".join(line.splitlines())


def _parse(line: str) -> ast.expr:
    try:
        return ast.parse(line, mode="eval").body
    except SyntaxError as problem:
        offset = max(problem.offset or 1, 1)
        hint = next((f"：{text}" for mark, text in _HINTS.items() if mark in line), "")
        raise ExpressionError(f"表达式第 {offset} 个字附近写法不对{hint}", line, offset) from None
    except (ValueError, MemoryError, RecursionError):
        raise ExpressionError("表达式写法不对：有不能识别的字符，或层次太深", line) from None


class _Recorder(Mapping[str, datetime | None]):
    """Dates that note which of them were asked for."""

    def __init__(self, dates: Mapping[str, datetime | None]) -> None:
        self._dates = dates
        self.used: set[str] = set()

    def __getitem__(self, name: str) -> datetime | None:
        found = self._dates[name]
        self.used.add(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._dates)

    def __len__(self) -> int:
        return len(self._dates)


class _AskedWorkdays:
    """Working days that note whether anybody asked for them."""

    def __init__(self, workdays: Workdays) -> None:
        self._workdays = workdays
        self.asked = False

    def is_workday(self, day: date) -> bool | None:
        self.asked = True
        return self._workdays.is_workday(day)
