"""Recommends, files, submits in bulk, withdraws, reviews, delivers and sweeps at random until killed."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from app import create_app
from app.errors import DomainError
from app.extensions import atomic, db
from app.models import Account, Case, Person, Task
from app.operations import cases, deployments, messages, tasks, timers
from app.operations.access.accounts import actor_for
from app.operations.actors import SYSTEM, Actor
from app.operations.dates import clock, rehearsal
from support.world import SCHEME, at

VALUES: dict[str, tuple[dict[str, Any], ...]] = {
    "fill": tuple({"grade": grade, "summary": "近五年工作扎实。"} for grade in ("junior", "senior")),
    "first_review": (
        {"decision": "approve"},
        {"decision": "return", "opinion": "请补充"},
        {"decision": "reject", "opinion": "年限不足"},
    ),
    "final_review": ({"decision": "approve"}, {"decision": "reject", "opinion": "年限不足"}),
}
Act = Callable[[random.Random, int, datetime], object]


def main() -> None:
    seed = int(os.environ["SEED"])
    choose = random.Random(seed)
    app = create_app()
    unit_id = int(os.environ["WORLD_UNIT"])
    now = at("2021-06-11 09:00") + timedelta(hours=2 * seed)
    with app.app_context():
        print("working", flush=True)
        while True:
            now += timedelta(minutes=choose.randint(1, 40))
            try:
                choose.choice(ACTS)(choose, unit_id, now)
            except DomainError:
                db.session.rollback()


def _recommend(choose: random.Random, unit_id: int, now: datetime) -> None:
    """A roster whose messages start a filing for each person, or fail where one is under way."""
    with atomic():
        actor = _operator(unit_id)
        case_id = cases.start(SCHEME, "roster", unit_id=unit_id, actor=actor, received_at=now)
        task_id = db.session.scalars(select(Task.id).where(Task.case_id == case_id)).one()
        people = _people(unit_id)
        chosen = choose.sample(people, choose.randint(1, len(people)))
        tasks.complete(task_id, {"people": chosen, "ground": "骨干"}, actor, now)


def _open(choose: random.Random, unit_id: int, now: datetime) -> None:
    with atomic():
        deployment_id = deployments.current(SCHEME, now)
        process = deployments.scheme(deployment_id).processes["filing"]
        person, ground = choose.choice(_people(unit_id)), {"ground": "骨干"}
        cases.open_case(deployment_id, process, unit_id, person, ground, SYSTEM, now, "person_cleared")


def _complete(choose: random.Random, unit_id: int, now: datetime) -> None:
    with atomic():
        if rows := _waiting():
            row = choose.choice(rows)
            tasks.complete(row.id, choose.choice(VALUES[row.element]), _operator(row.office_id), now)


def _complete_many(choose: random.Random, unit_id: int, now: datetime) -> None:
    with atomic():
        rows = _waiting()
        office_id = choose.choice(rows).office_id if rows else unit_id
        actor = _operator(office_id)
    ids = [row.id for row in rows if row.office_id == office_id]
    elements = {row.id: row.element for row in rows}
    tasks.complete_many(ids, lambda task_id: choose.choice(VALUES[elements[task_id]]), actor, now, atomic)


def _withdraw(choose: random.Random, unit_id: int, now: datetime) -> None:
    live = select(Case.id).where(Case.unit_id == unit_id, Case.ended_at.is_(None), Case.process == "filing")
    with atomic():
        if rows := db.session.scalars(live).all():
            cases.message(choose.choice(rows), "withdrawn", {}, _operator(unit_id), now)


def _sweep(choose: random.Random, unit_id: int, now: datetime) -> None:
    timers.sweep(lambda scheme_id: now, atomic)


def _deliver(choose: random.Random, unit_id: int, now: datetime) -> None:
    messages.deliver(atomic)


def _move_clock(choose: random.Random, unit_id: int, now: datetime) -> None:
    with atomic():
        clock.set_clock(SCHEME, now, SYSTEM, now)
    rehearsal.let_pass(SCHEME, now, atomic)


ACTS: tuple[Act, ...] = (
    *(_recommend, _open, _complete, _complete, _complete, _complete_many, _withdraw),
    *(_sweep, _deliver, _deliver, _move_clock),
)


def _people(unit_id: int) -> list[int]:
    return list(db.session.scalars(select(Person.id).where(Person.unit_id == unit_id).order_by(Person.id)))


def _operator(organisation_id: int) -> Actor:
    first = select(Account).where(Account.organisation_id == organisation_id).order_by(Account.id).limit(1)
    return actor_for(db.session.scalars(first).one())


def _waiting() -> list[Any]:
    open_ones = select(Task.id, Task.element, Task.office_id)
    open_ones = open_ones.where(Task.state == "open", Task.element.in_(VALUES)).order_by(Task.id)
    return list(db.session.execute(open_ones))


if __name__ == "__main__":
    main()
