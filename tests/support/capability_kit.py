"""The conformance kit: how each capability is asked, once in every way that it may answer.

A new capability needs its cases here; `tests/integration/test_capabilities.py` does the rest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text

from app.extensions import atomic, db
from app.models import Case
from app.operations import capabilities, deployments
from app.operations.capabilities import Request
from app.operations.worlds import Built
from support.world import at, complete, open_filing, register_posts

NOON = at("2021-06-15 12:00")
LIBRARY, FIRST, SECOND = "东溪区图书馆", "陈一", "李二"
FILLED = {"grade": "senior", "summary": "近五年工作扎实。"}

Setting = Callable[[Built], int]
"""Makes what has to stand before; answers the case that asks."""


@dataclass(frozen=True)
class Asked:
    """One way to ask a capability: in which setting, with what, and the code that refuses it (None: done)."""

    setting: Setting
    inputs: Mapping[str, Any] = field(default_factory=dict)
    refused: str | None = None


def bare(world: Built) -> int:
    """A live case of a person, whose unit has filed no posts."""
    return open_filing(world, FIRST)


def with_posts(world: Built) -> int:
    register_posts(world, {"senior": 1, "junior": 1})
    return open_filing(world, FIRST)


def holding_a_place(world: Built) -> int:
    case_id = with_posts(world)
    complete(case_id, "fill", FILLED, world.actors[LIBRARY], "2021-06-11 10:00")
    return case_id


def with_the_last_place_taken(world: Built) -> int:
    holding_a_place(world)
    return open_filing(world, SECOND)


def posts(**vacant: int) -> dict[str, Any]:
    return {"posts": [{"grade": g, "approved": n, "held": 0, "vacant": n} for g, n in vacant.items()]}


def place(grade: str, basis: str = "vacancy") -> dict[str, Any]:
    return {"grade": grade, "basis": basis}


CASES: dict[str, Sequence[Asked]] = {
    "notify": (Asked(bare, {"text": "请留意。"}),),
    "register_posts": (
        Asked(bare, posts(senior=2, junior=1)),
        Asked(holding_a_place, posts(senior=3)),
        Asked(holding_a_place, posts(senior=0), refused="below_claims"),
    ),
    "reserve_place": (
        Asked(with_posts, place("senior")),
        Asked(holding_a_place, place("junior")),
        Asked(with_the_last_place_taken, place("senior", "excellent")),
        Asked(bare, place("senior"), refused="no_post_register"),
        Asked(with_posts, place("technician"), refused="above_highest_grade"),
        Asked(with_the_last_place_taken, place("senior"), refused="no_vacancy"),
    ),
    "release_place": (Asked(holding_a_place), Asked(with_posts)),
}


class Watched(Mapping[str, Any]):
    """Inputs that remember which of them were looked at."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values_given = dict(values)
        self.seen: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.seen.add(key)
        return self.values_given[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_given)

    def __len__(self) -> int:
        return len(self.values_given)


def request(case_id: int, inputs: Mapping[str, Any], token: int = 7) -> Request:
    """What the road would give the capability for this case."""
    case = db.session.get_one(Case, case_id)
    scheme = deployments.scheme(case.deployment_id)
    return Request(
        case_id, case.jurisdiction, scheme, case.unit_id, case.person_id, token, "asks", inputs, NOON
    )


def perform(name: str, case_id: int, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Asks in a transaction of its own."""
    with atomic():
        return capabilities.perform(name, request(case_id, inputs))


def fingerprint() -> dict[str, str]:
    """A digest of every table's rows as this transaction sees them."""
    tables = db.metadata.tables.values()
    return {table.name: _digest(table.name) for table in tables}


def _digest(table: str) -> str:
    rows = db.session.execute(text(f'SELECT t::text FROM "{table}" t ORDER BY 1')).scalars()  # noqa: S608
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()
