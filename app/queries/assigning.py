"""Who has a task, who was asked about it and what they said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import aliased

from app.extensions import db
from app.models import Account, Cosigner, History, HistoryPayload, Task


@dataclass(frozen=True, slots=True)
class Countersigning:
    """What a colleague was asked, and what they, or `given_by` as their deputy, said about it."""

    cosigner: Cosigner
    name: str
    asked_by: str
    given_by: str | None
    removed_by: str | None

    @property
    def waiting(self) -> bool:
        return self.cosigner.given_at is None and self.cosigner.removed_at is None


@dataclass(frozen=True, slots=True)
class Act:
    """Something done beside the way of a case: what, by whom, for whom, and to or of whom."""

    act: str
    at: datetime
    actor: str
    principal: str | None
    to: str | None
    text: str


def assignees(tasks: Iterable[Task], organisation_id: int | None) -> dict[int, str]:
    """Who of the organisation has which of these tasks, by name; nothing of other houses' people."""
    own = [task for task in tasks if task.assignee_id is not None and task.office_id == organisation_id]
    if not own:
        return {}
    wanted = {task.assignee_id for task in own}
    found = db.session.execute(select(Account.id, Account.name).where(Account.id.in_(wanted)))
    names = dict(found.tuples().all())
    return {task.id: names[task.assignee_id] for task in own if task.assignee_id is not None}


def cosigners(task_id: int) -> Sequence[Countersigning]:
    """Everybody who was asked about a task, in the order in which they were."""
    who, asker, giver, remover = (aliased(Account) for _ in range(4))
    query = (
        select(Cosigner, who.name, asker.name, giver.name, remover.name)
        .join(who, who.id == Cosigner.account_id)
        .join(asker, asker.id == Cosigner.asked_by)
        .outerjoin(giver, (giver.id == Cosigner.given_by) & (giver.id != Cosigner.account_id))
        .outerjoin(remover, remover.id == Cosigner.removed_by)
        .where(Cosigner.task_id == task_id)
        .order_by(Cosigner.id)
    )
    return [Countersigning(*row) for row in db.session.execute(query)]


def acts(case_id: int, task_id: int) -> Sequence[Act]:
    """What was done about a task beside doing it, in order."""
    query = (
        select(History.arguments, History.at, History.actor_name, HistoryPayload.body)
        .outerjoin(
            HistoryPayload,
            (HistoryPayload.case_id == History.case_id) & (HistoryPayload.seq == History.seq),
        )
        .where(History.case_id == case_id, History.call == "record")
        .where(History.arguments["task"].as_integer() == task_id)
        .order_by(History.seq)
    )
    return [
        Act(
            act=said["act"],
            at=at,
            actor=actor,
            principal=said.get("for", {}).get("name"),
            to=said.get("to_name"),
            text=(body or {}).get("text", ""),
        )
        for said, at, actor, body in db.session.execute(query)
    ]
