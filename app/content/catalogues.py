"""Catalogues (catalogues/*.yaml): lists of trades, honours, places … that forms offer as options."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.content.reading import ListOf, Part, Record, Text, short, texts
from app.engine.types import Problem


@dataclass(frozen=True, slots=True)
class Entry:
    """One option: `code` is stored, `title` is read; `group` gathers entries under a heading."""

    code: str
    title: str
    group: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Catalogue:
    title: str
    entries: Sequence[Entry]
    clauses: Sequence[str] = ()
    note: str = ""


class _Entry(Record):
    code = Text(required=True)
    title = Text(load_default=None)
    group = Text(load_default="")
    note = Text(load_default="")

    @staticmethod
    def made(code: str, title: str | None, **rest: str) -> Entry:
        """An entry without a title is called by its code, as trades mostly are."""
        return Entry(code, title or code, **rest)


class _EntryOrText(Part):
    def deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return super().deserialize({"code": value} if isinstance(value, str) else value, *args, **kwargs)


class CatalogueFile(Record):
    title = Text(required=True)
    entries = ListOf(_EntryOrText(_Entry), required=True)
    clauses = texts()
    note = Text(load_default="")
    made = Catalogue


def check_catalogue(catalogue: Catalogue, file: str) -> list[Problem]:
    """An empty list, or a code that stands in it twice."""
    if not catalogue.entries:
        return [Problem(file, f"{short(file)}：目录“{catalogue.title}”是空的", severity="warning")]
    seen: set[str] = set()
    problems = []
    for row, entry in enumerate(catalogue.entries, start=1):
        if entry.code in seen:
            sentence = f"{short(file)}：第 {row} 项的代号“{entry.code}”重复了"
            problems.append(Problem(file, sentence, element=entry.code, row=row))
        seen.add(entry.code)
    return problems
