"""`Idempotency-Key`: the same request again acts once and gets the same answer."""

from __future__ import annotations

import hashlib
import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from support.api import Caller, caller, citizen_id, problem
from support.pages import Stage
from support.world import OTHER_UNIT, SCHEME, case_row, open_filing, register_posts, task_of

from app.api import idempotency
from app.extensions import atomic, db
from app.models import Case, IdempotencyKey, Person, SchemeClock
from app.operations import tasks

POSTS = {"scheme": SCHEME, "process": "posts"}
NEWCOMER = {"name": "钱八", "id_number": citizen_id(100)}
ROSTER = {"scheme": SCHEME, "process": "roster"}


def count(table: Any) -> int:
    with atomic() as session:
        return session.execute(select(func.count()).select_from(table)).scalar_one()


def test_the_same_key_gets_the_same_answer_and_acts_once(unit: Caller) -> None:
    before = count(Person)
    first, second = (unit("POST", "/people", NEWCOMER, key="k1") for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.data == second.data
    assert count(Person) == before + 1


def test_without_a_key_the_second_is_refused(unit: Caller) -> None:
    unit.done("POST", "/people", NEWCOMER)
    problem(unit("POST", "/people", NEWCOMER), 409, "conflict")


def test_another_key_acts_again(unit: Caller) -> None:
    started = {unit.done("POST", "/cases", ROSTER, key=key)["id"] for key in ("a", "a", "b")}
    assert len(started) == 2


@pytest.mark.parametrize(("path", "body"), [("/cases", POSTS), ("/people", NEWCOMER)])
def test_a_key_of_another_request_is_refused(unit: Caller, path: str, body: dict[str, str]) -> None:
    unit.done("POST", "/cases", ROSTER, key="k1")
    told = problem(unit("POST", path, body, key="k1"), 422, "invalid")
    assert [error["header"] for error in told["errors"]] == ["Idempotency-Key"]


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_a_key_that_is_none(unit: Caller, key: str) -> None:
    problem(unit("POST", "/cases", ROSTER, key=key), 422, "invalid")


def test_keys_of_two_accounts_have_nothing_to_do_with_each_other(stage: Stage, unit: Caller) -> None:
    one = unit.done("POST", "/cases", ROSTER, key="k1")["id"]
    other = caller(stage, OTHER_UNIT).done("POST", "/cases", ROSTER, key="k1")["id"]
    assert one != other


def test_a_refused_request_is_not_remembered(stage: Stage, unit: Caller) -> None:
    """Refused as long as the unit's posts are not registered; the same request acts once they are."""
    address = f"/tasks/{task_of(open_filing(stage.world))}/completion"
    sent = {"values": {"grade": "junior", "summary": "扎实"}}
    problem(unit("POST", address, sent, key="k1"), 409, "refused")
    assert count(IdempotencyKey) == 0
    register_posts(stage.world, {"junior": 1})
    assert unit.done("POST", address, sent, key="k1")["status"] == "待区人社局审核"


def test_a_refusal_after_catching_up_is_not_remembered_either(stage: Stage, unit: Caller) -> None:
    """The overdue timer stays fired (decision 3), the claim of the key goes."""
    case_id = open_filing(stage.world)
    address = f"/cases/{case_id}/messages"
    with atomic() as session:
        # The clock alone, as if the program had been down since.
        session.execute(update(SchemeClock).values(offset=SchemeClock.offset + timedelta(days=60)))
    problem(unit("POST", address, {"message": "withdrawn"}, key="k1"), 409, "conflict")
    assert case_row(case_id).outcome == "lapsed"
    db.session.rollback()
    assert count(IdempotencyKey) == 0


def test_twins_in_parallel_act_once(unit: Caller) -> None:
    before, barrier = count(Case), threading.Barrier(6)
    answers: list[Any] = []

    def send() -> None:
        barrier.wait()
        answers.append(unit("POST", "/cases", ROSTER, key="k1"))

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.data for answer in answers}) == 1
    assert count(Case) == before + 1


@pytest.fixture
def bulk(stage: Stage) -> dict[str, Any]:
    """A submission of two filings."""
    register_posts(stage.world, {"junior": 2})
    waiting = [task_of(open_filing(stage.world, person)) for person in ("陈一", "李二")]
    return {"tasks": waiting, "values": {"grade": "junior", "summary": "扎实"}}


def test_a_bulk_request_is_answered_again_item_by_item(unit: Caller, bulk: dict[str, Any]) -> None:
    first, second = (unit("POST", "/tasks/completions", bulk, key="k1") for _ in range(2))
    assert first.data == second.data
    assert [result["ok"] for result in first.get_json()["results"]] == [True, True]


def test_a_bulk_request_under_way_is_not_begun_again(
    unit: Caller, bulk: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    during: list[Any] = []
    really = tasks.complete_many

    def complete_many(*args: Any) -> Any:
        during.append(unit("POST", "/tasks/completions", bulk, key="k1"))
        return really(*args)

    with monkeypatch.context() as patched:
        patched.setattr(tasks, "complete_many", complete_many)
        unit.done("POST", "/tasks/completions", bulk, key="k1")
    problem(during[0], 409, "conflict")


def test_a_bulk_request_that_broke_off_may_be_sent_again(
    stage: Stage, unit: Caller, bulk: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(*args: Any) -> None:
        raise RuntimeError

    monkeypatch.setitem(stage.app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setattr(stage.app, "testing", False)
    with monkeypatch.context() as patched:
        patched.setattr(tasks, "complete_many", break_off)
        problem(unit("POST", "/tasks/completions", bulk, key="k1"), 500, "internal")
    assert all(result["ok"] for result in unit.done("POST", "/tasks/completions", bulk, key="k1")["results"])


def test_a_claim_of_a_dead_process_is_taken_over(unit: Caller, bulk: dict[str, Any]) -> None:
    unit.done("POST", "/tasks/completions", bulk, key="k1")
    aged(idempotency.ABANDONED, status=idempotency.UNDER_WAY)
    results = unit.done("POST", "/tasks/completions", bulk, key="k1")["results"]
    assert all("已经办理过" in result["message"] for result in results)


def test_an_answer_is_kept_for_a_day(unit: Caller) -> None:
    first = unit.done("POST", "/cases", ROSTER, key="k1")["id"]
    unit.done("POST", "/cases", ROSTER, key="k2")
    aged(idempotency.KEPT)
    assert unit.done("POST", "/cases", ROSTER, key="k1")["id"] != first
    assert count(IdempotencyKey) == 1


def aged(by: timedelta, **values: Any) -> None:
    with atomic() as session:
        moved = IdempotencyKey.created_at - by - timedelta(seconds=1)
        session.execute(update(IdempotencyKey).values(created_at=moved, **values))


def test_what_is_remembered_gives_no_id_number_away(unit: Caller) -> None:
    """Not even to somebody who tries all numbers: the digest is keyed."""
    body = json.dumps(NEWCOMER).encode()
    unit.done("POST", "/people", data=body, content_type="application/json", key="k1")
    with atomic() as session:
        kept = session.execute(select(IdempotencyKey)).scalar_one()
        assert NEWCOMER["id_number"] not in str(kept.body)
        assert kept.request_digest != hashlib.sha256(b"POST /api/v1/people?\n" + body).digest()
