"""Notices 站内消息: what an organisation or an account is told, and the post that goes out with it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Text,
    bindparam,
    cast,
    func,
    insert,
    literal,
    null,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.sql.selectable import CTE

from app import clock
from app.content.capabilities import CapabilityDeclaration
from app.extensions import db
from app.models import Account, Contact, Notice, Post
from app.operations._prepared import Prepared
from app.operations.actors import Actor
from app.operations.capabilities import Request, Values, capability
from app.operations.telling._recipients import recipient_of

CASE, TASK, REMINDER, COPY = "case", "task", "reminder", "copy"
"""Kinds of notices: what a diagram tells; what somebody gave one to do; 催办; 抄送."""

NOTIFY = CapabilityDeclaration(
    "notify",
    "发送站内消息",
    inputs={"text": "消息内容"},
    repeatable=True,
)

_NOTICE, _POST, _CONTACT, _ACCOUNT = (model.__table__ for model in (Notice, Post, Contact, Account))
_HOLDS = func.any(_ACCOUNT.c.duties)
_LIVE = _ACCOUNT.c.disabled_at.is_(None)


def _sending(recipients: Any) -> Prepared:
    """Writes the notices and, with them, what is to go out to whoever chose a channel for that kind."""
    given = recipients.cte("given")
    common: list[Any] = [bindparam(name) for name in ("case_id", "token", "kind", "sent_at")]
    told = [given.c.organisation_id, given.c.account_id, given.c.text]
    written = ["organisation_id", "account_id", "text", *(bind.key for bind in common)]
    sent = (
        upsert(_NOTICE)
        .from_select(written, select(*told, *common))
        .on_conflict_do_nothing()
        .returning(*(_NOTICE.c[name] for name in ("id", "organisation_id", "account_id", "case_id", "kind")))
        .cte("sent")
    )
    return Prepared(select(func.count()).select_from(sent).add_cte(_queued(sent).cte("queued")))


def _queued(sent: CTE) -> Any:
    """An account is told by each channel once a notice; of an organisation, its operators are."""
    columns = (sent.c.id, sent.c.kind, sent.c.case_id, _ACCOUNT.c.id.label("account_id"))
    of_organisation = (_ACCOUNT.c.organisation_id == sent.c.organisation_id) & (literal("operator") == _HOLDS)
    # Two joins, each by its index: of one with "or" all contacts would be looked at.
    joined = (_ACCOUNT.c.id == sent.c.account_id, of_organisation)
    told = union_all(*(select(*columns).join(_ACCOUNT, way).where(_LIVE) for way in joined)).cte("told")
    real_now: Any = bindparam("real_now")
    wanted = (
        select(
            func.concat_ws(":", "notice", told.c.id, told.c.account_id, _CONTACT.c.channel),
            *(told.c.account_id, _CONTACT.c.channel, told.c.kind, told.c.case_id),
            *(literal("waiting"), literal(0), real_now, real_now),
        )
        .join(_CONTACT, _CONTACT.c.account_id == told.c.account_id)
        .where(told.c.kind == func.any(_CONTACT.c.kinds))
    )
    written = ("key", "account_id", "channel", "kind", "case_id", "state", "tries", "next_at", "made_at")
    return insert(_POST).from_select(written, wanted)


_NOBODY = cast(null(), BigInteger)
_organisation = select(
    cast(bindparam("organisation"), BigInteger).label("organisation_id"),
    _NOBODY.label("account_id"),
    cast(bindparam("organisation_text"), Text).label("text"),
)
_TOLD = cast(bindparam("text"), Text)
_applicants = select(_NOBODY, _ACCOUNT.c.id, _TOLD).where(
    _ACCOUNT.c.person_id == bindparam("person"), literal("applicant") == _HOLDS, _LIVE
)
_TO_ORGANISATION = _sending(_organisation)
_TO_UNIT_AND_PERSON = _sending(union_all(_organisation, _applicants))
_TO_ACCOUNT = _sending(
    select(_NOBODY.label("organisation_id"), _ACCOUNT.c.id.label("account_id"), _TOLD.label("text")).where(
        _ACCOUNT.c.id == bindparam("account")
    )
)


@capability(NOTIFY)
def notify(request: Request) -> Values:
    """Tells whoever acts for the case's unit, when the step is written; one notice a token, however often it
    is asked. Its person is told the same where they have an account.
    """
    to = recipient_of(request)
    text = str(request.inputs["text"])
    told: Values = {"organisation": to.organisation_id, "person": request.person_id, "token": request.token}
    row = _row(request.case_id, text, request.at, CASE)
    told["organisation_text"] = to.words(text, request.unit_id, request.person_id)
    request.changes.later(_TO_UNIT_AND_PERSON, {**row, **told})
    return {}


def tell(
    case_id: int | None,
    text: str,
    at: datetime,
    *,
    accounts: Iterable[int] = (),
    organisation_id: int | None = None,
    kind: str = TASK,
) -> None:
    """Tells accounts, an organisation, or both of a case, in the caller's transaction.

    `at` is the instant of the case's scheme; `text` is read in the house alone: what goes out on a channel
    says no more than that there is a notice (decision 0028). `kind` is what people choose channels by.
    """
    row = _row(case_id, text, at, kind)
    if organisation_id is not None:
        _TO_ORGANISATION.run({**row, "organisation": organisation_id, "organisation_text": text})
    for account_id in dict.fromkeys(accounts):
        _TO_ACCOUNT.run({**row, "account": account_id})


def _row(case_id: int | None, text: str, at: datetime, kind: str) -> dict[str, Any]:
    return {
        "case_id": case_id,
        "token": None,
        "kind": kind,
        "text": text,
        "sent_at": at,
        "real_now": clock.now(),
    }


def mark_read(actor: Actor, now: datetime) -> None:
    """Marks all notices of an account as read, and those of the organisation that it is an operator of."""
    mine = Notice.account_id == actor.account_id
    if actor.has("operator") and actor.organisation_id is not None:
        mine |= Notice.organisation_id == actor.organisation_id
    db.session.execute(update(Notice).where(mine, Notice.read_at.is_(None)).values(read_at=now))
