"""How a dry run is told: each step with the way that the case took, what waits after it, and the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from app.content.scheme import Scheme
from app.engine.civil import civil
from app.engine.dry_run import DryRun, DryStep, Move, Waiting
from app.engine.types import Happening

_MOVES = {"complete": "办理“{}”", "receive": "收到“{}”", "fire": "等到“{}”", "pass": "时间过去"}
_KINDS = {"task": "待办", "message": "消息", "timer": "定时"}

Names = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ToldStep:
    """A step's heading, when it was, and a line for each thing worth telling."""

    heading: str
    at: datetime
    lines: tuple[str, ...]


def told_steps(run: DryRun, scheme: Scheme) -> list[ToldStep]:
    processes = scheme.definitions.processes.values()
    names = {element.id: element.name for process in processes for element in process.elements.values()}
    return [
        ToldStep(_heading(number, step.move, names), step.at, tuple(_lines(step, names)))
        for number, step in enumerate(run.steps)
    ]


def told_end(run: DryRun) -> str | None:
    """How the case ended, or that it did not; None for a run that did not even begin."""
    if run.outcome is None:
        return "没有走到结束。" if run.steps else None
    properties = run.outcome.properties
    status = properties.get("status") or run.outcome.name or run.outcome.element
    return f"结束：{status}（{properties.get('outcome') or '没有结果代号'}）"


def shown(instant: datetime) -> str:
    return f"{civil(instant):%Y-%m-%d %H:%M:%S}"


def _called(element: str, names: Names) -> str:
    return names.get(element) or element


def _heading(number: int, move: Move | None, names: Names) -> str:
    if move is None:
        return "开始"
    return f"第 {number} 步：{_MOVES[move.kind].format(_called(move.target, names))}"


def _lines(step: DryStep, names: Names) -> Iterator[str]:
    passed = [_called(one.element, names) for one in step.happened if one.kind == "completed"]
    if passed:
        yield f"经过 {' → '.join(passed)}"
    for one in step.happened:
        line = _line(one, names)
        if line:
            yield line
    if step.waiting:
        yield f"在等 {'、'.join(map(_wait, step.waiting))}"


def _line(one: Happening, names: Names) -> str | None:
    name, detail = _called(one.element, names), one.detail
    match one.kind:
        case "decided":
            rows = "、".join(str(row["row"]) for row in detail["matched"])
            which = f"第 {rows} 行" if rows else "没有一行符合"
            return f"“{name}”按决策 {detail['decision']}，{which}：{_written(detail['value'])}"
        case "asked":
            return f"“{name}”要求系统能力 {detail['capability']}：{_written(detail['inputs'])}"
        case "refused":
            return f"“{name}”被拒绝：{detail['code']}"
        case "fired":
            return f"“{name}”到期（{shown(detail['due_at'])}）"
        case "sent":
            return f"“{name}”发出消息 {detail['message']}"
        case "error":
            return f"“{name}”接住错误 {detail['code']}"
        case "cancelled":
            return f"“{name}”被取消"
    return None


def _written(value: object) -> str:
    """A value on one line; a long one is cut."""
    if isinstance(value, Mapping):
        text = "，".join(f"{name}={_written(item)}" for name, item in value.items()) or "（无）"
    else:
        text = str(value)
    return text if len(text) <= 120 else f"{text[:120]}……"


def _wait(wait: Waiting) -> str:
    if wait.kind == "timer":
        when = shown(wait.due_at) if wait.due_at else "尚未确定"
    else:
        when = f"{shown(wait.due_at)} 截止" if wait.due_at else ""
    return f"{_KINDS[wait.kind]}“{wait.name or wait.element}”{f'（{when}）' if when else ''}"
