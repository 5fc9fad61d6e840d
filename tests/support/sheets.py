"""A unit's entries as rows of one table, and what a browser sends of it."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

from sqlalchemy import update

from app.extensions import atomic, db
from app.models import TaskDraft, WebSession
from app.operations import deployments
from app.operations.actors import SYSTEM
from support.crowd import open_tasks
from support.pages import Stage
from support.world import PUBLISHED, SCHEME, open_filing, register_posts, tiny_files

PAGE = "/cases/rows?kind=tiny-2021/fill"
PEOPLE = ("陈一", "李二", "王三")
HIDDEN = re.compile(r'<input type="hidden" name="(row|t[0-9]+-[a-z_]+)" value="([^"]*)">')
CONTROL = re.compile(r'name="t([0-9]+)-([a-z]+)"')


TRADES = [{"const": f"t{number}", "title": f"工种{number}"} for number in range(40)]
WIDE = {
    "type": "object",
    "title": "申报表",
    "required": ["grade", "summary"],
    "properties": {
        "ground": {"type": "string", "title": "推荐依据", "readOnly": True},
        "grade": {"type": "string", "title": "申报等级", "x-options": "grades", "x-widget": "radio"},
        "trade": {"type": "string", "title": "申报工种", "oneOf": TRADES, "x-widget": "select"},
        "years": {"type": "integer", "title": "工作年限", "minimum": 1},
        "since": {"type": "string", "format": "date", "title": "参加工作"},
        "retired": {"type": "boolean", "title": "已退休", "x-widget": "radio"},
        "truthful": {"type": "boolean", "title": "内容属实", "x-widget": "checkbox"},
        "summary": {"type": "string", "title": "工作小结", "x-widget": "textarea"},
        "certificate": {"type": "string", "format": "file", "title": "现等级证书", "x-accept": ["pdf"]},
    },
    "x-sections": [
        {"title": "申报", "fields": ["ground", "grade", "trade", "years", "since", "retired", "truthful"]},
        {"title": "小结", "fields": ["summary", "certificate"]},
    ],
}
FIRST = {
    "grade": "junior",
    "trade": "工种7",
    "years": "12",
    "since": "2009-03-01",
    "retired": "false",
    "truthful": "true",
}
"""Of a form in parts, with a cell of each kind."""


def wait_for_entries(stage: Stage) -> list[int]:
    """Three people's entries, in the order of the page."""
    register_posts(stage.world, {"junior": 3, "technician": 1})
    for person in PEOPLE:
        open_filing(stage.world, person)
    return open_tasks("fill")


def publish_in_parts() -> None:
    """The same step by a deployment whose form has two parts."""
    files = tiny_files()
    files[f"forms/{SCHEME}/filing.json"] = json.dumps(WIDE).encode()
    with atomic():
        deployments.publish(files, SYSTEM, PUBLISHED)


def hidden(page: str) -> dict[str, list[str]]:
    """What the page carries beside what is typed."""
    found: dict[str, list[str]] = {}
    for name, value in HIDDEN.findall(page):
        found.setdefault(name, []).append(value)
    return found


def typed(page: str, **rows: dict[str, Any]) -> dict[str, Any]:
    """What a browser sends of a page in which these cells were filled in; the others are empty."""
    sent: dict[str, Any] = {**hidden(page)}
    for task, name in CONTROL.findall(page.split("data-unsaved")[1]):
        sent.setdefault(f"t{task}-{name}", "")
    for task, cells in rows.items():
        sent |= {f"{task}-{name}": text for name, text in cells.items()}
    return sent


def saved(task_id: int) -> dict[str, Any] | None:
    db.session.rollback()
    found = db.session.get(TaskDraft, task_id)
    return dict(found.values) if found else None


def row_of(page: str, task_id: int) -> str:
    return page.split(f'<tr id="row-{task_id}"')[1].split("</tr>")[0]


def lapse() -> None:
    """As if nobody had been heard of for an hour."""
    with atomic() as session:
        session.execute(update(WebSession).values(last_seen_at=WebSession.last_seen_at - timedelta(hours=1)))
