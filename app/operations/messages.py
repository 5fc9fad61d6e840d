"""Messages between cases: each is taken to one receiving case, or starts one, in a transaction of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from sqlalchemy import distinct, select, update
from sqlalchemy.engine import Row

from app import clock
from app.content.head import Process
from app.content.scheme import Scheme
from app.errors import Conflict, DomainError, NotFound
from app.extensions import db
from app.models import Case, Message, MessageWait, Person
from app.operations import deployments, incidents
from app.operations._prepared import Prepared
from app.operations.actors import SYSTEM
from app.operations.apart import savepoint
from app.operations.cases import open_case, receive
from app.operations.company._acts import ABSORBED
from app.operations.live import AlreadyLive, Live
from app.operations.road._beside import locked, log_beside
from app.operations.road._locking import lock_case
from app.operations.road._moving import Moving
from app.operations.road._plain import from_json
from app.operations.road._road import caught_up
from app.operations.telling import notices
from app.operations.telling._recipients import recipient

log = logging.getLogger(__name__)

Transaction = Callable[[], AbstractContextManager[Any]]


class Undelivered(DomainError):
    """消息没有送达。"""


def deliver(transaction: Transaction, limit: int = 500) -> int:
    """Delivers waiting messages in order of sending, each in a `transaction` of its own.

    Returns how many were taken up. One that cannot be delivered becomes an incident of the case that sent it,
    with the reason; nothing is lost, and it never stops the others.
    """
    done = 0
    while done < limit and _deliver_next(transaction):
        done += 1
    return done


def _deliver_next(transaction: Transaction) -> bool:
    with transaction():
        message = _claim()
        if message is None:
            return False
        try:
            with savepoint():
                case_id = _take(message)
        except incidents.NO_DATABASE:
            raise
        except Exception as error:
            _fail(message, error)
        else:
            _mark(message.id, delivered_at=clock.now(), delivered_case_id=case_id)
    return True


def _claim() -> Row[Any] | None:
    return _NEXT.run({}).first()


_MESSAGE, _CASE = Message.__table__.c, Case.__table__.c
_NEXT = Prepared(
    select(
        _MESSAGE.id,
        _MESSAGE.scheme_id,
        _MESSAGE.message,
        _MESSAGE.key,
        _MESSAGE.payload,
        _MESSAGE.sent_at,
        _MESSAGE.from_case_id,
        _MESSAGE.from_element,
        _CASE.unit_id,
    )
    .join(Case.__table__, _CASE.id == _MESSAGE.from_case_id)
    .where(_MESSAGE.delivered_at.is_(None), _MESSAGE.failed_at.is_(None))
    .order_by(_MESSAGE.id)
    .limit(1)
    .with_for_update(of=Message.__table__, skip_locked=True)
)


def _take(message: Row[Any]) -> int:
    """Gives the message to the case that waits for it, or to the case that it starts; that case's id."""
    payload = from_json(message.payload)
    while (waiting := _waiting(message)) is not None:
        moving = lock_case(waiting)
        # It may have gone on while this transaction waited for the lock; then whoever waits now gets it.
        if _waits_still(moving, message):
            with caught_up(moving, message.sent_at):
                receive(moving, message.message, message.key, payload, SYSTEM, message.sent_at)
            return moving.id
    return _start(message, payload)


def _waiting(message: Row[Any]) -> int | None:
    """The case that waits for a message. Raises Conflict where there are several: guessing would be wrong."""
    found = db.session.scalars(
        select(distinct(MessageWait.case_id))
        .where(
            MessageWait.scheme_id == message.scheme_id,
            MessageWait.message == message.message,
            MessageWait.key.is_not_distinct_from(message.key),
        )
        .limit(2)
    ).all()
    if len(found) > 1:
        raise Conflict(f"有几件办件在等待同一个消息“{message.message}”，请在方案里写明关联键。")
    return found[0] if found else None


def _waits_still(moving: Moving, message: Row[Any]) -> bool:
    waits = moving.stands.messages if moving.stands else ()
    return any((wait.message, wait.key) == (message.message, message.key) for wait in waits)


def _start(message: Row[Any], payload: Mapping[str, Any]) -> int:
    deployment_id = deployments.current(message.scheme_id, message.sent_at)
    scheme = deployments.scheme(deployment_id)
    process = _started_by(scheme, message.message)
    person_id = None
    if process.subject == "person":
        person_id = _person_of_unit(payload, message.unit_id)
    sent_at = message.sent_at
    try:
        return open_case(
            deployment_id, process, message.unit_id, person_id, payload, SYSTEM, sent_at, message.message
        )
    except AlreadyLive as refusal:
        if refusal.live is None or person_id is None or process.id not in scheme.begun_by_lists:
            raise
        _absorb(message, scheme, process, person_id, refusal.live)
        return refusal.live.case_id


def _absorb(message: Row[Any], scheme: Scheme, process: Process, person_id: int, live: Live) -> None:
    """Somebody who is on a list filed before the list arrived: they have what it was to give them.

    The log of the list's case says so, and whoever made the list is told.
    """
    at, name = message.sent_at, db.session.scalar(select(Person.name).where(Person.id == person_id))
    log_beside(
        locked(message.from_case_id),
        ABSORBED,
        SYSTEM,
        at,
        text=f"{live.told(process)}。",
        element=message.from_element,
        about=live.case_id,
        to_name=name,
    )
    to, told = recipient(scheme, message.unit_id, at), f"{name}{live.told(process)}，没有另起一件。"
    told = to.words(told, message.unit_id, None)
    notices.tell(message.from_case_id, told, at, organisation_id=to.organisation_id, kind=notices.CASE)


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


def _fail(message: Row[Any], error: Exception) -> None:
    log.warning("message %d was not delivered (%s)", message.id, type(error).__name__)
    _mark(message.id, failed_at=clock.now(), failure=incidents.cause(error))
    what = Undelivered(f"消息“{message.message}”没有送达：{incidents.cause(error)}")
    incidents.tell(message.from_case_id, "message", message.from_element, what, message.sent_at)


def _mark(message_id: int, **values: datetime | int | str) -> None:
    db.session.execute(update(Message).where(Message.id == message_id).values(**values))
