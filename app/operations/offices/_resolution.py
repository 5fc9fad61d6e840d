"""Which organisation holds a role for a unit, its successors included (LIFE-04): two statements at most."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import text
from sqlalchemy.engine import Row

from app.errors import Conflict, NotFound
from app.extensions import db
from app.operations._prepared import Prepared
from app.operations.offices.regions import with_parents


class Asked(Protocol):
    """What a role of a scheme asks for (`app.content.roles.Role`)."""

    @property
    def title(self) -> str: ...
    @property
    def relation(self) -> str: ...
    @property
    def function(self) -> str | None: ...
    @property
    def region(self) -> str | None: ...
    @property
    def level(self) -> str | None: ...
    @property
    def system(self) -> str | None: ...
    @property
    def optional(self) -> bool: ...


class RoleUnresolved(Conflict):
    """该环节找不到办理机构，请联系管理员核对机构管辖。"""

    code = "role_unresolved"


@dataclass(frozen=True, slots=True)
class Unit:
    """An organisation as it stands today: itself, or the last of its successors."""

    id: int
    name: str
    region: str
    level: str | None
    system: str | None
    line: tuple[int, ...]  # the one asked for first, today's last


@dataclass(frozen=True, slots=True)
class _Holder:
    """A row of `jurisdiction` with the office that acts for it today."""

    office_id: int
    office: str
    region: str
    level: str | None
    system: str | None


_LINE = """
    WITH RECURSIVE line AS (
        SELECT id, name, region, level, system, successor_id, 0 AS depth FROM organisation WHERE id = :id
        UNION ALL
        SELECT o.id, o.name, o.region, o.level, o.system, o.successor_id, depth + 1
        FROM line JOIN organisation o ON o.id = line.successor_id
    )
    SELECT id, name, region, level, system FROM line ORDER BY depth
"""

# `line` is in order, so a superior of the unit itself comes before one of its successor.
_SUPERIORS = """
    WITH RECURSIVE held AS (
        SELECT array_position(CAST(:line AS bigint[]), s.organisation_id) AS nearness,
               o.id, o.successor_id, o.closed_at
        FROM subordination s JOIN organisation o ON o.id = s.superior_id
        WHERE s.organisation_id = ANY(CAST(:line AS bigint[]))
          AND s.valid_from <= :as_of AND (s.valid_to IS NULL OR s.valid_to > :as_of)
        UNION ALL
        SELECT nearness, o.id, o.successor_id, o.closed_at
        FROM held JOIN organisation o ON o.id = held.successor_id
    )
    SELECT o.id, o.name, o.closed_at FROM held JOIN organisation o ON o.id = held.id
    WHERE held.successor_id IS NULL AND held.closed_at IS NULL
    ORDER BY nearness LIMIT 1
"""

_HOLDERS = """
    WITH RECURSIVE held AS (
        SELECT j.region, j.level, j.system, o.id, o.successor_id, o.closed_at
        FROM jurisdiction j JOIN organisation o ON o.id = j.office_id
        WHERE j.function = :function
          AND (CAST(:regions AS text[]) IS NULL OR j.region = ANY(CAST(:regions AS text[])))
          AND j.valid_from <= :as_of AND (j.valid_to IS NULL OR j.valid_to > :as_of)
        UNION ALL
        SELECT held.region, held.level, held.system, o.id, o.successor_id, o.closed_at
        FROM held JOIN organisation o ON o.id = held.successor_id
    )
    SELECT o.id, o.name, o.closed_at, held.region, held.level, held.system
    FROM held JOIN organisation o ON o.id = held.id
    WHERE held.successor_id IS NULL AND held.closed_at IS NULL
