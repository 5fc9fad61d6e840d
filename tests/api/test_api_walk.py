"""A whole appraisal by the API alone: from a unit's registration to the last office's decision."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from support.api import Caller, caller, citizen_id, credit_code, pointers, problem
from support.pages import Stage
from support.world import BUREAU, LIBRARY, OFFICE, PDF, SCHEME

PASSWORD = "Long-enough-secret-1"
UNIT = {
    "code": credit_code(99),
    "name": "东溪区档案馆",
    "region": "990101",
    "login": "archive",
    "password": PASSWORD,
    "person_name": "孙七",
    "telephone": "023-12345678",
}
PROFILE = {"level": "district", "system": "other", "nature": "institution"}


def task(who: Caller, element: str) -> int:
    """The only open task of a step in the caller's inbox."""
    (found,) = who.get("/tasks", kind=f"{SCHEME}/{element}")["items"]
    return found["id"]


def complete(who: Caller, element: str, values: dict[str, Any]) -> dict[str, Any]:
    return who.done("POST", f"/tasks/{task(who, element)}/completion", {"values": values})


def upload(who: Caller, title: str = "证书.pdf") -> dict[str, Any]:
    return who.done("POST", "/files", data={"file": (BytesIO(PDF), title)})


def registered(anybody: Caller) -> Caller:
    """A unit that has registered, said what it is and filed its posts."""
    assert {"code": "990101", "name": "990101", "parent": "990100"} in anybody.get("/regions")
    anybody.done("POST", "/units", UNIT)
    unit = anybody.sign_in("archive", PASSWORD)
    assert unit.get("/me")["profile_complete"] is False
    problem(unit("GET", "/tasks"), 403, "unfinished")
    (department,) = unit.get("/departments")
    assert department["name"] == "东溪区文化局"
    unit.done("PUT", "/units/current/profile", {**PROFILE, "superior": department["id"]})
    assert unit.get("/me")["profile_complete"] is True
    unit.done("POST", "/cases", {"scheme": SCHEME, "process": "posts"})
    rows = [
        {"grade": "technician", "approved": 2, "held": 1, "vacant": 1},
        {"grade": "junior", "approved": 3, "held": 0, "vacant": 3},
    ]
    complete(unit, "fill_posts", {"posts": rows})
    return unit


def recommended(unit: Caller, *names: str) -> list[int]:
    """Adds people and puts them on the unit's list; the filings that this starts, by number."""
    people = [
        unit.done("POST", "/people", {"name": name, "id_number": citizen_id(number)})["id"]
        for number, name in enumerate(names, 100)
    ]
    unit.done("POST", "/cases", {"scheme": SCHEME, "process": "roster"})
    complete(unit, "choose_people", {"people": people, "ground": "骨干"})
    filings = unit.get("/cases", process="filing")["items"]
    assert [filing["person"] for filing in filings] == list(reversed(names))
    return [filing["id"] for filing in reversed(filings)]


def test_from_registration_to_the_last_decision(stage: Stage, anybody: Caller) -> None:
    unit = registered(anybody)
    (case_id,) = recommended(unit, "钱八")

    fill = task(unit, "fill")
    seen = unit.get(f"/tasks/{fill}")
    assert seen["form"]["properties"].keys() == {"grade", "summary", "certificate"}
    assert seen["listed"] == {"ground": "骨干"}
    assert unit.get(f"/schemes/{SCHEME}/forms/filing.json") == seen["form"]
    unit.done("PUT", f"/tasks/{fill}/draft", {"values": {"grade": "technician"}})
    assert unit.get(f"/tasks/{fill}")["typed"] == {"grade": "technician"}

    stored = upload(unit)
    values = {"grade": "technician", "summary": "十年无差错", "certificate": stored["name"]}
    filed = complete(unit, "fill", values)
    assert filed == {"case_id": case_id, "status": "待区人社局审核"}

    bureau, office = caller(stage, BUREAU), caller(stage, OFFICE)
    review = bureau.get(f"/tasks/{task(bureau, 'first_review')}")
    assert [entry["values"]["summary"] for entry in review["entered"]] == ["十年无差错"]
    assert bureau("GET", f"/files/{stored['name']}").data == PDF
    assert complete(bureau, "first_review", {"decision": "approve"})["status"] == "待省考核办审核"
    assert complete(office, "final_review", {"decision": "approve"})["status"] == "审核已通过"

    case = unit.get(f"/cases/{case_id}")
    assert (case["state"], case["outcome"], case["tasks"]) == ("ended", "passed", [])
    assert case["id_number_masked"] == "110101****" + citizen_id(100)[-4:]
    assert [file["title"] for file in case["files"]] == ["证书.pdf"]
    steps = unit.get(f"/cases/{case_id}/history")["items"]
    told = [(step["call"], step["office"]) for step in steps]
    assert told == [
        ("start", None),
        ("complete", UNIT["name"]),
        ("complete", BUREAU),
        ("complete", OFFICE),
    ]
    done = office.get("/tasks", state="completed")["items"]
    assert [(row["case_id"], row["state"]) for row in done] == [(case_id, "completed")]


