"""`flask verify`: state = projections = log, whole chains, no case without a way on (decisions 1, 2, 10)."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import Row

from app.engine import Instance
from app.extensions import db, settings
from app.models import Case, History, Incident, MessageWait, PlaceClaim, PostQuota, Task, TaskValue, Timer
from app.operations import deployments
from app.operations._history import broken_links, payload_digest
from app.operations.places import BY_VACANCY
from app.operations.replay import history_of, replay


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it must be; `case_id` is None where it concerns no single case."""

    case_id: int | None
    what: str


def verify_all() -> Iterator[Finding]:
    """Everything that is wrong in the database, case by case; nothing when all is well."""
    for case_id in db.session.execute(select(Case.id).order_by(Case.id)).scalars().all():
        yield from verify_case(case_id)
    yield from _quota_findings()


def verify_case(case_id: int) -> Iterator[Finding]:
    """What is wrong with one case."""
    case = db.session.execute(select(*Case.__table__.c).where(Case.id == case_id)).one()
    sentences = [
        *_chain_findings(case),
        *_replay_findings(case),
        *_projection_findings(case),
        *_liveness_findings(case),
    ]
    yield from (Finding(case_id, sentence) for sentence in sentences)


def _chain_findings(case: Row[Any]) -> Iterator[str]:
    names = [column.name for column in History.__table__.c]
    rows = list(history_of(case.id))
    yield from broken_links(
        ({name: getattr(row, name) for name in names} for row in rows), case.head, settings().history_keys
    )
    if case.seq != len(rows):
        yield f"办件登记了 {case.seq} 条记录，实有 {len(rows)} 条"
    for row in rows:
        if row.body is not None and not hmac.compare_digest(
            payload_digest(row.salt, row.body), row.payload_digest
        ):
            yield f"第 {row.seq} 条记录的内容与其摘要不符"
    yield from _value_findings(rows)


def _value_findings(rows: list[Row[Any]]) -> Iterator[str]:
    digests = {row.task_id: row.arguments["values_digest"] for row in rows if row.task_id is not None}
    stored = db.session.execute(
        select(TaskValue.task_id, TaskValue.values, TaskValue.salt).where(TaskValue.task_id.in_(digests))
    )
    for task_id, values, salt in stored:
        if payload_digest(salt, values).hex() != digests[task_id]:
            yield f"待办事项 {task_id} 的填写内容被改动过"


def _replay_findings(case: Row[Any]) -> Iterator[str]:
    replayed = replay(case.id)
    if replayed.differs_at is not None:
        yield f"重放到第 {replayed.differs_at} 条记录时，结果与当时不同"
    elif not replayed.erased:
        stands = Instance.load(deployments.scheme(case.deployment_id).definitions, case.engine_state)
        if replayed.instance is None or replayed.instance.canonical() != stands.canonical():
            yield "办件的流程状态与重放结果不同"


def _projection_findings(case: Row[Any]) -> Iterator[str]:
    instance = Instance.load(deployments.scheme(case.deployment_id).definitions, case.engine_state)
    snapshot = instance.snapshot()
    yield from _compare(
        "待办事项", {wait.token: wait.closes_at for wait in snapshot.tasks}, _open_tasks(case)
    )
    yield from _compare("定时", {wait.token: wait.due_at for wait in snapshot.timers}, _timers(case))
    yield from _compare("等待的消息", {wait.token: wait.key for wait in snapshot.messages}, _waits(case))
    if instance.is_over != (case.ended_at is not None):
        yield f"办件登记为 {case.state}，与流程状态不符"


def _compare(what: str, state: dict[int, Any], rows: dict[int, Any]) -> Iterator[str]:
    for token in sorted(state.keys() | rows.keys()):
        if token not in rows:
            yield f"{what}（令牌 {token}）没有登记"
        elif token not in state:
            yield f"{what}（令牌 {token}）已不存在，却仍登记着"
        elif state[token] != rows[token]:
            yield f"{what}（令牌 {token}）的登记与流程状态不一致"


def _open_tasks(case: Row[Any]) -> dict[int, Any]:
    rows = select(Task.token, Task.closes_at).where(Task.case_id == case.id, Task.state == "open")
    return dict(db.session.execute(rows).tuples().all())


def _timers(case: Row[Any]) -> dict[int, Any]:
    return dict(
        db.session.execute(select(Timer.token, Timer.due_at).where(Timer.case_id == case.id)).tuples().all()
    )


def _waits(case: Row[Any]) -> dict[int, Any]:
    rows = select(MessageWait.token, MessageWait.key).where(MessageWait.case_id == case.id)
    return dict(db.session.execute(rows).tuples().all())


def _liveness_findings(case: Row[Any]) -> Iterator[str]:
    waits = _open_tasks(case) or _timers(case) or _waits(case)
    if case.ended_at is None and not waits and not _open_incident(case.id):
        yield "办件没有结束，却没有待办、定时、等待的消息或异常事件"


def _open_incident(case_id: int) -> bool:
    open_ones = select(Incident.id).where(Incident.case_id == case_id, Incident.closed_at.is_(None))
    return db.session.execute(open_ones.limit(1)).first() is not None


def _quota_findings() -> Iterator[Finding]:
    lost = select(PlaceClaim.case_id).join(Case, Case.id == PlaceClaim.case_id)
    lost = lost.where(PlaceClaim.released_at.is_(None), Case.state == "cancelled")
    for case_id in db.session.execute(lost).scalars():
        yield Finding(case_id, "办件已撤销，仍占着岗位名额")
    over = (
        select(PostQuota.id, PostQuota.unit_id, PostQuota.grade)
        .join(PlaceClaim, PlaceClaim.quota_id == PostQuota.id)
        .where(PlaceClaim.released_at.is_(None), PlaceClaim.basis == BY_VACANCY)
        .group_by(PostQuota.id)
        .having(func.count() > PostQuota.vacant)
    )
    for quota in db.session.execute(over):
        yield Finding(None, f"单位 {quota.unit_id} 的 {quota.grade} 名额被占用的多于空缺数")
