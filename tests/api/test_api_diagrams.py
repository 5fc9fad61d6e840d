"""The diagrams of a case by the API: as published, with the way it took and where it stands."""

from __future__ import annotations

import re

from support.api import Caller
from support.pages import Stage
from support.world import BUREAU, LIBRARY, SCHEME, complete, open_filing, register_posts, tiny_files


def ids(xml: str) -> set[str]:
    return set(re.findall(r'\bid="([^"]+)"', xml))


def test_a_viewer_gets_what_it_needs(stage: Stage, unit: Caller) -> None:
    register_posts(stage.world, {"junior": 1})
    case_id = open_filing(stage.world)
    complete(
        case_id,
        "fill",
        {"grade": "junior", "summary": "扎实"},
        stage.world.actors[LIBRARY],
        "2021-06-10 10:00",
    )
    (drawn,) = unit.get(f"/cases/{case_id}/diagram")["items"]
    assert drawn["xml"].encode() == tiny_files()[f"bpmn/{SCHEME}/filing.bpmn"]
    assert "first_review" in drawn["current"]
    assert "fill" in drawn["taken"]
    assert "final_review" not in drawn["taken"] + drawn["current"]
    assert {*drawn["taken"], *drawn["current"]} <= ids(drawn["xml"])


def test_of_a_case_that_has_ended_nothing_is_current(stage: Stage, unit: Caller) -> None:
    register_posts(stage.world, {"junior": 1})
    case_id = open_filing(stage.world)
    complete(
        case_id,
        "fill",
        {"grade": "junior", "summary": "扎实"},
        stage.world.actors[LIBRARY],
        "2021-06-10 10:00",
    )
    complete(case_id, "first_review", {"decision": "approve"}, stage.world.actors[BUREAU], "2021-06-10 11:00")
    (drawn,) = unit.get(f"/cases/{case_id}/diagram")["items"]
    assert drawn["current"] == []
    assert {"fill", "first_review", "passed"} <= set(drawn["taken"])
