"""What a scenario consists of: its cases, its steps, and what it expects to stand after each of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from app.content.overlays import Scope

ACTS = {
    "task": "task",
    "draft": "draft",
    "message": "message",
    "overlay": "overlay",
    "reorganise": "reorganise",
    "paid": "paid",
    "give_back": "return",
}
"""The kinds of step: the attribute that says what is done, and its key in the file."""


@dataclass(frozen=True, slots=True)
class ScenarioCase:
    """A case of the scenario; it begins with `message`, by hand of `by`, or else by another case.

    `about` names the case of the scenario that this one is about: then `unit` and `person` are that one's.
    `refused`: a text in the refusal to begin it.
    """

    process: str
    unit: str = ""
    name: str = ""
    person: str | None = None
    message: str | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)
    by: str | None = None
    at: datetime | None = None
    about: str | None = None
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Expect:
    """What should stand after a step; only the parts in `asked`, which the file states, are compared."""

    asked: frozenset[str] = frozenset()
    status: str | None = None
    outcome: str | None = None
    tasks: Mapping[str, str | None] | Sequence[str] = ()
    decided: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)
    timers: Mapping[str, datetime | None] = field(default_factory=dict)
    capabilities: Sequence[str] = ()
    sent: Sequence[str] = ()
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScenarioOverlay:
    """A named date moved 延期 by the step's person, and approved by `approve` at once, if anybody.

    `day` as `app.content.overlays.moved` reads it. `area` None: the region of the proposer's organisation.
    """

    date: str
    day: str | None
    scope: Scope = "scheme"
    area: str | None = None
    approve: str | None = None
    ground: str = ""


@dataclass(frozen=True, slots=True)
class Reorganisation:
    """An organisation that is merged `into` another, or renamed; by administrators, who are in no world."""

    merge: str | None = None
    into: str | None = None
    rename: str | None = None
    to: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One act at an instant, or, without one, only time that passes. `refused`: a text in the refusal.

    `use` names the world's values that `values` complete and override; read scenarios have them in `values`.
    `paid` is the reference of an online payment that comes in.
    `give_back` (in the file: return) is the task from which the case is given back, `to` an earlier one.
    """

    at: datetime
    case: str | None = None
    by: str | None = None
    task: str | None = None
    item: int | None = None
    draft: str | None = None
    message: str | None = None
    overlay: ScenarioOverlay | None = None
    reorganise: Reorganisation | None = None
    paid: str | None = None
    give_back: str | None = None
    to: str | None = None
    then: Literal["on", "back"] = "on"
    opinion: str = "请补正"
    use: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    payload: Mapping[str, Any] = field(default_factory=dict)
    refused: str | None = None
    expect: Expect = Expect()

    @property
    def acts(self) -> list[str]:
        """What is done, as `ACTS` names it: nothing, or one thing, which the file's check demands."""
        return [act for act in ACTS if getattr(self, act) is not None]


@dataclass(frozen=True, slots=True)
class Scenario:
    title: str
    world: str
    cases: Mapping[str, ScenarioCase]
    steps: Sequence[Step]
    clauses: Sequence[str] = ()
    note: str = ""
