"""The articles behind a task: those of its step, of the ways that lead on, of the table rows that matched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.content.scheme import Scheme
from app.models import Case, Task
from app.queries import timeline
from app.web import history
from app.web.history import Decision

MOST = 6
"""Decisions that are shown: the last one of each table."""


@dataclass(frozen=True)
class Grounds:
    """`step` and `ways` are (what it is about, clause ids); `clauses` the texts of all that are named."""

    step: Sequence[str]
    ways: Sequence[tuple[str, Sequence[str]]]
    decisions: Sequence[Decision]
    clauses: Mapping[str, str]

    def __bool__(self) -> bool:
        return bool(self.step or self.ways or self.decisions)


def behind(task: Task, case: Case, scheme: Scheme) -> Grounds:
    process = scheme.definitions.processes[task.process]
    step = process.elements[task.element].clauses
    ways = list(_ways(task, scheme))
    told = history.entries(timeline.steps(case.id).rows, case, scheme)
    decided = {decision.name: decision for entry in told for decision in entry.decisions}
    decisions = list(decided.values())[-MOST:]
    named = [*step, *(clause for _, clauses in ways for clause in clauses)]
    named += [
        clause for decision in decisions for row in decision.rows for clause in row.get("clauses") or []
    ]
    texts = {
        clause: scheme.clauses[clause].text for clause in dict.fromkeys(named) if clause in scheme.clauses
    }
    return Grounds(step, ways, decisions, texts)


def _ways(task: Task, scheme: Scheme) -> Iterator[tuple[str, Sequence[str]]]:
    """The flows that lead on from the step, or from the gateway behind it, where they name an article."""
    flows = scheme.definitions.processes[task.process].flows.values()
    behind_it = {flow.target for flow in flows if flow.source == task.element}
    for flow in flows:
        if flow.clauses and (flow.source == task.element or flow.source in behind_it):
            yield flow.name or flow.id, flow.clauses
