"""Moved dates 日期调整 as pages and the API show them: who decided, whom they reach, what had fired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, distinct, func, or_, select, true
from sqlalchemy.engine import Row

from app.errors import NotFound
from app.extensions import db
from app.models import Case, History, Organisation, Overlay, Timer
from app.operations import deployments
from app.operations.dates._overlay_reach import concerned, waiting
from app.operations.offices.regions import with_parents
from app.queries.paging import Page, read_id_cursor

SHOWN = 50
FIRED_SHOWN = 100


def visible_to(organisation: Organisation | None) -> ColumnElement[bool]:
    """Offices and departments see all; a unit what it proposed, and what was decided for it or its cases."""
    if organisation is None or organisation.kind != "unit":
        return true()
    own = Overlay.case_id.in_(select(Case.id).where(Case.unit_id == organisation.id))
    around = Overlay.case_id.is_(None) & or_(
        Overlay.area.is_(None), Overlay.area.in_(with_parents(organisation.region))
    )
    decided = and_(Overlay.state == "approved", or_(own, around))
    return or_(Overlay.proposed_for == organisation.id, decided)


def listing(scope: ColumnElement[bool], before: str | None = None) -> Page[Overlay]:
    """The newest first."""
    query = select(Overlay).where(scope).order_by(Overlay.id.desc()).limit(SHOWN + 1)
    last = read_id_cursor(before)
    if last is not None:
        query = query.where(Overlay.id < last)
    rows = db.session.scalars(query).all()
    return Page(rows[:SHOWN], str(rows[SHOWN - 1].id) if len(rows) > SHOWN else None)


def known(overlay_id: int, scope: ColumnElement[bool]) -> Overlay:
    """Raises NotFound for one that is out of sight."""
    found = db.session.scalar(select(Overlay).where(Overlay.id == overlay_id, scope))
    if found is None:
        raise NotFound
    return found


@dataclass(frozen=True)
class Effect:
    """Open cases and timers that an overlay moves, and the cases in which a timer had fired before it."""

    cases: int
    timers: int
    fired: int
    shown: Sequence[Row[tuple[int, str | None, datetime, str, str]]]


def effect(overlay: Overlay, now: datetime) -> Effect:
    """What it would reach if it were approved now, or has to reach; what had fired by then stays as it is."""
    moves = select(func.count(distinct(Timer.case_id)), func.count()).join(Case, Case.id == Timer.case_id)
    cases, timers = db.session.execute(moves.where(waiting(overlay))).one()
    fired = _fired(overlay, overlay.decided_at or now)
    count = db.session.scalar(select(func.count()).select_from(fired.subquery())) or 0
    newest = fired.order_by(History.at.desc(), Case.id).limit(FIRED_SHOWN)
    return Effect(cases, timers, count, db.session.execute(newest).all())


def _fired(overlay: Overlay, until: datetime) -> Select[tuple[int, str | None, datetime, str, str]]:
    return (
        select(Case.id, History.element, History.at, Organisation.name, Case.status)
        .join(History, History.case_id == Case.id)
        .join(Organisation, Organisation.id == Case.unit_id)
        .where(
            concerned(overlay),
            History.call == "fire",
            History.at <= until,
            History.element.in_(_elements(overlay)),
        )
    )


def _elements(overlay: Overlay) -> set[str]:
    """The elements whose expressions mention the date, in any deployment that the scheme's cases have."""
    pinned = select(distinct(Case.deployment_id)).where(Case.scheme_id == overlay.scheme_id)
    return {
        used.element
        for deployment_id in db.session.scalars(pinned).all()
        for process in deployments.scheme(deployment_id).definitions.processes.values()
        for used in process.expressions
        if overlay.date in used.expression.date_names
    }


def organisations_of(overlay: Overlay) -> dict[int, str]:
    """The names of the organisations that proposed it, decided it, and were told of it."""
    ids = [overlay.proposed_for, overlay.decided_for, overlay.filed_for]
    rows = select(Organisation.id, Organisation.name).where(Organisation.id.in_([one for one in ids if one]))
    return {row.id: row.name for row in db.session.execute(rows)}
