"""Holes and ties among a scheme's offices, found in the registers before a case meets them (CQ-26)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import or_, select

from app.content import Role, Scheme, check_holders
from app.content.roles import FILE, NOW, START
from app.content.words import LEVELS, SYSTEMS
from app.engine.types import Problem
from app.extensions import db
from app.models import Jurisdiction, Organisation, Region
from app.operations.offices._resolution import office_gaps
from app.operations.offices.regions import with_parents

_DOUBT = "。这类单位的办件如果不会走到该角色，可以不管"


@dataclass(frozen=True, slots=True)
class Kind:
    """Units that every role resolves alike for; None: whatever it is."""

    region: str
    level: str | None
    system: str | None


def holder_problems(scheme: Scheme, at: datetime) -> list[Problem]:
    """Where a task of the scheme would find no office, or more than one, for a unit of the registers.

    A role is certainly asked for a unit whose level and system are those that the role states, if any: then
    it is an error. A role of another system is never asked for a unit. Of a role of another level nobody
    knows, so it is a warning; but a unit above the areas that all its offices are for does without it, as
    a city's own unit does without a county's office. The nature of a unit makes no difference. Roles are
    resolved as of `at`, or as of the opening of the scheme if that is later, or of the date that they name.
    """
    kinds = _kinds(scheme.jurisdiction)
    at = max(at, scheme.opens_at or at)
    return (
        [problem for role in _asked(scheme) for problem in _check(scheme, role, kinds, at)] if kinds else []
    )


def _kinds(jurisdiction: str) -> list[Kind]:
    """The kinds of units that are registered in the jurisdiction, told apart by all that roles go by."""
    facts = (
        select(Organisation.region, Organisation.level, Organisation.system)
        .where(
            Organisation.kind == "unit",
            Organisation.closed_at.is_(None),
            Organisation.profile_complete.is_(True),
        )
        .distinct()
        .order_by(Organisation.region, Organisation.level, Organisation.system)
    )
    kinds = [Kind(region, level, system) for region, level, system in db.session.execute(facts)]
    return [kind for kind in kinds if jurisdiction in with_parents(kind.region)]


def _asked(scheme: Scheme) -> list[Role]:
    """The roles by jurisdiction that some task is for."""
    elements = (e for process in scheme.definitions.processes.values() for e in process.elements.values())
    named = {element.role for element in elements if element.kind in ("userTask", "manualTask")}
    roles = scheme.roles.values()
    return [role for role in roles if role.relation == "jurisdiction" and {role.id, role.title} & named]


def _check(scheme: Scheme, role: Role, kinds: Iterable[Kind], at: datetime) -> Iterator[Problem]:
    as_of = at if role.as_of in (NOW, START) else (scheme.calendar.resolve()[role.as_of] or at)
    areas = _areas(role, kinds, as_of)
    regions = {area.region for area in areas}
    likes = {(area.level, area.system) for area in areas}
    gaps = {like: office_gaps(role, regions, as_of, level=like[0], system=like[1]) for like in likes}
    for area, certain in areas.items():
        count = gaps[area.level, area.system].get(area.region, 1)
        where = [(area.region, _name(area))]
        for problem in check_holders([role], where, lambda *_, count=count: count, scheme.folder + FILE):
            if certain:
                yield problem
            else:
                yield replace(problem, severity="warning", message=f"{problem.message}{_DOUBT}")


def _areas(role: Role, kinds: Iterable[Kind], as_of: datetime) -> dict[Kind, bool]:
    """Kinds of units for which the role may be asked, as far as it goes by them, and whether it surely is."""
    held = _held(role, as_of)
    areas: dict[Kind, bool] = {}
    for kind in kinds:
        certain = role.level in (None, "unit", kind.level)
        other_system = role.system not in (None, "unit", kind.system)
        if not other_system and (certain or not _stands_above(role, kind, held)):
            area = Kind(
                kind.region if role.region == "unit" else str(role.region),
                kind.level if "unit" in (role.region, role.level) else None,
                kind.system if role.system == "unit" else None,
            )
            areas[area] = areas.get(area, False) or certain
    return areas


def _stands_above(role: Role, kind: Kind, held: Collection[str]) -> bool:
    below = (kind.region in with_parents(region)[1:] for region in held)
    return role.region == "unit" and bool(held) and all(below)


def _held(role: Role, as_of: datetime) -> list[str]:
    """The regions in which somebody performs the role's function at its level."""
    granted = select(Jurisdiction.region).where(
        Jurisdiction.function == role.function,
        or_(Jurisdiction.level.is_(None), Jurisdiction.level == role.level),
        Jurisdiction.valid_from <= as_of,
        or_(Jurisdiction.valid_to.is_(None), Jurisdiction.valid_to > as_of),
    )
    return list(db.session.scalars(granted.distinct()))


def _name(area: Kind) -> str:
    """The area as an officer calls it: 涪陵区的区县属单位."""
    region = db.session.scalar(select(Region.name).where(Region.code == area.region)) or area.region
    if area.level is None and area.system is None:
        return region
    level, system = area.level or "", area.system or ""
    return f"{region}的{SYSTEMS.get(system, system)}{LEVELS.get(level, level)}单位"
