"""Lists of cases 办件: a unit's, an office's, a region's."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import defer

from app.errors import NotFound
from app.extensions import db
from app.models import Case, Organisation, Person, Task
from app.queries.paging import Page, Rows, all_rows, capped_count, cut, limited, read_id_cursor
from app.queries.visibility import lies_in

ROWS = (
    select(Case, Organisation.name, Person)
    .join(Organisation, Organisation.id == Case.unit_id)
    .outerjoin(Person, Person.id == Case.person_id)
    # A list never needs an instance of the engine.
    .options(defer(Case.engine_state, raiseload=True))
)


@dataclass(frozen=True)
class CaseRow:
    """A case as lists show it."""

    case: Case
    unit_name: str
    person: Person | None


@dataclass(frozen=True)
class CaseFilter:
    """What a list is narrowed to; empty text means any.

    `phase` is the process of a phase that the case has come to, `phase_status` its status there; with
    `first_phase` also what has come to none yet, by its status. `region` is the unit's, or one around it.
    `listed` compares with the variables that lists show, `listed_text` looks for a part of them.
    """

    scheme_id: str = ""
    process: str = ""
    name: str = ""
    unit: str = ""
    status: str = ""
    state: str = ""
    phase: str = ""
    phase_status: str = ""
    first_phase: bool = False
    region: str = ""
    started_from: datetime | None = None
    started_before: datetime | None = None
    listed: Mapping[str, str] = field(default_factory=dict)
    listed_text: Mapping[str, str] = field(default_factory=dict)


def listing(scope: ColumnElement[bool], wanted: CaseFilter, before: str | None = None) -> Page[CaseRow]:
    """A page of the cases in `scope`, the newest first."""
    query = _narrowed(ROWS.where(scope), wanted).order_by(Case.id.desc())
    last = read_id_cursor(before)
    if last is not None:
        query = query.where(Case.id < last)
    rows = [CaseRow(*row) for row in db.session.execute(limited(query))]
    return cut(rows, lambda row: str(row.case.id))


def every(scope: ColumnElement[bool], wanted: CaseFilter, *, long: bool = False) -> Rows[CaseRow]:
    """All of a list, the newest first. Raises TooMany."""
    query = _narrowed(ROWS.where(scope), wanted).order_by(Case.id.desc())
    return all_rows(query, CaseRow, long=long)


def one(case_id: int, scope: ColumnElement[bool]) -> CaseRow:
    """A case in `scope`; raises NotFound alike for none and for one of others."""
    row = db.session.execute(ROWS.where(Case.id == case_id, scope)).first()
    if row is None:
        raise NotFound
    return CaseRow(*row)


def linked(case: Case, scope: ColumnElement[bool]) -> Sequence[Case]:
    """The case in `scope` that a case is about, and those about it, in the order in which they began."""
    related = or_(Case.id == case.linked_case_id, Case.linked_case_id == case.id)
    found = select(Case).where(related, scope).options(defer(Case.engine_state, raiseload=True))
    return db.session.scalars(found.order_by(Case.id)).all()


def count(scope: ColumnElement[bool], wanted: CaseFilter) -> tuple[int, bool]:
    return capped_count(_narrowed(ROWS.with_only_columns(Case.id).where(scope), wanted))


def processes(scope: ColumnElement[bool]) -> Sequence[tuple[str, str]]:
    """The (scheme id, process id) pairs that occur in `scope`."""
    query = (
        select(Case.scheme_id, Case.process).where(scope).distinct().order_by(Case.scheme_id, Case.process)
    )
    return [(scheme_id, process) for scheme_id, process in db.session.execute(query)]


def statuses(scope: ColumnElement[bool], scheme_id: str, process: str) -> Sequence[str]:
    """The statuses that occur, for the filter's list of choices."""
    query = (
        select(Case.status)
        .where(scope, Case.scheme_id == scheme_id, Case.process == process)
        .distinct()
        .order_by(Case.status)
    )
    return db.session.scalars(query).all()


def open_tasks(case_ids: Collection[int], organisation_id: int) -> dict[int, list[Task]]:
    """The open tasks that an organisation holds in the given cases, by case."""
    query = (
        select(Task)
        .where(Task.case_id.in_(case_ids), Task.state == "open", Task.office_id == organisation_id)
        .order_by(Task.id)
    )
    found: dict[int, list[Task]] = {}
    for task in db.session.scalars(query):
        found.setdefault(task.case_id, []).append(task)
    return found


def own_bulk(
    scope: ColumnElement[bool], wanted: CaseFilter, organisation_id: int, upto: int, most: int
) -> Sequence[int]:
    """Up to `most` open tasks of an organisation in the cases of a list that are decided in bulk, by id.

    None is newer than `upto`.
    """
    query = ROWS.with_only_columns(Task.id).join(Task, Task.case_id == Case.id)
    own = (Task.office_id == organisation_id, Task.state == "open", Task.bulk, Task.id <= upto)
    query = _narrowed(query.where(scope, *own), wanted).order_by(Task.id)
    return db.session.scalars(query.limit(most)).all()


def _narrowed(query: Select[Any], wanted: CaseFilter) -> Select[Any]:
    exact = {Case.scheme_id: wanted.scheme_id, Case.process: wanted.process, Case.state: wanted.state}
    exact[Case.status] = wanted.status
    conditions: list[ColumnElement[bool]] = [column == text for column, text in exact.items() if text]
    if wanted.phase:
        conditions.append(_in_phase(wanted))
    if wanted.region:
        conditions.append(lies_in(wanted.region))
    if wanted.name:
        conditions.append(Person.name.contains(wanted.name, autoescape=True))
    if wanted.unit:
        conditions.append(Organisation.name.contains(wanted.unit, autoescape=True))
    if wanted.started_from:
        conditions.append(Case.started_at >= wanted.started_from)
    if wanted.started_before:
        conditions.append(Case.started_at < wanted.started_before)
    conditions += [Case.listed[name].astext == text for name, text in wanted.listed.items() if text]
    conditions += [
        Case.listed[name].astext.contains(text, autoescape=True)
        for name, text in wanted.listed_text.items()
        if text
    ]
    return query.where(*conditions)


def _in_phase(wanted: CaseFilter) -> ColumnElement[bool]:
    status = {wanted.phase: wanted.phase_status}
    come = Case.phases.contains(status) if wanted.phase_status else Case.phases.has_key(wanted.phase)
    if not wanted.first_phase:
        return come
    yet_to_come = Case.phases == {}
    if wanted.phase_status:
        yet_to_come &= Case.status == wanted.phase_status
    return come | yet_to_come
