"""Shares that units have taken of what a rule allows them (JD-09), for whoever keeps or sees them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select

from app.extensions import db
from app.models import Case, Organisation, Person, ShareClaim, SharePool
from app.queries.paging import Page, cut, limited, read_id_cursor
from app.queries.visibility import Sight, seen_by


@dataclass(frozen=True, slots=True)
class Holder:
    """A case that holds a share, and the person it is about."""

    case_id: int
    person: str | None
    status: str
    claimed_at: datetime


@dataclass(frozen=True, slots=True)
class Shares:
    """One pool of a unit; `limit` is what the rule said when the last share was taken."""

    id: int
    scheme_id: str
    year: int
    unit: str
    pool: str
    limit: int
    holders: Sequence[Holder]

    @property
    def left(self) -> int:
        return max(0, self.limit - len(self.holders))


def overview(
    unit_ids: Collection[int], sight: Sight, *, scheme_id: str = "", after: str | None = None
) -> Page[Shares]:
    """A page of the pools of the units, and of those with a share of a case in sight; the newest first."""
    seen = select(ShareClaim.pool_id).join(Case, Case.id == ShareClaim.case_id).where(seen_by(sight))
    query = (
        select(SharePool, Organisation.name)
        .join(Organisation, Organisation.id == SharePool.unit_id)
        .where(or_(SharePool.unit_id.in_(unit_ids), SharePool.id.in_(seen)))
        .order_by(SharePool.id.desc())
    )
    query = query.where(SharePool.scheme_id == scheme_id) if scheme_id else query
    last = read_id_cursor(after)
    rows = db.session.execute(limited(query.where(SharePool.id < last) if last is not None else query)).all()
    page = cut(rows, lambda row: str(row.SharePool.id))
    held = _holders([row.SharePool.id for row in page.rows])
    return Page(
        [_told(row.SharePool, row.name, held.get(row.SharePool.id, [])) for row in page.rows], page.next
    )


def _told(pool: SharePool, unit: str, holders: Sequence[Holder]) -> Shares:
    return Shares(pool.id, pool.scheme_id, pool.year, unit, pool.pool, pool.most, holders)


def _holders(pool_ids: Collection[int]) -> dict[int, list[Holder]]:
    query = (
        select(ShareClaim.pool_id, Case.id, Person.name, Case.status, ShareClaim.claimed_at)
        .join(Case, Case.id == ShareClaim.case_id)
        .outerjoin(Person, Person.id == Case.person_id)
        .where(ShareClaim.pool_id.in_(pool_ids), ShareClaim.released_at.is_(None))
        .order_by(ShareClaim.id)
    )
    found: dict[int, list[Holder]] = {}
    for pool_id, *rest in db.session.execute(query):
        found.setdefault(pool_id, []).append(Holder(*rest))
    return found
