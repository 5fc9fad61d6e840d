"""The colleagues of an office, whom one of its tasks may be given to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from app.extensions import db
from app.models import Account


@dataclass(frozen=True, slots=True)
class Colleague:
    """An active operator of an organisation."""

    id: int
    name: str
    login: str


def named(account_ids: Collection[int]) -> Sequence[Colleague]:
    """Accounts by their ids, active or not, as what was once entered names them."""
    if not account_ids:
        return []
    query = select(Account.id, Account.name, Account.login).where(Account.id.in_(account_ids))
    return [Colleague(*row) for row in db.session.execute(query.order_by(Account.name, Account.id))]


def colleagues(organisation_id: int, but: Collection[int] = ()) -> Sequence[Colleague]:
    """The active operators of an organisation, by name."""
    query = (
        select(Account.id, Account.name, Account.login)
        .where(Account.organisation_id == organisation_id, Account.disabled_at.is_(None))
        .where(Account.duties.contains(["operator"]), Account.id.not_in(but))
        .order_by(Account.name, Account.id)
    )
    return [Colleague(*row) for row in db.session.execute(query)]
