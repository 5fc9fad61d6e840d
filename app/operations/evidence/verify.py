"""`flask verify`: state = projections = log, whole chains, no case without a way on (decisions 1, 2, 10)."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import Row

from app.content import scheme_hash
from app.engine import Instance
from app.extensions import db, settings
from app.models import (
    Case,
    Deployment,
    History,
    Incident,
    Message,
    MessageWait,
    PlaceClaim,
    PostQuota,
    Task,
    TaskValue,
    Timer,
)
from app.operations import deployments, incidents
from app.operations.company._acts import RECALLED
from app.operations.company._handing import HANDED
from app.operations.evidence import proof
from app.operations.evidence._assigning_checks import assigning_findings, deputy_faults, due_findings
from app.operations.evidence._company_checks import company_findings
from app.operations.evidence._register_checks import register_faults
from app.operations.evidence._search_checks import search_faults
from app.operations.evidence.replay import Replayed, history_of, replay
from app.operations.registers.places import BY_VACANCY
from app.operations.registers.shares import share_faults
from app.operations.road._history import broken_links, canonical, payload_digest
from app.operations.road._plain import to_json
from app.operations.road._standing import standing


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it must be; `case_id` is None where it concerns no single case."""

    case_id: int | None
    what: str


def verify_all() -> Iterator[Finding]:
    """Everything that is wrong in the database, case by case; nothing when all is well."""
    yield from _deployment_findings()
    for case_id in db.session.execute(select(Case.id).order_by(Case.id)).scalars().all():
        yield from verify_case(case_id)
    yield from _removed_cases()
    yield from _quota_findings()
    registers = (*share_faults(), *register_faults(), *deputy_faults())
    yield from (Finding(case_id, what) for case_id, what in registers)
    yield from (Finding(case_id, what) for case_id, what in search_faults())
    yield from (Finding(case_id, sentence) for case_id, sentence in proof.findings())


def verify_case(case_id: int) -> Iterator[Finding]:
    """What is wrong with one case."""
    case = db.session.execute(select(*Case.__table__.c).where(Case.id == case_id)).one()
    for check in (_chain_findings, _replay_findings, _projection_findings, _liveness_findings):
        yield from (Finding(case_id, sentence) for sentence in _whatever(check, case))


def _whatever(check: Callable[[Row[Any]], Iterator[str]], case: Row[Any]) -> Iterator[str]:
    """A case so broken that it can't be checked to the end is a finding, and hides no other case."""
    try:
        yield from check(case)
    except incidents.NO_DATABASE:
        raise
    except Exception as error:
        yield f"无法核验：{incidents.cause(error)}"


# The log


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
    yield from _resolved_findings(case, rows)
    yield from _completion_findings(case, rows)
    yield from _return_findings(case, rows)
    yield from assigning_findings(case.id, rows)
    yield from company_findings(case, rows)
    yield from _applicant_findings(case)


def _value_findings(rows: list[Row[Any]]) -> Iterator[str]:
    completed = {row.task_id: row for row in rows if row.task_id is not None}
    values = select(TaskValue.task_id, TaskValue.values, TaskValue.salt)
    found = db.session.execute(values.where(TaskValue.task_id.in_(completed)))
    stored = {task_id: payload_digest(salt, body).hex() for task_id, body, salt in found}
    for task_id, row in completed.items():
        if task_id not in stored and row.body is not None:
            yield f"待办事项 {task_id} 的填写内容不见了"
        elif task_id in stored and stored[task_id] != row.arguments["values_digest"]:
            yield f"待办事项 {task_id} 的填写内容被改动过"


def _resolved_findings(case: Row[Any], rows: list[Row[Any]]) -> Iterator[str]:
    """Where the case's unit and its tasks' offices are not those that were resolved or given since."""
    last: dict[str, Any] = {}
    offices: dict[str, int | None] = {}
    for row in rows:
        last.update({name: row.arguments[name] for name in ("unit", "engine") if name in row.arguments})
        if row.call != HANDED:
            last |= {"overlays": row.arguments.get("overlays", {}), "workdays": row.arguments["workdays"]}
        offices.update(row.arguments.get("offices", {}))
    if case.unit_id != last.get("unit"):
        yield "办件登记的单位与记录不符"
    if case.engine != last.get("engine"):
        yield "办件登记的引擎版本与记录不符"
    if (case.overlays, case.workdays) != (last.get("overlays"), last.get("workdays")):
        yield "办件登记的日期调整或节假日版本与记录不符"
    tasks = select(Task.token, Task.name, Task.office_id).where(Task.case_id == case.id)
    for task in db.session.execute(tasks.order_by(Task.token)):
        if offices.get(str(task.token), _UNRESOLVED) != task.office_id:
            yield f"待办事项“{task.name}”登记的办理机构与记录不符"


