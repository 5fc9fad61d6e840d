"""Units, departments and offices: made, described; what is done with them and who answers for them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import or_, select

from app.content.identity import clean_credit_code
from app.errors import Invalid, NotFound
from app.extensions import db
from app.models import Organisation, OrganisationName, Region
from app.operations._administration import demand, ground_by, insert, record
from app.operations.actors import Actor
from app.operations.finding._names import full_name, name_key
from app.operations.finding._search_keys import follow_organisation
from app.operations.offices._relations import (
    assign_superior,
    end_jurisdiction,
    grant_jurisdiction,
    known_region,
    open_organisation,
)
from app.operations.offices._reorganisation import close, merge, rename, take_over
from app.operations.offices._resolution import (
    RoleUnresolved,
    office_gaps,
    resolve_role,
    superior_of,
    unit_today,
)

__all__ = [
    "Profile",
    "RoleUnresolved",
    "amend",
    "assign_superior",
    "close",
    "create",
    "end_jurisdiction",
    "facts",
    "grant_jurisdiction",
    "line_of",
    "merge",
    "office_gaps",
    "open_unit",
    "rename",
    "resolve_role",
    "take_over",
]

Kind = Literal["unit", "department", "office"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The facts by which schemes tell organisations apart, and how to reach one."""

    level: str | None = None
    system: str | None = None
    nature: str | None = None
    contact: str | None = None
    telephone: str | None = None
    address: str | None = None


def create(
    kind: Kind,
    name: str,
    region: str,
    *,
    actor: Actor,
    now: datetime,
    code: str | None = None,
    profile: Profile | None = None,
    ground: str | None = None,
) -> Organisation:
    """A new organisation, under this name from `now` on; without a profile it still has to give one.

    `code` is its 统一社会信用代码 (GB 32100). Raises Invalid, and Conflict where the code is in use (CQ-26).
    """
    demand(actor, "administrator")
    reason, called = ground_by(actor, ground), full_name(name)
    organisation = Organisation(
        kind=kind,
        name=called,
        name_key=name_key(called),
        code=_credit_code(code),
        region=known_region(region),
        **asdict(profile or Profile()),
        profile_complete=profile is not None,
        created_at=now,
    )
    insert(organisation, "该统一社会信用代码已经登记，请使用本单位原有的账号登录；不清楚账号的请联系管理员。")
    db.session.add(OrganisationName(organisation_id=organisation.id, name=called, valid_from=now))
    follow_organisation(organisation.id)
    detail = {"name": called, "kind": kind}
    record("organisation.created", organisation.id, actor, now, ground=reason, detail=detail)
    return organisation


def amend(
    organisation_id: int, profile: Profile, *, actor: Actor, now: datetime, ground: str | None = None
) -> None:
    """Changes what an organisation is known by; what the profile leaves out stays, an empty text empties.

    Cases that run go on as they were routed. Raises NotFound, Conflict for a closed one, and Invalid.
    """
    demand(actor, "administrator")
    reason, organisation = ground_by(actor, ground), open_organisation(organisation_id)
    given = {field: value or None for field, value in asdict(profile).items() if value is not None}
    before = {field: getattr(organisation, field) for field in given}
    changed = {field: [before[field], given[field]] for field in given if before[field] != given[field]}
    if not changed:
        raise Invalid(message="没有需要更改的内容。")
    for field, (_, value) in changed.items():
        setattr(organisation, field, value)
    record("organisation.amended", organisation_id, actor, now, ground=reason, detail=changed)


def facts(unit_id: int, as_of: datetime) -> dict[str, Any]:
    """What a case is told of its unit (of its successor, where it has one), as plain values."""
    today = unit_today(unit_id)
    query = (
        select(
            Organisation.id,
            Organisation.name,
            Organisation.region,
            Region.name.label("region_name"),
            Organisation.level,
            Organisation.system,
            Organisation.nature,
        )
        .outerjoin(Region, Region.code == Organisation.region)
        .where(Organisation.id == today.id)
    )
    superior = superior_of(today, as_of)
    return {
        **db.session.execute(query).one()._mapping,
        "has_superior": superior is not None,
        "superior_name": superior[1] if superior else None,
    }


SUBJECTS = ("unit", "department")
"""The kinds of organisations that a case may be about without anybody's person."""


def open_unit(named: int | str, kinds: Collection[str] = ("unit",)) -> int:
    """The id of the open unit of that id, 统一社会信用代码 or full name. Raises NotFound for none or two.

    `kinds`: of what kinds of organisations; a case may be about a department, too (JD-03).
    """
    if isinstance(named, int):
        condition = Organisation.id == named
    else:
        text = named.strip()
        condition = or_(Organisation.code == text.upper(), Organisation.name == text)
    open_ones = Organisation.kind.in_(kinds) & Organisation.closed_at.is_(None)
    found = db.session.scalars(select(Organisation.id).where(condition, open_ones).limit(2)).all()
    if len(found) != 1:
        raise NotFound("没有找到这个单位，请填写它的统一社会信用代码或登记的全称。")
    return found[0]


def line_of(organisation_id: int) -> list[int]:
    """The organisation and all that were merged into it: whose closed cases and files it may see."""
    line = select(Organisation.id).where(Organisation.id == organisation_id).cte(recursive=True)
    line = line.union_all(select(Organisation.id).join(line, Organisation.successor_id == line.c.id))
    return list(db.session.scalars(select(line.c.id)))


def _credit_code(text: str | None) -> str | None:
    try:
        return clean_credit_code(text) if text else None
    except ValueError as error:
        raise Invalid({"code": [f"{error}。"]}) from None
