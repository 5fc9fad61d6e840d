"""Whoever applies has by the API what their pages give them: their own cases and forms, and nothing else."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from support.api import Caller, problem, rules
from support.applying import applicant, stage_where_people_file
from support.pages import PDF, Stage
from support.world import BUREAU, SCHEME, complete, open_filing, open_review, task_of

from app import clock
from app.extensions import atomic
from app.operations.access._sessions import open_session

FILLED = {"grade": "junior", "summary": "扎实"}
OPEN = {
    ("GET", "/tasks"),
    ("GET", "/tasks/<id:task_id>"),
    ("PUT", "/tasks/<id:task_id>/draft"),
    ("POST", "/tasks/<id:task_id>/completion"),
    ("GET", "/cases"),
    ("POST", "/cases"),
    ("GET", "/cases/<id:case_id>"),
    ("GET", "/cases/<id:case_id>/history"),
    ("GET", "/cases/<id:case_id>/diagram"),
    ("POST", "/cases/<id:case_id>/messages"),
    ("POST", "/files"),
    ("GET", "/files/<word:name>"),
    ("GET", "/payments"),
    ("POST", "/payments/<id:payment_id>/order"),
    ("PUT", "/notices/read"),
}
BESIDE = {
    ("POST", "/tasks/<id:task_id>/recall"),
    ("GET", "/tasks/<id:task_id>/recall"),
    ("POST", "/tasks/<id:task_id>/reminders"),
}
"""What whoever waits may do about a task, and who has done it: test_api_company."""
FOR_ALL = {
    ("POST", "/sessions"),
    ("POST", "/units"),
    ("GET", "/regions"),
    ("GET", "/certificates/<word:number>"),
    ("POST", "/payments/callbacks/<word:name>"),
    ("DELETE", "/sessions/current"),
    ("GET", "/me"),
    ("PUT", "/me/password"),
    ("GET", "/me/contacts"),
    ("PUT", "/me/contacts/<word:channel>"),
    ("GET", "/me/second-factor"),
    ("POST", "/me/second-factor"),
    ("PUT", "/me/second-factor"),
    ("POST", "/me/second-factor/recovery-codes"),
    ("POST", "/me/second-factor/removal"),
    ("GET", "/departments"),
    ("GET", "/schemes"),
    ("GET", "/schemes/<word:scheme_id>/forms/<path:form>"),
    ("GET", "/notices"),
    ("GET", "/proofs"),
}


@pytest.fixture
def stage(app: Flask) -> Stage:
    return stage_where_people_file(app)


def person(stage: Stage, name: str = "陈一") -> Caller:
    account_id = applicant(stage.world, name).account_id
    with atomic():
        return Caller(stage.app, open_session(account_id or 0, clock.now()))


@pytest.fixture
def me(stage: Stage) -> Caller:
    return person(stage)


def test_an_applicants_duty_opens_its_own_routes(stage: Stage, me: Caller) -> None:
    leaving = ("DELETE", "/sessions/current")
    opened = set()
    for method, address in sorted(rules(stage.app), key=lambda rule: rule == leaving):
        concrete = address
        for kind, example in (("<id:", "1"), ("<word:", "x"), ("<path:", "x")):
            while kind in concrete:
                begin = concrete.index(kind)
                concrete = concrete[:begin] + example + concrete[concrete.index(">", begin) + 1 :]
        if me(method, concrete).status_code != 403:
            opened.add((method, address))
    assert opened - BESIDE == OPEN | FOR_ALL


def test_the_whole_way_by_the_api(stage: Stage, me: Caller) -> None:
    begun = me.done("POST", "/cases", {"scheme": SCHEME, "process": "filing"})["id"]
    (task,) = me.get("/tasks")["items"]
    assert (task["case_id"], task["name"]) == (begun, "填写申报表")
    file = me.done("POST", "/files", data={"file": (BytesIO(PDF), "证书.pdf")})["name"]
    values: dict[str, Any] = {"grade": "technician", "summary": "扎实", "certificate": file}
    me.done("PUT", f"/tasks/{task['id']}/draft", {"values": values})
    assert me.get(f"/tasks/{task['id']}")["typed"] == values
    done = me.done("POST", f"/tasks/{task['id']}/completion", {"values": values})
    assert done["status"] == "待区人社局审核"
    assert me.get("/tasks")["items"] == []
    assert [one["id"] for one in me.get("/tasks", state="completed")["items"]] == [task["id"]]
    assert [one["name"] for one in me.get(f"/cases/{begun}")["files"]] == [file]


def test_another_persons_is_as_if_it_were_not_there(stage: Stage, me: Caller) -> None:
    case_id = open_filing(stage.world, "李二")
    task_id = task_of(case_id)
    for method, address, body in (
        ("GET", f"/cases/{case_id}", None),
        ("GET", f"/cases/{case_id}/history", None),
        ("GET", f"/cases/{case_id}/diagram", None),
        ("POST", f"/cases/{case_id}/messages", {"message": "withdrawn"}),
        ("GET", f"/tasks/{task_id}", None),
        ("PUT", f"/tasks/{task_id}/draft", {"values": FILLED}),
        ("POST", f"/tasks/{task_id}/completion", {"values": FILLED}),
    ):
        problem(me(method, address, body), 404, "not_found")
    assert me.get("/cases")["items"] == []
    assert me.get("/tasks")["items"] == []


def test_what_offices_think_and_enclose_stays_theirs(stage: Stage, me: Caller) -> None:
    world = stage.world
    case_id = open_review(world)
    approved = {"decision": "approve", "opinion": "内部意见"}
    complete(case_id, "first_review", approved, world.actors[BUREAU], "2021-06-11 11:00")
    told = str(me.get(f"/cases/{case_id}/history"))
    assert "扎实" in told
    assert "内部意见" not in told
    assert me.get(f"/cases/{case_id}")["listed"] == {"grade": "technician"}


def test_a_withdrawal_by_the_api(stage: Stage, me: Caller) -> None:
    case_id = open_filing(stage.world)
    assert [one["message"] for one in me.get(f"/cases/{case_id}")["messages"]] == ["withdrawn"]
    answer = me.done("POST", f"/cases/{case_id}/messages", {"message": "withdrawn"})
    assert answer["status"] == "已撤回"
