"""Rows of a case's log that are written beside its way, without loading it: whether it runs or has ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, exists, insert, select, update
from sqlalchemy.engine import Row

from app import clock
from app.content.identity import READS_LIKE_CITIZEN_ID
from app.errors import Invalid, NotFound
from app.extensions import db
from app.models import Case, History, HistoryPayload, Organisation, Task
from app.operations._prepared import Prepared
from app.operations.actors import Actor
from app.operations.offices import regions
from app.operations.road import _history

LONGEST_NOTE = 200

_CASE, _LOG = Case.__table__.c, History.__table__.c
_LOCKED = Prepared(
    select(
        *(_CASE.id, _CASE.scheme_id, _CASE.unit_id, _CASE.person_id, _CASE.state, _CASE.process),
        *(_CASE.seq, _CASE.head, _CASE.overlays, _CASE.workdays),
    )
    .where(_CASE.id == bindparam("wanted"))
    .with_for_update(of=Case.__table__)
)


def locked(case_id: int) -> Row[Any]:
    """The row of a case, locked, with what `log_beside` needs. Raises NotFound."""
    row = _LOCKED.run({"wanted": case_id}).first()
    if row is None:
        raise NotFound
    return row


def log_beside(
    case: Row[Any],
    act: str,
    actor: Actor,
    at: datetime,
    *,
    text: str,
    element: str | None = None,
    **more: Any,
) -> int:
    """Logs an act on a `locked` case, once for each locking; the number of the row.

    It replays as nothing, under the dates and holidays of the newest step; what a person wrote lies in the
    payload.
    """
    newest = select(_LOG.state_digest).where(_LOG.case_id == case.id, _LOG.seq == case.seq)
    moved = {"overlays": case.overlays} if case.overlays else {}
    entry = _history.Entry(
        call="record",
        at=at,
        recorded_at=clock.now(),
        actor=actor,
        arguments={"act": act, **more, "answers": [], "workdays": case.workdays, **moved},
        payload={"text": text} if text else {},
        happened=(),
        state_digest=db.session.execute(newest).scalar_one(),
        element=element,
    )
    row, payload = _history.rows_for(case.id, case.seq + 1, case.head, entry)
    db.session.execute(insert(History), [row])
    db.session.execute(insert(HistoryPayload), [payload])
    forward = update(Case).where(Case.id == case.id).values(seq=row["seq"], head=row["mac"])
    db.session.execute(forward)
    seq: int = row["seq"]
    return seq


def note_of(text: str, field: str = "note") -> str:
    """What a person adds to a reminder or a copy, or why they take something back.

    Raises Invalid for a long one, or one with an ID number.
    """
    note = text.strip()
    if len(note) > LONGEST_NOTE:
        raise Invalid({field: [f"最多 {LONGEST_NOTE} 个字，现有 {len(note)} 个字。"]})
    if READS_LIKE_CITIZEN_ID.search(note):
        raise Invalid({field: ["请不要填写身份证号码。"]})
    return note


def takes_part(case: Row[Any], actor: Actor) -> bool:
    """Whether a case concerns the actor: its unit's operator, its person, an office that had a task in it,
    or the supervisor of an office in whose region its unit lies.
    """
    if actor.is_applicant(case.person_id):
        return True
    if actor.organisation_id is None:
        return False
    if actor.has("operator") and (case.unit_id == actor.organisation_id or _had_a_task(case.id, actor)):
        return True
    return actor.has("supervisor") and _over(actor.organisation_id, case.unit_id)


def _had_a_task(case_id: int, actor: Actor) -> bool:
    had = exists().where(Task.case_id == case_id, Task.office_id == actor.organisation_id)
    return bool(db.session.scalar(select(had)))


def _over(office_id: int, unit_id: int) -> bool:
    rows = select(Organisation.id, Organisation.kind, Organisation.region)
    found = {row.id: row for row in db.session.execute(rows.where(Organisation.id.in_((office_id, unit_id))))}
    office, unit = found[office_id], found[unit_id]
    return bool(office.kind == "office" and unit.region.startswith(regions.prefix(office.region)))
