"""Dry runs by the API: the way is told, what stops it too, and nothing remains."""

from __future__ import annotations

from typing import Any

import pytest
from support.api import Caller, caller, problem
from support.capability_kit import fingerprint
from support.pages import Stage
from support.world import LIBRARY, SCHEME

ADDRESS = f"/schemes/{SCHEME}/dry-runs"


@pytest.fixture
def designer(stage: Stage) -> Caller:
    stage.give(LIBRARY, "designer")
    return caller(stage, LIBRARY)


def test_it_goes_by_itself_and_writes_nothing(designer: Caller) -> None:
    designer.get("/me")
    before = fingerprint()
    run = designer.done("POST", ADDRESS, {"process": "filing"})
    assert (run["outcome"], run["end"], run["problems"]) == ("passed", "结束：审核已通过（passed）", [])
    assert run["steps"][0]["heading"] == "开始"
    told = [line for step in run["steps"] for line in step["lines"]]
    assert any("要求系统能力 reserve_place" in line for line in told)
    assert fingerprint() == before


def test_moves_say_how_it_goes(designer: Caller) -> None:
    script = {
        "at": "2021-06-20 09:00",
        "person": "赵四",
        "moves": [{"complete": "填写申报表", "variables": {"grade": "senior"}}, {"complete": "终审"}],
    }
    run = designer.done("POST", ADDRESS, {"process": "filing", "script": script})
    assert run["steps"][1]["heading"] == "第 1 步：办理“填写申报表”"
    (stopped,) = run["problems"]
    assert stopped["row"] == 2
    assert "“终审”此时没有在等" in stopped["message"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"process": "nothing"}, 404, "not_found"),
        ({"process": "filing", "script": {"person": "无名氏"}}, 404, "not_found"),
        ({"process": "filing", "script": {"at": "yesterday"}}, 422, "scheme_invalid"),
        ({"process": "filing", "script": {"moves": [{}]}}, 422, "scheme_invalid"),
    ],
)
def test_what_cannot_be_run_is_refused(designer: Caller, body: Any, status: int, code: str) -> None:
    problem(designer("POST", ADDRESS, body), status, code)


def test_operators_run_nothing(unit: Caller) -> None:
    problem(unit("POST", ADDRESS, {"process": "filing"}), 403, "forbidden")
