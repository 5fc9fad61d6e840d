"""Which cases an organisation may see: its own, those it has had a task in, those of its region."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, false, or_, select
from sqlalchemy.orm import aliased

from app.errors import NotFound
from app.extensions import db
from app.models import Attachment, Case, Organisation, Task


@dataclass(frozen=True, slots=True)
class Sight:
    """Whose eyes a query looks with; `region` is set for a supervisor alone (a code of GB/T 2260)."""

    organisation_id: int | None
    region: str | None = None


def region_prefix(region: str) -> str:
    """The digits that all divisions of a region share: 500000 gives 50, 411300 gives 4113."""
    return region[:2] if region.endswith("0000") else region[:4] if region.endswith("00") else region


def held_by(organisation_id: int) -> ColumnElement[bool]:
    # An alias, since the query around it may speak of tasks of its own.
    held = aliased(Task)
    return exists().where(held.case_id == Case.id, held.office_id == organisation_id)


def within(region: str) -> ColumnElement[bool]:
    units = select(Organisation.id).where(
        Organisation.region.startswith(region_prefix(region), autoescape=True)
    )
    return Case.unit_id.in_(units)


def seen_by(sight: Sight) -> ColumnElement[bool]:
    ways: list[ColumnElement[bool]] = [false()]
    if sight.organisation_id is not None:
        ways += [Case.unit_id == sight.organisation_id, held_by(sight.organisation_id)]
    if sight.region is not None:
        ways.append(within(sight.region))
    return or_(*ways)


def case_for(case_id: int, sight: Sight) -> Case:
    """The case; raises NotFound alike for one that does not exist and one of others."""
    case = db.session.scalar(select(Case).where(Case.id == case_id, seen_by(sight)))
    if case is None:
        raise NotFound
    return case


def attachment_for(name: str, sight: Sight) -> Attachment:
    """An upload by its random name: of a case in sight, or of the own organisation; raises NotFound."""
    found = db.session.scalar(select(Attachment).where(Attachment.name == name))
    if found is None:
        raise NotFound
    if found.case_id is not None:
        case_for(found.case_id, sight)
    elif found.organisation_id is None or found.organisation_id != sight.organisation_id:
        raise NotFound
    return found
