"""An applicant's case in plain words: where it is, who has it, what comes next, what has happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _

from app.content.scheme import Scheme
from app.engine import Ahead
from app.errors import DomainError
from app.models import Case, Task
from app.operations.dates import windows
from app.operations.offices import organisations
from app.queries.applicants import OwnCase
from app.queries.organisations import name_of
from app.queries.timeline import Step
from app.web.filters import closing

FARTHEST = 3
"""So many steps ahead are told; what comes later depends on too much."""


@dataclass(frozen=True)
class Standing:
    """Where a case is: a sentence, what the person has to do, and what is waited for (with until when)."""

    sentence: str
    mine: Sequence[Task]
    waited: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Coming:
    """A step that may come: what, who does it, by when."""

    name: str
    who: str
    when: str
    next: bool


@dataclass(frozen=True)
class Told:
    """Something that happened: when, what, by whom, and the ground where it concerns the person."""

    at: datetime
    what: str
    who: str
    ground: str = ""


def remaining(closes_at: datetime, now: datetime) -> str:
    """`还剩 3 天，5月10日 24:00 截止`."""
    until = _("%(instant)s 截止", instant=closing(closes_at))
    left = closes_at - now
    if left <= timedelta(0):
        return _("已于 %(until)s", until=until)
    if left >= timedelta(days=1):
        return _("还剩 %(days)s 天，%(until)s", days=left.days, until=until)
    hours, minutes = divmod(int(left.total_seconds()) // 60, 60)
    if hours:
        return _("还剩 %(hours)s 小时，%(until)s", hours=hours, until=until)
    return _("还剩 %(minutes)s 分钟，%(until)s", minutes=max(minutes, 1), until=until)


def standing(own: OwnCase, person_id: int, now: datetime) -> Standing:
    """What the person reads first; offices by their names, officers by none."""
    waited = [(task.name, office or "") for task, office in own.tasks if task.person_id != person_id]
    mine = [task for task, _office in own.tasks if task.person_id == person_id and _open_at(task, now)]
    over = [task for task, _office in own.tasks if task.person_id == person_id and task not in mine]
    return Standing(_sentence(own.case, mine, over, waited), mine, waited)


def _open_at(task: Task, now: datetime) -> bool:
    return task.closes_at is None or now < task.closes_at


def _sentence(
    case: Case, mine: Sequence[Task], over: Sequence[Task], waited: Sequence[tuple[str, str]]
) -> str:
    if case.state != "running":
        return _("已经办结：%(status)s。", status=case.status)
    if mine:
        return _("现在该您办理：%(names)s。", names="、".join(task.name for task in mine))
    if over:
        names = "、".join(task.name for task in over)
        return _("已经截止：%(names)s没有在期限内提交，系统正在处理。", names=names)
    if waited:
        told = (
            _("%(office)s办理“%(name)s”", office=office, name=name) if office else f"“{name}”"
            for name, office in waited
        )
        return _("正在等%(what)s，您不用做什么。", what="、".join(told))
    return _("%(status)s，正在等待下一步，您不用做什么。", status=case.status)


def coming(case: Case, scheme: Scheme, found: Iterable[Ahead], now: datetime) -> list[Coming]:
    """The next steps and the few after them; who does them as far as the registers tell today."""
    dates = windows.dates_for(scheme, case.unit_id)
    told = []
    for one in found:
        who = _who(scheme, one, case.unit_id, now)
        if one.steps > FARTHEST or who is None:
            continue
        ends = [closing(at) for at in (dates.get(name) for name in one.dates) if at is not None and at > now]
        when = _("%(instant)s 以前", instant=ends[0]) if ends else ""
        told.append(Coming(one.element.name, who, when, one.steps == 1))
    return list(dict.fromkeys(told))


def _who(scheme: Scheme, one: Ahead, unit_id: int, now: datetime) -> str | None:
    """The office's name, or the role's; "" where nobody does it, None where nobody would for this unit."""
    if one.element.role is None or one.element.kind not in ("userTask", "manualTask"):
        return ""
    try:
        role = scheme.role_named(one.element.role)
        if role.applicant:
            return _("您本人")
        holder = organisations.resolve_role(role, unit_id, now)
    except DomainError:
        return None
    return name_of(holder) if holder is not None else None


def told(steps: Sequence[Step], scheme: Scheme) -> list[Told]:
    """What happened, as the person may see it, the newest first."""
    named = {
        element.id: element
        for process in scheme.definitions.processes.values()
        for element in process.elements.values()
    }
    lines = [_told(step, scheme, named) for step in steps]
    return [line for line in reversed(lines) if line is not None]


def _told(step: Step, scheme: Scheme, named: Mapping[str, Any]) -> Told | None:
    element = named.get(step.element or "")
    who = step.office or (step.actor if step.call != "fire" else "")
    if step.task is not None:
        ground = "" if step.task.person_id is not None else str((step.values or {}).get("opinion", ""))
        what = _("退回：%(name)s", name=step.task.name) if step.call == "move" else step.task.name
        return Told(step.at, what, who, ground)
    if step.call == "start":
        return Told(step.at, _("办件建立"), who)
    if step.call == "record":
        return Told(step.at, _("登记：%(title)s", title=scheme.records[step.recorded or ""].title), who)
    if step.call == "fire":
        name = element.name if element and element.name else ""
        return Told(step.at, _("到期：%(name)s", name=name), _("系统自动处理")) if name else None
    if step.call == "receive":
        return Told(step.at, element.name if element and element.name else _("收到消息"), who)
    others = {"handed": _("转由其他单位或机构办理"), "cancel": _("办件撤销"), "move": _("调整办理环节")}
    return Told(step.at, others[step.call], who) if step.call in others else None
