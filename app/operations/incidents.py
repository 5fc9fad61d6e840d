"""Incidents 异常事件: what stopped a case without anybody's act, and trying it again (decision 8)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.exc import InterfaceError, OperationalError

from app.errors import DomainError, NotFound
from app.extensions import db
from app.models import Case, Incident, Message, Task, Timer
from app.operations._administration import record
from app.operations.actors import Actor
from app.operations.company._handing import log_handed
from app.operations.offices import organisations
from app.operations.road._locking import lock_case

NO_DATABASE = (OperationalError, InterfaceError)
"""The database was away, or a lock not to be had: no fault of a case, so no incident; it is tried again."""


def tell(
    case_id: int, kind: str, element: str, error: Exception, at: datetime, *, timer_id: int | None = None
) -> None:
    """Opens an incident with its cause and the deadlines that go on meanwhile.

    `kind`: timer, message or role. Reads the projection alone: the state itself may be what is broken.
    """
    waiting = (
        select(Timer.element, Timer.due_at)
        .where(Timer.case_id == case_id, Timer.due_at.is_not(None))
        .order_by(Timer.due_at, Timer.token)
    )
    deadlines = [{"element": name, "due_at": due.isoformat()} for name, due in db.session.execute(waiting)]
    row = {"case_id": case_id, "kind": kind, "element": element, "timer_id": timer_id, "opened_at": at}
    db.session.execute(insert(Incident).values(**row, message=cause(error), deadlines=deadlines))


def cause(error: Exception) -> str:
    """What people read of an error; one that is not ours tells its kind alone, since its text may be data."""
    return error.message if isinstance(error, DomainError) else f"系统错误：{type(error).__name__}"


def retry(incident_id: int, actor: Actor, now: datetime) -> None:
    """Tries again what failed, and closes the incident with those of the same case, kind and element.

    A timer fires at the next sweep and a message goes at the next delivery; a task gets its office at once.
    Raises NotFound, and RoleUnresolved where still nobody holds the role.
    """
    found = db.session.execute(
        select(Incident.case_id, Incident.kind, Incident.element)
        .join(Case, Case.id == Incident.case_id)
        .where(Incident.id == incident_id, Incident.closed_at.is_(None))
        .with_for_update()
    ).first()
    if found is None:
        raise NotFound()
    detail = {"kind": found.kind, "case": found.case_id, "element": found.element}
    match found.kind:
        case "timer":
            _unpark(found.case_id, found.element)
        case "message":
            _send_again(found.case_id, found.element)
        case "role":
            detail["offices"] = _give_offices(found.case_id, actor, now)
    db.session.execute(
        update(Incident)
        .where(
            Incident.case_id == found.case_id,
            Incident.kind == found.kind,
            Incident.element == found.element,
            Incident.closed_at.is_(None),
        )
        .values(closed_at=now, closed_by=actor.account_id)
    )
    record("incident.retried", incident_id, actor, now, detail=detail)


def _unpark(case_id: int, element: str) -> None:
    parked = (Timer.case_id == case_id, Timer.element == element)
    db.session.execute(update(Timer).where(*parked).values(parked_at=None))


def _send_again(case_id: int, element: str) -> None:
    failed = (
        Message.from_case_id == case_id,
        Message.from_element == element,
        Message.failed_at.is_not(None),
    )
    db.session.execute(update(Message).where(*failed).values(failed_at=None, failure=None))


def _give_offices(case_id: int, actor: Actor, now: datetime) -> dict[str, int | None]:
    """The offices, by task, of the case's open tasks that had none."""
    moving = lock_case(case_id)
    without = select(Task.id, Task.token, Task.role).where(
        Task.case_id == case_id, Task.state == "open", Task.office_id.is_(None)
    )
    given: dict[str, int | None] = {}
    offices: dict[str, int] = {}
    for task in db.session.execute(without.order_by(Task.id)).all():
        role = moving.scheme.roles[task.role]
        office_id = organisations.resolve_role(role, moving.unit_id, moving.as_of(role, now))
        if office_id is None:
            raise organisations.RoleUnresolved
        db.session.execute(update(Task).where(Task.id == task.id).values(office_id=office_id))
        given[str(task.id)] = offices[str(task.token)] = office_id
    log_handed({case_id: {"offices": offices}}, now, actor)
    return given
