"""Organisations that change: renamed, merged into a successor, closed (LIFE-04)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update

from app.errors import Conflict
from app.extensions import db
from app.models import (
    Account,
    Attachment,
    Case,
    Jurisdiction,
    OrganisationName,
    Person,
    Subordination,
    Task,
)
from app.operations._administration import demand, ground_of, record
from app.operations.access._sessions import end_sessions
from app.operations.actors import Actor
from app.operations.company._handing import log_handed
from app.operations.finding._names import full_name, name_key
from app.operations.finding._search_keys import follow_merger, follow_organisation
from app.operations.offices._relations import end_rows, open_organisation, valid_at
from app.operations.offices._resolution import unit_today


def rename(organisation_id: int, name: str, at: datetime, *, ground: str, actor: Actor) -> None:
    """Gives a new name from `at` on; the old one stays in the list of names and in every history row."""
    demand(actor, "administrator")
    organisation = open_organisation(organisation_id)
    new, old = full_name(name), organisation.name
    if new == old:
        raise Conflict("新名称与现在的名称相同。")
    end_rows(OrganisationName, OrganisationName.organisation_id == organisation_id, at)
    db.session.add(OrganisationName(organisation_id=organisation_id, name=new, valid_from=at))
    organisation.name, organisation.name_key = new, name_key(new)
    follow_organisation(organisation_id)
    names = {"old": old, "new": new}
    record("organisation.renamed", organisation_id, actor, at, ground=ground_of(ground), detail=names)


def merge(old_id: int, into_id: int, at: datetime, *, ground: str, actor: Actor) -> list[int]:
    """Closes an organisation and lets another succeed it (LIFE-04); answers the ids of the tasks that moved.

    The successor takes its jurisdictions, the units under it, its people, its running cases and open tasks;
    its accounts sign in again and act for the successor. Its names stay, and so does what history says.
    """
    demand(actor, "administrator")
    if old_id == into_id:
        raise Conflict("一个机构不能并入它自己。")
    reason = ground_of(ground)
    _lock_cases(old_id)
    old, into = open_organisation(old_id), open_organisation(into_id)
    if (old.kind == "unit") != (into.kind == "unit"):
        raise Conflict("申报单位只能并入申报单位，经办机构和主管部门也只能并入同类机构。")
    _pass_on_relations(old_id, into_id, at, reason)
    _pass_on_members(old_id, into_id, at)
    old.closed_at, old.successor_id = at, into_id
    tasks = _move_work(old_id, into_id, at, actor)
    done = {"into": into_id, "into_name": into.name, "tasks": tasks}
    record("organisation.merged", old_id, actor, at, ground=reason, detail=done)
    return tasks


def take_over(old_id: int, *, at: datetime, actor: Actor) -> list[int]:
    """Moves what began for the old organisation while the merger was under way."""
    demand(actor, "administrator")
    today = unit_today(old_id)
    if today.id == old_id:
        raise Conflict("该机构没有承接机构。")
    _lock_cases(old_id)
    tasks = _move_work(old_id, today.id, at, actor)
    if tasks:
        moved = {"into": today.id, "tasks": tasks}
        record("organisation.taken_over", old_id, actor, at, detail=moved)
    return tasks


def close(organisation_id: int, at: datetime, *, ground: str, actor: Actor) -> None:
    """Closes an organisation that nobody succeeds. Raises Conflict while it has work in hand.

    Nobody closes their own: with its accounts the last administrator might go.
    """
    demand(actor, "administrator")
    if organisation_id == actor.organisation_id:
        raise Conflict("不能撤销自己所在的机构，请由其他机构的管理员办理。")
    at_work = _lock_cases(organisation_id)
    organisation = open_organisation(organisation_id)
    if at_work:
        raise Conflict("该机构还有未办结的事项，请先办结，或改为并入承接机构。")
    end_rows(Subordination, _either_side(organisation_id), at)
    end_rows(Jurisdiction, Jurisdiction.office_id == organisation_id, at)
    organisation.closed_at = at
    accounts = Account.organisation_id == organisation_id
    db.session.execute(update(Account).where(accounts, Account.disabled_at.is_(None)).values(disabled_at=at))
    end_sessions(accounts, at)
    record("organisation.closed", organisation_id, actor, at, ground=ground_of(ground))


def _either_side(organisation_id: int) -> ColumnElement[bool]:
    return or_(Subordination.organisation_id == organisation_id, Subordination.superior_id == organisation_id)


def _pass_on_relations(old_id: int, into_id: int, at: datetime, ground: str) -> None:
    """Ends every relation of the old organisation at `at`; the successor has them from there on."""
    below = valid_at(Subordination, Subordination.superior_id == old_id, at)
    grants = valid_at(Jurisdiction, Jurisdiction.office_id == old_id, at)
    held = {_scope(grant) for grant in valid_at(Jurisdiction, Jurisdiction.office_id == into_id, at)}
    passed_on: list[Subordination | Jurisdiction] = [
        Subordination(
            organisation_id=row.organisation_id, superior_id=into_id, valid_from=at, valid_to=row.valid_to
        )
        for row in below
        if row.organisation_id != into_id
    ]
    passed_on += [_regranted(grant, into_id, at, ground) for grant in grants if _scope(grant) not in held]
    end_rows(Subordination, _either_side(old_id), at)
    end_rows(Jurisdiction, Jurisdiction.office_id == old_id, at)
    db.session.add_all(passed_on)


def _regranted(grant: Jurisdiction, office_id: int, at: datetime, ground: str) -> Jurisdiction:
    function, region, level, system = _scope(grant)
    return Jurisdiction(
        office_id=office_id,
        function=function,
        region=region,
        level=level,
        system=system,
        valid_from=at,
        valid_to=grant.valid_to,
        ground=ground,
    )


def _pass_on_members(old_id: int, into_id: int, at: datetime) -> None:
    end_sessions(Account.organisation_id == old_id, at)
    db.session.execute(
        update(Account).where(Account.organisation_id == old_id).values(organisation_id=into_id)
    )
    db.session.execute(update(Person).where(Person.unit_id == old_id).values(unit_id=into_id))
    unused = (Attachment.organisation_id == old_id) & Attachment.case_id.is_(None)
    db.session.execute(update(Attachment).where(unused).values(organisation_id=into_id))


def _scope(row: Jurisdiction) -> tuple[str, str, str | None, str | None]:
    return row.function, row.region, row.level, row.system


def _lock_cases(organisation_id: int) -> Collection[int]:
    """Locks, by id, the running cases of a unit or with an open task at an office (decision 4)."""
    with_task = select(Task.case_id).where(Task.office_id == organisation_id, Task.state == "open")
    return db.session.scalars(
        select(Case.id)
        .where(Case.state == "running", or_(Case.unit_id == organisation_id, Case.id.in_(with_task)))
        .order_by(Case.id)
        .with_for_update()
    ).all()


def _move_work(old_id: int, into_id: int, at: datetime, actor: Actor) -> list[int]:
    """Gives running cases and open tasks to the successor, and tells it in each case's log."""
    cases = db.session.scalars(
        update(Case)
        .where(Case.unit_id == old_id, Case.state == "running")
        .values(unit_id=into_id)
        .returning(Case.id)
    )
    changed: dict[int, dict[str, Any]] = {case_id: {"unit": into_id} for case_id in cases}
    moved = db.session.execute(
        update(Task)
        .where(Task.office_id == old_id, Task.state == "open")
        .values(office_id=into_id)
        .returning(Task.id, Task.case_id, Task.token)
    ).all()
    for task in moved:
        changed.setdefault(task.case_id, {}).setdefault("offices", {})[str(task.token)] = into_id
    log_handed(changed, at, actor)
    follow_merger(old_id, into_id)
    return sorted(task.id for task in moved)
