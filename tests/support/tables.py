"""Decision tables against examples from a notice; made worse in any place, an example must notice."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pytest
from lxml import etree

from app.engine import Context, DecisionError, DecisionTable, load_definitions
from support.schemes import OnDisk

TAG = "{https://www.omg.org/spec/DMN/20191111/MODEL/}"

ContextFor = Callable[[Mapping[str, Any]], Context]
"""The surroundings of a decision, by the parameters that an example changes."""


@dataclass(frozen=True)
class Example:
    """What a table should say to some variables; a tuple: a word of each finding, in order."""

    variables: Mapping[str, Any]
    expected: Any
    parameters: Mapping[str, Any] = field(default_factory=dict)


class EveryDay:
    """A calendar in which every day is worked."""

    def is_workday(self, day: date) -> bool | None:
        return True


class EveryWeekday:
    """A calendar without holidays."""

    def is_workday(self, day: date) -> bool | None:
        return day.isoweekday() < 6


@dataclass(frozen=True)
class Surroundings:
    """Those in which a scheme's examples decide; they may change its parameters and the instant, `now`.

    `later`: dates that are fixed during the year; only an example that says one has it.
    """

    on_disk: OnDisk
    now: datetime
    workdays: EveryDay | EveryWeekday = field(default_factory=EveryDay)
    later: Collection[str] = ()

    def __call__(self, parameters: Mapping[str, Any]) -> Context:
        scheme, given = self.on_disk.scheme, dict(parameters)
        now = given.pop("now", self.now)
        dates = {**scheme.calendar.resolve(), **{name: given.pop(name, None) for name in self.later}}
        return Context(now, dates, self.workdays, {**scheme.parameter_values, **given})


def examples_of(*makers: Callable[[], Iterator[Example]]) -> dict[str, list[Example]]:
    """By table: a maker bears the name of its table."""
    return {make.__name__: list(make()) for make in makers}


def checklist_of(words: Mapping[str, str]) -> Iterator[Example]:
    """Who approves has said yes to each item; `words` of what a no is told, by item, in the list's order."""
    good = {f"item_{item}": "yes" for item in words}
    yield Example({"decision": "approve", **good}, ())
    yield Example({"decision": "approve", **dict.fromkeys(good, "no")}, tuple(words.values()))
    for item, word in words.items():
        yield Example({"decision": "approve", **good, f"item_{item}": "no"}, (word,))
        for other in ("return", "reject"):
            yield Example({"decision": other, **good, f"item_{item}": "no"}, ())


class TablesAgree:
    """Tests for a test class to inherit: each table decides as its examples say, and needs all it has."""

    context: Surroundings
    examples: Mapping[str, list[Example]]

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "name" in metafunc.fixturenames:
            metafunc.parametrize("name", self.examples)

    def test_tables_say_what_the_notice_says(self, name: str) -> None:
        table = self.context.on_disk.scheme.definitions.decisions[name]
        assert [example for example in self.examples[name] if not agrees(table, example, self.context)] == []

    def test_no_row_and_no_cell_can_go_unnoticed(self, name: str) -> None:
        path = self.context.on_disk.path(f"{name}.dmn")
        content = self.context.on_disk.files[path]
        assert unnoticed(path, content, self.examples[name], self.context) == []


class AllTablesAgree(TablesAgree):
    """And no table is without examples, but for those that have theirs `elsewhere`."""

    elsewhere: Collection[str] = ()

    def test_every_table_has_examples(self) -> None:
        tables = set(self.context.on_disk.scheme.definitions.decisions)
        assert {*self.examples, *self.elsewhere} == tables


def agrees(table: DecisionTable, example: Example, context: ContextFor) -> bool:
    value = table.decide(example.variables, context(example.parameters)).value
    if not isinstance(example.expected, tuple):
        return bool(value == example.expected)
    assert isinstance(value, list)
    findings = [row["finding"] for row in value]
    return len(findings) == len(example.expected) and all(
        word in finding for word, finding in zip(example.expected, findings, strict=True)
    )


def unnoticed(path: str, content: bytes, examples: Iterable[Example], context: ContextFor) -> list[str]:
    """The rows and cells of a table without which it would still agree with all examples."""
    kept = list(examples)
    return [place for place, table in _mutants(path, content) if _survives(table, kept, context)]


def _survives(table: DecisionTable, examples: list[Example], context: ContextFor) -> bool:
    try:
        return all(agrees(table, example, context) for example in examples)
    except DecisionError:
        return False


def _mutants(path: str, content: bytes) -> Iterator[tuple[str, DecisionTable]]:
    """The table without each of its rows, and with each of its tests made to fit anything."""
    rules = len(list(etree.fromstring(content).iter(TAG + "rule")))
    for place in range(rules):
        root = etree.fromstring(content)
        rule = list(root.iter(TAG + "rule"))[place]
        for cell in rule.findall(f"{TAG}inputEntry/{TAG}text"):
            kept, cell.text = cell.text, "-"
            if kept != "-":
                yield cell.getparent().get("id"), _only_table(path, root)
            cell.text = kept
        if rules > 1:
            rule.getparent().remove(rule)
            yield rule.get("id"), _only_table(path, root)


def _only_table(path: str, root: Any) -> DecisionTable:
    return next(iter(load_definitions({path: etree.tostring(root)}).decisions.values()))
