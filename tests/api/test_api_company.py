"""Taking back, reminding, copying, phrases and what one began, by the API."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from support.api import Caller, caller, pointers, problem
from support.pages import Stage
from support.world import BUREAU, LIBRARY, OTHER_BUREAU, open_review, register_posts, task_of

from app.api import schemas
from app.extensions import db
from app.models import CaseCopy, Task


@pytest.fixture
def case_id(stage: Stage) -> int:
    """A technician's filing that waits for the first office."""
    world = stage.world
    register_posts(world, {"technician": 1})
    return open_review(world, when="2021-06-11 08:00")


def test_a_submission_is_taken_back_once(unit: Caller, case_id: int) -> None:
    done = db.session.scalars(select(Task.id).where(Task.case_id == case_id, Task.element == "fill")).one()
    told = unit.get(f"/tasks/{done}/recall")
    assert (told["tasks"], told["releases"]) == ([{"name": "初审", "office": BUREAU}], True)
    body = {"seen": told["seq"]}
    back = unit.done("POST", f"/tasks/{done}/recall", body, key="once")
    assert back == {"case_id": case_id, "status": "待提交", "task_id": task_of(case_id)}
    assert unit.done("POST", f"/tasks/{done}/recall", body, key="once") == back
    problem(unit("POST", f"/tasks/{done}/recall", {}), 409, "refused")
    problem(unit("GET", f"/tasks/{done}/recall"), 409, "refused")
    assert unit.get(f"/tasks/{back['task_id']}")["typed"]["summary"] == "近五年工作扎实。"


def test_a_reminder_tells_when_the_next_one_may_come(unit: Caller, bureau: Caller, case_id: int) -> None:
    address = f"/tasks/{task_of(case_id)}/reminders"
    assert unit.done("POST", address, {"note": "急"})["again_at"].startswith("2021-06-11T")
    problem(unit("POST", address, {}), 409, "too_soon")
    problem(bureau("POST", address, {}), 409, "refused")
    assert "催请尽快办理。急" in bureau.get("/notices")["items"][0]["text"]
    told = problem(unit("POST", address, {"note": "50010119900101123X"}), 422, "invalid")
    assert pointers(told) == {"/note"}


def test_a_case_is_copied_to_those_who_may_have_it(stage: Stage, bureau: Caller, case_id: int) -> None:
    possible = bureau.get(f"/cases/{case_id}/recipients")
    colleague = next(one["id"] for one in possible["accounts"] if one["id"])
    assert LIBRARY in {one["name"] for one in possible["organisations"]}
    address = f"/cases/{case_id}/copies"
    bureau.done("POST", address, {"accounts": [colleague], "note": "请留意"})
    assert pointers(problem(bureau("POST", address, {}), 422, "invalid")) == {"/accounts"}
    stranger = {"organisations": [stage.world.organisations[OTHER_BUREAU]]}
    assert pointers(problem(bureau("POST", address, stranger), 422, "invalid")) == {"/organisations"}
    problem(caller(stage, OTHER_BUREAU)("POST", address, stranger), 404, "not_found")
    name = next(one["name"] for one in possible["accounts"] if one["id"] == colleague)
    reader = caller(stage, name)
    (copy,) = reader.get("/copies")["items"]
    assert (copy["case"]["id"], copy["note"], copy["read_at"]) == (case_id, "请留意", None)
    reader.done("PUT", f"/copies/{copy['id']}/read")
    assert reader.get("/copies")["items"][0]["read_at"] is not None


def test_a_completion_copies_the_case(stage: Stage, unit: Caller, bureau: Caller, case_id: int) -> None:
    (colleague,) = [one["id"] for one in bureau.get(f"/cases/{case_id}/recipients")["accounts"]][:1]
    address, values = f"/tasks/{task_of(case_id)}/completion", {"decision": "approve"}
    stranger = {"organisations": [stage.world.organisations[OTHER_BUREAU]]}
    told = problem(bureau("POST", address, {"values": values, "copies": stranger}), 422, "invalid")
    assert pointers(told) == {"/copies/organisations"}
    assert bureau.get(f"/tasks/{task_of(case_id)}")["state"] == "open", "done with the copy or not at all"
    copies = {"accounts": [colleague], "note": "请知悉"}
    bureau.done("POST", address, {"values": values, "copies": copies}, key="once")
    bureau.done("POST", address, {"values": values, "copies": copies}, key="once")
    assert [copy.note for copy in db.session.scalars(select(CaseCopy))] == ["请知悉"]


def test_many_are_taken_back_with_a_result_for_each(unit: Caller, bureau: Caller, case_id: int) -> None:
    done = db.session.scalars(select(Task.id).where(Task.case_id == case_id, Task.element == "fill")).one()
    body = {"tasks": [task_of(case_id), done, done], "ground": "填错"}
    results = unit.done("POST", "/tasks/recalls", body, key="once")["results"]
    assert [(one["task_id"] == done, one["ok"]) for one in results] == [(False, False), (True, True)]
    assert unit.done("POST", "/tasks/recalls", body, key="once")["results"] == results
    assert unit.done("POST", "/tasks/recalls", {"tasks": [done]})["results"][0]["ok"] is False
    told = problem(unit("POST", "/tasks/recalls", {"tasks": [done], "ground": "错" * 201}), 422, "invalid")
    assert pointers(told) == {"/ground"}


def test_more_than_a_request_takes_are_taken_back_in_the_background(
    unit: Caller, case_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = db.session.scalars(select(Task.id).where(Task.case_id == case_id, Task.element == "fill")).one()
    monkeypatch.setattr(schemas, "MOST_AT_ONCE", 1)
    answer = unit("POST", "/tasks/recalls", {"tasks": [done, 10**9]})
    assert answer.status_code == 202
    assert [one["task_id"] for one in answer.json["results"]] == [10**9]
    work = unit.get(f"/work/{answer.json['work']}")
    assert (work["kind"], work["total"]) == ("recalls", 1)
    problem(unit("POST", "/tasks/recalls", {"tasks": [10**9, 10**8]}), 409, "conflict")


def test_what_one_began(unit: Caller, case_id: int) -> None:
    (posts,) = unit.get("/cases/started")["items"]
    assert (posts["process"], posts["id"] != case_id) == ("posts", True)
    assert unit.get("/cases/started", who="organisation", state="running")["items"] == []


def test_phrases(bureau: Caller, unit: Caller) -> None:
    own = bureau.done("POST", "/phrases", {"text": "同意。"}, key="a")["id"]
    assert bureau.done("POST", "/phrases", {"text": "同意。"}, key="a")["id"] == own
    bureau.done("POST", "/phrases", {"text": "请补充。", "whose": "organisation"})
    assert [one["whose"] for one in bureau.get("/phrases")["items"]] == ["me", "organisation"]
    assert unit.get("/phrases")["items"] == []
    bureau.done("DELETE", f"/phrases/{own}")
    problem(bureau("DELETE", f"/phrases/{own}"), 404, "not_found")