_UNRESOLVED = -1
"""No office's id: a task of which the log knows nothing."""


def _completion_findings(case: Row[Any], rows: list[Row[Any]]) -> Iterator[str]:
    """Where somebody else, or another office, is entered as having completed a task."""
    done = {row.task_id: (row.at, row.actor_id, row.office_id) for row in rows if row.task_id is not None}
    entered = (Task.completed_at, Task.completed_by, Task.completed_for)
    done_by_somebody = (Task.case_id == case.id, Task.state.in_(("completed", "returned", RECALLED)))
    tasks = select(Task.id, Task.name, *entered).where(*done_by_somebody)
    for task_id, name, *by in db.session.execute(tasks.order_by(Task.id)):
        if done.get(task_id) != tuple(by):
            yield f"待办事项“{name}”登记的办理人与记录不符"


def _applicant_findings(case: Row[Any]) -> Iterator[str]:
    """Where a task is entered as a person's own who is not the case's, or whose role lets no applicants."""
    roles = deployments.scheme(case.deployment_id).roles
    tasks = select(Task.name, Task.role, Task.person_id).where(Task.case_id == case.id)
    for name, role, person_id in db.session.execute(tasks.order_by(Task.token)):
        if person_id != (case.person_id if role in roles and roles[role].applicant else None):
            yield f"待办事项“{name}”登记的本人与方案不符"


def _return_findings(case: Row[Any], rows: list[Row[Any]]) -> Iterator[str]:
    """Where a task is entered as given back by another one than the log says, to go on otherwise, or as
    taken back; one that is open again came back from where the former one did.
    """
    recalled = {row.arguments["task"]: row for row in rows if row.arguments.get("act") == RECALLED}
    given_back = {
        _first_moved(row): (row.task_id, row.arguments["then"] == "back")
        for row in rows
        if row.call == "move" and row.task_id is not None
    }
    columns = (Task.id, Task.token, Task.name, Task.state, Task.returned_from, Task.straight_back)
    tasks = select(*columns).where(Task.case_id == case.id)
    for task in db.session.execute(tasks.order_by(Task.token)):
        came_back = given_back.get(task.token, (None, False))
        if task.id in recalled:
            given_back[_first_moved(recalled[task.id])] = came_back
        if (task.returned_from, task.straight_back) != came_back:
            yield f"待办事项“{task.name}”登记的退回与记录不符"
        if (task.id in recalled) != (task.state == RECALLED):
            yield f"待办事项“{task.name}”登记的撤回与记录不符"


def _first_moved(row: Row[Any]) -> int:
    token: int = next(one["token"] for one in row.happened if one["kind"] == "moved")
    return token


def _replay_findings(case: Row[Any]) -> Iterator[str]:
    replayed = replay(case.id)
    if replayed.differs_at is not None:
        yield f"重放到第 {replayed.differs_at} 条记录时，结果与当时不同"
    elif not replayed.erased:
        if replayed.instance is None or replayed.instance.canonical() != _instance(case).canonical():
            yield "办件的流程状态与重放结果不同"
        yield from _message_findings(case, replayed)


def _message_findings(case: Row[Any], replayed: Replayed) -> Iterator[str]:
    rows = select(Message.from_seq, Message.from_element, Message.message, Message.key, Message.payload)
    rows = rows.where(Message.from_case_id == case.id, Message.from_seq.is_not(None))
    found = sorted(canonical(list(row)) for row in db.session.execute(rows))
    wanted = sorted(
        canonical([seq, sent.element, sent.message, sent.key, to_json(sent.payload)])
        for seq, sent in replayed.sent
    )
    if found != wanted:
        yield f"办件发出过 {len(wanted)} 条消息，登记的 {len(found)} 条与之不符"


