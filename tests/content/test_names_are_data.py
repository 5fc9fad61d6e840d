"""The program knows no scheme's names: what diagrams, tables and sheets call something is nowhere in app/."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from lxml import etree

from app.config import PROJECT
from app.content.scheme import Scheme
from app.content.sources import read_scheme_folder, scheme_folders
from app.extensions import db
from app.operations.capabilities import declarations

HAN = re.compile(r"[\u4e00-\u9fff]")
WORD = re.compile(r"[a-z]+")
DRAWN = {
    "process", "participant", "lane", "message", "error", "signal", "subProcess", "callActivity",
    "sequenceFlow",
    "userTask", "manualTask", "serviceTask", "businessRuleTask", "sendTask", "receiveTask", "task",
    "startEvent", "endEvent", "boundaryEvent", "intermediateCatchEvent", "intermediateThrowEvent",
    "exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway", "decision",
}  # fmt: skip
GENERAL = frozenset().union(
    # What roles.yaml writes in every scheme, the variables that every case has, the message of the house.
    {"unit", "superior", "has_superior", "payment_received"},
    # What the program calls states of its own things: accounts, imports, dry runs, moved dates, tasks, post.
    {"approved", "cancelled", "checked", "decided", "entered", "ready", "refused", "returned"},
    {"given_up", "transferred"},
    # Its own verbs, in scenarios, commands, addresses and logs.
    {"check", "file", "give_back", "receive"},
    # Titles and hints of pages that every scheme is shown with.
    {"主管部门", "申报单位", "退休年龄"},
)
"""General words, by the reason why they stand in the program without meaning anybody's element."""


@cache
def scheme_ids() -> frozenset[str]:
    return frozenset(scheme_folders(PROJECT))


@cache
def schemes() -> list[Scheme]:
    return [Scheme.from_files(read_scheme_folder(PROJECT, name)) for name in scheme_ids()]


@cache
def names() -> dict[str, str]:
    """Every name of the schemes, with a place where it stands."""
    found: dict[str, str] = {}
    for file in sorted((PROJECT / "bpmn").glob("*/*.*mn")):
        for name in _drawn_names(file):
            found.setdefault(name, file.relative_to(PROJECT).as_posix())
    for scheme in schemes():
        for name in _sheet_names(scheme):
            found.setdefault(name, scheme.folder)
    offered = {*_offered(), *db.metadata.tables, *_vocabulary()}
    known = GENERAL | {name for name in found if any(stands(name, text) for text in offered)}
    return {name: place for name, place in found.items() if name not in known}


def _vocabulary() -> Iterator[str]:
    """The single words of the guide: kinds of fields and widgets, keys of the files, relations."""
    guide = (PROJECT / "docs" / "writing-a-scheme.md").read_text("utf-8")
    for span in re.findall(r"`([^`\n]+)`", guide):
        yield from (word for word in re.findall(r"[a-z_]+", span) if WORD.fullmatch(word))


def _offered() -> Iterator[str]:
    """What the program calls its capabilities: diagrams that ask for them repeat it."""
    for one in declarations().values():
        yield from (one.name, one.title)
        for told in (one.inputs, one.outputs, one.refusals, one.parameters):
            yield from (*told.keys(), *told.values())


def _drawn_names(file: Path) -> Iterator[str]:
    for element in etree.parse(str(file)).iter(etree.Element):
        if etree.QName(element).localname in DRAWN:
            yield from (element.get(key) for key in ("id", "name", "errorCode") if element.get(key))


def _sheet_names(scheme: Scheme) -> Iterator[str]:
    yield from (scheme.id, scheme.name, scheme.notice, scheme.jurisdiction)
    for titled in (scheme.roles, scheme.processes, scheme.calendar.dates, scheme.parameters):
        for name, item in titled.items():
            yield from (name, item.title)
    for grade in scheme.grades:
        yield from (grade.code, grade.title)
    yield from (entry.code for book in scheme.catalogues.values() for entry in book.entries)


def literals(file: Path) -> Iterator[tuple[int, str, bool]]:
    """The texts of a module but for documentation: line, text, and whether something is compared to it."""
    tree = ast.parse(file.read_text("utf-8"))
    told = {
        id(statement.value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        for statement in node.body
        if isinstance(statement, ast.Expr)
    }
    compared = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Compare, ast.MatchValue))
        for part in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.lineno, node.value, id(node) in compared


def stands(name: str, text: str, compared: bool = True) -> bool:
    """A code stands by itself; a scheme's id and a Chinese name of four signs or more also within a sentence.

    A single word of English, or two or three signs, say nothing by themselves: a key, an option, a heading.
    They would mean somebody's element only where something is compared to them.
    """
    if WORD.fullmatch(name) or (len(name) < 4 and HAN.search(name)):
        return compared and text == name
    within = name in scheme_ids() or (len(name) >= 4 and bool(HAN.search(name)))
    return text == name or (within and name in text)


def findings(files: dict[str, Path]) -> list[str]:
    known = names()
    return [
        f"{path}:{line}: “{name}” ({known[name]})"
        for path, file in files.items()
        for line, text, compared in literals(file)
        for name in known
        if stands(name, text, compared)
    ]


def test_no_name_of_a_scheme_stands_in_the_program() -> None:
    files = {file.relative_to(PROJECT).as_posix(): file for file in sorted((PROJECT / "app").rglob("*.py"))}
    assert findings(files) == []


@pytest.mark.parametrize(
    "line",
    [
        'if element == "mend_it": pass',
        'told = "请先到市工考办缴费"',
        'if unit.region == "410800": pass',
        'if grade in ("senior", "junior"): pass',
        'match grade:\n    case "technician": pass',
    ],
)
def test_a_branch_on_a_name_would_be_found(tmp_path: Path, line: str) -> None:
    module = tmp_path / "branch.py"
    module.write_text(line, "utf-8")
    assert findings({"branch.py": module})
