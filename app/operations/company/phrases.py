"""Phrases 常用语: sentences that one writes again and again, one's own or the organisation's."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.extensions import db
from app.models import Phrase
from app.operations.actors import Actor

LONGEST = 200
MOST = 50
"""For one account, and for one organisation."""


def add(text: str, *, shared: bool, actor: Actor, now: datetime) -> int:
    """A new phrase, for oneself or for everybody of the organisation. Raises Invalid and Conflict."""
    kept = " ".join(text.split())
    if not kept or len(kept) > LONGEST:
        raise Invalid({"text": [f"请填写常用语，最多 {LONGEST} 个字。"]})
    owner = _owner(actor, shared=shared)
    if db.session.scalar(select(func.count()).where(owner)) == MOST:
        raise Conflict(f"常用语最多 {MOST} 条，请先删除不用的。")
    if db.session.scalar(select(Phrase.id).where(owner, Phrase.text == kept)) is not None:
        raise Conflict("已有这条常用语。")
    phrase = Phrase(
        account_id=None if shared else actor.account_id,
        organisation_id=actor.organisation_id if shared else None,
        text=kept,
        made_by=actor.account_id,
        made_at=now,
    )
    db.session.add(phrase)
    db.session.flush()
    return phrase.id


def remove(phrase_id: int, actor: Actor) -> None:
    """Removes one's own phrase; a shared one only who made it may, or a supervisor of the organisation.

    Raises NotFound and Forbidden.
    """
    phrase = db.session.scalar(select(Phrase).where(Phrase.id == phrase_id, usable_by(actor)))
    if phrase is None:
        raise NotFound
    if phrase.made_by != actor.account_id and not actor.has("supervisor"):
        raise Forbidden("共用的常用语由添加的人或本机构的监督人员删除。")
    db.session.delete(phrase)


def usable_by(actor: Actor) -> ColumnElement[bool]:
    """One's own phrases, and those of the organisation."""
    own = _owner(actor, shared=False)
    return own | _owner(actor, shared=True) if actor.organisation_id is not None else own


def _owner(actor: Actor, *, shared: bool) -> ColumnElement[bool]:
    if shared and actor.organisation_id is None:
        raise Forbidden("您的账号没有所属机构，不能添加共用的常用语。")
    mine, house = Phrase.account_id == actor.account_id, Phrase.organisation_id == actor.organisation_id
    return house if shared else mine
