"""What a reviewer should know of a case's person and unit: bars, other live cases, places left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Row, func, select

from app.content.scheme import Scheme
from app.extensions import db
from app.models import Case, PlaceClaim, PostQuota
from app.operations.registers import bars


@dataclass(frozen=True)
class BarTold:
    """A bar on the person; `here`: it holds in this jurisdiction, otherwise it is another province's."""

    ground: str
    until: date | None
    here: bool


@dataclass(frozen=True)
class Places:
    """Of the grade in which the case holds a place: what the verified filing gives, what cases hold."""

    grade: str
    basis: str
    vacant: int
    held: int

    @property
    def left(self) -> int:
        return self.vacant - self.held


@dataclass(frozen=True)
class Warnings:
    """All of it; nothing where there is nothing to tell."""

    bars: Sequence[BarTold]
    others: Sequence[Case]
    places: Places | None


def about(case: Case, scheme: Scheme, now: datetime) -> Warnings:
    """At an instant of the scheme's clock."""
    return Warnings(_bars(case, scheme, now), _others(case), _places(case.id))


def _bars(case: Case, scheme: Scheme, now: datetime) -> list[BarTold]:
    if case.person_id is None:
        return []
    here, elsewhere = bars.live(case.person_id, scheme.jurisdiction, scheme.year, now)
    told = [(bar, True) for bar in here] + [(bar, False) for bar in elsewhere]
    return [BarTold(bar["ground"], bar["until"], mine) for bar, mine in told]


def _others(case: Case) -> Sequence[Case]:
    """Other running cases of the same kind about the same person, whichever unit or scheme they are of."""
    if case.person_id is None:
        return []
    same = (Case.person_id == case.person_id, Case.process == case.process, Case.id != case.id)
    return db.session.scalars(select(Case).where(*same, Case.state == "running").order_by(Case.id)).all()


def _places(case_id: int) -> Places | None:
    mine = (
        select(PostQuota.id, PostQuota.grade, PostQuota.vacant, PlaceClaim.basis)
        .join(PlaceClaim, PlaceClaim.quota_id == PostQuota.id)
        .where(PlaceClaim.case_id == case_id, PlaceClaim.released_at.is_(None))
    )
    found: Row[tuple[int, str, int, str]] | None = db.session.execute(mine).first()
    if found is None:
        return None
    quota_id, grade, vacant, basis = found
    live = (PlaceClaim.quota_id == quota_id, PlaceClaim.released_at.is_(None), PlaceClaim.basis == basis)
    held = db.session.execute(select(func.count()).where(*live)).scalar_one()
    return Places(grade, basis, vacant, held)
