"""What the workers' register says of somebody, and whose registers an organisation keeps."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.engine import Row

from app.extensions import db
from app.models import Account, AssessmentResult, Holding, Organisation, Person, Subordination
from app.queries import organisations


def kept_by(organisation_id: int, at: datetime) -> dict[int, str]:
    """Names, by id, of the units whose registers an organisation keeps: a department those below it (JD-04),
    anybody else its own.
    """
    keeper = organisations.known(organisation_id)
    return subordinates(keeper.id, at) if keeper.kind == "department" else {keeper.id: keeper.name}


def held_now(person_ids: Collection[int]) -> dict[int, list[Holding]]:
    """What each person holds now."""
    valid = select(Holding).where(Holding.person_id.in_(person_ids), Holding.ended_at.is_(None))
    found: dict[int, list[Holding]] = {}
    for row in db.session.scalars(valid.order_by(Holding.id)):
        found.setdefault(row.person_id, []).append(row)
    return found


def strengths(unit_ids: Collection[int]) -> Sequence[Row[tuple[int | None, str, str, int]]]:
    """(unit, trade, grade, how many of its present people hold it now): what shares go by (JD-09)."""
    counted = (
        select(Person.unit_id, Holding.trade, Holding.grade, func.count().label("count"))
        .join(Holding, Holding.person_id == Person.id)
        .where(Person.unit_id.in_(unit_ids), Person.left_at.is_(None), Holding.ended_at.is_(None))
        .group_by(Person.unit_id, Holding.trade, Holding.grade)
    )
    return db.session.execute(counted.order_by(Person.unit_id, Holding.trade, Holding.grade)).all()


def holdings(person_id: int) -> Sequence[Row[tuple[Holding, str, str]]]:
    """What a person holds and held, the newest first, with who entered it and for which organisation."""
    query = (
        select(Holding, Account.name, Organisation.name)
        .outerjoin(Account, Account.id == Holding.entered_by)
        .outerjoin(Organisation, Organisation.id == Holding.entered_for)
        .where(Holding.person_id == person_id)
    )
    return db.session.execute(query.order_by(Holding.id.desc())).all()


def results(person_id: int) -> Sequence[AssessmentResult]:
    """What assessments gave a person, the latest year first."""
    mine = select(AssessmentResult).where(AssessmentResult.person_id == person_id)
    return db.session.scalars(mine.order_by(AssessmentResult.year.desc(), AssessmentResult.id.desc())).all()


def subordinates(department_id: int, at: datetime) -> dict[int, str]:
    """Names of the open units below a department at an instant, by id, in the order of their pinyin."""
    query = (
        select(Organisation.id, Organisation.name)
        .join(Subordination, Subordination.organisation_id == Organisation.id)
        .where(Subordination.superior_id == department_id, Subordination.valid_from <= at)
        .where(or_(Subordination.valid_to.is_(None), Subordination.valid_to > at))
        .where(Organisation.closed_at.is_(None))
        .order_by(Organisation.name_key, Organisation.id)
    )
    return {row.id: row.name for row in db.session.execute(query)}
