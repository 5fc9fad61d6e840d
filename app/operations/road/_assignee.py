"""Whose a task is: nobody's of the office yet, somebody's, or with a delegate; and who may act for them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Row

from app.errors import Conflict, Invalid
from app.extensions import db
from app.models import Account, Cosigner
from app.operations.actors import Actor
from app.operations.company import deputies


def principal_of(task: Row[Any], scheme_id: str, actor: Actor, at: datetime) -> Actor | None:
    """For whom the actor acts at an open task; None: for themselves, or nobody has taken it.

    `at` is by the scheme's clock. Raises Conflict, naming who has it, for somebody else's task.
    """
    if task.assignee_id is None or acts_as(task.assignee_id, scheme_id, actor, at):
        return principal(task.assignee_id, actor)
    raise Conflict(blocked(task, actor.account_id) or "")


def acts_as(account_id: int, scheme_id: str, actor: Actor, at: datetime) -> bool:
    """Whether the actor is the account, or its deputy in the scheme at an instant of the scheme's clock."""
    if actor.account_id is None:
        return False
    return account_id == actor.account_id or deputies.acts_for(actor.account_id, account_id, scheme_id, at)


def principal(account_id: int | None, actor: Actor) -> Actor | None:
    """The account, where the actor is another one that acts for it."""
    return None if account_id in (None, actor.account_id) else account(account_id)


def check_answered(task: Row[Any], actor: Actor) -> None:
    """Raises Conflict while somebody's opinion is awaited: a delegate's, or cosigners'."""
    if task.delegated or task.awaits:
        raise Conflict(blocked(task, actor.account_id, holds=True) or "")


def blocked(task: Any, account_id: int | None, *, holds: bool = False) -> str | None:
    """Why an account cannot complete a task now, in a sentence; None when nothing hinders it.

    `holds`: the account has the task, or acts for who has it.
    """
    mine = holds or task.assignee_id in (None, account_id)
    if task.delegated and mine:
        owner = name_of(task.owner_id)
        return f"“{task.name}”由{owner}委派给您征求意见，请填写意见后答复，由{owner}办理。"
    if task.delegated:
        return f"“{task.name}”已委派给{name_of(task.assignee_id)}征求意见，请等其答复后再办理。"
    if not mine:
        has = name_of(task.assignee_id)
        return f"“{task.name}”已由{has}签收，由其办理。需要接手的，请{has}或本机构监督人员转办给您。"
    if task.awaits:
        names = "、".join(awaited(task.id))
        return f"“{task.name}”正在加签，请等{names}答复后再办理；不再需要其意见的，请先减签。"
    return None


def awaited(task_id: int) -> list[str]:
    """The names of those whose opinions a task waits for, in the order in which they were asked."""
    query = (
        select(Account.name)
        .join(Cosigner, Cosigner.account_id == Account.id)
        .where(Cosigner.task_id == task_id, Cosigner.given_at.is_(None), Cosigner.removed_at.is_(None))
        .order_by(Cosigner.id)
    )
    return list(db.session.scalars(query))


def name_of(account_id: int) -> str:
    return db.session.scalars(select(Account.name).where(Account.id == account_id)).one()


def account(account_id: int) -> Actor:
    """An account as somebody of whom something is asked, in whose name something is done."""
    columns = (Account.id, Account.organisation_id, Account.person_id, Account.name, Account.duties)
    row = db.session.execute(select(*columns).where(Account.id == account_id)).one()
    return Actor(row.id, row.organisation_id, None, row.person_id, row.name, frozenset(row.duties))


def colleague(account_id: int, office_id: int | None, field: str = "to") -> Actor:
    """An active operator of the office. Raises Invalid for any other account."""
    active = (Account.organisation_id == office_id, Account.disabled_at.is_(None))
    wanted = (Account.id == account_id, Account.duties.contains(["operator"]), *active)
    if db.session.scalar(select(Account.id).where(*wanted)) is None:
        raise Invalid({field: ["请选择本机构在用的经办账号。"]})
    return account(account_id)


def on_behalf(principal: Actor | None) -> dict[str, Any]:
    """What the log says of a principal for whom somebody acted."""
    return {"for": {"account": principal.account_id, "name": principal.name}} if principal else {}
