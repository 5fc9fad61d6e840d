"""What an applicant's own pages show: their cases, what is theirs to do, what the diagrams let them see."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import defer

from app.content.mapping import read_mapping
from app.content.scheme import Scheme
from app.engine import Ahead, ahead
from app.errors import NotFound
from app.extensions import db
from app.models import Case, Organisation, Payment, Person, Task, TaskDraft, TaskValue
from app.queries.visibility import of_person

MOST_CASES = 50
"""More than a person has in a working life; the newest."""


@dataclass(frozen=True)
class OwnCase:
    """One of the person's cases, with the open tasks in it (each with who holds it) and what is owed."""

    case: Case
    unit_name: str
    tasks: Sequence[tuple[Task, str | None]]
    payments: Sequence[Payment]


@dataclass(frozen=True)
class OwnTask:
    """A task of the person's own, its case, and what was saved of it."""

    task: Task
    case: Case
    draft: TaskDraft | None


def person(person_id: int) -> Person:
    return db.session.get_one(Person, person_id)


def own_cases(person_id: int, *wanted: ColumnElement[bool]) -> Sequence[OwnCase]:
    """The person's cases, the newest first: three statements, however many they are."""
    found = db.session.execute(
        select(Case, Organisation.name)
        .join(Organisation, Organisation.id == Case.unit_id)
        .where(of_person(person_id), *wanted)
        .options(defer(Case.engine_state, raiseload=True))
        .order_by(Case.id.desc())
        .limit(MOST_CASES)
    ).all()
    ids = [case.id for case, _name in found]
    tasks, owed = _open_tasks(ids), _due(ids)
    return [OwnCase(case, name, tasks.get(case.id, ()), owed.get(case.id, ())) for case, name in found]


def own_case(case_id: int, person_id: int) -> OwnCase:
    """One of them; raises NotFound."""
    found = own_cases(person_id, Case.id == case_id)
    if not found:
        raise NotFound
    return found[0]


def own_task(task_id: int, person_id: int) -> OwnTask:
    """A task that is the person's to do; raises NotFound alike for none and for another's."""
    row = db.session.execute(
        select(Task, Case, TaskDraft)
        .join(Case, Case.id == Task.case_id)
        .outerjoin(TaskDraft, TaskDraft.task_id == Task.id)
        .where(Task.id == task_id, Task.person_id == person_id)
    ).first()
    if row is None:
        raise NotFound
    return OwnTask(*row)


def shown_variables(case: Case, scheme: Scheme, person_id: int) -> set[str]:
    """The variables that the diagram shows the person: what they entered, and what stands above their forms.

    Of the tasks that the case has come to, so that a score is seen from when its publication asks them.
    """
    places = select(Task.process, Task.element).where(Task.case_id == case.id, Task.person_id == person_id)
    names: set[str] = set()
    for process, element in db.session.execute(places.distinct()):
        drawn = scheme.definitions.processes[process].elements[element]
        names |= {variable for variable, _field in read_mapping(drawn.properties.get("outputs", ""))}
        names |= set(drawn.properties.get("show", "").replace("\n", ";").replace(" ", "").split(";"))
        form = scheme.forms.get(drawn.form or "")
        names |= {name for name, field in form.fields.items() if field.read_only} if form else set()
    return names


def entered(case_id: int, person_id: int) -> Sequence[tuple[Task, Mapping[str, Any]]]:
    """What was submitted as the person's own, by them or by the unit for them, the newest first."""
    query = (
        select(Task, TaskValue.values)
        .join(TaskValue, TaskValue.task_id == Task.id)
        .where(Task.case_id == case_id, Task.person_id == person_id, Task.state == "completed")
        .order_by(Task.completed_at.desc(), Task.id.desc())
    )
    return [(task, values) for task, values in db.session.execute(query)]


def to_come(case: Case, scheme: Scheme, standing: Collection[str], passed: Collection[str]) -> list[Ahead]:
    """The next steps that the diagram leads to and the case has not passed, the nearest first."""
    if case.state != "running":
        return []
    found = ahead(scheme.definitions, case.process, standing)
    return [one for one in found if one.element.name and one.element.id not in passed]


def _open_tasks(case_ids: Collection[int]) -> dict[int, list[tuple[Task, str | None]]]:
    query = (
        select(Task, Organisation.name)
        .outerjoin(Organisation, Organisation.id == Task.office_id)
        .where(Task.case_id.in_(case_ids), Task.state == "open")
        .order_by(Task.id)
    )
    found: dict[int, list[tuple[Task, str | None]]] = {}
    for task, office in db.session.execute(query):
        found.setdefault(task.case_id, []).append((task, office))
    return found


def _due(case_ids: Collection[int]) -> dict[int, list[Payment]]:
    query = select(Payment).where(Payment.case_id.in_(case_ids), Payment.state == "due").order_by(Payment.id)
    found: dict[int, list[Payment]] = {}
    for payment in db.session.scalars(query):
        found.setdefault(payment.case_id, []).append(payment)
    return found
