"""What an applicant has filled in and the unit submits (`unit_submits`): telling the unit so."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from app.errors import Conflict
from app.extensions import db
from app.models import Notice, Task
from app.operations import notices
from app.operations._deciding import open_task
from app.operations.actors import Actor


def hand_to_unit(task_id: int, actor: Actor, at: datetime) -> None:
    """Tells the unit that a form is filled in and waits for its check; once, until the unit has read it.

    Raises NotFound, Closed and Conflict as completing does.
    """
    task = open_task(task_id, actor, at)
    if task.office_id is None:
        raise Conflict("该环节找不到办理单位，请联系单位或管理员。")
    text = f"{actor.name}已填好“{task.name}”，请核对后提交。"
    case_id = db.session.scalars(select(Task.case_id).where(Task.id == task_id)).one()
    unread = select(Notice.id).where(
        Notice.case_id == case_id,
        Notice.organisation_id == task.office_id,
        Notice.text == text,
        Notice.read_at.is_(None),
    )
    if db.session.scalar(unread.limit(1)) is None:
        notices.tell(case_id, text, at, organisation_id=task.office_id)
