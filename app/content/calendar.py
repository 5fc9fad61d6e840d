"""The scheme's named dates (calendar.yaml) and the overlays that move them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Literal

from marshmallow import validate

from app.content.reading import Day, ListOf, MapOf, Part, Record, Text, named, one_of, short, texts
from app.engine.civil import civil, start_of_day
from app.engine.types import Problem

FILE = "calendar.yaml"
Overlays = Mapping[str, datetime | None]
"""Decided changes of named dates: 延期, or a city's fixing of its examination (decision 6)."""

NONE: Overlays = {}
_EDGES = {"opens": "开始", "closes": "截止", "day": "日期"}


@dataclass(frozen=True, slots=True)
class NamedDate:
    """A date that diagrams and tables mention by name; `day` None is undetermined.

    `opens` is 00:00 of the day (or `time`), included; `closes` is 24:00 of the day (or `time`), excluded:
    what the server received an instant before counts; `day` is a calendar date, given as its 00:00.
    """

    day: date | None
    edge: Literal["opens", "closes", "day"]
    title: str
    name: str = ""
    time: str | None = None
    clauses: Sequence[str] = ()
    note: str = ""

    @property
    def instant(self) -> datetime | None:
        """The aware UTC instant, or None while the day is undetermined."""
        if self.day is None:
            return None
        if self.time:
            hours, minutes = map(int, self.time.split(":"))
            return start_of_day(self.day) + timedelta(hours=hours, minutes=minutes)
        return start_of_day(self.day + timedelta(days=self.edge == "closes"))


@dataclass(frozen=True)
class Calendar:
    """Named dates in the order of the file; `order` are the pairs of which the first comes earlier."""

    dates: Mapping[str, NamedDate] = field(default_factory=dict)
    order: Sequence[Sequence[str]] = ()

    def resolve(self, overlays: Overlays = NONE) -> dict[str, datetime | None]:
        """Every named date as an aware UTC instant, None where it is undetermined.

        An overlay of a date that this deployment does not know is passed over.
        """
        return {**self._instants, **{name: at for name, at in overlays.items() if name in self.dates}}

    @cached_property
    def _instants(self) -> dict[str, datetime | None]:
        return {name: named_date.instant for name, named_date in self.dates.items()}

    def disorder(self, overlays: Overlays = NONE) -> list[str]:
        """A sentence for each pair of `order` that stands the wrong way round; undetermined dates pass."""
        found = self.resolve(overlays)
        return [
            f"日期“{self.dates[first].title}”（{first}）应当早于“{self.dates[second].title}”（{second}）"
            for first, second in self.order
            if _late(found.get(first), found.get(second))
        ]


def _late(first: datetime | None, second: datetime | None) -> bool:
    return first is not None and second is not None and first >= second


def describe(instant: datetime | None, edge: str) -> str:
    """The instant for people: a closing midnight is told as 24:00 of the day before."""
    if instant is None:
        return "尚未确定"
    local = civil(instant)
    if edge == "day":
        return f"{local:%Y-%m-%d}"
    if edge == "closes" and (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0):
        return f"{local - timedelta(days=1):%Y-%m-%d} 24:00"
    return f"{local:%Y-%m-%d %H:%M}"


class _Date(Record):
    day = Day(
        required=True,
        allow_none=True,
        validate=validate.Range(date(1990, 1, 1), date(2150, 1, 1), error="年份不在 1990 至 2149 之间"),
    )
    edge = Text(required=True, validate=one_of(*_EDGES))
    title = Text(required=True)
    time = Text(
        load_default=None,
        validate=validate.Regexp(r"^(?:[01][0-9]|2[0-3]):[0-5][0-9]\Z", error="钟点写成“17:30”这样，加引号"),
    )
    clauses = texts()
    note = Text(load_default="")
    made = NamedDate


class CalendarFile(Record):
    dates = MapOf(keys=named("日期名"), values=Part(_Date), required=True, keyed="name")
    order = ListOf(
        ListOf(Text(), validate=validate.Length(equal=2, error="应当是两个日期名，先早后晚")), load_default=()
    )
    made = Calendar


def check_calendar(calendar: Calendar, file: str) -> list[Problem]:
    """Pairs that name unknown dates, pairs in the wrong order, clock times on calendar days."""
    unknown = {name for pair in calendar.order for name in pair if name not in calendar.dates}
    problems = [
        Problem(file, f"{short(file)}：order 里的日期“{name}”没有在 dates 里定义", element=name)
        for name in sorted(unknown)
    ]
    for name, found in calendar.dates.items():
        if found.edge == "day" and found.time:
            sentence = f"{short(file)}：日期“{name}”的 edge 是 day，不能再写钟点 time"
            problems.append(Problem(file, sentence, element=name, column="time"))
    if unknown:
        return problems
    pairs = {sentence: pair for pair in calendar.order for sentence in _pair(calendar, pair)}
    return problems + [Problem(file, f"{short(file)}：{s}", element=p[1]) for s, p in pairs.items()]


def _pair(calendar: Calendar, pair: Sequence[str]) -> list[str]:
    return Calendar(calendar.dates, [pair]).disorder()
