"""Two people of each demonstration with accounts of their own: one with something to do, one who waits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from app.demo.stage import PASSWORD
from app.extensions import db
from app.models import Account, Case, Person, Task
from app.operations.access import applicants
from app.operations.actors import APPLICANT, SYSTEM
from app.operations.registers import people

NOWHERE = "127.0.0.1"


def open_two(scheme_id: str, now: datetime) -> None:
    """Opens them as a unit does, and takes them into use as the people would."""
    running = select(Case.person_id).where(
        Case.scheme_id == scheme_id, Case.state == "running", Case.person_id.is_not(None)
    )
    busy = running.join(Task, Task.case_id == Case.id).where(
        Task.person_id == Case.person_id, Task.state == "open"
    )
    waiting = running.where(Case.person_id.not_in(busy))
    chosen = [
        *db.session.scalars(busy.order_by(Case.id).limit(1)),
        *db.session.scalars(waiting.order_by(Case.id).limit(2)),
    ]
    for person_id in chosen[:2]:
        _open(person_id or 0, now)


def _open(person_id: int, now: datetime) -> None:
    opened = applicants.open_account(person_id, actor=SYSTEM, now=now)
    number = people.id_number_of(db.session.get_one(Person, person_id))
    applicants.activate(opened.name, number, opened.code, PASSWORD, NOWHERE, now)


def told(scheme_id: str) -> list[tuple[str, str]]:
    """Login and name of those of a demonstration."""
    theirs = select(Case.person_id).where(Case.scheme_id == scheme_id)
    query = select(Account.login, Account.name).where(
        Account.duties.contains([APPLICANT]), Account.person_id.in_(theirs)
    )
    return [(login, name) for login, name in db.session.execute(query.order_by(Account.id))]
