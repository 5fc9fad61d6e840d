"""Organisations as pages name them, offer them for choice, and as administrators find them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, or_, select, tuple_

from app.errors import NotFound
from app.extensions import db
from app.models import (
    Account,
    Case,
    Jurisdiction,
    Organisation,
    OrganisationName,
    Person,
    Region,
    Subordination,
    Task,
)
from app.queries.paging import Page, cut, limited, read_id_cursor


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationFilter:
    """`text` is part of a name, or a whole 统一社会信用代码; `state`: open, closed; empty means any."""

    text: str = ""
    kind: str = ""
    region: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class Weight:
    """What hangs on an organisation, and goes to its successor."""

    accounts: int
    people: int
    cases: int
    tasks: int
    jurisdictions: int
    subordinates: int


def one(organisation_id: int) -> Organisation | None:
    return db.session.get(Organisation, organisation_id)


def name_of(organisation_id: int) -> str:
    return db.session.scalar(select(Organisation.name).where(Organisation.id == organisation_id)) or ""


def departments() -> Sequence[Organisation]:
    """Superior departments 主管部门 that a unit may choose from, by pinyin."""
    query = select(Organisation).where(Organisation.kind == "department", Organisation.closed_at.is_(None))
    return db.session.scalars(query.order_by(Organisation.name_key, Organisation.id)).all()


def superior_id(organisation_id: int, at: datetime) -> int | None:
    """The superior department that the register names at an instant."""
    query = select(Subordination.superior_id).where(
        Subordination.organisation_id == organisation_id,
        Subordination.valid_from <= at,
        or_(Subordination.valid_to.is_(None), Subordination.valid_to > at),
    )
    return db.session.scalar(query.order_by(Subordination.id.desc()).limit(1))


def regions() -> Sequence[Region]:
    """All divisions of GB/T 2260 that are known, by code."""
    return db.session.scalars(select(Region).order_by(Region.code)).all()


def known(organisation_id: int) -> Organisation:
    """Raises NotFound."""
    found = one(organisation_id)
    if found is None:
        raise NotFound("没有这个机构。")
    return found


def listing(wanted: OrganisationFilter, after: str | None = None) -> Page[Organisation]:
    """A page of organisations, by their names' pinyin."""
    query = select(Organisation).order_by(Organisation.name_key, Organisation.id)
    if wanted.text:
        by_name = Organisation.name.contains(wanted.text, autoescape=True)
        query = query.where(or_(by_name, Organisation.code == wanted.text.upper()))
    if wanted.kind:
        query = query.where(Organisation.kind == wanted.kind)
    if wanted.region:
        query = query.where(Organisation.region == wanted.region)
    if wanted.state in ("open", "closed"):
        is_open = Organisation.closed_at.is_(None)
        query = query.where(is_open if wanted.state == "open" else ~is_open)
    last = read_id_cursor(after)
    if last is not None:
        place = select(Organisation.name_key, Organisation.id).where(Organisation.id == last)
        query = query.where(tuple_(Organisation.name_key, Organisation.id) > place.scalar_subquery())
    return cut(db.session.scalars(limited(query)).all(), lambda row: str(row.id))


def named(text: str) -> Sequence[Organisation]:
    """Open organisations of exactly this name or 统一社会信用代码."""
    same = or_(Organisation.name == text, Organisation.code == text.upper())
    return db.session.scalars(select(Organisation).where(same, Organisation.closed_at.is_(None))).all()


def names(organisation_id: int) -> Sequence[OrganisationName]:
    """All names that an organisation bore, the newest first."""
    query = select(OrganisationName).where(OrganisationName.organisation_id == organisation_id)
    return db.session.scalars(query.order_by(OrganisationName.valid_from.desc())).all()


def superiors(organisation_id: int) -> Sequence[Row[Any]]:
    """Under whom it stood and stands: (subordination, the superior's name), the newest first."""
    query = select(Subordination, Organisation.name).join(
        Organisation, Organisation.id == Subordination.superior_id
    )
    mine = query.where(Subordination.organisation_id == organisation_id)
    return db.session.execute(mine.order_by(Subordination.valid_from.desc(), Subordination.id.desc())).all()


def jurisdictions(office_id: int) -> Sequence[Jurisdiction]:
    """All functions that an office performed and performs, the newest first."""
    query = select(Jurisdiction).where(Jurisdiction.office_id == office_id)
    return db.session.scalars(query.order_by(Jurisdiction.valid_from.desc(), Jurisdiction.id.desc())).all()


def weight(organisation_id: int) -> Weight:
    def count(*mine: Any) -> int:
        return db.session.scalar(select(func.count()).where(*mine)) or 0

    own = organisation_id
    return Weight(
        accounts=count(Account.organisation_id == own, Account.disabled_at.is_(None)),
        people=count(Person.unit_id == own, Person.left_at.is_(None)),
        cases=count(Case.unit_id == own, Case.state == "running"),
        tasks=count(Task.office_id == own, Task.state == "open"),
        jurisdictions=count(Jurisdiction.office_id == own, Jurisdiction.valid_to.is_(None)),
        subordinates=count(Subordination.superior_id == own, Subordination.valid_to.is_(None)),
    )
