"""How a case stands, and in what it differs from what a scenario expects of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from app.content import Scheme
from app.content.scenario_parts import Expect
from app.engine import Instance, Snapshot
from app.engine.civil import civil
from app.errors import DomainError
from app.extensions import db
from app.models import Case, History, Organisation, Task

Happened = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Stands:
    """A case as it stands: its row, its open tasks with the offices that hold them, the engine's snapshot."""

    case_id: int
    status: str
    outcome: str | None
    head: bytes
    tasks: Sequence[tuple[str, str | None]]
    snapshot: Snapshot

    @property
    def task_names(self) -> list[str]:
        return [name for name, _ in self.tasks]


def stands(case_id: int, scheme: Scheme) -> Stands:
    row = db.session.execute(
        select(Case.status, Case.outcome, Case.head, Case.engine_state).where(Case.id == case_id)
    ).one()
    open_ones = (
        select(Task.name, Organisation.name)
        .outerjoin(Organisation, Organisation.id == Task.office_id)
        .where(Task.case_id == case_id, Task.state == "open")
        .order_by(Task.id)
    )
    tasks = [(name, office) for name, office in db.session.execute(open_ones)]
    snapshot = Instance.load(scheme.definitions, row.engine_state).snapshot()
    return Stands(case_id, row.status, row.outcome, row.head, tasks, snapshot)


def happened_since(case_id: int, seq: int) -> Happened:
    """What the case's log tells since its row `seq`, in order."""
    later = select(History.happened).where(History.case_id == case_id, History.seq > seq)
    return [one for happened in db.session.scalars(later.order_by(History.seq)) for one in happened]


def told(refusal: DomainError) -> str:
    """A refusal's sentence with those of its fields."""
    fields = getattr(refusal, "fields", {})
    return "；".join([refusal.message, *(text for texts in fields.values() for text in texts)])


def field_differences(wanted: Mapping[str, str], refusal: DomainError) -> Iterator[str]:
    """A sentence for each field of which the refusal does not say the text wanted."""
    fields = getattr(refusal, "fields", {})
    for name, text in wanted.items():
        given = "；".join(fields.get(name, []))
        if text not in given:
            yield f"字段 {name} 的提示应当含有“{text}”，实际是：{given or '没有提示'}"


def differences(expect: Expect, stands: Stands, happened: Happened) -> Iterator[str]:
    """A sentence for each part that the scenario states and that stands otherwise."""
    for part in sorted(expect.asked):
        match part:
            case "status" if stands.status != expect.status:
                yield f"状态应为“{expect.status}”，实际是“{stands.status}”"
            case "outcome" if stands.outcome != expect.outcome:
                yield f"结果应为 {expect.outcome or '尚未结束'}，实际是 {stands.outcome or '尚未结束'}"
            case "tasks":
                yield from _task_differences(expect.tasks, stands)
            case "decided":
                yield from _decision_differences(expect.decided, stands.case_id)
            case "variables":
                yield from _variable_differences(expect.variables, stands.snapshot.variables)
            case "timers":
                yield from _timer_differences(expect.timers, stands)
            case "capabilities":
                yield from _sequence_difference("执行的能力", expect.capabilities, performed(happened))
            case "sent":
                sent = [one["detail"]["message"] for one in happened if one["kind"] == "sent"]
                yield from _sequence_difference("发出的消息", expect.sent, sent)


def performed(happened: Happened) -> list[str]:
    """The capabilities that were performed, in order; one that refused was not."""
    refused = {one["token"] for one in happened if one["kind"] == "refused"}
    return [
        one["detail"]["capability"]
        for one in happened
        if one["kind"] == "asked" and one["token"] not in refused
    ]


def _sequence_difference(what: str, wanted: Sequence[str], found: Sequence[str]) -> Iterator[str]:
    if list(wanted) != list(found):
        yield f"{what}应为 {_listed(wanted)}，实际是 {_listed(found)}"


def _task_differences(wanted: Mapping[str, str | None] | Sequence[str], stands: Stands) -> Iterator[str]:
    if Counter(list(wanted)) != Counter(stands.task_names):
        yield f"待办应为 {_listed(list(wanted))}，实际是 {_listed(stands.task_names)}"
    elif isinstance(wanted, Mapping):
        for name, office in stands.tasks:
            if wanted[name] is not None and office != wanted[name]:
                yield f"“{name}”应由“{wanted[name]}”办理，实际是“{office or '无办理机构'}”"


def _decision_differences(wanted: Mapping[str, str], case_id: int) -> Iterator[str]:
    """Whose decision the log keeps for each task, by the name of that day (ALL-03, LIFE-04)."""
    last = (
        select(Task.name, History.office_name)
        .join(History, (History.case_id == Task.case_id) & (History.task_id == Task.id))
        .where(Task.case_id == case_id, History.call == "complete")
        .order_by(History.seq)
    )
    found = {name: office for name, office in db.session.execute(last)}
    for name, office in wanted.items():
        if found.get(name) != office:
            yield f"“{name}”应记为由“{office}”办理，实际是“{found.get(name) or '没有办理'}”"


def _variable_differences(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    for name, value in wanted.items():
        if name not in found:
            yield f"变量 {name} 应为 {value}，实际没有这个变量"
        elif not _is_as_written(actual := _written(found[name]), value):
            yield f"变量 {name} 应为 {value}，实际是 {actual}"


def _is_as_written(actual: Any, value: Any) -> bool:
    """Of a mapping only the keys that the scenario states count."""
    if isinstance(value, Mapping) and isinstance(actual, Mapping):
        return all(key in actual and _is_as_written(actual[key], value[key]) for key in value)
    return bool(actual == value) and type(actual) is type(value)


def _written(value: Any) -> Any:
    """A value as YAML writes it: dates and instants as text."""
    if isinstance(value, datetime):
        return f"{civil(value):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: _written(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_written(item) for item in value]
    return value


def _timer_differences(wanted: Mapping[str, datetime | None], stands: Stands) -> Iterator[str]:
    for name, due in wanted.items():
        waiting = [timer.due_at for timer in stands.snapshot.timers if name in (timer.name, timer.element)]
        if due not in waiting:
            found = "、".join(_instant(one) for one in waiting) or "没有这个定时"
            yield f"定时“{name}”应为 {_instant(due)}，实际是 {found}"


def _instant(instant: datetime | None) -> str:
    return f"{civil(instant):%Y-%m-%d %H:%M:%S}" if instant else "尚未确定"


def _listed(names: Sequence[str]) -> str:
    return "、".join(names) or "无"
