"""Whom a moved date reaches: the cases with timers that used it, and those in which one has fired."""

from __future__ import annotations

import logging
from datetime import datetime

from sqlalchemy import ColumnElement, and_, distinct, select, true

from app.extensions import db
from app.models import Case, Organisation, Overlay, Timer
from app.operations import incidents, timers
from app.operations.offices import regions
from app.operations.timers import Transaction

log = logging.getLogger(__name__)

CHUNK = 200
"""Cases after which the progress is written down; a kill costs looking at so many once more."""


def concerned(overlay: Overlay) -> ColumnElement[bool]:
    """The cases for which an overlay is meant, whatever else has been decided for them."""
    if overlay.case_id is not None:
        return Case.id == overlay.case_id
    units: ColumnElement[bool] = true()
    if overlay.area is not None:
        inside = select(Organisation.id).where(Organisation.region.startswith(regions.prefix(overlay.area)))
        units = Case.unit_id.in_(inside)
    return and_(Case.scheme_id == overlay.scheme_id, units)


def waiting(overlay: Overlay) -> ColumnElement[bool]:
    """Timers, joined with their cases, that an overlay moves."""
    used = Timer.dates.contains([overlay.date])
    return and_(Timer.scheme_id == overlay.scheme_id, used, concerned(overlay))


def next_cases(overlay: Overlay, size: int) -> list[int]:
    """The next cases in order whose timers have to be computed anew."""
    found = select(distinct(Timer.case_id)).join(Case, Case.id == Timer.case_id)
    found = found.where(waiting(overlay), Timer.case_id > overlay.reached)
    return list(db.session.scalars(found.order_by(Timer.case_id).limit(size)))


def reach(case_id: int, now: datetime, transaction: Transaction) -> bool:
    """Computes the timers of one case anew; one that fails becomes an incident and stops no other."""
    try:
        return timers.retime_case(case_id, now, transaction)
    except incidents.NO_DATABASE:
        raise
    except Exception as error:
        log.warning("case %d keeps its timers (%s)", case_id, type(error).__name__)
        with transaction():
            first = select(Timer.element).where(Timer.case_id == case_id).order_by(Timer.token).limit(1)
            incidents.tell(case_id, "timer", db.session.scalars(first).first() or "", error, now)
        return False
