"""Cases that were copied to somebody 抄送我的."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import defer

from app.extensions import db
from app.models import Account, Case, CaseCopy, Organisation, Person
from app.operations.actors import Actor
from app.operations.company.copies import received_by
from app.queries.paging import Page, capped_count, cut, limited, read_id_cursor


@dataclass(frozen=True)
class CopyRow:
    """A copy with its sender, and what a list says of its case."""

    copy: CaseCopy
    sender: str | None
    case: Case
    unit_name: str
    person: Person | None


def received(actor: Actor, before: str | None = None) -> Page[CopyRow]:
    """A page of what an account and its organisation received, the newest first."""
    query = (
        select(CaseCopy, Account.name, Case, Organisation.name, Person)
        .join(Case, Case.id == CaseCopy.case_id)
        .join(Organisation, Organisation.id == Case.unit_id)
        .outerjoin(Person, Person.id == Case.person_id)
        .outerjoin(Account, Account.id == CaseCopy.sent_by)
        .where(received_by(actor))
        .order_by(CaseCopy.id.desc())
        .options(defer(Case.engine_state, raiseload=True))
    )
    last = read_id_cursor(before)
    if last is not None:
        query = query.where(CaseCopy.id < last)
    rows = [CopyRow(*row) for row in db.session.execute(limited(query))]
    return cut(rows, lambda row: str(row.copy.id))


def unread(actor: Actor) -> int:
    """How many wait to be read, counted to a thousand."""
    return capped_count(select(CaseCopy.id).where(received_by(actor), CaseCopy.read_at.is_(None)))[0]


def copied_to(account_id: int | None, organisation_id: int | None) -> ColumnElement[bool]:
    """Cases of which an account, or its organisation, has received a copy."""
    whom = CaseCopy.account_id == account_id
    if organisation_id is not None:
        whom |= CaseCopy.organisation_id == organisation_id
    return exists().where(CaseCopy.case_id == Case.id, whom)
