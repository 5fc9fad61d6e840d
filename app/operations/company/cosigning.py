"""Cosigning 加签: colleagues say whether they agree before a task can be completed; they decide nothing."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import Row

from app.errors import Conflict, Invalid
from app.extensions import db
from app.models import Cosigner, Task
from app.operations.actors import Actor
from app.operations.company._records import log_task_act, said, tell
from app.operations.company.assignments import entitled, named
from app.operations.road._assignee import account, acts_as, blocked, colleague, principal
from app.operations.road._deciding import AtHand, check_decider, check_participant, holding, taking_part

Verdict = Literal["agree", "disagree"]
VERDICTS = {"agree": "同意", "disagree": "不同意"}
MOST = 20
"""Colleagues that one task may wait for."""


def ask(
    task_id: int, account_ids: Collection[int], question: str, actor: Actor, received_at: datetime
) -> None:
    """Asks colleagues for their opinions; the task cannot be completed before each was given or removed.

    Raises what completing it raises, Conflict for who is asked already, and Invalid.
    """
    text = said(question, "question", "请写明要会签什么。")
    with holding(task_id, actor, received_at) as at_hand:
        if at_hand.task.delegated:
            raise Conflict(blocked(at_hand.task, actor.account_id) or "")
        asked = _new_ones(at_hand, account_ids)
        rows = [
            {
                "task_id": task_id,
                "account_id": who.account_id,
                "asked_by": actor.account_id,
                "asked_at": received_at,
                "question": text,
            }
            for who in asked
        ]
        db.session.execute(insert(Cosigner), rows)
        _count(task_id)
        for who in asked:
            log_task_act(at_hand, "cosign_asked", text, **named(who))
            tell(at_hand, who.account_id, f"请您会签。{text}")


def answer(task_id: int, verdict: Verdict, opinion: str, actor: Actor, received_at: datetime) -> None:
    """The opinion of who was asked, or of their deputy for them.

    Raises Conflict for who is not asked, Refused for who may take no part (ALL-04), Invalid without an
    opinion, and what completing the task raises.
    """
    if verdict not in VERDICTS:
        raise Invalid({"verdict": ["请选择同意或不同意。"]})
    text = said(opinion, "opinion", "请填写意见。")
    with taking_part(task_id, actor, received_at) as at_hand:
        asked = _asked(at_hand)
        check_decider(at_hand, actor)
        if asked.account_id != actor.account_id:
            check_participant(at_hand, account(asked.account_id))
        _write(asked.id, verdict=verdict, opinion=text, given_at=received_at, given_by=actor.account_id)
        _count(task_id)
        on_behalf = principal(asked.account_id, actor)
        log_task_act(at_hand.for_(on_behalf), "cosign_given", text, verdict=verdict, of=asked.account_id)
        tell(at_hand, asked.asked_by, f"会签：{VERDICTS[verdict]}。{text}")


def remove(task_id: int, account_id: int, ground: str, actor: Actor, received_at: datetime) -> None:
    """Waits no more for somebody's opinion 减签, with the ground.

    Whoever has the task may, and the supervisor of its office. Raises Conflict for who is not asked, and
    what completing the task raises.
    """
    text = said(ground, "ground", "请写明减签的原因。")
    with entitled(task_id, actor, received_at) as at_hand:
        asked = next((one for one in _open(task_id) if one.account_id == account_id), None)
        if asked is None:
            raise Conflict("没有在等这位同事的意见，不必减签。请刷新页面查看最新情况。")
        _write(asked.id, removed_at=received_at, removed_by=actor.account_id)
        _count(task_id)
        log_task_act(at_hand, "cosign_removed", text, **named(account(account_id)))


def replace(at_hand: AtHand, from_id: int, to: Actor, ground: str) -> None:
    """Asks a colleague instead of somebody who leaves; whoever has the task, or is asked already, is not."""
    waiting = {one.account_id: one for one in _open(at_hand.task.id)}
    if from_id not in waiting:
        raise Conflict("已经不在等这位同事的会签意见。")
    asked, at, actor = waiting[from_id], at_hand.received_at, at_hand.actor
    _write(asked.id, removed_at=at, removed_by=actor.account_id)
    log_task_act(at_hand, "cosign_removed", ground, **named(account(from_id)))
    if to.account_id not in (*waiting, at_hand.task.assignee_id, at_hand.task.owner_id):
        row = {"task_id": at_hand.task.id, "account_id": to.account_id, "question": asked.question}
        db.session.execute(insert(Cosigner).values(**row, asked_by=actor.account_id, asked_at=at))
        log_task_act(at_hand, "cosign_asked", asked.question, **named(to))
    _count(at_hand.task.id)


def _new_ones(at_hand: AtHand, account_ids: Collection[int]) -> list[Actor]:
    """Who is asked: colleagues, none of them asked already, nor the one who has the task."""
    wanted = list(dict.fromkeys(account_ids))
    waiting = {one.account_id for one in _open(at_hand.task.id)}
    if not wanted:
        raise Invalid({"to": ["请选择要会签的同事。"]})
    if len(wanted) + len(waiting) > MOST:
        raise Invalid({"to": [f"一项待办最多同时请 {MOST} 位同事会签。"]})
    asked = [colleague(one, at_hand.task.office_id) for one in wanted]
    for who in asked:
        if who.account_id in (at_hand.actor.account_id, at_hand.holder.account_id):
            raise Conflict("不能请自己会签；请选择另一位经办人。")
        if who.account_id in waiting:
            raise Conflict(f"已经请{who.name}会签，正在等其答复。")
        check_participant(at_hand, who)
    return asked


def _asked(at_hand: AtHand) -> Row[Any]:
    """The question that the actor answers: their own, else that of somebody whose deputy they are."""
    actor, waiting = at_hand.actor, _open(at_hand.task.id)
    mine = [one for one in waiting if one.account_id == actor.account_id]
    for one in mine or waiting:
        if acts_as(one.account_id, at_hand.moving.scheme.id, actor, at_hand.received_at):
            return one
    raise Conflict(f"“{at_hand.task.name}”没有在等您的会签意见：可能已经答复，或已减签。")


def _open(task_id: int) -> list[Row[Any]]:
    waiting = (Cosigner.given_at.is_(None), Cosigner.removed_at.is_(None))
    query = select(Cosigner.id, Cosigner.account_id, Cosigner.question, Cosigner.asked_by).where(
        Cosigner.task_id == task_id, *waiting
    )
    return list(db.session.execute(query.order_by(Cosigner.id)))


def _write(cosigner_id: int, **columns: object) -> None:
    db.session.execute(update(Cosigner).where(Cosigner.id == cosigner_id).values(columns))


def _count(task_id: int) -> None:
    """How many the task waits for; counted under the case's lock."""
    waiting = (Cosigner.given_at.is_(None), Cosigner.removed_at.is_(None))
    number = select(func.count()).where(Cosigner.task_id == Task.id, *waiting).scalar_subquery()
    db.session.execute(update(Task).where(Task.id == task_id).values(awaits=number))
