"""Cases that are about other cases: sanctions, reviews, corrections (decision 8)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, select
from sqlalchemy.engine import Row

from app.extensions import db
from app.models import Case
from app.operations._prepared import Prepared


def linked_case(case_id: int) -> Row[Any] | None:
    """What has to be known of a case that another one is to be about; locked, so that nobody archives it."""
    about = (Case.id, Case.scheme_id, Case.process, Case.unit_id, Case.person_id)
    found = select(*about, Case.status, Case.outcome, Case.listed).where(Case.id == case_id)
    return db.session.execute(found.with_for_update()).first()


def line_of(case_id: int) -> list[int]:
    """The case, the one that it is about, the one that that is about, and so on: each older than the last."""
    return list(_LINE.run({"case": case_id}).scalars())


def line(case_id: ColumnElement[int]) -> Select[tuple[int]]:
    """The ids of `line_of` in no order, for a statement to ask in."""
    found = select(Case.id, Case.linked_case_id).where(Case.id == case_id).cte(recursive=True)
    found = found.union_all(select(Case.id, Case.linked_case_id).where(Case.id == found.c.linked_case_id))
    return select(found.c.id)


_NEWEST_FIRST = line(bindparam("case")).subquery().c.id
_LINE = Prepared(select(_NEWEST_FIRST).order_by(_NEWEST_FIRST.desc()))


def disputed(case_id: int) -> bool:
    """Whether a case about this one is live, or a case about such a case (a review of a sanction)."""
    about = select(Case.id, Case.ended_at).where(Case.linked_case_id == case_id).cte(recursive=True)
    about = about.union_all(select(Case.id, Case.ended_at).where(Case.linked_case_id == about.c.id))
    live = select(exists().select_from(about).where(about.c.ended_at.is_(None)))
    return bool(db.session.execute(live).scalar())
