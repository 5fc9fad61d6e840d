"""Bringing a case to somebody's notice 抄送: a colleague's, or an organisation's in the case's line."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, insert, or_, select, update
from sqlalchemy.engine import Row

from app.errors import Invalid, NotFound
from app.extensions import db
from app.models import Account, CaseCopy, Organisation, Subordination, Task
from app.operations.actors import Actor
from app.operations.company._acts import COPIED
from app.operations.road import _beside
from app.operations.road._beside import locked, log_beside, note_of, takes_part
from app.operations.telling import notices

MOST = 20
"""Recipients at a time."""
LONGEST_NOTE = _beside.LONGEST_NOTE


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a case may be copied to: an account, or an organisation."""

    id: int
    name: str


def send(
    case_id: int,
    accounts: Collection[int],
    organisations: Collection[int],
    note: str,
    actor: Actor,
    at: datetime,
) -> None:
    """Shows a case, running or ended, to accounts of the own organisation and to organisations in its line.

    They see it from now on, are told by a notice, and find it among 抄送我的. Who takes part in the case may.
    Raises NotFound for a case of others, Invalid for nobody, for more than 20, for a stranger, for the note.
    """
    said = note_of(note)
    case = locked(case_id)
    if not takes_part(case, actor):
        raise NotFound
    people = _chosen(accounts, colleagues(actor), "accounts")
    houses = _chosen(organisations, line(case, actor, at), "organisations")
    if not people and not houses:
        raise Invalid({"accounts": ["请选择抄送给谁。"]})
    if len(people) + len(houses) > MOST:
        raise Invalid({"accounts": [f"一次最多抄送给 {MOST} 个人员和机构。"]})
    names = "、".join(one.name for one in (*people, *houses))
    to: dict[str, Any] = {"accounts": [one.id for one in people], "organisations": [one.id for one in houses]}
    seq = log_beside(case, COPIED, actor, at, text=said, to_name=names, **to)
    common = {"case_id": case_id, "seq": seq, "sent_by": actor.account_id, "note": said, "sent_at": at}
    rows = [{**common, "account_id": one.id, "organisation_id": None} for one in people]
    rows += [{**common, "account_id": None, "organisation_id": one.id} for one in houses]
    db.session.execute(insert(CaseCopy), rows)
    told = f"{actor.name}（{actor.organisation_name or '本人'}）抄送给您一件办件。{said}"
    notices.tell(case_id, told, at, accounts=to["accounts"], kind=notices.COPY)
    for one in houses:
        notices.tell(case_id, told, at, organisation_id=one.id, kind=notices.COPY)


def may_send(case: Any, actor: Actor) -> bool:
    """Whether the actor takes part in a case, so that it is theirs to copy, or to wait for."""
    return takes_part(case, actor)


def mark_read(copy_id: int, actor: Actor, now: datetime) -> int:
    """Marks a copy as read; its case. Raises NotFound for somebody else's."""
    copy = db.session.scalar(select(CaseCopy).where(CaseCopy.id == copy_id, received_by(actor)))
    if copy is None:
        raise NotFound
    if copy.read_at is None:
        db.session.execute(update(CaseCopy).where(CaseCopy.id == copy_id).values(read_at=now))
    return copy.case_id


def received_by(actor: Actor) -> ColumnElement[bool]:
    """The copies to an account, and to its organisation."""
    own = CaseCopy.account_id == actor.account_id
    return or_(own, CaseCopy.organisation_id == actor.organisation_id) if actor.organisation_id else own


def colleagues(actor: Actor) -> list[Recipient]:
    """The other active accounts of the actor's organisation that work with cases."""
    if actor.organisation_id is None:
        return []
    query = (
        select(Account.id, Account.name)
        .where(Account.organisation_id == actor.organisation_id, Account.disabled_at.is_(None))
        .where(Account.duties.overlap(["operator", "supervisor"]), Account.id != actor.account_id)
        .order_by(Account.name, Account.id)
    )
    return [Recipient(*row) for row in db.session.execute(query)]


def line(case: Row[Any] | Any, actor: Actor, at: datetime) -> list[Recipient]:
    """The other organisations in a case's line: its unit, the one above it, offices that have had a task."""
    held = select(Task.office_id).where(Task.case_id == case.id, Task.office_id.is_not(None))
    above = (
        select(Subordination.superior_id)
        .where(Subordination.organisation_id == case.unit_id, Subordination.valid_from <= at)
        .where(or_(Subordination.valid_to.is_(None), Subordination.valid_to > at))
    )
    query = (
        select(Organisation.id, Organisation.name)
        .where(or_(Organisation.id == case.unit_id, Organisation.id.in_(above), Organisation.id.in_(held)))
        .where(Organisation.id != actor.organisation_id, Organisation.closed_at.is_(None))
        .order_by(Organisation.name_key, Organisation.id)
    )
    return [Recipient(*row) for row in db.session.execute(query)]


def _chosen(wanted: Collection[int], possible: list[Recipient], field: str) -> list[Recipient]:
    chosen = [one for one in possible if one.id in set(wanted)]
    if len(chosen) < len(set(wanted)):
        raise Invalid({field: ["只能抄送给本机构的同事，和该办件的单位、其主管部门、办理过它的机构。"]})
    return chosen