def test_a_unit_takes_an_entry_back(stage: Stage, anybody: Caller) -> None:
    unit = registered(anybody)
    (case_id,) = recommended(unit, "钱八")
    (sayable,) = unit.get(f"/cases/{case_id}")["messages"]
    between_cases = unit("POST", f"/cases/{case_id}/messages", {"message": "person_cleared"})
    problem(between_cases, 404, "not_found")
    said = unit.done("POST", f"/cases/{case_id}/messages", {"message": sayable["message"]})
    assert said == {"case_id": case_id, "status": "已撤回"}
    again = unit("POST", f"/cases/{case_id}/messages", {"message": sayable["message"]})
    problem(again, 409, "conflict")
    assert unit.get(f"/cases/{case_id}")["messages"] == []


@pytest.fixture
def three(stage: Stage, anybody: Caller) -> list[int]:
    """Three filings of one unit, with drafts, as the numbers of their tasks."""
    unit = registered(anybody)
    recommended(unit, "钱八", "郑九", "冯十")
    tasks = [row["id"] for row in unit.get("/tasks", kind=f"{SCHEME}/fill")["items"]]
    for number, task_id in enumerate(tasks):
        values = {"grade": "junior", "summary": "扎实"} if number != 1 else {"grade": "junior"}
        unit.done("PUT", f"/tasks/{task_id}/draft", {"values": values})
    return tasks


def test_drafts_are_submitted_at_once_with_a_result_each(three: list[int], anybody: Caller) -> None:
    unit = anybody.sign_in("archive", PASSWORD)
    first, second, third = three
    asked = [third, second, first, third]
    results = unit.done("POST", "/tasks/completions", {"tasks": asked})["results"]
    assert [(result["task_id"], result["ok"]) for result in results] == [
        (third, True),
        (second, False),
        (first, True),
    ]
    assert "工作小结" in results[1]["message"]
    assert [row["id"] for row in unit.get("/tasks")["items"]] == [second]


def test_one_decision_for_many_and_none_for_those_of_others(
    stage: Stage, three: list[int], anybody: Caller, bureau: Caller
) -> None:
    unit = anybody.sign_in("archive", PASSWORD)
    filled = {"grade": "junior", "summary": "扎实"}
    unit.done("POST", "/tasks/completions", {"tasks": three, "values": filled})
    mine = [row["id"] for row in bureau.get("/tasks")["items"]]
    asked = {"tasks": [*mine, three[0], 10**12], "values": {"decision": "approve"}}
    results = bureau.done("POST", "/tasks/completions", asked)["results"]
    assert [(result["ok"], result["message"]) for result in results] == [
        *[(True, "审核已通过")] * 3,
        *[(False, "没有找到该内容，或您无权查看。")] * 2,
    ]
    again = bureau.done("POST", "/tasks/completions", {**asked, "tasks": mine})["results"]
    assert {result["ok"] for result in again} == {False}
    assert all("已经办理过" in result["message"] for result in again)


