"""Where a viewer's people are, and in which units or regions their keys have to be looked through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, and_, exists, false, or_, select

from app.extensions import db
from app.models import Jurisdiction, Organisation, Person, Region, Subordination
from app.operations.dates import clock
from app.operations.offices import regions
from app.queries.visibility import Sight, covers, lies_in


@dataclass(frozen=True, slots=True)
class Places:
    """Units by id, or regions by code, that hold the keys of all that a viewer may see, and of more."""

    kind: Literal["unit", "region"]
    values: Sequence[int] | Sequence[str]


def places_of(sight: Sight) -> Places:
    """A unit's own, a department's with all units it ever had, an office's regions, whenever it had them."""
    if sight.organisation_id is None:
        return Places("unit", ())
    if sight.areas_at is None:
        below = select(Subordination.organisation_id).where(
            Subordination.superior_id == sight.organisation_id
        )
        return Places("unit", [sight.organisation_id, *db.session.scalars(below.distinct())])
    granted = select(Jurisdiction.region).where(Jurisdiction.office_id == sight.organisation_id)
    own = select(Organisation.region).where(Organisation.id == sight.organisation_id)
    tops = {*db.session.scalars(granted), *db.session.scalars(own)}
    inside = or_(*(Region.code.startswith(regions.prefix(top), autoescape=True) for top in tops))
    return Places("region", db.session.scalars(select(Region.code).where(inside)).all())


def people_seen_by(sight: Sight, now: datetime) -> ColumnElement[bool]:
    """A unit's own people, a department's units', those of an office's areas and its supervisor's region."""
    if sight.organisation_id is None:
        return false()
    ways = [Person.unit_id == sight.organisation_id]
    if sight.areas_at is None:
        ways.append(Person.unit_id.in_(_units_below(sight.organisation_id, now)))
    else:
        ways.append(exists().where(Organisation.id == Person.unit_id, or_(*_areas(sight, now))))
    return and_(Person.left_at.is_(None), or_(*ways))


def _units_below(department_id: int, now: datetime) -> Sequence[int]:
    below = select(Subordination.organisation_id).where(
        Subordination.superior_id == department_id,
        Subordination.valid_from <= now,
        or_(Subordination.valid_to.is_(None), Subordination.valid_to > now),
    )
    return db.session.scalars(below).all()


def _areas(sight: Sight, now: datetime) -> list[ColumnElement[bool]]:
    """Whichever scheme's clock tells the instant, in a rehearsal: people are of no scheme."""
    instants = {now, *(now + offset for offset in clock.offsets().values())}
    granted = db.session.scalars(select(Jurisdiction).where(Jurisdiction.office_id == sight.organisation_id))
    valid = [grant for grant in granted if any(_is_valid(grant, at) for at in instants)]
    regional = [lies_in(sight.region)] if sight.region is not None else []
    return [false(), *regional, *map(covers, valid)]


def _is_valid(grant: Jurisdiction, at: datetime) -> bool:
    return grant.valid_from <= at and (grant.valid_to is None or at < grant.valid_to)
