"""Whose word on a named date counts where: by the role that the scheme names and the areas of its office."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import false, or_, select, true

from app.content.roles import Role
from app.content.scheme import Scheme
from app.errors import DomainError, Forbidden
from app.extensions import db
from app.models import Case, Jurisdiction
from app.operations.actors import Actor
from app.operations.offices import organisations
from app.operations.offices.regions import with_parents

OWN = "unit"


def demand_role(
    scheme: Scheme, name: str, area: str | None, case_id: int | None, actor: Actor, now: datetime
) -> None:
    """Raises Forbidden unless the actor's office holds the role for the case, the area or the scheme."""
    if actor.system:
        return
    role = scheme.roles[name]
    if case_id is not None:
        held = _holds_for_case(role, case_id, actor, now)
    else:
        around = with_parents(area or scheme.jurisdiction)
        held = not areas_of(role, actor.organisation_id, now).isdisjoint(around)
    if not (held and actor.has("operator")):
        where = "这件办件" if case_id is not None else "该地区" if area else "全部办件"
        raise Forbidden(f"为{where}调整这个日期，须由“{role.title}”办理。")


def areas_of(role: Role, organisation_id: int | None, now: datetime) -> set[str]:
    """The regions for which an organisation holds a role that goes by jurisdiction."""
    if role.relation != "jurisdiction" or organisation_id is None:
        return set()
    any_level = true() if role.level in (None, OWN) else false()
    granted = select(Jurisdiction.region).where(
        Jurisdiction.office_id == organisation_id,
        Jurisdiction.function == role.function,
        or_(any_level, Jurisdiction.level.is_(None), Jurisdiction.level == role.level),
        Jurisdiction.valid_from <= now,
        or_(Jurisdiction.valid_to.is_(None), Jurisdiction.valid_to > now),
    )
    regions = set(db.session.scalars(granted))
    return regions if role.region in (None, OWN) else regions & set(with_parents(str(role.region)))


def office_of(role: Role, area: str, now: datetime) -> int | None:
    """The office that holds a role for an area, the nearest; None where nobody does."""
    regions = with_parents(area if role.region in (None, OWN) else str(role.region))
    for region in regions:
        held = select(Jurisdiction.office_id).where(
            Jurisdiction.function == role.function,
            Jurisdiction.region == region,
            Jurisdiction.valid_from <= now,
            or_(Jurisdiction.valid_to.is_(None), Jurisdiction.valid_to > now),
        )
        found = db.session.scalars(held.order_by(Jurisdiction.id).limit(1)).first()
        if found is not None:
            return found
    return None


def _holds_for_case(role: Role, case_id: int, actor: Actor, now: datetime) -> bool:
    case = db.session.get_one(Case, case_id)
    try:
        return organisations.resolve_role(role, case.unit_id, now) == actor.organisation_id
    except DomainError:  # nobody holds it here
        return False