"""

# A merger waits until the step that was given the office has written its task, and then moves the task;
# the step's foreign key takes the same lock.
_HELD = " FOR KEY SHARE OF o"

_LINE_OF = Prepared(text(_LINE))
_SUPERIORS_HELD, _HOLDERS_HELD = Prepared(text(_SUPERIORS + _HELD)), Prepared(text(_HOLDERS + _HELD))


def unit_today(unit_id: int) -> Unit:
    """The organisation, or whoever succeeded it. Raises NotFound."""
    line = _LINE_OF.run({"id": unit_id}).all()
    if not line:
        raise NotFound("没有这个单位。")
    today = line[-1]
    return Unit(today.id, today.name, today.region, today.level, today.system, tuple(row.id for row in line))


def superior_of(unit: Unit, as_of: datetime) -> tuple[int, str] | None:
    """Id and name of the superior department at an instant (its successor by now), or None."""
    found = _locked(_SUPERIORS_HELD, {"line": list(unit.line), "as_of": as_of})
    return (found[0].id, found[0].name) if found else None


def resolve_role(role: Asked, unit_id: int, as_of: datetime) -> int | None:
    """The organisation that holds a role for a unit, by the relations valid at `as_of`.

    None only where the role is optional and nobody holds it. The nearest region wins (the county's office
    over the city's), then an office named for the very system and level over one for any.
    Raises RoleUnresolved at a hole or a tie, NotFound for an unknown unit.
    """
    unit = unit_today(unit_id)
    if role.relation == "unit":
        return unit.id
    if role.relation == "superior":
        return _superior(role, unit, as_of)
    return _office(role, unit, as_of)


def _superior(role: Asked, unit: Unit, as_of: datetime) -> int | None:
    superior = superior_of(unit, as_of)
    if superior is None and not role.optional:
        raise RoleUnresolved(f"角色“{role.title}”：“{unit.name}”没有登记主管部门，请先登记隶属关系。")
    return superior[0] if superior else None


def _office(role: Asked, unit: Unit, as_of: datetime) -> int | None:
    region = unit.region if role.region == "unit" else str(role.region)
    level = unit.level if role.level == "unit" else role.level
    system = unit.system if role.system == "unit" else role.system
    regions = with_parents(region)
    asked = {"function": role.function, "regions": regions, "as_of": as_of}
    holders = map(_holder, _locked(_HOLDERS_HELD, asked))
    found = _nearest(holders, regions, level, system)
    if len(found) == 1:
        return next(iter(found))
    where = f"“{unit.name}”（{region}）"
    if found:
        names = "、".join(sorted(found.values()))
        raise RoleUnresolved(f"角色“{role.title}”：{names}同时管辖{where}，请核对机构管辖。")
    if role.optional:
        return None
    raise RoleUnresolved(f"角色“{role.title}”：没有机构为{where}行使职责 {role.function}，请核对机构管辖。")


def office_gaps(
    role: Asked,
    regions: Iterable[str],
    as_of: datetime,
    *,
    level: str | None = None,
    system: str | None = None,
) -> dict[str, int]:
    """The regions where nobody (0), or more than one office, holds a role, with how many; one statement.

    `level` and `system` are those of the units asked about, for roles that go by them.
    """
    asked = {"function": role.function, "regions": None, "as_of": as_of}
    holders = [_holder(row) for row in db.session.execute(text(_HOLDERS), asked)]
    like = (
        level if role.level == "unit" else role.level,
        system if role.system == "unit" else role.system,
    )
    counts = {}
    for region in regions:
        covering = with_parents(region if role.region == "unit" else str(role.region))
        here = [holder for holder in holders if holder.region in covering]
        counts[region] = len(_nearest(here, covering, *like))
    return {region: count for region, count in counts.items() if count != 1}


def _locked(statement: Prepared, asked: Mapping[str, Any]) -> Sequence[Row[Any]]:
    """The rows, which no merger can touch before this transaction ends."""
    rows = statement.run(asked).all()
    if any(row.closed_at is not None for row in rows):
        # It waited for a merger, which the statement began too early to see; the next one sees it.
        rows = statement.run(asked).all()
    return rows


def _holder(row: Row[Any]) -> _Holder:
    return _Holder(row.id, row.name, row.region, row.level, row.system)


def _nearest(
    holders: Iterable[_Holder], regions: Sequence[str], level: str | None, system: str | None
) -> dict[int, str]:
    """The offices, by id, that fit best; more than one is a tie."""
    fitting = [
        (regions.index(holder.region), -(holder.system == system) - (holder.level == level), holder)
        for holder in holders
        if _fits(holder.level, level) and _fits(holder.system, system)
    ]
    best = min((rank[:2] for rank in fitting), default=None)
    return {rank[2].office_id: rank[2].office for rank in fitting if rank[:2] == best}


def _fits(stated: str | None, asked: str | None) -> bool:
    return stated is None or asked is None or stated == asked