# The projections


def _instance(case: Row[Any]) -> Instance:
    return Instance.load(deployments.scheme(case.deployment_id).definitions, case.engine_state)


def _projection_findings(case: Row[Any]) -> Iterator[str]:
    instance = _instance(case)
    snapshot = instance.snapshot()
    tasks = {wait.token: (wait.element, wait.form, wait.closes_at) for wait in snapshot.tasks}
    timers = {wait.token: (wait.element, wait.due_at, sorted(wait.dates)) for wait in snapshot.timers}
    messages = {wait.token: (wait.message, wait.key, wait.closes_at) for wait in snapshot.messages}
    yield from _compare("待办事项", tasks, _open_tasks(case))
    yield from due_findings(case, snapshot.tasks)
    yield from _compare("定时", timers, _timers(case))
    yield from _compare("等待的消息", messages, _waits(case))
    scheme = deployments.scheme(case.deployment_id)
    expected = standing(scheme, case.process, case.status, instance, snapshot)
    for name, value in expected.items():
        if getattr(case, name) != value:
            yield f"办件登记的 {name} 是 {getattr(case, name)}，按流程状态应为 {value}"
    if instance.is_over != (case.ended_at is not None):
        yield "办件登记的办结时间与流程状态不符"


def _compare(what: str, state: Mapping[int, Any], rows: Mapping[int, Any]) -> Iterator[str]:
    for token in sorted(state.keys() | rows.keys()):
        if token not in rows:
            yield f"{what}（令牌 {token}）没有登记"
        elif token not in state:
            yield f"{what}（令牌 {token}）已不存在，却仍登记着"
        elif state[token] != rows[token]:
            yield f"{what}（令牌 {token}）的登记与流程状态不一致"


def _open_tasks(case: Row[Any]) -> dict[int, Any]:
    rows = select(Task.token, Task.element, Task.form, Task.closes_at)
    rows = rows.where(Task.case_id == case.id, Task.state == "open")
    return {token: tuple(rest) for token, *rest in db.session.execute(rows)}


def _timers(case: Row[Any]) -> dict[int, Any]:
    rows = select(Timer.token, Timer.element, Timer.due_at, Timer.dates).where(Timer.case_id == case.id)
    return {token: (element, due, sorted(dates)) for token, element, due, dates in db.session.execute(rows)}


def _waits(case: Row[Any]) -> dict[int, Any]:
    rows = select(MessageWait.token, MessageWait.message, MessageWait.key, MessageWait.closes_at)
    rows = rows.where(MessageWait.case_id == case.id)
    return {token: tuple(rest) for token, *rest in db.session.execute(rows)}


def _liveness_findings(case: Row[Any]) -> Iterator[str]:
    waits = _open_tasks(case) or _timers(case) or _waits(case)
    if case.ended_at is None and not waits and not _open_incident(case.id):
        yield "办件没有结束，却没有待办、定时、等待的消息或异常事件"
    homeless = select(Task.id).where(Task.case_id == case.id, Task.state == "open", Task.office_id.is_(None))
    if db.session.execute(homeless.limit(1)).first() and not _open_incident(case.id):
        yield "有待办事项没有办理机构，也没有异常事件"


def _open_incident(case_id: int) -> bool:
    open_ones = select(Incident.id).where(Incident.case_id == case_id, Incident.closed_at.is_(None))
    return db.session.execute(open_ones.limit(1)).first() is not None


# What concerns no single case


def _deployment_findings() -> Iterator[Finding]:
    for row in db.session.execute(select(Deployment.id, Deployment.hash).order_by(Deployment.id)).all():
        if scheme_hash(deployments.files_of(row.id)) != row.hash:
            yield Finding(None, f"发布版本 {row.id} 的文件被改动过")


def _removed_cases() -> Iterator[Finding]:
    orphans = (
        select(History.case_id).distinct().where(~select(Case.id).where(Case.id == History.case_id).exists())
    )
    for case_id in db.session.execute(orphans.order_by(History.case_id)).scalars():
        yield Finding(case_id, "办件不见了，它的记录还在")


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
