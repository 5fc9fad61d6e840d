"""What a demonstration shows, as data: demo/<scheme>.yaml."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from app.config import PROJECT
from app.content.instants import parse_local_instant
from app.content.yaml_text import read_yaml

FOLDER = PROJECT / "demo"
COMMON = "common/answers.yaml"
"""Answers to the forms that several schemes use; a script's own come first."""

Act = str | Mapping[str, Any] | list[Any]
"""The name of an answer, or {draft: answer}, {message: its name, answer: …}, {until: day to go on from},
{begin: process about this case, acts: what is done in it}, or a list of what is done on one day.
"""
Known = Mapping[str, Any]
"""What templates may name."""


@dataclass(frozen=True, slots=True)
class Script:
    """One demonstration; the file says what each part means.

    `openings` are what units start, `started` what other cases start; each has plans taken in turn,
    and may have others for the people of a group, `of_groups`.
    `by_offices` are what single organisations start, each on its day with acts of its own, and so
    are `besides`, which change nothing in the course of the others. `about` are cases
    about others: on its day each takes the first application that has come to the status `of`, one each.
    `onward`: on its day the first case of a process that has come to the status `of` goes on by these acts.
    `examples` are units that stand aside: each of their `people`, of a `grade` and, where it matters, of a
    `gender` and `born` in a month, has `acts` of their own; `opens` is what the unit, or another `office`,
    starts, as in `besides`. A unit's `head` is its second officer, who signs after the first.
    `clocks` names the
    instants at which a demonstration may stop; the first is the usual one. `moved` are dates that an office
    fixes for its area, and somebody else of it approves. `born`: the first and the last year of birth;
    `most`: not more cases than these, however many are asked for. People of `people` may have a `group`,
    to which an opening with that `group` is kept, and what they hold in the workers' register, `holds`.
    """

    scheme: str
    begins: datetime
    clocks: Mapping[str, datetime]
    values_from: str
    born_in: str
    organisations: Mapping[str, Mapping[str, Any]]
    jurisdictions: Sequence[Mapping[str, Any]]
    units: Sequence[Mapping[str, Any]]
    duties: Sequence[Mapping[str, Any]]
    people: Sequence[Mapping[str, Any]]
    answers: Mapping[str, Mapping[str, Any]]
    openings: Sequence[Mapping[str, Any]]
    started: Mapping[str, Mapping[str, Any]]
    by_offices: Sequence[Mapping[str, Any]] = ()
    besides: Sequence[Mapping[str, Any]] = ()
    about: Sequence[Mapping[str, Any]] = ()
    onward: Sequence[Mapping[str, Any]] = ()
    examples: Sequence[Mapping[str, Any]] = ()
    late: Mapping[str, Any] = field(default_factory=lambda: {"units": [], "day": 0})
    moved: Sequence[Mapping[str, str]] = ()
    unit_login: str = "unit"
    born: Sequence[int] = (1966, 1988)
    most: int | None = None

    def clock(self, stage: str | None) -> datetime:
        """Where the play stops; the usual place where the script knows no such stage."""
        return self.clocks.get(stage or "", next(iter(self.clocks.values())))

    def login_of(self, number: int) -> str:
        """The account of a unit, counted from 1; those of `examples` come after all `units`."""
        return f"{self.unit_login}{number:02d}"

    @property
    def example_logins(self) -> list[str]:
        return [self.login_of(len(self.units) + number) for number, _ in enumerate(self.examples, start=1)]

    @property
    def head_logins(self) -> list[str]:
        return [facts["head"]["login"] for facts in (*self.units, *self.examples) if "head" in facts]

    def kind_of(self, grade: str) -> Mapping[str, Any]:
        """The first of `people` of a grade."""
        return next(kind for kind in self.people if kind["grade"] == grade)

    def first_day_of(self, unit: str, opening: Mapping[str, Any]) -> int:
        """Days after `begins` on which a unit opens something; late units are late with the last."""
        late = unit in self.late["units"] and opening is self.openings[-1]
        return int(self.late["day"] if late else opening["day"])


def read_scripts(folder: Path = FOLDER) -> Iterable[Script]:
    """All demonstrations that lie in the folder."""
    common = read_yaml((folder / COMMON).read_bytes())
    for path in sorted(folder.glob("*.yaml")):
        found = read_yaml(path.read_bytes())
        found["answers"] = {
            form: {**common.get(form, {}), **found["answers"].get(form, {})}
            for form in {**common, **found["answers"]}
        }
        found["begins"] = parse_local_instant(found["begins"])
        found["clocks"] = {stage: parse_local_instant(instant) for stage, instant in found["clocks"].items()}
        yield Script(**found)


def filled(template: Any, known: Mapping[str, Any], value_sets: Mapping[str, Mapping[str, Any]]) -> Any:
    """A template with what is known put in.

    `$name` is a known value; {each: name, row: template} a row for each of a known list; `use` names a set
    of values that the others complete and override.
    """
    if isinstance(template, str) and template.startswith("$"):
        return known[template[1:]]
    if isinstance(template, list):
        return [filled(one, known, value_sets) for one in template]
    if not isinstance(template, Mapping):
        return template
    if template.keys() == {"each", "row"}:
        return [filled(template["row"], {**known, **row}, value_sets) for row in known[template["each"]]]
    parts = {name: filled(part, known, value_sets) for name, part in template.items()}
    used = value_sets[parts.pop("use")] if "use" in parts else {}
    return {**used, **parts}


def day_of(text: str) -> datetime:
    """The beginning of a day that a script names."""
    return parse_local_instant(text)


def written(day: date) -> str:
    """A day as forms hold it."""
    return day.isoformat()
