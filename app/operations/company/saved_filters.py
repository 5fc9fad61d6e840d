"""Saved filters 常用筛选 of lists: one's own, or shared with everybody of one's organisation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.extensions import db
from app.models import SavedFilter
from app.operations.actors import Actor
from app.operations.finding._names import clean_name

LONGEST_NAME = 30
MOST = 30
"""Of one account: more is a list of its own."""


def save(
    list_name: str, name: str, asked: Mapping[str, str], *, shared: bool, actor: Actor, now: datetime
) -> None:
    """Keeps what a list's address asks under a name; the same name again replaces it.

    Raises Invalid without a name or without anything to keep, Conflict beyond thirty.
    """
    if actor.organisation_id is None or actor.account_id is None:
        raise Forbidden
    wanted = clean_name(name)
    if not wanted or len(wanted) > LONGEST_NAME:
        raise Invalid({"name": [f"请填写名称，不超过 {LONGEST_NAME} 个字。"]})
    if not asked:
        raise Invalid({"name": ["请先选择筛选条件，再保存。"]})
    mine = select(func.count()).where(SavedFilter.account_id == actor.account_id, SavedFilter.name != wanted)
    if db.session.execute(mine).scalar_one() >= MOST:
        raise Conflict(f"最多保存 {MOST} 个筛选，请先删除不用的。")
    kept = {"asked": dict(asked), "shared": shared, "organisation_id": actor.organisation_id}
    new = {"account_id": actor.account_id, "list": list_name, "name": wanted, "created_at": now, **kept}
    db.session.execute(
        upsert(SavedFilter)
        .values(new)
        .on_conflict_do_update(index_elements=["account_id", "list", "name"], set_=kept)
    )


def remove(filter_id: int, actor: Actor) -> SavedFilter:
    """Takes one's own away; raises NotFound for anybody else's, shared or not."""
    found = db.session.get(SavedFilter, filter_id)
    if found is None or found.account_id != actor.account_id:
        raise NotFound
    db.session.delete(found)
    return found
