"""What a decision table decides twice or not at all, found without running it.

Each input column is cut into regions within which every cell of the column gives the same answer: the
values that cells name, and what lies between them. A row is then a box of regions. An empty value is
left aside, and so is what a cell with a variable in it means: only what is certain is told.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from app.engine.civil import civil
from app.engine.decisions import DecisionTable, Input, Rule
from app.engine.sfeel import UnaryTests

MOST_TOLD = 10
MOST_STEPS = 50_000

Regions = frozenset[int]


@dataclass(frozen=True, slots=True)
class Region:
    """Some values of a column with the same answers, told by a text and stood for by one of them."""

    text: str
    sample: Any


def overlaps(table: DecisionTable) -> list[str]:
    """Sentences about rows that certainly fit together for some input."""
    columns = [_regions(column, cells) for column, cells in _columns(table)]
    boxes = [_certain_box(rule, columns) for rule in table.rules]
    told: list[str] = []
    for later, box in enumerate(boxes):
        for earlier in range(later):
            witness = _common(boxes[earlier], box)
            if witness is not None:
                where = _place(table, columns, [{region} for region in witness])
                told.append(f"第 {earlier + 1} 行与第 {later + 1} 行会同时符合：{where}")
                if len(told) == MOST_TOLD:
                    return told
    return told


def gaps(table: DecisionTable) -> list[str]:
    """Sentences about inputs that certainly no row fits."""
    columns = [_regions(column, cells) for column, cells in _columns(table)]
    boxes = [_possible_box(rule, columns) for rule in table.rules]
    found = _Search(columns, boxes).uncovered()
    return [f"没有一行适用于：{_place(table, columns, place)}" for place in found]


def _columns(table: DecisionTable) -> Iterator[tuple[Input, list[UnaryTests]]]:
    for place, column in enumerate(table.inputs):
        yield column, [rule.tests[place] for rule in table.rules]


def _is_constant(tests: UnaryTests) -> bool:
    return next(tests.expressions(), None) is None


def _regions(column: Input, cells: Sequence[UnaryTests]) -> list[Region]:
    allowed = column.allowed if _is_constant(column.allowed) else UnaryTests("")
    named = {
        comparison.endpoint.value
        for tests in [*cells, allowed]
        if _is_constant(tests)
        for comparison in tests.comparisons()
    } - {None}
    ordered = any(c.operator not in ("=", "==", "!=") for tests in cells for c in tests.comparisons())
    return [region for region in _cut(column, named, ordered) if allowed.matches_constantly(region.sample)]


def _cut(column: Input, named: set[Any], ordered: bool) -> list[Region]:
    if column.type.name == "boolean":
        return [Region("是", True), Region("否", False)]
    if not named:
        return [Region("任何值", "…")]
    if all(type(value) is str for value in named) and not ordered:
        other = "".join(named) + "…"
        return [*(Region(f"“{value}”", value) for value in sorted(named)), Region("其他值", other)]
    for classes, between, step in _LINES:
        if all(type(value) in classes for value in named):
            whole = column.type.name == "integer"
            return list(_cut_line(sorted(named), _between_integers if whole else between, step))
    return []


def _cut_line(points: Sequence[Any], between: Callable[[Any, Any], Any], step: Any) -> Iterator[Region]:
    yield from _beyond(f"小于 {_show(points[0])}", points[0], -step)
    for place, point in enumerate(points):
        yield Region(_show(point), point)
        following = points[place + 1] if place + 1 < len(points) else None
        sample = None if following is None else between(point, following)
        if sample is not None:
            yield Region(f"{_show(point)} 与 {_show(following)} 之间", sample)
    yield from _beyond(f"大于 {_show(points[-1])}", points[-1], step)


def _beyond(text: str, point: Any, step: Any) -> Iterator[Region]:
    """Nothing lies beyond 9999-12-31, which people write for "for ever"."""
    with suppress(OverflowError):
        yield Region(text, point + step)


def _show(point: Any) -> str:
    return f"{civil(point):%Y-%m-%d %H:%M}" if isinstance(point, datetime) else str(point)


def _between_integers(low: int, high: int) -> int | None:
    return low + 1 if high - low > 1 else None


def _between_days(low: date, high: date) -> date | None:
    return low + timedelta(days=1) if (high - low).days > 1 else None


def _between(low: Any, high: Any) -> Any:
    return low + (high - low) / 2


_LINES: list[tuple[tuple[type, ...], Callable[[Any, Any], Any], Any]] = [
    ((int, float), _between, 1),
    ((date,), _between_days, timedelta(days=1)),
    ((datetime,), _between, timedelta(days=1)),
]


def _certain_box(rule: Rule, columns: Sequence[Sequence[Region]]) -> list[Regions]:
    return [
        _matching(tests, regions) if _is_constant(tests) else frozenset()
        for tests, regions in zip(rule.tests, columns, strict=True)
    ]


def _possible_box(rule: Rule, columns: Sequence[Sequence[Region]]) -> list[Regions]:
    return [
        _matching(tests, regions) if _is_constant(tests) else frozenset(range(len(regions)))
        for tests, regions in zip(rule.tests, columns, strict=True)
    ]


def _matching(tests: UnaryTests, regions: Sequence[Region]) -> Regions:
    return frozenset(place for place, region in enumerate(regions) if tests.matches_constantly(region.sample))


def _common(first: Sequence[Regions], second: Sequence[Regions]) -> list[int] | None:
    shared = [one & other for one, other in zip(first, second, strict=True)]
    return [min(regions) for regions in shared] if all(shared) else None


def _place(
    table: DecisionTable, columns: Sequence[Sequence[Region]], place: Sequence[set[int] | Regions]
) -> str:
    parts = []
    for column, regions, chosen in zip(table.inputs, columns, place, strict=True):
        if len(chosen) < len(regions):
            texts = [regions[number].text for number in sorted(chosen)]
            parts.append(f"{column.label}为{'或'.join(texts[:4])}{'等' * (len(texts) > 4)}")
    return "，".join(parts) or "任何情况"


class _Search:
    """Column by column, regions that the same rows admit are followed together."""

    def __init__(self, columns: Sequence[Sequence[Region]], boxes: Sequence[Sequence[Regions]]) -> None:
        self.columns = columns
        self.boxes = boxes
        self.steps = 0
        self.found: list[list[Regions]] = []
        self.covered: set[tuple[int, frozenset[int]]] = set()

    def uncovered(self) -> list[list[Regions]]:
        if all(self.columns):
            self.follow([], frozenset(range(len(self.boxes))))
        return self.found

    def follow(self, path: list[Regions], rules: frozenset[int]) -> None:
        self.steps += 1
        place = len(path)
        if (place, rules) in self.covered or self.steps > MOST_STEPS or len(self.found) >= MOST_TOLD:
            return
        if not rules:
            rest = [frozenset(range(len(regions))) for regions in self.columns[place:]]
            self.found.append([*path, *rest])
            return
        told = len(self.found)
        if place < len(self.columns):
            for admitted, regions in self.groups(place, rules):
                self.follow([*path, regions], admitted)
        if len(self.found) == told and self.steps <= MOST_STEPS:
            self.covered.add((place, rules))

    def groups(self, place: int, rules: frozenset[int]) -> list[tuple[frozenset[int], Regions]]:
        together: dict[frozenset[int], set[int]] = {}
        for region in range(len(self.columns[place])):
            admitted = frozenset(rule for rule in rules if region in self.boxes[rule][place])
            together.setdefault(admitted, set()).add(region)
        return [(admitted, frozenset(regions)) for admitted, regions in together.items()]
