"""Deputies as an account and its office see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import aliased

from app.errors import NotFound
from app.extensions import db
from app.models import Account, Deputy

MOST = 100


@dataclass(frozen=True, slots=True)
class Deputyship:
    """Who acts for whom."""

    row: Deputy
    principal: str
    deputy: str

    def state(self, now: datetime) -> str:
        """revoked, over, to come, or in force, at an instant of the real clock."""
        if self.row.revoked_at is not None:
            return "revoked"
        if self.row.valid_to <= now:
            return "over"
        return "in_force" if self.row.valid_from <= now else "to_come"


def named_by(account_id: int) -> Sequence[Deputyship]:
    """The newest of those who act, acted or will act for an account."""
    return _rows(Deputy.principal_id == account_id)


def acting(account_id: int) -> Sequence[Deputyship]:
    """The newest of those for whom an account acts, acted or will act."""
    return _rows(Deputy.deputy_id == account_id)


def one(row_id: int) -> Deputyship:
    """Raises NotFound."""
    found = _rows(Deputy.id == row_id)
    if not found:
        raise NotFound
    return found[0]


def _rows(those: ColumnElement[bool]) -> Sequence[Deputyship]:
    principal, deputy = aliased(Account), aliased(Account)
    query = (
        select(Deputy, principal.name, deputy.name)
        .join(principal, principal.id == Deputy.principal_id)
        .join(deputy, deputy.id == Deputy.deputy_id)
        .where(those)
        .order_by(Deputy.id.desc())
        .limit(MOST)
    )
    return [Deputyship(*row) for row in db.session.execute(query)]
