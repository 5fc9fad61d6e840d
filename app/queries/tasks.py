"""One user task with all that its page shows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import aliased

from app.content.beginnings import listed_anew
from app.errors import NotFound
from app.extensions import db
from app.models import Account, Case, Organisation, Person, Task, TaskDraft, TaskValue
from app.operations import deployments


@dataclass(frozen=True)
class TaskPage:
    """A task, its case and subject, the draft that was saved for it, and the names of who has it."""

    task: Task
    case: Case
    unit_name: str
    person: Person | None
    draft: TaskDraft | None
    assignee: str | None
    owner: str | None


@dataclass(frozen=True)
class Entered:
    """What was entered at an earlier task of the case, by whom."""

    task: Task
    values: dict[str, Any]
    actor: str | None
    office: str | None


def one(task_id: int, organisation_id: int) -> TaskPage:
    """A task that the organisation holds; raises NotFound alike for none and for another office's."""
    assignee, owner = aliased(Account), aliased(Account)
    query = (
        select(Task, Case, Organisation.name, Person, TaskDraft, assignee.name, owner.name)
        .join(Case, Case.id == Task.case_id)
        .join(Organisation, Organisation.id == Case.unit_id)
        .outerjoin(Person, Person.id == Case.person_id)
        .outerjoin(TaskDraft, TaskDraft.task_id == Task.id)
        .outerjoin(assignee, assignee.id == Task.assignee_id)
        .outerjoin(owner, owner.id == Task.owner_id)
        .where(Task.id == task_id, Task.office_id == organisation_id)
    )
    row = db.session.execute(query).first()
    if row is None:
        raise NotFound
    return TaskPage(*row)


def entered(case_id: int) -> Sequence[Entered]:
    """What people entered in a case so far, in the order in which they did; not what was only carried on."""
    query = (
        select(Task, TaskValue.values, Account.name, Organisation.name)
        .join(TaskValue, TaskValue.task_id == Task.id)
        .join(Account, Account.id == Task.completed_by)
        .outerjoin(Organisation, Organisation.id == Task.completed_for)
        .where(Task.case_id == case_id, Task.state == "completed")
        .order_by(Task.completed_at, Task.id)
    )
    return [Entered(*row) for row in db.session.execute(query)]


def typed(task_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """What the forms of open tasks begin with, by task: what was typed and not submitted.

    Without that, what was last submitted at the same step, or at the one that its `prefill` names, so that a
    form that comes back keeps its content; a step that is done for several at a time begins empty.
    """
    query = select(TaskDraft.task_id, TaskDraft.values).where(TaskDraft.task_id.in_(task_ids))
    saved = {task_id: dict(values) for task_id, values in db.session.execute(query)}
    return _submitted_before(set(task_ids) - saved.keys()) | saved


def drafts(task_ids: Collection[int]) -> dict[int, tuple[TaskDraft, str]]:
    """The saved drafts of tasks with the name of who saved each, by task."""
    query = (
        select(TaskDraft, Account.name)
        .outerjoin(Account, Account.id == TaskDraft.saved_by)
        .where(TaskDraft.task_id.in_(task_ids))
        .execution_options(populate_existing=True)
    )
    return {draft.task_id: (draft, name or "") for draft, name in db.session.execute(query)}


def states(case_ids: Collection[int]) -> dict[int, bytes]:
    """The engine's bytes of cases whose tasks' variables are to be shown; a few at a time."""
    query = select(Case.id, Case.engine_state).where(Case.id.in_(case_ids))
    return {case_id: state for case_id, state in db.session.execute(query)}


def _submitted_before(task_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    before = aliased(Task)
    source = (before.process.label("source_process"), before.element.label("source"))
    query = (
        select(Task.id, Case.deployment_id, Task.process, Task.element, *source, TaskValue.values)
        .join(Case, Case.id == Task.case_id)
        .join(
            before,
            (before.case_id == Task.case_id)
            & (before.form == Task.form)
            & (before.office_id == Task.office_id)
            & (before.state == "completed"),
        )
        .join(TaskValue, TaskValue.task_id == before.id)
        .where(Task.id.in_(task_ids))
        .order_by(before.completed_at, before.id)
    )
    return {row.id: _again(row) for row in db.session.execute(query) if _begins_with(row)}


def _again(row: Row[Any]) -> dict[str, Any]:
    scheme = deployments.scheme(row.deployment_id)
    form = scheme.definitions.processes[row.process].elements[row.element].form
    anew = listed_anew(scheme.forms.get(form or ""))
    return {name: value for name, value in row.values.items() if name not in anew}


def _begins_with(row: Row[Any]) -> bool:
    """Whether the form of a step begins with what was submitted at the source."""
    process = deployments.scheme(row.deployment_id).definitions.processes[row.process]
    prefill = process.elements[row.element].properties.get("prefill")
    same = (row.source_process, row.source) == (row.process, row.element)
    return (same or row.source == prefill) and not process.repeats(row.element)
