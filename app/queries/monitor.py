"""What a supervisor looks at: how many cases stand where and for how long, and what is stuck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import defer

from app.extensions import db
from app.models import Case, Incident, Organisation, Task, Timer

AGES = (3, 7, 15)
"""Bounds in days of the ages that open tasks are counted by."""


@dataclass(frozen=True)
class StatusCount:
    scheme_id: str
    process: str
    status: str
    count: int


@dataclass(frozen=True)
class OfficeLoad:
    """Open tasks of an office: in all, by age (one more entry than AGES), and since when the oldest."""

    office_id: int | None
    office: str | None
    count: int
    ages: Sequence[int]
    oldest: datetime


def by_status(scope: ColumnElement[bool]) -> Sequence[StatusCount]:
    """Running cases by process and status, the most frequent first."""
    query = (
        select(Case.scheme_id, Case.process, Case.status, func.count())
        .where(scope, Case.state == "running")
        .group_by(Case.scheme_id, Case.process, Case.status)
        .order_by(Case.scheme_id, Case.process, func.count().desc(), Case.status)
    )
    return [StatusCount(*row) for row in db.session.execute(query)]


def by_office(scope: ColumnElement[bool], now: datetime) -> Sequence[OfficeLoad]:
    """Open tasks by the office that holds them, the oldest first; without an office stands as None."""
    age = [now - timedelta(days=days) for days in AGES]
    buckets = [
        func.count(case((Task.opened_at > age[0], 1))),
        func.count(case(((Task.opened_at <= age[0]) & (Task.opened_at > age[1]), 1))),
        func.count(case(((Task.opened_at <= age[1]) & (Task.opened_at > age[2]), 1))),
        func.count(case((Task.opened_at <= age[2], 1))),
    ]
    oldest = func.min(Task.opened_at)
    query = (
        select(Task.office_id, Organisation.name, func.count(), oldest, *buckets)
        .join(Case, Case.id == Task.case_id)
        .outerjoin(Organisation, Organisation.id == Task.office_id)
        .where(scope, Task.state == "open")
        .group_by(Task.office_id, Organisation.name)
        .order_by(oldest)
    )
    rows = db.session.execute(query)
    return [OfficeLoad(office_id, name, count, ages, since) for office_id, name, count, since, *ages in rows]


@dataclass(frozen=True)
class Undetermined:
    """Timers of one kind that have no due instant yet: in how many cases, since when the oldest started.

    `dates` are the named dates that they rest on; WORKDAYS among them: the year's holidays may be what lacks.
    """

    process: str
    element: str
    name: str
    dates: Sequence[str]
    count: int
    oldest: datetime


def undetermined(scope: ColumnElement[bool]) -> Sequence[Undetermined]:
    """The alarm of decision 5: what never fires until somebody supplies a date; the most frequent first."""
    group = (Case.process, Timer.element, Timer.name, Timer.dates)
    query = (
        select(*group, func.count(), func.min(Case.started_at))
        .join(Case, Case.id == Timer.case_id)
        .where(scope, Timer.due_at.is_(None))
        .group_by(*group)
        .order_by(func.count().desc(), Case.process, Timer.element)
    )
    return [Undetermined(*row) for row in db.session.execute(query)]


def incidents(scope: ColumnElement[bool], limit: int = 50) -> Sequence[tuple[Incident, Case, str]]:
    """Open incidents with their case and its unit's name, the oldest first."""
    query = (
        select(Incident, Case, Organisation.name)
        .join(Case, Case.id == Incident.case_id)
        .join(Organisation, Organisation.id == Case.unit_id)
        .options(defer(Case.engine_state, raiseload=True))
        .where(scope, Incident.closed_at.is_(None))
        .order_by(Incident.id)
        .limit(limit)
    )
    return [(incident, of_case, unit) for incident, of_case, unit in db.session.execute(query)]


def incident(incident_id: int, scope: ColumnElement[bool]) -> Case | None:
    """The case of an open incident, if it lies in `scope`."""
    query = (
        select(Case)
        .join(Incident, Incident.case_id == Case.id)
        .options(defer(Case.engine_state, raiseload=True))
        .where(Incident.id == incident_id, Incident.closed_at.is_(None), scope)
    )
    return db.session.scalar(query)
