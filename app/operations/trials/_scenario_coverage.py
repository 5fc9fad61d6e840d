"""What the cases of scenarios went through of the diagrams, and what none of them did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import select

from app.content import Scheme
from app.engine import ProcessDefinition
from app.extensions import db
from app.models import Case, History

Covered = Mapping[str, frozenset[str]]
"""Ids of elements and flows, by process."""


@dataclass(frozen=True, slots=True)
class Gap:
    """An element, or with `source` and `target` a flow, that no scenario went through."""

    process: str
    id: str
    name: str
    source: str = ""
    target: str = ""


def covered(scheme: Scheme) -> Covered:
    """Elements completed and flows taken by the cases that there are; ids that several processes bear count
    in each."""
    rows = db.session.execute(
        select(Case.process, History.happened).join(History, History.case_id == Case.id)
    )
    found: dict[str, set[str]] = defaultdict(set)
    for process_id, happened in rows:
        seen = {one["element"] for one in happened if one["kind"] in ("completed", "flow")}
        for called in _reachable(scheme, process_id):
            process = scheme.definitions.processes[called]
            found[called] |= seen & (process.elements.keys() | process.flows.keys())
    return {process_id: frozenset(seen) for process_id, seen in found.items()}


def _reachable(scheme: Scheme, process_id: str) -> set[str]:
    reached, waiting = set[str](), [process_id]
    while waiting:
        one = waiting.pop()
        if one not in reached:
            reached.add(one)
            waiting += scheme.definitions.processes[one].called
    return reached


def gaps(scheme: Scheme, covered: Collection[Covered]) -> tuple[Gap, ...]:
    """What is in no run's `covered`."""
    found: list[Gap] = []
    for process in scheme.definitions.processes.values():
        seen = frozenset[str]().union(*(one.get(process.id, frozenset()) for one in covered))
        found += _gaps_of(process, seen)
    return tuple(found)


def _gaps_of(process: ProcessDefinition, seen: Collection[str]) -> list[Gap]:
    def told(element_id: str) -> str:
        return process.elements[element_id].name or element_id

    elements = [Gap(process.id, e.id, told(e.id)) for e in process.elements.values() if e.id not in seen]
    flows = [
        Gap(process.id, flow.id, flow.name, told(flow.source), told(flow.target))
        for flow in process.flows.values()
        if flow.id not in seen
    ]
    return elements + flows
