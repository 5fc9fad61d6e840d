"""Releasing cases that wait for one event of the whole scheme, such as the publication of a list (CQ-24)."""

from __future__ import annotations

from sqlalchemy import Text, cast, exists, func, insert, literal, select
from sqlalchemy.dialects.postgresql import JSONB

from app.content.capabilities import CapabilityDeclaration
from app.content.messages import RELEASE
from app.extensions import db
from app.models import Message, MessageWait
from app.operations.capabilities import Request, Values, capability

RELEASE_WAITING = CapabilityDeclaration(
    RELEASE,
    "放行等待的办件",
    inputs={"message": "办件等待的消息名（直接写出文字）"},
    outputs={"cases": "放行的办件数"},
)


@capability(RELEASE_WAITING, simulate=lambda inputs: {"cases": 1})
def release_waiting(request: Request) -> Values:
    """Sends a message to every case of the scheme that waits for it now with its own id as the key.

    One to each case, however often it is asked; each case takes it in a transaction of its own.
    """
    name = str(request.inputs["message"])
    key = cast(MessageWait.case_id, Text)
    underway = exists().where(
        Message.scheme_id == MessageWait.scheme_id,
        Message.message == MessageWait.message,
        Message.key == MessageWait.key,
        Message.delivered_at.is_(None),
    )
    waiting = (
        select(
            MessageWait.scheme_id,
            MessageWait.message,
            MessageWait.key,
            cast(literal("{}"), JSONB),
            literal(request.case_id),
            literal(request.element),
            literal(request.at),
        )
        .where(MessageWait.scheme_id == request.scheme.id, MessageWait.message == name)
        .where(MessageWait.key == key, ~underway)
        .group_by(MessageWait.case_id, MessageWait.scheme_id, MessageWait.message, MessageWait.key)
        .order_by(MessageWait.case_id)
    )
    columns = ["scheme_id", "message", "key", "payload", "from_case_id", "from_element", "sent_at"]
    sent = insert(Message).from_select(columns, waiting).returning(Message.id).cte()
    return {"cases": db.session.execute(select(func.count()).select_from(sent)).scalar_one()}
