"""Which organisation holds a role for a unit, its successors included (LIFE-04): two statements at most."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import text

from app.errors import Conflict, NotFound
from app.extensions import db
from app.operations.regions import with_parents


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


_LINE = text("""
    WITH RECURSIVE line AS (
        SELECT id, name, region, system, successor_id, 0 AS depth FROM organisation WHERE id = :id
        UNION ALL
        SELECT o.id, o.name, o.region, o.system, o.successor_id, depth + 1
        FROM line JOIN organisation o ON o.id = line.successor_id
    )
    SELECT id, name, region, system FROM line ORDER BY depth
""")

# `line` is in order, so a superior of the unit itself comes before one of its successor.
_SUPERIORS = text("""
    WITH RECURSIVE held AS (
        SELECT array_position(CAST(:line AS bigint[]), s.organisation_id) AS nearness,
               o.id, o.name, o.successor_id, o.closed_at
        FROM subordination s JOIN organisation o ON o.id = s.superior_id
        WHERE s.organisation_id = ANY(CAST(:line AS bigint[]))
          AND s.valid_from <= :as_of AND (s.valid_to IS NULL OR s.valid_to > :as_of)
        UNION ALL
        SELECT nearness, o.id, o.name, o.successor_id, o.closed_at
        FROM held JOIN organisation o ON o.id = held.successor_id
    )
    SELECT id, name FROM held WHERE successor_id IS NULL AND closed_at IS NULL ORDER BY nearness LIMIT 1
""")

_HOLDERS = text("""
    WITH RECURSIVE held AS (
        SELECT j.region, j.level, j.system, o.id, o.name, o.successor_id, o.closed_at
        FROM jurisdiction j JOIN organisation o ON o.id = j.office_id
        WHERE j.function = :function
          AND (CAST(:regions AS text[]) IS NULL OR j.region = ANY(CAST(:regions AS text[])))
          AND j.valid_from <= :as_of AND (j.valid_to IS NULL OR j.valid_to > :as_of)
        UNION ALL
        SELECT held.region, held.level, held.system, o.id, o.name, o.successor_id, o.closed_at
        FROM held JOIN organisation o ON o.id = held.successor_id
    )
    SELECT id, name, region, level, system FROM held WHERE successor_id IS NULL AND closed_at IS NULL
""")


def unit_today(unit_id: int) -> Unit:
    """The organisation, or whoever succeeded it. Raises NotFound."""
    line = db.session.execute(_LINE, {"id": unit_id}).all()
    if not line:
        raise NotFound("没有这个单位。")
    today = line[-1]
    return Unit(today.id, today.name, today.region, today.system, tuple(row.id for row in line))


def superior_of(unit: Unit, as_of: datetime) -> tuple[int, str] | None:
    """Id and name of the superior department at an instant (its successor by now), or None."""
    row = db.session.execute(_SUPERIORS, {"line": list(unit.line), "as_of": as_of}).first()
    return (row.id, row.name) if row else None


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
    system = unit.system if role.system == "unit" else role.system
    regions = with_parents(region)
    found = _nearest(_holders(role, regions, as_of), regions, role.level, system)
    if len(found) == 1:
        return next(iter(found))
    where = f"“{unit.name}”（{region}）"
    if found:
        names = "、".join(sorted(found.values()))
        raise RoleUnresolved(f"角色“{role.title}”：{names}同时管辖{where}，请核对机构管辖。")
    if role.optional:
        return None
    raise RoleUnresolved(f"角色“{role.title}”：没有机构为{where}行使职责 {role.function}，请核对机构管辖。")


def office_counts(role: Asked, as_of: datetime, *, system: str | None = None) -> Callable[[str], int]:
    """How many offices hold a role in a region: 1 is right, 0 a hole, more a tie.

    One statement for all regions. `system` is that of the units asked about, for roles that go by it.
    """
    holders = _holders(role, None, as_of)
    wanted = system if role.system == "unit" else role.system

    def count(region: str) -> int:
        regions = with_parents(region if role.region == "unit" else str(role.region))
        return len(_nearest([h for h in holders if h.region in regions], regions, role.level, wanted))

    return count


def office_gaps(
    role: Asked, regions: Iterable[str], as_of: datetime, *, system: str | None = None
) -> dict[str, int]:
    """The regions where nobody, or more than one office, holds a role, with how many do."""
    count = office_counts(role, as_of, system=system)
    return {region: found for region in regions if (found := count(region)) != 1}


def _holders(role: Asked, regions: Sequence[str] | None, as_of: datetime) -> list[_Holder]:
    asked: Mapping[str, Any] = {"function": role.function, "regions": regions, "as_of": as_of}
    rows = db.session.execute(_HOLDERS, asked)
    return [_Holder(row.id, row.name, row.region, row.level, row.system) for row in rows]


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
