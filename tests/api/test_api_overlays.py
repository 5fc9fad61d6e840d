"""Moving dates by the API: the same two people, the same refusals."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from support.api import Caller, caller, pointers, problem
from support.pages import Stage
from support.world import BUREAU, LIBRARY, OFFICE, SCHEME, at, open_filing

from app.extensions import atomic, db
from app.models import Timer
from app.operations.dates import overlays

WANTED = {"scheme": SCHEME, "date": "filing_closes", "day": "2021-07-10", "ground": "云考〔2021〕9号"}


@pytest.fixture
def office(stage: Stage) -> Caller:
    return caller(stage, OFFICE)


@pytest.fixture
def second(stage: Stage) -> Caller:
    return caller(stage, "吴审")


def test_proposed_previewed_approved_and_followed(stage: Stage, office: Caller, second: Caller) -> None:
    case_id = open_filing(stage.world)
    db.session.commit()
    made = office.done("POST", "/overlays", WANTED)["id"]
    seen = second.get(f"/overlays/{made}")
    assert (seen["cases"], seen["timers"], seen["fired"], seen["state"]) == (1, 1, 0, "proposed")
    problem(office("POST", f"/overlays/{made}/approve", {}), 409, "refused")
    assert second.done("POST", f"/overlays/{made}/approve", {"opinion": "同意"})["state"] == "approved"
    overlays.carry_out(lambda scheme_id: stage.now(), atomic)
    due = select(Timer.due_at).where(Timer.case_id == case_id, Timer.name == "申报截止")
    assert db.session.scalars(due).one() == at("2021-07-11 00:00")
    (told,) = office.get("/overlays")["items"]
    assert (told["id"], told["decider"], told["at"]) == (made, "吴审", "2021-07-10T16:00:00+00:00")


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"day": "2021-08-01"}, "/day"),
        ({"day": "七月"}, "/day"),
        ({"area": "110000"}, "/area"),
        ({"area": "990101", "case": 1}, "/area"),
        ({"ground": " "}, "/ground"),
    ],
)
def test_what_cannot_be_points_at_its_field(office: Caller, changed: dict[str, Any], pointer: str) -> None:
    told = problem(office("POST", "/overlays", {**WANTED, **changed}), 422, "invalid")
    assert pointers(told) == {pointer}


def test_whose_word_does_not_count(stage: Stage, office: Caller) -> None:
    problem(caller(stage, BUREAU)("POST", "/overlays", WANTED), 403, "forbidden")
    problem(office("POST", "/overlays", {**WANTED, "date": "filing_opens"}), 404, "not_found")
    made = office.done("POST", "/overlays", WANTED)["id"]
    problem(caller(stage, LIBRARY)("GET", f"/overlays/{made}"), 404, "not_found")


def test_turned_down_or_taken_back(office: Caller, second: Caller) -> None:
    first, other = (office.done("POST", "/overlays", WANTED)["id"] for _ in range(2))
    problem(second("POST", f"/overlays/{first}/reject", {}), 422, "invalid")
    assert second.done("POST", f"/overlays/{first}/reject", {"opinion": "不必"})["state"] == "rejected"
    assert office.done("POST", f"/overlays/{other}/withdraw")["state"] == "withdrawn"
    problem(second("POST", f"/overlays/{other}/approve", {}), 409, "conflict")
