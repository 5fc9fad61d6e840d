"""What an applicant has filled in and the unit submits (`unit_submits`): telling the unit so."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from app.errors import Conflict, Refused
from app.extensions import db
from app.models import Case, Notice, Task
from app.operations import deployments
from app.operations.actors import Actor
from app.operations.road._deciding import open_task
from app.operations.telling import notices


def hand_to_unit(task_id: int, actor: Actor, at: datetime) -> None:
    """Tells the unit that a form is filled in and waits for its check; once, until the unit has read it.

    Raises NotFound, Closed and Conflict as completing does, and Refused for a form that whoever fills it in
    submits.
    """
    task = open_task(task_id, actor, at)
    case_id, deployment_id = _case_of(task_id)
    submits = deployments.scheme(deployment_id).roles[task.role].unit_submits
    if not (submits and actor.is_applicant(task.person_id)):
        raise Refused(f"“{task.name}”由您填写后直接提交，不用交单位核对。")
    if task.office_id is None:
        raise Conflict("该环节找不到办理单位，请联系单位或管理员。")
    text = f"{actor.name}已填好“{task.name}”，请核对后提交。"
    unread = select(Notice.id).where(
        Notice.case_id == case_id,
        Notice.organisation_id == task.office_id,
        Notice.text == text,
        Notice.read_at.is_(None),
    )
    if db.session.scalar(unread.limit(1)) is None:
        notices.tell(case_id, text, at, organisation_id=task.office_id)


def _case_of(task_id: int) -> tuple[int, int]:
    """The case of a task and the deployment that it goes by."""
    query = select(Task.case_id, Case.deployment_id).join(Case, Case.id == Task.case_id)
    case_id, deployment_id = db.session.execute(query.where(Task.id == task_id)).one()
    return case_id, deployment_id
