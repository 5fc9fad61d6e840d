"""The diagrams of a case with the way it took, as pictures and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from app.content.scheme import Scheme
from app.models import Case
from app.queries import diagrams, timeline


@dataclass(frozen=True)
class Picture:
    """A diagram for the viewer: what the case passed, and where it stands, by element id."""

    name: str
    xml: str
    taken: Sequence[str]
    current: Sequence[str]


@dataclass(frozen=True)
class Words:
    """A process in words: the names of the elements where the case stands, and of those it passed."""

    name: str
    standing: Sequence[str]
    passed: Sequence[str]


def of_case(case: Case, scheme: Scheme, waits: timeline.Waits) -> tuple[list[dict[str, Any]], list[Words]]:
    """The diagrams that the case came through: its own first, then those of the processes it called."""
    taken, standing = timeline.way(case.id), waits.elements()
    processes = scheme.definitions.processes
    own = processes[case.process]
    called = [
        process for process in processes.values() if process is not own and taken & process.elements.keys()
    ]
    passed = [own, *called]
    names: dict[str, str] = {}
    for process in passed:
        names.setdefault(process.file, process.name or process.id)
    sources = diagrams.sources(case.deployment_id, names)
    pictures = [
        Picture(name, sources[file], sorted(taken), sorted(standing))
        for file, name in names.items()
        if file in sources
    ]
    words = [
        _words(process.name or process.id, process.elements.values(), taken, standing) for process in passed
    ]
    return [asdict(picture) for picture in pictures], words


def _words(name: str, elements: Any, taken: set[str], standing: set[str]) -> Words:
    named = [element for element in elements if element.name]
    return Words(
        name,
        [element.name for element in named if element.id in standing],
        [element.name for element in named if element.id in taken - standing],
    )
