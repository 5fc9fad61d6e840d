"""Jiaozuo 2026 for its tests: the scheme from disk, and the surroundings in which a table decides."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from support.schemes import OnDisk
from support.tables import Surroundings

JIAOZUO = OnDisk("jiaozuo-2026")
NOON = datetime(2026, 3, 16, 4, tzinfo=UTC)
YEARS = range(2021, 2026)
HONOURS = (
    "none", "model_worker", "commendation", "department", "medal", "expert", "contest",
    "invention", "utility", "talent",
)  # fmt: skip
LEVELS = ("national", "provincial", "municipal", "lower")
GRADES = ("five", "four", "three", "two", "one")
context = Surroundings(JIAOZUO, NOON)


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

    __hash__ = None
