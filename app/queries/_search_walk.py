"""Going through a step's keys in their order, as far as a page needs, and asking of each whether it fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    Text,
    cast,
    column,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
)

from app.extensions import db
from app.models import Case, Person
from app.queries._search_steps import Keys, Step, keys_of
from app.queries.places import Places

MOST_AT_ONCE = 1_000
"""Keys that are read in one round; the first round reads two for each row that is wanted."""

Place = tuple[str, int]
"""A key and whose it is: where a step has come to."""
Rules = Sequence[ColumnElement[bool]]
_COLUMNS = {"nth": Integer, "key": Text, "owner": BigInteger, "unit": BigInteger}


@dataclass(frozen=True)
class Walk:
    """How a step leads to rows: by which of a row's columns whose key it is, and in which order a key's rows.

    `rising` are the columns of that order; `falling` stands instead where the newest comes first.
    """

    step: Step
    keys: Keys
    own: Any
    target: Any
    rising: Sequence[Any] = ()
    falling: bool = False

    def behind(self, last: int, at: Sequence[Any]) -> ColumnElement[bool]:
        """The rows of a key that follow the row `last`, which stands at these values."""
        if self.falling:
            behind: ColumnElement[bool] = self.target < last
            return behind
        return tuple_(*self.rising) > tuple_(*at) if self.rising else ~true()


def to_people(step: Step) -> Walk:
    keys = keys_of(step.kind)
    if step.kind == "unit":
        return Walk(step, keys, Person.unit_id, Person.id, [Person.name_key, Person.id])
    return Walk(step, keys, Person.id, Person.id)


def to_cases(step: Step) -> Walk:
    keys = keys_of(step.kind)
    own = {"person": Case.person_id, "unit": Case.unit_id, "trade": Case.id}[step.kind]
    return Walk(step, keys, own, Case.id, falling=step.kind != "trade")


def reached(walk: Walk, places: Places, rules: Rules, last: int | None, most: int) -> list[int]:
    """The first so many ids in order, behind the row `last`; round by round, since some keys fit nobody."""
    begin, at = _place_of(walk, last) if last is not None else (None, ())
    size, found, inclusive = 2 * most, list[int](), True
    while True:
        read = _keys_from(walk, places, begin, inclusive, size)
        # The first key may have rows that were shown already.
        shown = bool(read) and inclusive and last is not None and tuple(read[0][:2]) == begin
        behind = walk.behind(last, at) if shown and last is not None else true()
        found += _fitting(walk, read, rules, behind, most - len(found)) if read else []
        if len(found) >= most or len(read) < size:
            return found
        begin, inclusive, size = (read[-1][0], read[-1][1]), False, min(4 * size, MOST_AT_ONCE)


def _place_of(walk: Walk, last: int) -> tuple[Place | None, Sequence[Any]]:
    """Where a row that was shown stands now, and its place among its key's rows; the beginning if nowhere."""
    keys = walk.keys
    place = select(keys.key, keys.owner, *walk.rising).select_from(keys.table)
    place = place.join(walk.target.class_, walk.own == keys.owner)
    place = place.where(walk.target == last, keys.within(walk.step)).order_by(keys.key).limit(1)
    row = db.session.execute(place).first()
    return ((row[0], row[1]), row[2:]) if row else (None, ())


def _keys_from(
    walk: Walk, places: Places, begin: Place | None, inclusive: bool, size: int
) -> list[tuple[str, int, int]]:
    """The keys in order from there on: of each place so many, by the index alone, and of these so many."""
    keys, scope = walk.keys, walk.keys.place[places.kind]
    by_trade = walk.step.kind == "trade"
    given = func.unnest(cast(places.values, ARRAY(scope.type))).table_valued("place")
    place = given.render_derived(name="places")
    behind = []
    if begin is not None and by_trade:
        behind = [keys.owner < begin[1]]
    elif begin is not None:
        at, there = tuple_(keys.key, keys.owner), tuple_(literal(begin[0]), literal(begin[1]))
        behind = [at >= there if inclusive else at > there]
    named = [keys.key.label("key"), keys.owner.label("owner"), keys.place["unit"].label("unit")]
    one = select(*named).where(scope == place.c.place, keys.within(walk.step), *behind)
    here = one.order_by(*_order(keys.key, keys.owner, by_trade)).limit(size).lateral("here")
    merged: Select[Any] = select(*here.c).select_from(place.join(here, true()))
    merged = merged.order_by(*_order(here.c.key, here.c.owner, by_trade)).limit(size)
    return [(key, owner, unit) for key, owner, unit in db.session.execute(merged)]


def _order(key: Any, owner: Any, by_trade: bool) -> list[Any]:
    """Cases of a trade come newest first; all others by key."""
    return [owner.desc()] if by_trade else [key, owner]


def _fitting(
    walk: Walk, read: Sequence[tuple[str, int, int]], rules: Rules, behind: ColumnElement[bool], most: int
) -> list[int]:
    """The rows of these keys that fit, in order, and of the first key those that are `behind`.

    Whoever has an earlier key of the step was met there.
    """
    once: dict[int, tuple[int, str, int, int]] = {}
    for nth, (key, owner, unit) in enumerate(read):
        once.setdefault(owner, (nth, key, owner, unit))
    columns = zip(_COLUMNS.items(), zip(*once.values(), strict=True), strict=True)
    arrays: list[Any] = [cast(list(values), ARRAY(kind)) for (_, kind), values in columns]
    named: list[Any] = [column(name, kind) for name, kind in _COLUMNS.items()]
    given = func.unnest(*arrays).table_valued(*named).render_derived(name="given")
    order = [walk.target.desc()] if walk.falling else list(walk.rising)
    found = select(walk.target).select_from(given).join(walk.target.class_, walk.own == given.c.owner)
    found = found.where(or_(given.c.nth > 0, behind), *_first_of(walk, given), *rules)
    return list(db.session.scalars(found.order_by(given.c.nth, *order).limit(most)))


def _first_of(walk: Walk, given: Any) -> Rules:
    """Only what was typed whole, or a trade, is one key of anybody's."""
    if not walk.step.high or walk.step.kind == "trade":
        return []
    others = keys_of(walk.step.kind)
    same = [others.owner == given.c.owner, others.place["unit"] == given.c.unit]
    return [~exists(select(1).where(*same, others.within(walk.step), others.key < given.c.key))]
