"""What each DMN hit policy makes of the rows that fit."""

from collections.abc import Callable, Sequence
from typing import Any

from app.engine import values

Row = dict[str, Any]
Value = Row | list[Row] | int | float
Choice = tuple[Value, Sequence[int]]
"""The decision, and the places of the rows that it rests on."""
Ranks = Sequence[tuple[str, tuple[Any, ...]]]
"""Output columns with their values by descending priority, for those that declare them."""


class Clash(ValueError):
    """Rows fitted together that must not; the message is a sentence."""


def _unique(rows: Sequence[Row], ranks: Ranks) -> Choice:
    if len(rows) > 1:
        raise Clash("同时符合，而该表只许一行符合（UNIQUE）")
    return rows[0], [0]


def _first(rows: Sequence[Row], ranks: Ranks) -> Choice:
    return rows[0], [0]


def _any(rows: Sequence[Row], ranks: Ranks) -> Choice:
    if not all(values.equal(rows[0], row) for row in rows):
        raise Clash("同时符合而结果不同（ANY）")
    return rows[0], range(len(rows))


def _priority(rows: Sequence[Row], ranks: Ranks) -> Choice:
    best = _by_rank(rows, ranks)[0]
    return rows[best], [best]


def _output_order(rows: Sequence[Row], ranks: Ranks) -> Choice:
    order = _by_rank(rows, ranks)
    return [rows[place] for place in order], order


def _rule_order(rows: Sequence[Row], ranks: Ranks) -> Choice:
    return list(rows), range(len(rows))


def _by_rank(rows: Sequence[Row], ranks: Ranks) -> list[int]:
    def rank(place: int) -> list[int]:
        return [
            allowed.index(rows[place][name]) if rows[place][name] is not None else len(allowed)
            for name, allowed in ranks
        ]

    return sorted(range(len(rows)), key=rank)


POLICIES: dict[str, Callable[[Sequence[Row], Ranks], Choice]] = {
    "UNIQUE": _unique,
    "FIRST": _first,
    "ANY": _any,
    "PRIORITY": _priority,
    "COLLECT": _rule_order,
    "RULE ORDER": _rule_order,
    "OUTPUT ORDER": _output_order,
}
LISTING = {"COLLECT", "RULE ORDER", "OUTPUT ORDER"}
"""The policies that answer with all fitting rows; none is then an answer too."""
RANKED = {"PRIORITY", "OUTPUT ORDER"}


def _sum(amounts: Sequence[Any]) -> int | float:
    total: int | float = 0
    for amount in amounts:
        total = values.add(total, values.number(amount))
    return total


AGGREGATIONS: dict[str, Callable[[Sequence[Any]], int | float]] = {
    "SUM": _sum,
    "COUNT": len,
    "MIN": lambda amounts: min(map(values.number, amounts)),
    "MAX": lambda amounts: max(map(values.number, amounts)),
}
EMPTY_AGGREGATES = {"SUM": 0, "COUNT": 0}
