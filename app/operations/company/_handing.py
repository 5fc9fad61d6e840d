"""Cases and open tasks that pass into other hands without a step of the engine; the log tells it too."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from app import clock
from app.extensions import db
from app.models import Case, History, HistoryPayload
from app.operations.actors import Actor
from app.operations.road import _history

HANDED = "handed"

_CASE = Case.__table__
_FORWARD = (
    update(_CASE)
    .where(_CASE.c.id == bindparam("of_case"))
    .values(seq=bindparam("seq"), head=bindparam("head"))
)


def log_handed(changed: Mapping[int, Mapping[str, Any]], at: datetime, actor: Actor) -> None:
    """Adds a row to the log of each of these locked cases; the caller writes the change itself.

    `changed` has by case what replays it: `offices` by token, `unit`. The state of the engine stays as it is,
    so nothing is loaded: ten thousand cases of a merged office are a matter of seconds.
    """
    stand = (
        select(_CASE.c.id, _CASE.c.seq, _CASE.c.head, History.state_digest)
        .join(History, (History.case_id == _CASE.c.id) & (History.seq == _CASE.c.seq))
        .where(_CASE.c.id.in_(changed))
        .order_by(_CASE.c.id)
    )
    recorded_at = clock.now()
    rows, payloads = [], []
    for case in db.session.execute(stand):
        entry = _history.Entry(
            call=HANDED,
            at=at,
            recorded_at=recorded_at,
            actor=actor,
            arguments=changed[case.id],
            payload={},
            happened=(),
            state_digest=case.state_digest,
        )
        row, payload = _history.rows_for(case.id, case.seq + 1, case.head, entry)
        rows.append(row)
        payloads.append(payload)
    if rows:
        db.session.execute(insert(History), rows)
        db.session.execute(insert(HistoryPayload), payloads)
        heads = [{"of_case": row["case_id"], "seq": row["seq"], "head": row["mac"]} for row in rows]
        db.session.execute(_FORWARD, heads)
