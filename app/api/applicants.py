"""What the API answers to who applies: tasks of their own, and of cases what the diagrams let them see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.models import Attachment, Case
from app.operations import deployments
from app.queries import applicants, files, inbox
from app.queries import tasks as task_queries
from app.queries.returns import came_back
from app.queries.timeline import Step
from app.queries.visibility import Sight, attachments_for


def own_task(task_id: int, person_id: int) -> dict[str, Any]:
    """A task of the person's own, with what was submitted as theirs before. Raises NotFound."""
    row = applicants.own_task_row(task_id, person_id)
    scheme = deployments.scheme(row.case.deployment_id)
    return {
        **task_row(row),
        "came_back": came_back([task_id]).get(task_id),
        "returnable": False,
        "listed": seen_listed(row.case, person_id),
        "form": scheme.form(row.task.form).json_schema() if row.task.form else None,
        "typed": task_queries.typed([task_id]).get(task_id),
        "entered": [
            {"task": task.name, "actor": None, "office": None, "at": task.completed_at, "values": values}
            for task, values in reversed(applicants.entered(row.case.id, person_id))
        ],
    }


def seen_listed(case: Case, person_id: int | None) -> Mapping[str, Any]:
    """What lists show of a case; to an applicant, of it what the diagram has shown them."""
    if person_id is None:
        return case.listed
    return applicants.seen_listed(case, deployments.scheme(case.deployment_id), person_id)


def seen_steps(case: Case, steps: Sequence[Step], person_id: int | None) -> Sequence[Step]:
    if person_id is None:
        return steps
    return applicants.seen_steps(steps, deployments.scheme(case.deployment_id), person_id)


def seen_files(case_id: int, sight: Sight) -> Sequence[Attachment]:
    found = files.of_case(case_id)
    return attachments_for(found, sight) if sight.person_id is not None else found


def task_row(row: inbox.TaskRow | task_queries.TaskPage) -> dict[str, Any]:
    task = row.task
    return {
        "id": task.id,
        "case_id": task.case_id,
        "scheme": task.scheme_id,
        "element": task.element,
        "name": task.name,
        "unit": row.unit_name,
        "person": row.person.name if row.person else None,
        "state": task.state,
        "bulk": task.bulk,
        "opened_at": task.opened_at,
        "closes_at": task.closes_at,
        "due_at": task.due_at,
        "assignee_id": task.assignee_id,
        "assignee": row.assignee,
        "delegated": task.delegated,
        "awaits": task.awaits,
        "completed_at": task.completed_at,
    }
