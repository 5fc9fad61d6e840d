"""Long work by the API: more than one request decides is accepted, told how far it is, and cancelled."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from support.api import Caller, caller, problem
from support.crowd import open_tasks, until, waiting_crowd, working
from support.pages import Stage
from support.world import BUREAU

from app.api import schemas
from app.extensions import db
from app.models import Work
from app.queries import paging

REJECT = {"decision": "reject", "opinion": "年限不足"}


@pytest.fixture
def crowd(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Five first reviews, pages of three, and bulk that is long from four on."""
    monkeypatch.setattr(paging, "PAGE_SIZE", 3)
    monkeypatch.setattr(schemas, "MOST_AT_ONCE", 3)
    return waiting_crowd(stage.world, 5)


@pytest.fixture
def bureau(stage: Stage) -> Caller:
    return caller(stage, BUREAU)


def test_accepted_done_and_told(stage: Stage, crowd: list[int], bureau: Caller) -> None:
    answer = bureau("POST", "/tasks/completions", {"tasks": [*crowd, 10**9], "values": REJECT}, key="k")
    assert answer.status_code == 202, answer.text
    accepted = answer.get_json()
    (refused,) = accepted["results"]
    assert (refused["task_id"], refused["ok"]) == (10**9, False)
    again = bureau("POST", "/tasks/completions", {"tasks": [*crowd, 10**9], "values": REJECT}, key="k")
    assert (again.status_code, again.get_json()) == (202, accepted)
    address = f"/work/{accepted['work']}"
    first = bureau.get(address)
    assert (first["state"], first["total"], first["done"], len(first["items"])) == ("queued", 5, 0, 3)
    with working(stage.app):
        until(lambda: bureau.get(address)["state"] == "done")
    (listed,) = bureau.get("/work")["items"]
    assert (listed["done"], listed["failed"], listed["kind"]) == (5, 0, "decisions")
    rest = bureau.get(address, after=first["next"])
    assert [(item["number"], item["state"]) for item in rest["items"]] == [(4, "done"), (5, "done")]
    problem(bureau("POST", f"{address}/cancellation"), 409, "conflict")


def test_each_tasks_own_draft(stage: Stage, crowd: list[int], bureau: Caller) -> None:
    for number, task_id in enumerate(crowd):
        draft = REJECT if number else {"decision": "reject"}
        bureau.done("PUT", f"/tasks/{task_id}/draft", {"values": draft})
    accepted = bureau.done("POST", "/tasks/completions", {"tasks": crowd})
    with working(stage.app):
        until(lambda: bureau.get(f"/work/{accepted['work']}")["state"] == "done")
    found = bureau.get(f"/work/{accepted['work']}")
    assert (found["done"], found["failed"]) == (4, 1)
    assert found["items"][0]["state"] == "refused"
    assert open_tasks("first_review") == crowd[:1]


def test_cancelled(stage: Stage, crowd: list[int], bureau: Caller) -> None:
    accepted = bureau.done("POST", "/tasks/completions", {"tasks": crowd, "values": REJECT})
    told = bureau.done("POST", f"/work/{accepted['work']}/cancellation")
    assert (told["state"], told["done"]) == ("cancelled", 0)
    assert open_tasks("first_review") == crowd


def test_of_nobodys_tasks_nothing_is_accepted(stage: Stage, crowd: list[int], bureau: Caller) -> None:
    told = {"tasks": [10**9 + number for number in range(4)], "values": REJECT}
    problem(bureau("POST", "/tasks/completions", told), 409, "conflict")
    assert db.session.scalars(select(Work.id)).all() == []
