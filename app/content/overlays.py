"""Which named dates may be moved after publication, by whom and how far (`overlays` in scheme.yaml)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from marshmallow import validate

from app.content.calendar import Calendar, NamedDate
from app.content.reading import ListOf, Record, Text, one_of, texts
from app.content.roles import Role
from app.engine.civil import parse_day

SCOPES = {"scheme": "全部办件", "area": "一个地区的办件", "case": "一件办件"}
Scope = Literal["scheme", "area", "case"]
Bounds = tuple[date, date]


@dataclass(frozen=True, slots=True)
class OverlayRule:
    """Who may move a named date 延期: one person of the role `propose`, then another of the role `approve`.

    `scopes`: for whom; `range`: two days, or names of dates, between which the new day lies, both included.
    The office of the role `filed` is told what was fixed 备案.
    """

    propose: str
    approve: str
    date: str = ""
    scopes: Sequence[Scope] = ()
    range: Sequence[str] = ()
    filed: str | None = None
    clauses: Sequence[str] = ()
    note: str = ""

    def bounds(self, calendar: Calendar) -> Bounds | None:
        """The first and the last day that may be chosen; None where there is no such limit."""
        first, last = (_day(text, calendar) for text in self.range or ("", ""))
        return (first or date.min, last or date.max) if first or last else None


class OverlayRuleRecord(Record):
    propose = Text(required=True)
    approve = Text(required=True)
    scopes = ListOf(Text(validate=one_of(*SCOPES)), load_default=tuple(SCOPES))
    range = ListOf(
        Text(), load_default=(), validate=validate.Length(equal=2, error="应当是两天（或日期名），先早后晚")
    )
    filed = Text(load_default=None)
    clauses = texts()
    note = Text(load_default="")
    made = OverlayRule


def moved(named_date: NamedDate, text: str | None) -> datetime | None:
    """The instant that a named date has on another day, at its own edge; None: undetermined.

    `text` is a day, or a day and a clock time ("2021-06-20 17:30"), which then replaces the date's own.
    Raises ValueError with a sentence for people.
    """
    if text is None:
        return None
    day, _, time = text.strip().replace("T", " ").partition(" ")
    clock = time.strip() or named_date.time
    if clock and named_date.edge == "day":
        raise ValueError(f"“{named_date.title}”是一个日期，不写钟点")
    if clock and not _is_clock(clock):
        raise ValueError(f"“{clock}”不是钟点；请写成 17:30 这样")
    return replace(named_date, day=parse_day(day), time=clock).instant


def _is_clock(text: str) -> bool:
    hours, _, minutes = text.partition(":")
    return (
        len(hours) == len(minutes) == 2
        and (hours + minutes).isdecimal()
        and int(hours) < 24
        and int(minutes) < 60
    )


def _day(text: str, calendar: Calendar) -> date | None:
    known = calendar.dates.get(text)
    if known is not None:
        return known.day
    return parse_day(text) if text else None


def faults(
    rules: Mapping[str, OverlayRule], calendar: Calendar, roles: Mapping[str, Role]
) -> Iterator[tuple[str, str]]:
    """(date name, sentence) of each rule that names what is not there, or a range the wrong way round."""
    for rule in rules.values():
        if rule.date not in calendar.dates:
            yield rule.date, f"日期“{rule.date}”不在 calendar.yaml 里"
        for key in ("propose", "approve", "filed"):
            name = getattr(rule, key)
            if name is not None and name not in roles:
                yield rule.date, f"{key} 写的角色“{name}”不在 roles.yaml 里"
            elif name is not None and roles[name].relation != "jurisdiction" and set(rule.scopes) != {"case"}:
                sentence = "不是按管辖确定的角色，只能用于 scopes: [case]"
                yield rule.date, f"{key} 写的角色“{name}”{sentence}"
        try:
            bounds = rule.bounds(calendar)
        except ValueError:
            yield rule.date, f"range 写的 {'、'.join(rule.range)} 应当是日期或日期名"
        else:
            if bounds and bounds[0] > bounds[1]:
                yield rule.date, "range 的前一天晚于后一天"
