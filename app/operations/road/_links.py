"""Cases that are about other cases: sanctions, reviews, corrections (decision 8)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, bindparam, exists, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Row
from sqlalchemy.sql.selectable import CTE

from app.extensions import db
from app.models import Case
from app.operations._prepared import Prepared


def linked_case(case_id: int) -> Row[Any] | None:
    """What has to be known of a case that another one is to be about; locked, so that nobody archives it."""
    about = (Case.id, Case.scheme_id, Case.process, Case.unit_id, Case.person_id, Case.linked_case_id)
    found = select(*about, Case.status, Case.outcome, Case.listed).where(Case.id == case_id)
    return db.session.execute(found.with_for_update()).first()


def line_of(case_id: int) -> list[int]:
    """The case, the one that it is about, the one that that is about, and so on."""
    return list(_LINE.run({"cases": [case_id]}).scalars())


def _lines() -> CTE:
    """Of each of `cases`, as `of`: the case and those that `line_of` tells."""
    wanted = func.any(bindparam("cases", type_=ARRAY(BigInteger)))
    found = select(Case.id, Case.linked_case_id, Case.id.label("of")).where(Case.id == wanted)
    line = found.cte("line", recursive=True)
    further = select(Case.id, Case.linked_case_id, line.c.of).where(Case.id == line.c.linked_case_id)
    return line.union_all(further)


def lines_that_have(case_id: ColumnElement[int]) -> Select[tuple[int]]:
    """Those of `cases` whose line has a row with this `case_id`."""
    line = _lines()
    return select(line.c.of).join(case_id.table, case_id == line.c.id).distinct()


_ALL = _lines()
_LINE = Prepared(select(_ALL.c.id).order_by(_ALL.c.id.desc()))


def disputed(case_id: int) -> bool:
    """Whether a case about this one is live, or a case about such a case (a review of a sanction)."""
    about = select(Case.id, Case.ended_at).where(Case.linked_case_id == case_id).cte(recursive=True)
    about = about.union_all(select(Case.id, Case.ended_at).where(Case.linked_case_id == about.c.id))
    live = select(exists().select_from(about).where(about.c.ended_at.is_(None)))
    return bool(db.session.execute(live).scalar())
