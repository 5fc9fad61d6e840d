"""Notices 站内消息: what a diagram tells an organisation about a case."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.content.capabilities import CapabilityDeclaration
from app.extensions import db
from app.models import Notice
from app.operations._prepared import Prepared
from app.operations.capabilities import Request, Values, capability

NOTIFY = CapabilityDeclaration(
    "notify",
    "发送站内消息",
    inputs={"text": "消息内容"},
    outputs={"notice": "消息编号"},
    repeatable=True,
)


_SENT = Prepared(upsert(Notice.__table__).on_conflict_do_nothing().returning(Notice.__table__.c.id))


@capability(NOTIFY, simulate=lambda inputs: {"notice": 0})
def notify(request: Request) -> Values:
    """Tells the case's unit; one notice a token, however often it is asked."""
    row = {
        "organisation_id": request.unit_id,
        "case_id": request.case_id,
        "token": request.token,
        "text": str(request.inputs["text"]),
        "sent_at": request.at,
    }
    sent = _SENT.run(row).scalar()
    if sent is None:
        known = select(Notice.id).where(Notice.case_id == request.case_id, Notice.token == request.token)
        sent = db.session.execute(known).scalar_one()
    return {"notice": sent}


def mark_read(organisation_id: int, now: datetime) -> None:
    """Marks all notices of an organisation as read."""
    unread = (Notice.organisation_id == organisation_id) & Notice.read_at.is_(None)
    db.session.execute(update(Notice).where(unread).values(read_at=now))
