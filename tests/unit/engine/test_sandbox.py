"""Strangers' files are checked in a process of their own, which may die without harm."""

from __future__ import annotations

from pathlib import Path

import pytest
from diagrams import chain, document, nodes, process

from app.engine import check_definitions, check_in_child, demand_bounded, sandbox
from app.errors import SchemeInvalid


def test_the_child_finds_what_is_found_here() -> None:
    files = {
        "a.bpmn": document(process(nodes(s="startEvent", x="scriptTask") + chain("s", "x"))),
        "b.dmn": "<定义/>".encode(),
    }
    assert check_in_child(files) == check_definitions(files) != []


def test_the_child_is_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "XML" in check_in_child({"a.bpmn": b"<x"})[0].message


def test_nothing_to_complain_about() -> None:
    assert (
        check_in_child({"a.bpmn": document(process(nodes(s="startEvent", e="endEvent") + chain("s", "e")))})
        == []
    )


@pytest.mark.parametrize(("name", "limit"), [("CPU_SECONDS", 0), ("MEMORY_BYTES", 1), ("WAIT_SECONDS", 0.01)])
def test_a_child_that_needs_too_much_is_a_problem_of_the_files(
    name: str, limit: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, name, limit)
    big = nodes(s="startEvent", **{f"t{number}": "task" for number in range(20_000)})
    problems = check_in_child({"a.bpmn": document(process(big))})
    assert [(problem.file, problem.severity) for problem in problems] == [("a.bpmn", "error")]
    assert "时间和内存" in problems[0].message


def with_id(process_id: str, count: int = 0) -> dict[str, bytes]:
    """A diagram that no other test has: a child that got through one is not asked about it again."""
    parts = {f"t{number}": "task" for number in range(count)}
    inside = nodes(s="startEvent", e="endEvent", **parts) + chain("s", "e")
    return {f"{process_id}.bpmn": document(process(inside, process_id))}


@pytest.mark.parametrize(("name", "limit"), [("CPU_SECONDS", 0), ("MEMORY_BYTES", 1), ("WAIT_SECONDS", 0.01)])
def test_what_no_child_gets_through_may_not_be_parsed(
    name: str, limit: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = with_id(name, 20_000)
    monkeypatch.setattr(sandbox, name, limit)
    with pytest.raises(SchemeInvalid) as refusal:
        demand_bounded(files)
    assert [problem.file for problem in refusal.value.problems] == [f"{name}.bpmn"]


def test_what_is_merely_wrong_may_be_parsed() -> None:
    demand_bounded({"wrong.bpmn": b"<wrong", "wrong.dmn": b""})


def test_a_content_is_asked_about_once_whatever_else_stands_beside_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    demand_bounded(with_id("once"))
    monkeypatch.setattr(sandbox, "WAIT_SECONDS", 0.01)
    demand_bounded({**with_id("once"), "scheme.yaml": b"id: other"})
    with pytest.raises(SchemeInvalid):
        demand_bounded({**with_id("once"), "more.dmn": b""})
