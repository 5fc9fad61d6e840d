"""Decision tables against examples from a notice; made worse in any place, an example must notice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from app.engine import Context, DecisionError, DecisionTable, load_definitions

TAG = "{https://www.omg.org/spec/DMN/20191111/MODEL/}"

ContextFor = Callable[[Mapping[str, Any]], Context]
"""The surroundings of a decision, by the parameters that an example changes."""


@dataclass(frozen=True)
class Example:
    """What a table should say to some variables; a tuple: a word of each finding, in order."""

    variables: Mapping[str, Any]
    expected: Any
    parameters: Mapping[str, Any] = field(default_factory=dict)


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
