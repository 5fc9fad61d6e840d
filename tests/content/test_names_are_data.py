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
from app.operations.capabilities import declarations

HAN = re.compile(r"[\u4e00-\u9fff]")
DRAWN = {
    "process", "participant", "lane", "message", "error", "signal", "subProcess", "callActivity",
    "sequenceFlow",
    "userTask", "manualTask", "serviceTask", "businessRuleTask", "sendTask", "receiveTask", "task",
    "startEvent", "endEvent", "boundaryEvent", "intermediateCatchEvent", "intermediateThrowEvent",
    "exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway", "decision",
}  # fmt: skip
GENERAL = frozenset().union(
    # What roles.yaml and scheme.yaml write in every scheme, and the variables that every case has.
    {"unit", "superior", "subject", "has_superior"},
    # What the program calls the states of its own things: accounts, imports, payments, dry runs, moved dates.
    {"approved", "cancelled", "checked", "confirmed", "decided", "entered", "filed", "finished", "paid"},
    {"passed", "ready", "refused", "returned", "withdrawn"},
    # Its own verbs, in scenarios, commands, addresses and logs.
    {"allot", "amend", "cancel", "check", "confirm", "give_back", "pay", "propose", "publish", "receive"},
    # Its own nouns: kinds of clauses, tables, lists of a page, directories.
    {"bar", "certificate", "file", "refund", "results", "sanction", "whole"},
    # Yes and no on forms and in tables; titles and hints of pages that every scheme is shown with.
    {"是", "否", "有", "没有"},
    {"主管部门", "申报单位", "处理", "提醒", "终止", "退休年龄", "已撤回", "区县属"},
)
"""General words, by the reason why they stand in the program without meaning anybody's element."""


@cache
def schemes() -> list[Scheme]:
    return [Scheme.from_files(read_scheme_folder(PROJECT, name)) for name in scheme_folders(PROJECT)]


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
    offered = set(_offered())
    known = GENERAL | {name for name in found if any(stands(name, text) for text in offered)}
    return {name: place for name, place in found.items() if name not in known}


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


def literals(file: Path) -> Iterator[tuple[int, str]]:
    """The texts of a module that are not documentation, with their lines."""
    tree = ast.parse(file.read_text("utf-8"))
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    told = {
        id(statement.value)
        for node in ast.walk(tree)
        if isinstance(node, kinds)
        for statement in node.body
        if isinstance(statement, ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.lineno, node.value


def stands(name: str, text: str) -> bool:
    """A code stands by itself; a Chinese name of four signs or more also within a sentence."""
    return text == name or (len(name) >= 4 and bool(HAN.search(name)) and name in text)


def findings(files: dict[str, Path]) -> list[str]:
    known = names()
    return [
        f"{path}:{line}: “{name}” ({known[name]})"
        for path, file in files.items()
        for line, text in literals(file)
        for name in known
        if stands(name, text)
    ]


def test_no_name_of_a_scheme_stands_in_the_program() -> None:
    files = {file.relative_to(PROJECT).as_posix(): file for file in sorted((PROJECT / "app").rglob("*.py"))}
    assert findings(files) == []


@pytest.mark.parametrize(
    "line",
    [
        'if element == "mend_it": pass',
        'x = "请先到市工考办缴费"',
        'if code == "410800": pass',
        'y = "senior"',
    ],
)
def test_a_branch_on_a_name_would_be_found(tmp_path: Path, line: str) -> None:
    module = tmp_path / "branch.py"
    module.write_text(line, "utf-8")
    assert findings({"branch.py": module})
