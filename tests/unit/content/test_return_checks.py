"""What is said to the designer about returns 退回."""

from __future__ import annotations

import pytest
from support.returning import RETURNS, returning_files

from app.content import check_scheme
from app.engine.types import Problem
from app.operations.capabilities import declarations


def found(files: dict[str, bytes]) -> list[Problem]:
    return [p for p in check_scheme(files, capabilities=declarations()) if p.severity == "error"]


def changed(name: str, before: str, after: str) -> dict[str, bytes]:
    files = returning_files()
    path = f"bpmn/{RETURNS}/{name}.bpmn"
    text = files[path].decode()
    assert before in text
    return {**files, path: text.replace(before, after, 1).encode()}


def returns(element: str, value: str) -> tuple[str, str]:
    """Before and after: the element's property, whatever it says now, says `value`."""
    mark = f'value="待{element}"/>'
    return mark, f'{mark}<spiffworkflow:property name="returns" value="{value}"/>'


def test_the_scheme_as_it_is_has_no_error() -> None:
    assert found(returning_files()) == []


@pytest.mark.parametrize(
    ("name", "element", "value", "sentence"),
    [
        ("branches", "photo", "nobody", "“nobody”不是任何用户任务的编号"),
        ("branches", "photo", "split", "“split”不是任何用户任务的编号"),
        ("branches", "photo", "last", "不能退回到“last”：它不在这一步之前"),
        ("branches", "photo", "fill, proof", "或者在另一个并行分支里"),
        ("branches", "photo", "photo", "不能退回到“photo”"),
        ("branches", "fill", "true", "在它之前没有能退回的用户任务"),
        ("several", "all", "fill", "同时由多人办理（多实例）的环节不能退回"),
    ],
)
def test_what_is_no_way_back_is_told_with_file_and_element(
    name: str, element: str, value: str, sentence: str
) -> None:
    problems = found(changed(name, *returns(element, value)))
    assert [(p.file, p.element, p.column) for p in problems] == [
        (f"bpmn/{RETURNS}/{name}.bpmn", element, "returns")
    ]
    assert sentence in problems[0].message


def test_one_that_several_do_at_once_is_no_target() -> None:
    files = changed("several", 'name="returns" value="true"', 'name="returns" value="all"')
    assert "它同时由多人办理" in found(files)[0].message


def test_only_user_tasks_give_back() -> None:
    before = '<bpmn:intermediateCatchEvent id="day" name="等一天">'
    property_ = '<spiffworkflow:property name="returns" value="true"/>'
    extension = f"<spiffworkflow:properties>{property_}</spiffworkflow:properties>"
    after = f"{before}<bpmn:extensionElements>{extension}</bpmn:extensionElements>"
    assert "只有用户任务能退回" in found(changed("waiting", before, after))[0].message


def test_what_undoes_an_effect_is_a_capability_that_asks_for_nothing() -> None:
    known = declarations()
    undoing = {declared.undone_by for declared in known.values()} - {None}
    assert undoing <= known.keys()
    assert all(not known[name].inputs for name in undoing)
