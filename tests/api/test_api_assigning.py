"""Who has a task, by the API: each verb, done once under its key; deputies and handovers; who may."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from support.api import Caller, caller, pointers, problem
from support.colleagues import SUPERVISOR, caller_of, colleague
from support.pages import Stage
from support.world import BUREAU, OTHER_BUREAU, open_review, register_posts, task_of

from app import clock
from app.operations.actors import Actor

DAY = timedelta(days=1)


@dataclass
class Office:
    """Two colleagues, their supervisor, and one of another office, each with a program."""

    task: int
    li: Caller
    wang: Caller
    chief: Caller
    stranger: Caller
    li_id: int
    wang_id: int


@pytest.fixture
def office_(stage: Stage) -> Office:
    world = stage.world
    register_posts(world, {"technician": 1})
    filing = open_review(world, when="2021-06-11 09:00")
    made: list[Actor] = [
        *(colleague(world, name) for name in ("李四", "王五")),
        colleague(world, "赵科长", duties=SUPERVISOR),
        colleague(world, "外人", OTHER_BUREAU, ("operator", "supervisor")),
    ]
    programs = [caller_of(stage.app, actor) for actor in made]
    return Office(task_of(filing), *programs, made[0].account_id or 0, made[1].account_id or 0)


def test_a_task_is_claimed_once(office_: Office) -> None:
    address = f"/tasks/{office_.task}/claim"
    told = office_.li.done("POST", address, key="claim")
    assert (told["assignee"], told["blocked"]) == ("李四", None)
    assert office_.li.done("POST", address, key="claim") == told
    late = problem(office_.wang("POST", address), 409, "conflict")
    assert "已由李四签收" in late["detail"]
    assert office_.wang.get("/tasks")["items"] == []
    (row,) = office_.wang.get("/tasks", view="office")["items"]
    assert (row["assignee"], row["delegated"], row["awaits"]) == ("李四", False, 0)
    problem(office_.wang("POST", f"/tasks/{office_.task}/release"), 409, "conflict")
    assert office_.li.done("POST", f"/tasks/{office_.task}/release")["assignee"] is None


def test_a_task_is_delegated_answered_and_decided(office_: Office) -> None:
    address = f"/tasks/{office_.task}"
    office_.li.done("POST", f"{address}/delegate", {"to": office_.wang_id, "question": "齐全吗"})
    waiting = problem(
        office_.li("POST", f"{address}/completion", {"values": {"decision": "approve"}}), 409, "conflict"
    )
    assert "已委派给王五" in waiting["detail"]
    (lent,) = office_.li.get("/tasks/delegated")["items"]
    assert (lent["task"]["assignee"], lent["question"]) == ("王五", "齐全吗")
    told = office_.wang.done("POST", f"{address}/resolve", {"opinion": "齐全"})
    assert (told["assignee"], told["owner"]) == ("李四", None)
    assert office_.li.get("/tasks/delegated")["items"] == []
    assert [act["text"] for act in told["acts"]] == ["齐全吗", "齐全"]
    office_.li.done("POST", f"{address}/completion", {"values": {"decision": "approve"}})


def test_opinions_are_asked_for_given_and_removed(office_: Office, bureau: Caller, stage: Stage) -> None:
    address, me = f"/tasks/{office_.task}", stage.world.actors[BUREAU].account_id
    asked = {"to": [office_.li_id, office_.wang_id], "question": "是否同意"}
    assert bureau.done("POST", f"{address}/cosigners", asked)["awaits"] == 2
    (waiting,) = office_.li.get("/tasks/asked")["items"]
    assert (waiting["task"]["id"], waiting["question"]) == (office_.task, "是否同意")
    said = {"verdict": "disagree", "opinion": "年限不足"}
    told = office_.li.done("POST", f"{address}/cosigners/opinion", said)
    assert [(one["name"], one["verdict"]) for one in told["cosigners"]] == [
        ("李四", "disagree"),
        ("王五", None),
    ]
    wrong = problem(bureau("POST", f"{address}/cosigners", {"to": [me], "question": " "}), 422, "invalid")
    assert pointers(wrong) == {"/question"}
    gone = {"account": office_.wang_id, "ground": "出差"}
    assert office_.chief.done("POST", f"{address}/cosigners/removal", gone)["awaits"] == 0


def test_the_supervisor_transfers_and_hands_over(office_: Office) -> None:
    address = f"/tasks/{office_.task}"
    office_.li.done("POST", f"{address}/claim")
    moved = office_.chief.done("POST", f"{address}/transfer", {"to": office_.wang_id, "ground": "病假"})
    assert moved["assignee"] == "王五"
    (item,) = office_.chief.get(f"/handovers/{office_.wang_id}")["items"]
    assert (item["task"], item["part"]) == (office_.task, "assignee")
    given = {"to": office_.li_id, "ground": "调离"}
    told = office_.chief.done("POST", f"/handovers/{office_.wang_id}", given, key="once")
    assert [(one["ok"], one["message"]) for one in told["results"]] == [(True, "已交接")]
    assert office_.chief.done("POST", f"/handovers/{office_.wang_id}", given, key="once") == told
    assert office_.li.get(f"{address}/assigning")["assignee"] == "李四"


def test_a_deputy_is_named_acts_and_is_revoked(office_: Office) -> None:
    address = f"/tasks/{office_.task}"
    office_.li.done("POST", f"{address}/claim")
    now = clock.now()
    term = {"valid_from": str(now - DAY), "valid_to": str(now + DAY)}
    asked = {"deputy": office_.wang_id, **term, "ground": "休假"}
    long = {**asked, "valid_to": str(now + 400 * DAY)}
    assert pointers(problem(office_.li("POST", "/deputies", long), 422, "invalid")) == {"/valid_to"}
    row = office_.li.done("POST", "/deputies", asked, key="once")
    assert office_.li.done("POST", "/deputies", asked, key="once") == row
    (acting,) = office_.wang.get("/deputies")["acting"]
    assert (acting["principal"], acting["state"]) == ("李四", "in_force")
    assert len(office_.wang.get("/tasks")["items"]) == 1
    assert office_.wang.get(f"{address}/assigning")["blocked"] is None
    revocation = f"/deputies/{row['id']}/revocation"
    problem(office_.wang("POST", revocation, {"ground": "不想代"}), 404, "not_found")
    assert office_.chief.done("POST", revocation, {"ground": "提前回来"})["state"] == "revoked"
    assert "已由李四签收" in office_.wang.get(f"{address}/assigning")["blocked"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("claim", None),
        ("release", None),
        ("transfer", {"to": 1, "ground": "x"}),
        ("delegate", {"to": 1, "question": "x"}),
        ("resolve", {"opinion": "x"}),
        ("cosigners", {"to": [1], "question": "x"}),
        ("cosigners/opinion", {"verdict": "agree", "opinion": "x"}),
        ("cosigners/removal", {"account": 1, "ground": "x"}),
    ],
)
def test_another_offices_task_is_as_if_it_were_not_there(office_: Office, path: str, body: object) -> None:
    theirs = problem(office_.stranger("POST", f"/tasks/{office_.task}/{path}", body), 404, "not_found")
    assert theirs == problem(office_.stranger("POST", f"/tasks/{10**15}/{path}", body), 404, "not_found")
    problem(office_.stranger("GET", f"/tasks/{office_.task}/assigning"), 404, "not_found")


def test_what_others_have_is_not_a_strangers_to_hand_over(office_: Office, stage: Stage) -> None:
    for account in (office_.li_id, 10**15):
        problem(office_.stranger("GET", f"/handovers/{account}"), 404, "not_found")
        given = {"to": office_.wang_id, "ground": "x"}
        problem(office_.stranger("POST", f"/handovers/{account}", given), 404, "not_found")
    term = {"valid_from": "2026-01-01T00:00:00+08:00", "valid_to": "2026-12-01T00:00:00+08:00"}
    named = {"principal": office_.li_id, "deputy": office_.wang_id, **term, "ground": "x"}
    problem(office_.stranger("POST", "/deputies", named), 404, "not_found")
    problem(office_.stranger("POST", "/deputies/1/revocation", {"ground": "x"}), 404, "not_found")
    stage.give(OTHER_BUREAU, "administrator")
    assert caller(stage, OTHER_BUREAU).get(f"/handovers/{office_.li_id}")["items"] == []
