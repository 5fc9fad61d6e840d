"""What keeps a user task's values from being imported as a table (`import`), told to the designer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.phased import FORMS, PHASED, phased_files

from app.content import check_scheme

SCORES = f"forms/{PHASED}/scores.json"
EXAM = f"bpmn/{PHASED}/exam.bpmn"


def told(files: dict[str, bytes]) -> list[str]:
    return [p.message for p in check_scheme(files) if p.column == "import" and p.severity == "error"]


def with_form(**properties: Any) -> dict[str, bytes]:
    scores = FORMS["scores"]
    form = {**scores, "properties": {**scores["properties"], **properties}}
    return {**phased_files(), SCORES: json.dumps(form).encode()}


def with_diagram(old: str, new: str) -> dict[str, bytes]:
    files = phased_files()
    assert old.encode() in files[EXAM]
    return {**files, EXAM: files[EXAM].replace(old.encode(), new.encode())}


def test_scores_may_be_imported() -> None:
    assert told(phased_files()) == []


@pytest.mark.parametrize(
    "field",
    [
        {"type": "string", "title": "成绩单", "format": "file"},
        {"type": "string", "title": "成绩单", "format": "id_number"},
        {"type": "integer", "title": "成绩单", "format": "person"},
        {"type": "array", "title": "成绩单", "items": {"type": "string", "enum": ["甲", "乙"]}},
    ],
)
def test_what_no_cell_can_hold_is_told(field: dict[str, Any]) -> None:
    (sentence,) = told(with_form(paper=field))
    assert "“成绩单”不能填在表格里" in sentence


@pytest.mark.parametrize("title", ["姓名", "办件编号", "理论成绩", "单位"])
def test_a_second_column_of_a_name_is_told(title: str) -> None:
    (sentence,) = told(with_form(more={"type": "string", "title": title}))
    assert f"“{title}”与表格的其他列重名" in sentence


def test_a_task_that_is_repeated_in_a_case_is_told() -> None:
    loop = (
        "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>2</bpmn:loopCardinality>"
        "</bpmn:multiInstanceLoopCharacteristics></bpmn:userTask>"
    )
    (sentence,) = told(with_diagram("</bpmn:userTask>", loop))
    assert "认不出是哪一个" in sentence


def test_another_word_than_true_is_told() -> None:
    (sentence,) = told(with_diagram('name="import" value="true"', 'name="import" value="yes"'))
    assert "只能写 true" in sentence
