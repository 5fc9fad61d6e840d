"""A canary in every name, label, file title and diagram name, looked for on every page (trust note 5)."""

from __future__ import annotations

import json
import re
from html import escape
from io import BytesIO
from typing import Any

import pytest
import yaml
from flask import Flask
from sqlalchemy import select, update
from support import pages, world
from support.pages import PDF, Browser, Stage
from support.world import BUREAU, LIBRARY, complete, open_filing, register_posts, task_of

from app.extensions import atomic
from app.models import Account, Incident, Notice, Organisation, Person
from app.operations._search_keys import follow_person

CANARY = "<img src=x onerror=alert(1)>'\"]]>{{7*7}}"
TITLES = ("title", "text", "note", "name", "description")
LINK = re.compile(r'href="(/[^"#]*)')


def tainted(path: str, content: bytes) -> bytes:
    """The file with the canary at the end of every name that people read."""
    text = content.decode("utf-8")
    if path.endswith(".json"):
        return json.dumps(_taint(json.loads(text)), ensure_ascii=False).encode()
    if path.endswith(".yaml"):
        return yaml.safe_dump(_taint(yaml.safe_load(text)), allow_unicode=True, sort_keys=False).encode()
    named = re.compile(
        r'(<bpmn:(?!message\b|definitions\b)\w+ [^>]*?\bname=")([^"]+)"|(<decision [^>]*name=")([^"]+)"'
    )
    return named.sub(
        lambda found: f'{found[1] or found[3]}{found[2] or found[4]}{escape(CANARY)}"', text
    ).encode()


def _taint(value: Any) -> Any:
    if isinstance(value, list):
        return [_taint(item) for item in value]
    if isinstance(value, dict):
        return {
            key: item + CANARY if key in TITLES and isinstance(item, str) else _taint(item)
            for key, item in value.items()
        }
    return value


@pytest.fixture
def stage(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Stage:
    clean = world.tiny_files()
    dirty = {path: tainted(path, content) for path, content in clean.items() if "/scenarios/" not in path}
    monkeypatch.setattr(world, "tiny_files", lambda: dirty)
    world.publish_tiny()
    monkeypatch.setattr(world, "tiny_files", lambda: clean)
    monkeypatch.setattr(pages, "publish_tiny", lambda: None)
    return pages.set_stage(app)


def _taint_rows(stage: Stage, case_id: int) -> None:
    with atomic() as session:
        for column in (Organisation.name, Person.name, Account.name):
            session.execute(update(column.class_).values({column.key: column + CANARY}))
        for person_id in session.scalars(select(Person.id)).all():
            follow_person(person_id)
        unit_id = stage.world.organisations[LIBRARY]
        notice = {"organisation_id": unit_id, "case_id": case_id, "token": 1, "sent_at": stage.now()}
        session.add(Notice(text=CANARY, **notice))
        session.add(
            Incident(case_id=case_id, kind="timer", message=CANARY, deadlines=[], opened_at=stage.now())
        )


def crawl(browser: Browser) -> dict[str, str]:
    """Every page that can be reached by links, by address."""
    found: dict[str, str] = {}
    waiting = ["/", "/monitor/", "/clocks/", "/people/new", "/search/?q=chenyi"]
    while waiting:
        address = waiting.pop()
        if address in found or address.startswith(("/static", "/files")):
            continue
        response = browser.get(address)
        if response.mimetype != "text/html":
            continue
        found[address] = response.text
        waiting += LINK.findall(response.text.replace("&amp;", "&"))
    return found


def test_no_page_lets_stored_script_through(stage: Stage) -> None:
    register_posts(stage.world, {"junior": 1, "technician": 1})
    unit = stage.open(LIBRARY)
    case_id, other = open_filing(stage.world, "陈一"), open_filing(stage.world, "李二")
    values = {"grade": "junior", "summary": CANARY}
    unit.get(f"/tasks/{task_of(other)}")
    upload = {"_file-certificate": (BytesIO(PDF), f"{CANARY}.pdf"), "grade": "technician", "summary": CANARY}
    unit.post(f"/tasks/{task_of(other)}", {**upload, "_draft": "1"})
    complete(case_id, "fill", values, stage.world.actors[LIBRARY], "2021-06-11 08:00")
    _taint_rows(stage, case_id)
    stage.give(BUREAU, "operator", "supervisor", "administrator")
    bureau = stage.open(BUREAU)
    refused = bureau.post(f"/tasks/{task_of(case_id)}", {"decision": "x", "opinion": CANARY, "_submit": "1"})
    seen = {"refused": refused.text}
    for browser in (unit, bureau):
        crawled = crawl(browser)
        assert len(crawled) > 12
        seen |= crawled
    assert sum("&lt;img src=x" in text for text in seen.values()) > 20
    for address, text in seen.items():
        assert "<img" not in text, address
        assert "49" not in re.findall(r"alert\(1\)[^0-9]{0,20}(\d+)", text), address


def test_templates_carry_no_inline_script_or_style(app: Flask) -> None:
    from pathlib import Path

    inline = re.compile(r"\sstyle=|<style|\son[a-z]+=|javascript:|<script(?![^>]*(?:src=|application/json))")
    found = [
        path.name
        for path in Path(app.root_path, "templates").rglob("*.html")
        if inline.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_templates_mark_nothing_as_safe(app: Flask) -> None:
    from pathlib import Path

    trusting = re.compile(r"\|\s*safe\b|autoescape\s+false")
    templates = Path(app.root_path, "templates").rglob("*.html")
    assert [path.name for path in templates if trusting.search(path.read_text(encoding="utf-8"))] == []
