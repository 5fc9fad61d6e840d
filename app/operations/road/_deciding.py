"""The road of whoever decides at a task: it is theirs, open in time, and they may decide it (journey 1)."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import and_, any_, bindparam, or_, select
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.engine import Row

from app.content.mapping import output_mapping
from app.engine.types import Snapshot, TaskWait
from app.errors import Closed, Conflict, NotFound, Refused
from app.extensions import db
from app.models import Account, Task
from app.operations._prepared import Prepared
from app.operations.actors import Actor
from app.operations.road import _assignee
from app.operations.road._calls import Call
from app.operations.road._history import payload_digest
from app.operations.road._locking import lock_case_of
from app.operations.road._moving import Moving
from app.operations.road._plain import from_json, to_json
from app.operations.road._road import caught_up, renew

Values = Mapping[str, Any]

# Made once: to make a statement costs more than to run it.
_TASK, _ACCOUNT = Task.__table__.c, Account.__table__.c
_COLUMNS = (
    *(_TASK.id, _TASK.scheme_id, _TASK.token, _TASK.role, _TASK.office_id, _TASK.name, _TASK.state),
    _TASK.closes_at,
    _TASK.person_id,
    *(_TASK.returned_from, _TASK.straight_back),
    *(_TASK.assignee_id, _TASK.owner_id, _TASK.delegated, _TASK.awaits),
)
_WANTED = _TASK.id == bindparam("task")
_WANTED_TASK = select(*_COLUMNS).where(_WANTED)
_CONCERNED_TASKS = Prepared(
    select(*_COLUMNS)
    # Who decided, and for whom: a principal has decided, too.
    .outerjoin(Account.__table__, _ACCOUNT.id == any_(array([_TASK.completed_by, _TASK.assignee_id])))
    .where(
        _TASK.case_id == bindparam("case"),
        or_(
            _WANTED,
            and_(
                _TASK.completed_by.is_not(None),
                or_(_ACCOUNT.id == bindparam("account"), _ACCOUNT.person_id == bindparam("person")),
            ),
        ),
    )
    .distinct(_WANTED, _TASK.role)
)


@dataclass(frozen=True, slots=True)
class AtHand:
    """A locked case, caught up, and the open task in it that somebody acts on.

    `decided`: the tasks in which the actor has decided, one a role. `principal`: for whom the actor acts.
    """

    moving: Moving
    task: Row[Any]
    wait: TaskWait
    actor: Actor
    received_at: datetime
    decided: Sequence[Row[Any]]
    principal: Actor | None = None

    @property
    def on_behalf(self) -> dict[str, Any]:
        """What the log says of the principal."""
        return _assignee.on_behalf(self.principal)

    @property
    def holder(self) -> Actor:
        """Who has the task: the actor, or their principal."""
        return self.principal or self.actor

    def for_(self, principal: Actor | None) -> AtHand:
        """The same, the actor acting for somebody."""
        return replace(self, principal=principal)


@contextmanager
def deciding(task_id: int, actor: Actor, received_at: datetime) -> Iterator[AtHand]:
    """The task and its locked case, caught up, for the body to complete or to give back.

    Raises NotFound for a task of another office, Closed from the due instant on, Conflict for one already
    done, in somebody else's hands, or waiting for opinions, Refused for who may not decide it (ALL-04).
    """
    with _held(task_id, actor, received_at) as at_hand:
        _assignee.check_answered(at_hand.task, actor)
        yield at_hand


@contextmanager
def holding(task_id: int, actor: Actor, received_at: datetime) -> Iterator[AtHand]:
    """The same for one of the office who has the task, or could take it; opinions may be outstanding."""
    if actor.organisation_id is None:
        raise NotFound()
    with _held(task_id, actor, received_at) as at_hand:
        yield at_hand


@contextmanager
def _held(task_id: int, actor: Actor, received_at: datetime) -> Iterator[AtHand]:
    with taking_part(task_id, actor, received_at) as at_hand:
        principal = _assignee.principal_of(at_hand.task, at_hand.moving.scheme.id, actor, received_at)
        check_decider(at_hand, actor)
        if principal is not None:
            check_participant(at_hand, principal)
        yield at_hand.for_(principal)


@contextmanager
def taking_part(
    task_id: int, actor: Actor, received_at: datetime, *, duty: str = "operator"
) -> Iterator[AtHand]:
    """The same for anybody of the task's office with the duty, whoever has the task; no Refused yet."""
    moving = lock_case_of(task_id)
    renew(moving, received_at)
    tasks = _concerned(moving.id, task_id, actor)
    task = _own(tasks, task_id, actor, duty)
    _check_open(task, received_at)
    with caught_up(moving, received_at):
        yield AtHand(moving, task, _still_waiting(moving, task), actor, received_at, tasks)


def check_participant(at_hand: AtHand, who: Actor) -> None:
    """Whether somebody else than the actor may take part in deciding the task (ALL-04). Raises Refused."""
    decided = _concerned(at_hand.moving.id, at_hand.task.id, who)
    _check_decider(at_hand.moving, at_hand.task, decided, who, who.name)


