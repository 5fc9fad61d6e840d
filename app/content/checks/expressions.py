"""Expressions against the calendar and the parameters that they name."""

from collections.abc import Iterator

from app.content import calendar, head
from app.content.checks.subject import Subject, at_element, in_file
from app.engine import Expression
from app.engine.types import Problem


def check_expressions(subject: Subject) -> Iterator[Problem]:
    used = _used_by_capabilities(subject)
    for process in subject.processes.values():
        for found in process.expressions:
            used |= found.expression.parameter_names
            for sentence in _faults(subject, found.expression):
                yield at_element(process, found.element, sentence)
    for table in subject.scheme.definitions.decisions.values():
        for row, column, expression in table.expressions():
            used |= expression.parameter_names
            for sentence in _faults(subject, expression):
                where = f"决策“{table.name}”第 {row} 行“{column}”" if row else f"决策“{table.name}”“{column}”"
                yield in_file(table.file, table.id, f"{where}：{sentence}", row=row, column=column)
    if subject.readable:
        for name in sorted(subject.scheme.parameters.keys() - used):
            yield in_file(subject.file(head.FILE), name, f"参数“{name}”没有用到", "warning")


def _used_by_capabilities(subject: Subject) -> set[str]:
    offered = subject.capabilities or {}
    asked = {ask.capability for _, diagram in subject.read() for ask in diagram.asks}
    return {name for capability in asked & offered.keys() for name in offered[capability].parameters}


def _faults(subject: Subject, expression: Expression) -> Iterator[str]:
    for name in sorted(expression.date_names - subject.scheme.calendar.dates.keys()):
        yield f"表达式“{expression.source}”提到的日期“{name}”不在 {calendar.FILE} 里"
    for name in sorted(expression.parameter_names - subject.scheme.parameters.keys()):
        yield f"表达式“{expression.source}”提到的参数“{name}”没有在 {head.FILE} 的 parameters 里写明"
