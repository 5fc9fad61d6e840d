"""Releasing cases that wait for one event of many: a list is published, a unit's papers have come."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement, Text, cast, exists, func, insert, literal, select
from sqlalchemy.dialects.postgresql import JSONB

from app.content.capabilities import CapabilityDeclaration
from app.content.messages import RELEASE
from app.errors import EngineError
from app.extensions import SENT, db
from app.models import Case, Message, MessageWait
from app.operations.capabilities import Request, Values, capability

RELEASE_WAITING = CapabilityDeclaration(
    RELEASE,
    "放行等待的办件",
    inputs={
        "message": "办件等待的消息名（直接写出文字）",
        "scope": "放行哪些办件：scheme 全部（缺省），unit 只放行本单位的",
        "persons": "只放行关于这些人的办件（人员编号的列表）",
    },
    optional=frozenset({"scope", "persons"}),
    outputs={"cases": "放行的办件数"},
)


@capability(RELEASE_WAITING, simulate=lambda inputs: {"cases": 1})
def release_waiting(request: Request) -> Values:
    """Sends a message to every case of the scheme that waits for it now with its own id as the key.

    With the scope "unit" only to the cases of the asking case's own unit, with `persons` only to theirs: a
    batch that a unit hands in.
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
        .where(MessageWait.key == key, ~underway, *_narrowed(request))
        .group_by(MessageWait.case_id, MessageWait.scheme_id, MessageWait.message, MessageWait.key)
        .order_by(MessageWait.case_id)
    )
    columns = ["scheme_id", "message", "key", "payload", "from_case_id", "from_element", "sent_at"]
    sent = insert(Message).from_select(columns, waiting).returning(Message.id).cte()
    cases = db.session.execute(select(func.count()).select_from(sent)).scalar_one()
    if cases:
        db.session.info[SENT] = True
    return {"cases": cases}


def _narrowed(request: Request) -> Iterator[ColumnElement[bool]]:
    """The conditions that a waiting case is one of those asked for."""
    scope, persons = request.inputs.get("scope", "scheme"), request.inputs.get("persons")
    if scope == "unit":
        yield MessageWait.case_id.in_(select(Case.id).where(Case.unit_id == request.unit_id))
    elif scope != "scheme":
        raise EngineError(f"放行的范围只能是 scheme 或 unit，不能是“{scope}”。", element=request.element)
    if persons is not None:
        yield MessageWait.case_id.in_(select(Case.id).where(Case.person_id.in_(persons)))