def check_decider(at_hand: AtHand, actor: Actor) -> None:
    """Whether the actor may (ALL-04). Raises Refused."""
    _check_decider(at_hand.moving, at_hand.task, at_hand.decided, actor, "您")


def open_task(task_id: int, actor: Actor, received_at: datetime) -> Row[Any]:
    """An open task that is the actor's to decide, its case not locked. Raises as `holding` does."""
    found = db.session.execute(_WANTED_TASK, {"task": task_id}).first()
    task = _own([found] if found else [], task_id, actor)
    _check_open(task, received_at)
    _assignee.principal_of(task, task.scheme_id, actor, received_at)
    return task


def complete_with(
    moving: Moving, wait: TaskWait, task_id: int, stored: Values, actor: Actor, at: datetime, **more: Any
) -> None:
    """Completes a task with values as they are stored, and writes it; `more` goes into the log."""
    variables = output_mapping(wait.properties.get("outputs", ""), from_json(stored))
    arguments = {"token": wait.token, **more}
    call = Call("complete", arguments, {"variables": to_json(variables)})
    step_with(moving, call, wait, task_id, stored, actor, at)


def step_with(
    moving: Moving, call: Call, wait: TaskWait, task_id: int, stored: Values, actor: Actor, at: datetime
) -> Snapshot:
    """Makes the step that does a task, and writes it with what was entered and the digest of that."""
    salt = secrets.token_bytes(16)
    digested = {**call.arguments, "values_digest": payload_digest(salt, stored).hex()}
    call = Call(call.kind, digested, call.payload)
    after = moving.step(call, at, actor, element=wait.element, task_id=task_id)
    moving.changes.tasks_done[-1] |= {"task_id": task_id, "values": dict(stored), "salt": salt}
    moving.changes.flush()
    return after


def _concerned(case_id: int, task_id: int, actor: Actor) -> Sequence[Row[Any]]:
    """The task, and one for each role in which the actor has done one: as many as levels, not as rounds."""
    asked = {"case": case_id, "task": task_id, "account": actor.account_id, "person": actor.person_id}
    return _CONCERNED_TASKS.run(asked).all()


def _own(tasks: Sequence[Row[Any]], task_id: int, actor: Actor, duty: str = "operator") -> Row[Any]:
    """The task, if the actor's office holds it, or it is the applicant's own; another's is not there."""
    found = next((task for task in tasks if task.id == task_id), None)
    if found is None or not (_of_office(found, actor, duty) or actor.is_applicant(found.person_id)):
        raise NotFound()
    return found


def _of_office(task: Row[Any], actor: Actor, duty: str) -> bool:
    """An administrator arranges what lies at any office."""
    held = task.office_id is not None and task.office_id == actor.organisation_id
    return actor.has(duty) and (held or duty == "administrator")


def _check_open(task: Row[Any], received_at: datetime) -> None:
    if task.state in ("completed", "returned"):
        raise Conflict(f"“{task.name}”已经办理过，本次提交没有生效。请刷新页面查看结果。")
    if task.closes_at is not None and received_at >= task.closes_at:
        raise Closed(f"“{task.name}”已截止，本次提交没有生效。")
    if task.state != "open":
        raise Conflict(f"“{task.name}”已被撤销，本次提交没有生效。请刷新页面查看结果。")


def _still_waiting(moving: Moving, task: Row[Any]) -> TaskWait:
    wait = moving.task(task.token)
    if wait is None:
        raise Closed(f"“{task.name}”已不再等待办理，本次提交没有生效。请刷新页面查看结果。")
    return wait


def _check_decider(
    moving: Moving, task: Row[Any], tasks: Sequence[Row[Any]], actor: Actor, called: str
) -> None:
    """Nobody decides on their own case, nor at two levels of one (ALL-04).

    A unit's steps are no decision; but a role may ask for somebody else than who acted in another one.
    """
    role = moving.scheme.roles[task.role]
    if role.unit_submits and actor.is_applicant(moving.person_id):
        raise Refused(f"“{task.name}”由单位核对后提交；您填写的内容可以保存，请告知单位。")
    for other in tasks:
        if other.role in role.other_than:
            raise Refused(f"{called}已在“{other.name}”环节办理过该办件，“{task.name}”须由另一人办理。")
    if role.relation == "unit" or actor.is_applicant(moving.person_id):
        return
    if actor.person_id is not None and actor.person_id == moving.person_id:
        raise Refused(f"{called}是该办件的申报人，不能办理自己的事项，请由本机构其他经办人办理。")
    for other in tasks:
        if other.role != task.role and moving.scheme.roles[other.role].relation != "unit":
            done = f"{called}已在“{other.name}”环节办理过该办件，同一人不能在两级审核中作出决定，"
            raise Refused(f"{done}请由本机构另一人办理；没有另一人的，请系统管理员先为本机构增设账号。")
