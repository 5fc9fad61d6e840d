"""Deputies 代理人: who acts for whom, from one instant to another, in one scheme or in all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, or_, select

from app.extensions import db
from app.models import Deputy
from app.operations import clock


def principals_of(account_id: int, now: datetime) -> Sequence[tuple[int, str | None]]:
    """For whom an account acts at an instant of the real clock, each with the scheme it is limited to."""
    query = select(Deputy.principal_id, Deputy.scheme_id).where(Deputy.deputy_id == account_id, valid(now))
    found = {(principal, scheme) for principal, scheme in db.session.execute(query)}
    return sorted(one for one in found if one[1] is None or (one[0], None) not in found)


def acts_for(deputy_id: int, principal_id: int, scheme_id: str, at: datetime) -> bool:
    """Whether an account is another's deputy in a scheme, at an instant of the scheme's clock."""
    concerned = or_(Deputy.scheme_id.is_(None), Deputy.scheme_id == scheme_id)
    pair = (Deputy.deputy_id == deputy_id, Deputy.principal_id == principal_id)
    found = exists().where(*pair, concerned, valid(clock.real_of(scheme_id, at)))
    return bool(db.session.scalar(select(found)))


def valid(now: datetime) -> ColumnElement[bool]:
    return and_(Deputy.revoked_at.is_(None), Deputy.valid_from <= now, Deputy.valid_to > now)
