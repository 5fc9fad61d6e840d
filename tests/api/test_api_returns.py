"""Giving a case back by the API: the targets with what falls, and doing it once."""

from __future__ import annotations

import pytest
from support.api import Caller, pointers, problem
from support.pages import Stage
from support.world import BUREAU, OFFICE, complete, open_review, register_posts, task_of

from app.api import schemas

SAID = {"element": "fill", "opinion": "请补齐简历"}


@pytest.fixture
def case_id(stage: Stage) -> int:
    """A technician's filing that waits for the last office."""
    world = stage.world
    register_posts(world, {"technician": 1})
    filing = open_review(world)
    complete(filing, "first_review", {"decision": "approve"}, world.actors[BUREAU], "2021-06-12 10:00")
    return filing


def test_it_is_shown_done_and_told(office: Caller, unit: Caller, case_id: int) -> None:
    task = task_of(case_id, "final_review")
    assert office.get(f"/tasks/{task}")["returnable"] is True
    told = office.get(f"/tasks/{task}/returns")
    assert [target["element"] for target in told["items"]] == ["first_review", "fill"]
    fill = told["items"][1]
    assert fill["opinions"][0]["name"] == "初审"
    assert (fill["places"], fill["straight"], fill["late"]) == (["技师"], True, False)
    assert {clock["name"] for clock in fill["clocks"]} == {"满五个工作日", "考试开始"}
    body = {**SAID, "then": "back", "seen": told["seq"]}
    done = office.done("POST", f"/tasks/{task}/return", body, key="once")
    assert done == {"case_id": case_id, "status": "待提交"}
    assert office.done("POST", f"/tasks/{task}/return", body, key="once") == done
    problem(office("POST", f"/tasks/{task}/return", body), 409, "conflict")
    problem(office("GET", f"/tasks/{task}/returns"), 409, "conflict")
    (given_back,) = office.get("/tasks", state="completed")["items"]
    assert given_back["state"] == "returned"
    amend = unit.get(f"/tasks/{task_of(case_id, 'fill')}")
    assert amend["came_back"]["opinion"] == SAID["opinion"]
    assert (amend["came_back"]["office"], amend["came_back"]["straight"]) == (OFFICE, True)
    assert (amend["returnable"], amend["typed"]["summary"]) == (False, "近五年工作扎实。")


def test_many_are_given_back_with_a_result_for_each(
    office: Caller, case_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = task_of(case_id, "final_review")
    body = {**SAID, "tasks": [10**9, task]}
    monkeypatch.setattr(schemas, "MOST_AT_ONCE", 1)
    answer = office("POST", "/tasks/returns", body)
    assert (answer.status_code, office.get(f"/work/{answer.json['work']}")["kind"]) == (202, "returns")
    monkeypatch.undo()
    results = office.done("POST", "/tasks/returns", body, key="once")["results"]
    assert {one["task_id"]: one["ok"] for one in results} == {task: True, 10**9: False}
    assert office.done("POST", "/tasks/returns", body, key="once")["results"] == results
    problem(office("POST", "/tasks/returns", body), 409, "conflict")
    told = problem(office("POST", "/tasks/returns", {**body, "opinion": " "}), 422, "invalid")
    assert pointers(told) == {"/opinion"}


def test_what_is_wrong_is_told(office: Caller, case_id: int) -> None:
    address = f"/tasks/{task_of(case_id, 'final_review')}/return"
    told = problem(office("POST", address, {"element": "fill", "opinion": " ", "then": "up"}), 422, "invalid")
    assert pointers(told) == {"/opinion", "/then"}
    problem(office("POST", address, {**SAID, "element": "final_review"}), 409, "refused")
    problem(office("POST", address, {**SAID, "seen": 1}), 409, "conflict")
