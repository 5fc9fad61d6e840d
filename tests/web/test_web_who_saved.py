"""A form that somebody else has saved says who that was: the unit's officer, or the applicant."""

from __future__ import annotations

import pytest
from flask import Flask
from support.applying import ROLE, sign_in, stage_where_people_file
from support.colleagues import browser_of
from support.pages import Stage
from support.world import LIBRARY, open_filing, task_of

BEGUN = {"grade": "junior", "summary": "写到一半"}


@pytest.fixture
def stage(app: Flask) -> Stage:
    return stage_where_people_file(app, ROLE + "    unit_submits: true\n")


def test_the_unit_reads_that_the_applicant_saved_it_and_the_other_way_round(stage: Stage) -> None:
    task_id = task_of(open_filing(stage.world))
    person, unit = sign_in(stage), stage.open(LIBRARY)
    step = f"/my/tasks/{task_id}/steps/1"
    assert "保存过" not in person.get(step).text
    assert person.post(step, {**BEGUN, "_next": "1"}).status_code == 302
    assert "上次保存" in person.get(step).text
    page = unit.get(f"/tasks/{task_id}").text
    assert "下面是陈一在" in page
    assert "下面是您在" not in page
    assert unit.post(f"/tasks/{task_id}", {**BEGUN, "_draft": "1"}).status_code == 302
    assert "下面是您在" in unit.get(f"/tasks/{task_id}").text
    page = person.get(step).text
    assert "单位在 " in page
    assert "上次保存" not in page


def test_a_colleague_s_draft_bears_the_colleague_s_name(stage: Stage) -> None:
    task_id = task_of(open_filing(stage.world))
    unit, (_actor, colleague) = stage.open(LIBRARY), browser_of(stage, "王五", "wangwu", LIBRARY)
    unit.get(f"/tasks/{task_id}")
    unit.post(f"/tasks/{task_id}", {**BEGUN, "_draft": "1"})
    assert f"下面是{stage.world.actors[LIBRARY].name}在" in colleague.get(f"/tasks/{task_id}").text
