"""Delegating a task 委派: a colleague gives an opinion, the task comes back to its owner, who decides."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update

from app.errors import Conflict
from app.extensions import db
from app.models import Task
from app.operations.actors import Actor
from app.operations.company._records import log_task_act, said, tell
from app.operations.company.assignments import named
from app.operations.road._assignee import blocked, colleague, name_of
from app.operations.road._deciding import check_participant, holding


def delegate(task_id: int, to_id: int, question: str, actor: Actor, received_at: datetime) -> None:
    """Asks a colleague for an opinion; until it is given, or the task transferred, nobody completes the task.

    Raises what completing it raises, Conflict while it is delegated already, and Invalid for who is no
    active operator of the office.
    """
    text = said(question, "question", "请写明要征求什么意见。")
    with holding(task_id, actor, received_at) as at_hand:
        if at_hand.task.delegated:
            raise Conflict(blocked(at_hand.task, actor.account_id) or "")
        to = colleague(to_id, at_hand.task.office_id)
        owner = at_hand.holder
        if to.account_id == owner.account_id:
            raise Conflict("不能委派给自己；请选择另一位经办人。")
        check_participant(at_hand, to)
        _write(task_id, assignee_id=to.account_id, owner_id=owner.account_id, delegated=True)
        log_task_act(at_hand, "delegated", text, owner=owner.account_id, **named(to))
        tell(at_hand, to.account_id, f"委派给您征求意见。{text}")


def resolve(task_id: int, opinion: str, actor: Actor, received_at: datetime) -> None:
    """The delegate's answer, or their deputy's; the task is its owner's again.

    Raises Conflict for a task that is not delegated, and what completing it raises.
    """
    text = said(opinion, "opinion", "请填写意见。")
    with holding(task_id, actor, received_at) as at_hand:
        if not at_hand.task.delegated:
            raise Conflict(f"“{at_hand.task.name}”没有委派，不必答复。请刷新页面查看最新情况。")
        owner = at_hand.task.owner_id
        _write(task_id, assignee_id=owner, owner_id=None, delegated=False)
        log_task_act(at_hand, "resolved", text, to=owner, to_name=name_of(owner))
        tell(at_hand, owner, f"答复了您的委派。{text}")


def _write(task_id: int, **columns: object) -> None:
    db.session.execute(update(Task).where(Task.id == task_id).values(columns))
