"""The saved filters of a list that an account may use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select

from app.extensions import db
from app.models import Account, SavedFilter
from app.operations.actors import Actor


@dataclass(frozen=True)
class Usable:
    """A saved filter and who made it; `own`: it is the account's own and may be taken away."""

    filter: SavedFilter
    made_by: str
    own: bool


def usable(list_name: str, actor: Actor) -> Sequence[Usable]:
    """One's own first, then those that colleagues of the same organisation share."""
    own = SavedFilter.account_id == actor.account_id
    shared = (SavedFilter.organisation_id == actor.organisation_id) & SavedFilter.shared
    query = (
        select(SavedFilter, Account.name, own)
        .join(Account, Account.id == SavedFilter.account_id)
        .where(SavedFilter.list == list_name, or_(own, shared))
        .order_by(own.desc(), SavedFilter.name, SavedFilter.id)
    )
    return [Usable(*row) for row in db.session.execute(query)]
