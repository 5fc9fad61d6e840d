"""Messages between cases: each is taken to one receiving case, or starts one, in a transaction of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.engine import Row

from app import clock
from app.content.head import Process
from app.content.scheme import Scheme
from app.errors import Conflict, DomainError, NotFound
from app.extensions import db
from app.models import Case, Message, MessageWait, Person
from app.operations import deployments
from app.operations._plain import from_json
from app.operations._road import caught_up, lock_case
from app.operations.actors import SYSTEM
from app.operations.cases import open_case, receive

Transaction = Callable[[], AbstractContextManager[Any]]


def deliver(transaction: Transaction, limit: int = 500) -> int:
    """Delivers waiting messages in order of sending, each in a `transaction` of its own.

    Returns how many were taken up. One that cannot be delivered is marked with the reason; nothing is lost.
    """
    done = 0
    while done < limit and _deliver_next(transaction):
        done += 1
    return done


def _deliver_next(transaction: Transaction) -> bool:
    refused: tuple[int, str] | None = None
    try:
        with transaction():
            message = _claim()
            if message is None:
                return False
            refused = (message.id, "")
            case_id = _take(message)
            _mark(message.id, delivered_at=clock.now(), delivered_case_id=case_id)
    except DomainError as error:
        if refused is None:
            raise
        with transaction():
            _mark(refused[0], failed_at=clock.now(), failure=error.message)
    return True


def _claim() -> Row[Any] | None:
    waiting = (
        select(
            Message.id,
            Message.scheme_id,
            Message.message,
            Message.key,
            Message.payload,
            Message.sent_at,
            Case.unit_id,
        )
        .join(Case, Case.id == Message.from_case_id)
        .where(Message.delivered_at.is_(None), Message.failed_at.is_(None))
        .order_by(Message.id)
        .limit(1)
        .with_for_update(of=Message, skip_locked=True)
    )
    return db.session.execute(waiting).first()


def _take(message: Row[Any]) -> int:
    waiting = db.session.execute(
        select(MessageWait.case_id)
        .where(
            MessageWait.scheme_id == message.scheme_id,
            MessageWait.message == message.message,
            MessageWait.key.is_not_distinct_from(message.key),
        )
        .order_by(MessageWait.case_id)
        .limit(1)
    ).scalar()
    payload = from_json(message.payload)
    if waiting is None:
        return _start(message, payload)
    moving = lock_case(waiting)
    with caught_up(moving, message.sent_at):
        receive(moving, message.message, message.key, payload, SYSTEM, message.sent_at)
    return moving.id


def _start(message: Row[Any], payload: Mapping[str, Any]) -> int:
    deployment_id = deployments.current(message.scheme_id, message.sent_at)
    process = _started_by(deployments.scheme(deployment_id), message.message)
    person_id = None
    if process.subject == "person":
        person_id = _person_of_unit(payload, message.unit_id)
    return open_case(
        deployment_id, process, message.unit_id, person_id, payload, SYSTEM, message.sent_at, message.message
    )


def _started_by(scheme: Scheme, name: str) -> Process:
    for process in scheme.processes.values():
        if name in scheme.definitions.processes[process.id].start_messages:
            return process
    raise NotFound(f"没有办件在等待消息“{name}”。")


def _person_of_unit(payload: Mapping[str, Any], unit_id: int) -> int:
    person = payload.get("person")
    person_id = person.get("id") if isinstance(person, Mapping) else None
    known = select(Person.id).where(Person.id == person_id, Person.unit_id == unit_id)
    if not isinstance(person_id, int) or db.session.execute(known).scalar() is None:
        raise Conflict("消息没有指明本单位的人员。")
    return person_id


def _mark(message_id: int, **values: datetime | int | str) -> None:
    db.session.execute(update(Message).where(Message.id == message_id).values(**values))
