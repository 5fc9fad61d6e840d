"""What an applicant's own pages show: their cases, what is theirs to do, what the diagrams let them see."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import defer

from app.content.mapping import read_mapping
from app.content.scheme import Scheme
from app.engine import Ahead, ahead
from app.errors import NotFound
from app.extensions import db
from app.models import Case, Notice, Organisation, Payment, Person, Task, TaskDraft, TaskValue
from app.operations.telling.notices import CASE
from app.queries.inbox import ROWS, TaskRow
from app.queries.paging import Page, cut, limited, read_id_cursor
from app.queries.timeline import Step
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


def own_task_row(task_id: int, person_id: int) -> TaskRow:
    """The same as lists show it. Raises NotFound."""
    row = db.session.execute(ROWS.where(Task.id == task_id, Task.person_id == person_id)).first()
    if row is None:
        raise NotFound
    return TaskRow(*row)


def own_tasks(person_id: int, state: str, after: str | None) -> Page[TaskRow]:
    """A page of what is the person's to do, or was done as theirs, the newest first."""
    last = read_id_cursor(after)
    query = ROWS.where(Task.person_id == person_id, Task.state == state)
    if last is not None:
        query = query.where(Task.id < last)
    rows = [TaskRow(*row) for row in db.session.execute(limited(query.order_by(Task.id.desc())))]
    return cut(rows, lambda row: str(row.task.id))


def seen_steps(steps: Sequence[Step], scheme: Scheme, person_id: int) -> list[Step]:
    """What happened, as the person may see it: offices by their names, without officers and what they think.

    But for why a case came back to them or ended. What colleagues arrange among themselves about a task is
    nobody's business outside.
    """
    own = _own_elements(scheme)
    return [_seen(step, own, person_id) for step in steps if step.call != "record" or _declared(step, scheme)]


def _declared(step: Step, scheme: Scheme) -> bool:
    return step.recorded in scheme.records


def _own_elements(scheme: Scheme) -> set[str]:
    named = {name for role in scheme.roles.values() if role.applicant for name in (role.id, role.title)}
    processes = scheme.definitions.processes.values()
    return {e.id for process in processes for e in process.elements.values() if e.role in named}


def _seen(step: Step, own: set[str], person_id: int) -> Step:
    if step.task is not None and step.task.person_id == person_id:
        return replace(step, happened=_places(step))
    opinion = (step.values or {}).get("opinion") if _concerns(step, own) else None
    values = {"opinion": opinion} if opinion else None
    actor = "" if step.office else step.actor
    return replace(step, actor=actor, happened=_places(step), values=values)


def _places(step: Step) -> list[dict[str, Any]]:
    """Where the case went, without what decisions found on the way."""
    return [{n: v for n, v in one.items() if n != "detail"} for one in step.happened]


def _concerns(step: Step, own: set[str]) -> bool:
    """Whether the step ended the case, or brought it back to what is the person's to do."""
    return any(
        found["kind"] == "ended" or (found["kind"] in ("entered", "moved") and found.get("element") in own)
        for found in step.happened
    )


def seen_listed(case: Case, scheme: Scheme, person_id: int) -> dict[str, Any]:
    """Of what lists show of the case, what the diagram has shown the person."""
    seen = shown_variables(case, scheme, person_id)
    return {name: value for name, value in case.listed.items() if name in seen}


def told(case_id: int) -> Sequence[Notice]:
    """What the diagram has told the case's person and unit, the newest first; each has it once in its name.

    By the unit's copy, so that whoever got their account later reads what was said before.
    """
    query = select(Notice).where(
        Notice.case_id == case_id,
        Notice.account_id.is_(None),
        Notice.token.is_not(None),
        Notice.kind == CASE,
    )
    return db.session.scalars(query.order_by(Notice.id.desc())).all()


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
