"""Locking a case's row and loading what stands in it: where every move of a case begins."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, select
from sqlalchemy.engine import Row

from app.engine import Instance
from app.engine.types import WORKDAYS, Snapshot
from app.errors import NotFound
from app.models import Case, Deployment, Holiday, Message, MessageWait, Task, Timer
from app.operations import deployments
from app.operations._prepared import Prepared
from app.operations.dates import _overlays, workdays
from app.operations.dates._overlays import Moved
from app.operations.road._moving import Moving


def lock_case(case_id: int) -> Moving:
    """Locks a case and loads it. Raises NotFound."""
    return _loaded(_LOCKED_BY_ID, case_id)


def lock_case_of(task_id: int) -> Moving:
    """Locks the case of a task and loads it. Raises NotFound."""
    return _loaded(_LOCKED_BY_TASK, task_id)


def look_at_case_of(task_id: int) -> Moving:
    """The case of a task as it stands, to look at and not to move: it is not locked. Raises NotFound."""
    return _loaded(_SEEN_BY_TASK, task_id)


def _loaded(statement: Prepared, wanted: int) -> Moving:
    row = statement.run({"wanted": wanted}).first()
    if row is None:
        raise NotFound()
    return load(row)


def load(row: Row[Any]) -> Moving:
    """A locked row as a moving case."""
    scheme = deployments.pinned(row.deployment_id, row.deployment_hash)
    instance = Instance.load(scheme.definitions, row.engine_state)
    calendar, version = workdays.load(row.workdays_version)
    moved, stands = _overlays.read(row.moved, scheme.calendar.dates), instance.snapshot()
    return Moving(
        id=row.id,
        scheme=scheme,
        jurisdiction=row.jurisdiction,
        unit_id=row.unit_id,
        person_id=row.person_id,
        process=row.process,
        status=row.status,
        phases=row.phases,
        engine=row.engine,
        seq=row.seq,
        head=row.head,
        instance=instance,
        stands=stands,
        workdays=calendar,
        workdays_version=version,
        parked=frozenset(row.parked or ()),
        pending_since=row.pending_since,
        message_since=row.message_since,
        started_at=row.started_at,
        moved=moved,
        behind=_behind(row, moved, stands),
    )


def _behind(row: Row[Any], moved: Moved, stands: Snapshot) -> frozenset[str]:
    """What changed since the case's newest step, of what its timers were computed from."""
    before, now = row.overlays, moved.plain
    changed = {name for name in before.keys() | now.keys() if before.get(name, "") != now.get(name, "")}
    if row.workdays != row.workdays_version:
        changed.add(WORKDAYS)
    return frozenset(name for timer in stands.timers for name in timer.dates if name in changed)


def locked_cases() -> Select[Any]:
    """The select that `load` understands, locking the case rows alone."""
    return _LOCKED


_MESSAGE, _WAIT = Message.__table__.c, MessageWait.__table__.c


def on_its_way() -> ColumnElement[bool]:
    """Joins a message that has not been delivered with the wait of the case that it is for."""
    return and_(
        _MESSAGE.scheme_id == _WAIT.scheme_id,
        _MESSAGE.message == _WAIT.message,
        _MESSAGE.key.is_not_distinct_from(_WAIT.key),
        _MESSAGE.delivered_at.is_(None),
        _MESSAGE.failed_at.is_(None),
    )


# Statements of this path are made once: to make one costs more than to run it.
_CASE, _TASK, _TIMER, _HOLIDAY = Case.__table__.c, Task.__table__.c, Timer.__table__.c, Holiday.__table__.c
_DEPLOYMENT = Deployment.__table__

_SEEN = select(
    _CASE.id,
    _CASE.jurisdiction,
    _CASE.deployment_id,
    _DEPLOYMENT.c.hash.label("deployment_hash"),
    _CASE.unit_id,
    _CASE.person_id,
    _CASE.process,
    _CASE.started_at,
    _CASE.status,
    _CASE.phases,
    _CASE.engine,
    _CASE.overlays,
    _CASE.workdays,
    _CASE.seq,
    _CASE.head,
    _CASE.engine_state,
    select(func.coalesce(func.max(_HOLIDAY.version), 0)).scalar_subquery().label("workdays_version"),
    _overlays.in_force(_CASE.scheme_id, _overlays.region_of(_CASE.unit_id), _CASE.id).label("moved"),
    select(func.array_agg(_TIMER.token))
    .where(_TIMER.case_id == _CASE.id, _TIMER.parked_at.is_not(None))
    .correlate(Case.__table__)
    .scalar_subquery()
    .label("parked"),
    select(func.min(_TASK.pending_since))
    .where(_TASK.case_id == _CASE.id, _TASK.state == "open", _TASK.pending_since.is_not(None))
    .correlate(Case.__table__)
    .scalar_subquery()
    .label("pending_since"),
    select(func.min(_MESSAGE.sent_at))
    .where(_WAIT.case_id == _CASE.id, on_its_way())
    .correlate(Case.__table__)
    .scalar_subquery()
    .label("message_since"),
).join(_DEPLOYMENT, _DEPLOYMENT.c.id == _CASE.deployment_id)
_LOCKED = _SEEN.with_for_update(of=Case.__table__)
_LOCKED_BY_ID = Prepared(_LOCKED.where(_CASE.id == bindparam("wanted")))
_OF_TASK = _CASE.id == select(_TASK.case_id).where(_TASK.id == bindparam("wanted")).scalar_subquery()
_LOCKED_BY_TASK = Prepared(_LOCKED.where(_OF_TASK))
_SEEN_BY_TASK = Prepared(_SEEN.where(_OF_TASK))
