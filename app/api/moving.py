"""What all requests that move cases share: the instant that counts."""

from __future__ import annotations

from datetime import datetime

from app import edge
from app.api.auth import me
from app.operations.dates.clock import scheme_now, task_now
from app.queries import applicants


def receipt(scheme_id: str) -> datetime:
    """When this request was received, by the scheme's clock (decisions 3 and 13)."""
    return scheme_now(scheme_id, edge.received_at())


def task_receipt(task_id: int) -> datetime:
    """The same by a task of the caller's organisation, or their own. Raises NotFound."""
    if (person := me().applicant) is not None:
        return receipt(applicants.own_task(task_id, person).task.scheme_id)
    return task_now(task_id, me().organisation_id, edge.received_at())
