"""Handing over 离职交接: everything open that an account has goes to a colleague, item by item."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select, update

from app.errors import Conflict, DomainError, Invalid, NotFound
from app.extensions import db
from app.models import Account, Case, Cosigner, Organisation, Person, Task
from app.operations._administration import record
from app.operations._one_by_one import told
from app.operations.actors import Actor
from app.operations.company import cosigning, deputies
from app.operations.company._records import log_task_act, said
from app.operations.company.assignments import demand_no_applicant, give, named
from app.operations.road._assignee import account, colleague
from app.operations.road._deciding import AtHand, check_participant, taking_part

Part = Literal["assignee", "owner", "cosigner"]
AT_ONCE = 200
"""Items that one request hands over; more are long work."""
HANDED = "已交接"


@dataclass(frozen=True, slots=True)
class Item:
    """A task that an account has a part in: has it, delegated it, or was asked to countersign it."""

    task_id: int
    part: Part
    case_id: int
    scheme_id: str
    name: str
    subject: str


@dataclass(frozen=True, slots=True)
class Handed:
    """What became of an item; `message` is why it was refused."""

    item: Item
    ok: bool
    message: str


def of_leaver(account_id: int, actor: Actor) -> Account:
    """The account, if its office's supervisor or an administrator asks. Raises NotFound for any other.

    Nobody hands over what they have themselves: they transfer it.
    """
    leaver = db.session.get(Account, account_id)
    if leaver is None or leaver.organisation_id is None or leaver.id == actor.account_id:
        raise NotFound()
    own_office = leaver.organisation_id == actor.organisation_id
    if not (actor.has("administrator") or (actor.has("supervisor") and own_office)):
        raise NotFound()
    return leaver


def items(account_id: int, most: int | None = None) -> Sequence[Item]:
    """The open tasks that an account has a part in, or the first so many of them."""
    waiting = (Cosigner.given_at.is_(None), Cosigner.removed_at.is_(None))
    asked = select(Cosigner.task_id).where(Cosigner.account_id == account_id, *waiting)
    parts: dict[Part, Any] = {
        "assignee": Task.assignee_id == account_id,
        "owner": Task.owner_id == account_id,
        "cosigner": Task.id.in_(asked),
    }
    found: list[Item] = []
    for part, those in parts.items():
        columns = (Task.id, Task.case_id, Task.scheme_id, Task.name, Person.name, Organisation.name)
        query = (
            select(*columns)
            .join(Case, Case.id == Task.case_id)
            .join(Organisation, Organisation.id == Case.unit_id)
            .outerjoin(Person, Person.id == Case.person_id)
            .where(Task.state == "open", those)
            .order_by(Task.id)
            .limit(None if most is None else most - len(found))
        )
        for task_id, case_id, scheme_id, name, person, unit in db.session.execute(query):
            found.append(Item(task_id, part, case_id, scheme_id, name, person or unit))
    return found


def hand_over(
    account_id: int,
    to_id: int,
    ground: str,
    *,
    actor: Actor,
    now_of: Callable[[str], datetime],
    now: datetime,
    transaction: Callable[[], AbstractContextManager[Any]],
) -> list[Handed]:
    """Gives a colleague up to 200 of the tasks that an account has a part in, each in its own transaction.

    What the account is a deputy for goes with the first. `now_of` gives a scheme's present instant, `now` the
    real one. Raises NotFound, and Invalid for who is no colleague of the leaver.
    """
    with transaction():
        text = begin(account_id, to_id, ground, actor=actor, now=now)
        waiting = items(account_id, AT_ONCE)
    return [_try(item, account_id, to_id, text, actor, now_of, transaction) for item in waiting]


def begin(account_id: int, to_id: int, ground: str, *, actor: Actor, now: datetime) -> str:
    """Checks that it may be handed over, passes on the deputyships, and answers the ground as it is kept."""
    leaver = of_leaver(account_id, actor)
    colleague(to_id, leaver.organisation_id)
    if to_id == account_id:
        raise Invalid({"to": ["请选择另一位经办人。"]})
    text = said(ground, "ground", "请写明交接的原因。")
    deputies.pass_on(account_id, to_id, ground=text, actor=actor, now=now)
    record("account.handed_over", account_id, actor, now, ground=text, detail={"to": to_id})
    return text


def hand_item(
    task_id: int, part: Part, from_id: int, to_id: int, ground: str, actor: Actor, received_at: datetime
) -> None:
    """Gives a colleague somebody's part in one task. Raises what taking part in it raises (ALL-04)."""
    duty = "administrator" if actor.has("administrator") else "supervisor"
    with taking_part(task_id, actor, received_at, duty=duty) as at_hand:
        demand_no_applicant(at_hand)
        to = colleague(to_id, at_hand.task.office_id)
        check_participant(at_hand, to)
        if part == "cosigner":
            cosigning.replace(at_hand, from_id, to, ground)
        else:
            _give_part(at_hand, part, from_id, to, ground)


def _give_part(at_hand: AtHand, part: Part, from_id: int, to: Actor, ground: str) -> None:
    """The task itself; of one that is delegated, the owner's or the delegate's part in it."""
    task = at_hand.task
    mine, others = (task.assignee_id, task.owner_id)[:: 1 if part == "assignee" else -1]
    if mine != from_id:
        raise Conflict(f"“{task.name}”已经不由这位同事办理。")
    if not task.delegated or others == to.account_id:
        give(at_hand, to)
        log_task_act(at_hand, "transferred", ground, **named(to))
        return
    columns = {"assignee_id": task.assignee_id, "owner_id": task.owner_id, f"{part}_id": to.account_id}
    db.session.execute(update(Task).where(Task.id == task.id).values(columns))
    delegate = named(account(columns["assignee_id"]))
    log_task_act(at_hand, "delegated", ground, owner=columns["owner_id"], **delegate)


def _try(
    item: Item,
    from_id: int,
    to_id: int,
    ground: str,
    actor: Actor,
    now_of: Callable[[str], datetime],
    transaction: Callable[[], AbstractContextManager[Any]],
) -> Handed:
    try:
        with transaction():
            hand_item(item.task_id, item.part, from_id, to_id, ground, actor, now_of(item.scheme_id))
        return Handed(item, True, HANDED)
    except DomainError as refusal:
        return Handed(item, False, told(refusal))
