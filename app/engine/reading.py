"""Reads a scheme's diagrams and tables: all problems at once, or the definitions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException

from app.engine import markup, profile, references, soundness
from app.engine.decisions import DecisionTable
from app.engine.definitions import Definitions, ProcessDefinition
from app.engine.dmn_xml import parse_decisions
from app.engine.linking import define
from app.engine.parser import Reader, Unreadable
from app.engine.types import Problem
from app.errors import SchemeInvalid


def load_definitions(files: Mapping[str, bytes]) -> Definitions:
    """What a scheme's .bpmn and .dmn files define. Raises SchemeInvalid with everything that is wrong."""
    definitions, problems = _read(files)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise SchemeInvalid(errors)
    return definitions


def check_definitions(files: Mapping[str, bytes]) -> list[Problem]:
    """Errors and warnings, by file."""
    return _read(files)[1]


def _read(files: Mapping[str, bytes]) -> tuple[Definitions, list[Problem]]:
    problems: list[Problem] = []
    processes: dict[str, ProcessDefinition] = {}
    decisions: dict[str, DecisionTable] = {}
    for name, data in sorted(files.items()):
        if name.endswith(".dmn"):
            tables, found = parse_decisions(data, name)
            problems += found
            for table in tables:
                _add(decisions, table.id, table, name, problems)
        elif name.endswith(".bpmn"):
            for process in _read_bpmn(name, data, problems):
                _add(processes, process.id, process, name, problems)
    definitions = Definitions(processes, decisions)
    problems += references.check(definitions)
    problems += [found for process in processes.values() for found in soundness.check(process)]
    return definitions, problems


def _add(found: dict[str, Any], key: str, value: Any, file: str, problems: list[Problem]) -> None:
    if key in found:
        problems.append(Problem(file, f"编号“{key}”与另一个文件里的重复", key))
    found.setdefault(key, value)


def _read_bpmn(file: str, data: bytes, problems: list[Problem]) -> list[ProcessDefinition]:
    try:
        root = markup.parse(data)
    except markup.MarkupRefused as refusal:
        problems.append(Problem(file, str(refusal)))
        return []
    found = profile.check(root, file)
    problems += found
    if any(problem.severity == "error" for problem in found):
        return []
    return _define_all(root, file, problems)


def _define_all(root: etree._Element, file: str, problems: list[Problem]) -> list[ProcessDefinition]:
    reader = Reader()
    try:
        reader.add_bpmn_xml(root, file)
        return [define(reader, process.get("id", ""), file) for process in profile.executable(root)]
    except Unreadable as refusal:
        problems.append(markup.problem(file, str(refusal), refusal.node))
    except ValidationException as refusal:
        problems.append(Problem(file, f"流程图无法读取：{refusal}", refusal.id, refusal.name))
    return []
