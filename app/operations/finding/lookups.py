"""Looking somebody up by a whole ID number: recorded each time, and only so often."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import func, select

from app.content.identity import clean_citizen_id
from app.engine.civil import civil
from app.errors import DomainError
from app.extensions import db
from app.models import Act
from app.operations._administration import record
from app.operations.actors import Actor

LOOKED_UP = "person.looked_up"
WINDOW = timedelta(minutes=10)
MOST = 30
"""Look-ups of an account within the window: more than a counter has visitors, too few to try numbers out."""


class TooManyLookups(DomainError):
    """按身份证号码查找的次数过多，请稍后再试。"""

    status = 429
    code = "too_many_lookups"


def look_up(number: str, *, actor: Actor, now: datetime) -> str | None:
    """Records that the account looks for an ID number, which it does not tell; before anything is looked for.

    Whoever bears it, or nobody: both are recorded alike. Answers what is wrong with the number, which is then
    nobody's and not recorded. Raises TooManyLookups, which tells when to try again.
    """
    try:
        clean_citizen_id(number, civil(now).date())
    except ValueError as error:
        return str(error)
    key = f"{LOOKED_UP}:{actor.account_id}"
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
    newest = select(Act.at).where(Act.kind == LOOKED_UP, Act.actor_id == actor.account_id)
    bound = db.session.scalar(newest.order_by(Act.id.desc()).offset(MOST - 1).limit(1))
    if bound is not None and bound > now - WINDOW:
        raise TooManyLookups(retry_after=ceil((bound + WINDOW - now).total_seconds()))
    record(LOOKED_UP, actor.account_id, actor, now)
    return None
