"""Accounts as administrators find them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, exists, or_, select

from app.errors import NotFound
from app.extensions import db
from app.models import Account, Organisation, SecondFactor
from app.queries.paging import Page, cut, limited, read_id_cursor


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFilter:
    """`text` is part of a login or a name; `state`: active, locked, disabled; empty means any."""

    text: str = ""
    organisation: str = ""
    organisation_id: int | None = None
    duty: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account, its organisation, and whether it has a second factor."""

    account: Account
    organisation: Organisation | None
    bound: bool


def listing(wanted: AccountFilter, now: datetime, after: str | None = None) -> Page[AccountRow]:
    """A page of accounts, by login."""
    query = _narrowed(_rows(), wanted, now).order_by(Account.login)
    last = read_id_cursor(after)
    if last is not None:
        query = query.where(Account.login > select(Account.login).where(Account.id == last).scalar_subquery())
    rows = [_row(found) for found in db.session.execute(limited(query))]
    return cut(rows, lambda row: str(row.account.id))


def one(account_id: int) -> AccountRow:
    """Raises NotFound."""
    found = db.session.execute(_rows().where(Account.id == account_id)).one_or_none()
    if found is None:
        raise NotFound("没有这个账号。")
    return _row(found)


def _rows() -> Select[Any]:
    bound = exists().where(SecondFactor.account_id == Account.id, SecondFactor.confirmed_at.is_not(None))
    organisation = Organisation.id == Account.organisation_id
    return select(Account, Organisation, bound.label("bound")).outerjoin(Organisation, organisation)


def _row(found: Row[Any]) -> AccountRow:
    return AccountRow(found[0], found[1], found[2])


def _narrowed(query: Select[Any], wanted: AccountFilter, now: datetime) -> Select[Any]:
    if wanted.text:
        login = Account.login.contains(wanted.text.casefold(), autoescape=True)
        query = query.where(or_(login, Account.name.contains(wanted.text, autoescape=True)))
    if wanted.organisation:
        query = query.where(Organisation.name.contains(wanted.organisation, autoescape=True))
    if wanted.organisation_id is not None:
        query = query.where(Account.organisation_id == wanted.organisation_id)
    if wanted.duty:
        query = query.where(Account.duties.contains([wanted.duty]))
    locked = Account.locked_until > now
    states = {
        "active": Account.disabled_at.is_(None) & locked.is_not(True),
        "locked": Account.disabled_at.is_(None) & locked,
        "disabled": Account.disabled_at.is_not(None),
    }
    return query.where(states[wanted.state]) if wanted.state in states else query
