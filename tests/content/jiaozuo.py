"""Jiaozuo 2026 for its tests: the scheme from disk, and the surroundings in which a table decides."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from app.config import PROJECT
from app.content.scheme import Scheme
from app.content.sources import read_scheme_folder
from app.engine import Context

ID = "jiaozuo-2026"
FILES = read_scheme_folder(PROJECT, ID)
NOON = datetime(2026, 3, 16, 4, tzinfo=UTC)
YEARS = range(2021, 2026)
HONOURS = (
    "none", "model_worker", "commendation", "department", "medal", "expert", "contest",
    "invention", "utility", "talent",
)  # fmt: skip
LEVELS = ("national", "provincial", "municipal", "lower")
GRADES = ("five", "four", "three", "two", "one")


@cache
def scheme() -> Scheme:
    return Scheme.from_files(FILES)


class EveryDay:
    def is_workday(self, day: date) -> bool | None:
        return True


def context(parameters: Mapping[str, Any]) -> Context:
    """`parameters` may name the instant, `now`."""
    given = {**scheme().parameter_values, **parameters}
    return Context(given.pop("now", NOON), scheme().calendar.resolve(), EveryDay(), given)


def person(born: str = "1980-05-01", gender: str = "male") -> dict[str, Any]:
    return {"born": date.fromisoformat(born), "gender": gender}


class Told:
    """A row that has these outputs, and a finding with this word in it (none: an empty one)."""

    def __init__(self, word: str, **outputs: Any) -> None:
        self.word, self.outputs = word, outputs

    def __eq__(self, row: object) -> bool:
        assert isinstance(row, dict)
        found = self.word in row["finding"] if self.word else row["finding"] == ""
        return found and all(row[name] == value for name, value in self.outputs.items())

    __hash__ = None  # type: ignore[assignment]
