"""Files, submits, withdraws, reviews and sweeps at random until somebody kills the process."""

from __future__ import annotations

import os
import random
from datetime import timedelta

from sqlalchemy import select

from app import create_app
from app.errors import DomainError
from app.extensions import atomic, db
from app.models import Account, Case, Person, Task
from app.operations import cases, deployments, messages, tasks, timers
from app.operations.accounts import actor_for
from app.operations.actors import SYSTEM
from support.world import SCHEME, at

VALUES = {
    "fill": {"grade": "junior", "summary": "近五年工作扎实。"},
    "first_review": {"decision": "return", "opinion": "请补充"},
}


def main() -> None:
    choose = random.Random(os.environ["SEED"])  # noqa: S311  which step comes next, no secret
    app = create_app()
    unit_id = int(os.environ["WORLD_UNIT"])
    now = at("2021-06-11 09:00")
    with app.app_context():
        print("working", flush=True)
        while True:
            now += timedelta(minutes=1)
            try:
                choose.choice((_open, _complete, _complete, _withdraw, _sweep))(choose, unit_id, now)
            except DomainError:
                db.session.rollback()


def _open(choose, unit_id, now) -> None:
    with atomic():
        person = choose.choice(
            db.session.execute(select(Person.id).where(Person.unit_id == unit_id)).scalars().all()
        )
        deployment_id = deployments.current(SCHEME, now)
        process = deployments.scheme(deployment_id).processes["filing"]
        cases.open_case(
            deployment_id, process, unit_id, person, {"ground": "骨干"}, SYSTEM, now, "person_cleared"
        )


def _complete(choose, unit_id, now) -> None:
    with atomic():
        waiting = select(Task.id, Task.element, Task.office_id).where(
            Task.state == "open", Task.element.in_(VALUES)
        )
        rows = db.session.execute(waiting).all()
        if rows:
            row = choose.choice(rows)
            account = db.session.execute(
                select(Account).where(Account.organisation_id == row.office_id).order_by(Account.id).limit(1)
            ).scalar_one()
            tasks.complete(row.id, VALUES[row.element], actor_for(account), now)


def _withdraw(choose, unit_id, now) -> None:
    with atomic():
        live = select(Case.id).where(
            Case.unit_id == unit_id, Case.ended_at.is_(None), Case.process == "filing"
        )
        rows = db.session.execute(live).scalars().all()
        account = db.session.execute(
            select(Account).where(Account.organisation_id == unit_id).limit(1)
        ).scalar_one()
        if rows:
            cases.message(choose.choice(rows), "withdrawn", {}, actor_for(account), now)


def _sweep(choose, unit_id, now) -> None:
    timers.sweep(lambda scheme_id: now, atomic)
    messages.deliver(atomic)


if __name__ == "__main__":
    main()
