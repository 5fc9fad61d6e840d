"""What a unit's officer has to know first: what came back, who owes what, posts, lists and fees."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.orm import defer

from app.extensions import db
from app.models import Case, Person, PlaceClaim, PostQuota, Task
from app.operations.registers.places import BY_VACANCY
from app.queries.inbox import KEYS, ROWS, TaskRow, place_of, read_place
from app.queries.paging import Page, capped_count, cut, limited

FIRST = 6
"""Rows of a section of the desk; its own page has the rest."""


@dataclass(frozen=True)
class Posts:
    """Posts of a grade as the unit's latest verified filing has them, and the places that are held.

    `taken` count against the vacancies, `beside` are held on another ground (CQ-33).
    """

    scheme_id: str
    grade: str
    approved: int
    held: int
    vacant: int
    source_case_id: int
    taken: int
    beside: int

    @property
    def left(self) -> int:
        return max(0, self.vacant - self.taken)


def returned(unit_id: int, after: str | None = None) -> Page[TaskRow]:
    """A page of what was given back to the unit and waits there, what is due first first."""
    return _by_due(unit_id, Task.returned_from.is_not(None), after)


def owed(unit_id: int, steps: Collection[tuple[str, str]], after: str | None = None) -> Page[TaskRow]:
    """A page of the tasks at which somebody owes a document; `steps`: scheme and element of such tasks."""
    return _by_due(unit_id, tuple_(Task.scheme_id, Task.element).in_(steps), after)


def _by_due(unit_id: int, those: ColumnElement[bool], after: str | None) -> Page[TaskRow]:
    key, place = KEYS["due"], read_place(after, "due")
    query = ROWS.where(Task.state == "open", Task.office_id == unit_id, those).order_by(key, Task.id)
    if place is not None:
        query = query.where(tuple_(key, Task.id) > place)
    rows = [TaskRow(*row) for row in db.session.execute(limited(query))]
    return cut(rows, lambda row: place_of(row.task, "due"))


def posts(unit_id: int) -> Sequence[Posts]:
    """By scheme and grade, the highest first."""
    by_vacancy = PlaceClaim.basis == BY_VACANCY
    counts = (
        func.count(PlaceClaim.id).filter(by_vacancy),
        func.count(PlaceClaim.id).filter(~by_vacancy),
    )
    known = (PostQuota.scheme_id, PostQuota.grade, PostQuota.approved, PostQuota.held, PostQuota.vacant)
    live = (PlaceClaim.quota_id == PostQuota.id) & PlaceClaim.released_at.is_(None)
    query = (
        select(*known, PostQuota.source_case_id, *counts)
        .outerjoin(PlaceClaim, live)
        .where(PostQuota.unit_id == unit_id)
        .group_by(PostQuota.id)
        .order_by(PostQuota.scheme_id, PostQuota.rank)
    )
    return [Posts(*row) for row in db.session.execute(query)]


def people_count(unit_id: int) -> tuple[int, bool]:
    """The unit's present people, counted up to a cap."""
    return capped_count(select(Person.id).where(Person.unit_id == unit_id, Person.left_at.is_(None)))


def lists(unit_id: int) -> Sequence[Case]:
    """The newest running cases about the unit itself, such as batches and lists; one more than are shown."""
    own = (Case.unit_id == unit_id, Case.person_id.is_(None), Case.state == "running")
    query = select(Case).where(*own).options(defer(Case.engine_state, raiseload=True))
    return db.session.scalars(query.order_by(Case.id.desc()).limit(FIRST + 1)).all()


def live_of(scheme_id: str, process: str, person_ids: Collection[int]) -> dict[int, int]:
    """The running case of a process that each of these people has, if any."""
    mine = (Case.scheme_id == scheme_id, Case.process == process, Case.person_id.in_(person_ids))
    query = select(Case.person_id, Case.id).where(*mine, Case.ended_at.is_(None)).order_by(Case.id)
    return {person_id: case_id for person_id, case_id in db.session.execute(query)}
