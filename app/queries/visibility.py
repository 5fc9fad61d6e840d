"""Which cases an account may see: its unit's, those its office has had a task in, its areas' (CQ-23).

An applicant sees their own, and of files those that are theirs: what was entered as theirs, by whomever.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, exists, false, func, literal, or_, select
from sqlalchemy.orm import aliased

from app.errors import NotFound
from app.extensions import db
from app.models import Attachment, Case, Jurisdiction, Organisation, Task, TaskDraft, TaskValue
from app.operations.actors import APPLICANT, Actor
from app.operations.dates import clock
from app.operations.offices import regions
from app.queries.copies import copied_to


@dataclass(frozen=True, slots=True)
class Sight:
    """Whose eyes a query looks with.

    `region` is set for an office's supervisor alone (a code of GB/T 2260); `areas_at` for an office, the real
    instant at which its jurisdictions count; `person_id` and `account_id` for an applicant alone;
    `copied_to` for any account: what was copied to it, or to its organisation, is seen, too.
    """

    organisation_id: int | None
    region: str | None = None
    areas_at: datetime | None = None
    person_id: int | None = None
    account_id: int | None = None
    copied_to: int | None = None


def sight_of(actor: Actor, organisation: Organisation | None, now: datetime) -> Sight:
    """What an account sees: an office its areas, and its supervisor all of the region that it lies in."""
    if actor.has(APPLICANT):
        return Sight(None, person_id=actor.person_id, account_id=actor.account_id)
    if organisation is None or organisation.kind != "office":
        return Sight(actor.organisation_id, copied_to=actor.account_id)
    region = organisation.region if actor.has("supervisor") else None
    return Sight(organisation.id, region, now, copied_to=actor.account_id)


def held_by(organisation_id: int) -> ColumnElement[bool]:
    # An alias, since the query around it may speak of tasks of its own.
    held = aliased(Task)
    return exists().where(held.case_id == Case.id, held.office_id == organisation_id)


def of_person(person_id: int) -> ColumnElement[bool]:
    """A person's own cases; one about another, such as a sanction, once something in it is for them to do."""
    own = aliased(Task)
    asked = exists().where(own.case_id == Case.id, own.person_id == person_id)
    return and_(Case.person_id == person_id, or_(Case.linked_case_id.is_(None), asked))


def within(region: str) -> ColumnElement[bool]:
    return Case.unit_id.in_(select(Organisation.id).where(lies_in(region)))


def in_areas(office_id: int, now: datetime) -> ColumnElement[bool]:
    """Cases of the units over which the office has a jurisdiction at this instant (CQ-23).

    Whatever the function. In a rehearsal each scheme's own clock tells the instant. A case about another,
    such as a sanction, is seen by those alone who take part in it.
    """
    granted = db.session.scalars(select(Jurisdiction).where(Jurisdiction.office_id == office_id)).all()
    shifted = clock.offsets()
    ways = [
        and_(Case.scheme_id == scheme_id, _of_units(granted, now + offset))
        for scheme_id, offset in shifted.items()
    ]
    ways.append(and_(Case.scheme_id.not_in(shifted), _of_units(granted, now)))
    return and_(Case.linked_case_id.is_(None), or_(*ways))


def _of_units(granted: Iterable[Jurisdiction], at: datetime) -> ColumnElement[bool]:
    valid = [j for j in granted if j.valid_from <= at and (j.valid_to is None or at < j.valid_to)]
    if not valid:
        return false()
    return Case.unit_id.in_(select(Organisation.id).where(or_(*map(covers, valid))))


def covers(jurisdiction: Jurisdiction) -> ColumnElement[bool]:
    """The units of its region and system.

    Its level is the office's own: in the divisions below, and in a whole province, it sees units of every
    level; but a county's office does not see a city's own unit that happens to stand in the county.
    """
    covers = lies_in(jurisdiction.region)
    if jurisdiction.system is not None:
        covers &= Organisation.system == jurisdiction.system
    if jurisdiction.level is not None and not jurisdiction.region.endswith("0000"):
        below = Organisation.region != jurisdiction.region
        covers &= or_(below, Organisation.level == jurisdiction.level)
    return covers


def lies_in(region: str) -> ColumnElement[bool]:
    """Organisations of a region and of those below it."""
    return Organisation.region.startswith(regions.prefix(region), autoescape=True)


def seen_by(sight: Sight) -> ColumnElement[bool]:
    ways: list[ColumnElement[bool]] = [false()]
    if sight.organisation_id is not None:
        ways += [Case.unit_id == sight.organisation_id, held_by(sight.organisation_id)]
    if sight.person_id is not None:
        ways.append(of_person(sight.person_id))
    if sight.region is not None:
        ways.append(within(sight.region))
    if sight.organisation_id is not None and sight.areas_at is not None:
        ways.append(in_areas(sight.organisation_id, sight.areas_at))
    if sight.copied_to is not None:
        ways.append(copied_to(sight.copied_to, sight.organisation_id))
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
    if sight.person_id is not None:
        return _own_attachment(found, sight)
    if found.case_id is not None:
        case_for(found.case_id, sight)
    elif found.organisation_id is None or not (
        found.organisation_id == sight.organisation_id or _in_a_draft_held(found, sight.organisation_id)
    ):
        raise NotFound
    return found


def _in_a_draft_held(found: Attachment, organisation_id: int | None) -> bool:
    """Whether it stands in a draft that the organisation may submit: a department's, a new unit's."""
    held = (
        select(Task.id)
        .join(TaskDraft)
        .where(
            Task.office_id == organisation_id,
            Task.state == "open",
            Task.person_id.is_not(None),
            _holds(TaskDraft.values, literal(f'"{found.name}"')),
        )
    )
    return db.session.scalar(held.limit(1)) is not None


def attachments_for(found: Iterable[Attachment], sight: Sight) -> list[Attachment]:
    """Those of a case in sight that an applicant may see."""
    return [one for one in found if _is_own(one, sight)]


def _own_attachment(found: Attachment, sight: Sight) -> Attachment:
    """Raises NotFound for what is not the applicant's."""
    if not _is_own(found, sight):
        raise NotFound
    return found


def _is_own(found: Attachment, sight: Sight) -> bool:
    """Whether the applicant uploaded it, or it stands in a form of theirs, submitted or not."""
    if found.uploaded_by == sight.account_id:
        return True
    name = literal(f'"{found.name}"')
    entered = (
        select(Task.id)
        .outerjoin(TaskValue)
        .outerjoin(TaskDraft)
        .where(
            Task.person_id == sight.person_id,
            or_(_holds(TaskValue.values, name), _holds(TaskDraft.values, name)),
        )
    )
    return db.session.scalar(entered.limit(1)) is not None


def _holds(values: Any, quoted: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a name of 32 random letters stands somewhere in what was entered."""
    return func.strpos(cast(values, Text), quoted) > 0