def test_a_step_that_allows_no_bulk_is_done_one_by_one(unit: Caller) -> None:
    unit.done("POST", "/cases", {"scheme": SCHEME, "process": "posts"})
    waiting = task(unit, "fill_posts")
    (result,) = unit.done("POST", "/tasks/completions", {"tasks": [waiting], "values": {}})["results"]
    assert (result["ok"], "逐项办理" in result["message"]) == (False, True)


def test_a_stale_task_conflicts(stage: Stage, three: list[int], anybody: Caller) -> None:
    unit = anybody.sign_in("archive", PASSWORD)
    filled = {"values": {"grade": "junior", "summary": "扎实"}}
    unit.done("POST", f"/tasks/{three[0]}/completion", filled)
    told = problem(unit("POST", f"/tasks/{three[0]}/completion", filled), 409, "conflict")
    assert "已经办理过" in told["detail"]
    problem(unit("PUT", f"/tasks/{three[0]}/draft", filled), 409, "conflict")


def test_a_closed_task_says_so_before_and_after_its_timer_fired(
    stage: Stage, three: list[int], anybody: Caller
) -> None:
    unit = anybody.sign_in("archive", PASSWORD)
    filled = {"values": {"grade": "junior", "summary": "扎实"}}
    closes_at = unit.get(f"/tasks/{three[0]}")["closes_at"]
    assert closes_at == "2021-06-30T16:00:00+00:00"
    stage.move_clock("2021-07-01 00:00:10")
    problem(unit("POST", f"/tasks/{three[0]}/completion", filled), 409, "closed")
    problem(unit("PUT", f"/tasks/{three[0]}/draft", filled), 409, "closed")
    (result,) = unit.done("POST", "/tasks/completions", {"tasks": three[:1], **filled})["results"]
    assert (result["ok"], "已截止" in result["message"]) == (False, True)
    problem(unit("POST", "/cases", {"scheme": SCHEME, "process": "roster"}), 409, "closed")


def test_what_the_form_refuses_is_pointed_at(stage: Stage, three: list[int], anybody: Caller) -> None:
    unit = anybody.sign_in("archive", PASSWORD)
    sent = {"values": {"grade": "technician", "unknown": 1}}
    told = problem(unit("POST", f"/tasks/{three[0]}/completion", sent), 422, "invalid")
    assert pointers(told) == {"/values/summary", "/values/certificate", "/values/unknown"}


def test_a_cell_of_a_table_is_pointed_at(unit: Caller) -> None:
    unit.done("POST", "/cases", {"scheme": SCHEME, "process": "posts"})
    rows = [{"grade": "junior", "approved": 1, "held": 0, "vacant": 1}, {"grade": "junior", "approved": "x"}]
    address = f"/tasks/{task(unit, 'fill_posts')}/completion"
    told = problem(unit("POST", address, {"values": {"posts": rows}}), 422, "invalid")
    assert "/values/posts/1/approved" in pointers(told)


def test_nobody_decides_on_their_own_case(stage: Stage, unit: Caller) -> None:
    """ALL-04."""
    person = stage.world.people["陈一"]
    unit.done("POST", "/cases", {"scheme": SCHEME, "process": "roster"})
    complete(unit, "choose_people", {"people": [person], "ground": "骨干"})
    unit.done("POST", "/cases", {"scheme": SCHEME, "process": "posts"})
    rows = [{"grade": "senior", "approved": 1, "held": 0, "vacant": 1}]
    complete(unit, "fill_posts", {"posts": rows})
    complete(unit, "fill", {"grade": "senior", "summary": "扎实"})
    complete(caller(stage, BUREAU), "first_review", {"decision": "approve"})
    himself = caller(stage, "陈一（兼省考核办）")
    address = f"/tasks/{task(himself, 'final_review')}/completion"
    problem(himself("POST", address, {"values": {"decision": "approve"}}), 409, "refused")


def test_a_process_that_a_message_starts_is_not_started_by_hand(unit: Caller) -> None:
    problem(unit("POST", "/cases", {"scheme": SCHEME, "process": "filing"}), 404, "not_found")
    problem(unit("POST", "/cases", {"scheme": "none-2021", "process": "filing"}), 404, "not_found")
    assert unit.get("/me")["organisation_name"] == LIBRARY
