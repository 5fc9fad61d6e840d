"""More accounts of an organisation than the one that a made-up world gives it."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from app import clock
from app.extensions import atomic, db
from app.models import Account, Task
from app.operations.access import _passwords
from app.operations.access._sessions import open_session
from app.operations.access.accounts import actor_for
from app.operations.actors import Actor
from app.operations.trials.worlds import Built
from support.api import Caller
from support.pages import PASSWORD, Browser, Stage
from support.world import BUREAU, at

OPERATOR, SUPERVISOR = ("operator",), ("supervisor",)


def colleague(
    world: Built,
    name: str,
    office: str = BUREAU,
    duties: tuple[str, ...] = OPERATOR,
    *,
    person: str | None = None,
    login: str = "",
    hashed: str = "!",
) -> Actor:
    """Another account of an office, perhaps of somebody on the register."""
    with atomic() as session:
        account = Account(
            login=login or f"{office}.{name}",
            password_hash=hashed,
            name=name,
            organisation_id=world.organisations[office],
            person_id=world.people[person] if person else None,
            duties=list(duties),
            created_at=at("2021-06-01 09:00"),
        )
        session.add(account)
        session.flush()
        return actor_for(account)


def held(task_id: int) -> tuple[int | None, int | None, bool, int]:
    """A task's assignee, its owner, whether it is delegated, and how many opinions it awaits."""
    columns = (Task.assignee_id, Task.owner_id, Task.delegated, Task.awaits)
    return tuple(db.session.execute(select(*columns).where(Task.id == task_id)).one())


def browser_of(
    stage: Stage, name: str, login: str, office: str = BUREAU, duties: tuple[str, ...] = OPERATOR
) -> tuple[Actor, Browser]:
    """A colleague, and a browser in which they are signed in."""
    hashed = _passwords.hashed(PASSWORD)
    actor = colleague(stage.world, name, office, duties, login=login, hashed=hashed)
    return actor, stage.browser().sign_in(login)


def caller_of(app: Flask, actor: Actor) -> Caller:
    """A program of the colleague's, signed in."""
    with atomic():
        return Caller(app, open_session(actor.account_id or 0, clock.now()))
