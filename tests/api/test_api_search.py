"""The search by programs: what it answers, page by page, and what may not stand in an address."""

from __future__ import annotations

from datetime import date

import pytest
from support.api import Caller, caller, problem
from support.pages import Stage
from support.world import BUREAU, LIBRARY, OTHER_UNIT, SCHEME, open_filing

from app import clock
from app.content.identity import make_citizen_id
from app.extensions import atomic
from app.operations.actors import SYSTEM
from app.operations.finding import lookups
from app.operations.registers import people

NUMBER = make_citizen_id("510102", date(1990, 1, 2), 7, "male")


@pytest.fixture
def person_id(stage: Stage) -> int:
    with atomic():
        unit = stage.world.organisations[LIBRARY]
        return people.add(unit, "单小红", NUMBER, actor=SYSTEM, now=clock.now()).id


def test_people_and_cases_by_name(stage: Stage, unit: Caller) -> None:
    case_id = open_filing(stage.world)
    found = unit.get("/search", q="chen yi")
    (person,), (case,) = found["people"]["items"], found["cases"]["items"]
    assert person["name"] == case["person"] == "陈一"
    assert person["unit"] == LIBRARY
    assert person["id_number_masked"].count("*") > 7
    assert person["newest_case"]["id"] == case["id"] == case_id
    assert found["people"]["next"] is found["cases"]["next"] is None
    assert unit.done("POST", "/search", {"q": "陈一"}) == found
    assert unit.get("/search", q="陈一", state="ended")["cases"]["items"] == []
    assert len(unit.get("/search", q="陈一", scheme=SCHEME)["cases"]["items"]) == 1


def test_a_whole_number_goes_in_a_body_alone(unit: Caller, person_id: int) -> None:
    (person,) = unit.done("POST", "/search", {"q": NUMBER})["people"]["items"]
    assert person["id"] == person_id
    for number in (NUMBER, NUMBER[:17], f"{NUMBER[:6]} {NUMBER[6:]}"):
        refused = problem(unit("GET", "/search", query_string={"q": number}), 422, "invalid")
        assert refused["errors"] == [
            {"parameter": "q", "detail": "身份证号码不能写在网址里，请用 POST 发送。"}
        ]
        assert number not in str(refused)


def test_absent_and_unseen_are_answered_alike(stage: Stage, person_id: int) -> None:
    stranger = caller(stage, OTHER_UNIT)
    absent = make_citizen_id("510102", date(1990, 1, 2), 9, "male")
    assert stranger.done("POST", "/search", {"q": NUMBER}) == stranger.done("POST", "/search", {"q": absent})
    assert caller(stage, BUREAU).done("POST", "/search", {"q": NUMBER})["people"]["items"]


def test_look_ups_by_number_are_limited(stage: Stage, unit: Caller, person_id: int) -> None:
    with atomic():
        for _ in range(lookups.MOST):
            lookups.look_up(NUMBER, actor=stage.world.actors[LIBRARY], now=clock.now())
    problem(unit("POST", "/search", {"q": NUMBER}), 429, "too_many_lookups")
    assert unit.done("POST", "/search", {"q": NUMBER[-4:]})["people"]["items"]


def test_pages_of_each_group(stage: Stage, unit: Caller) -> None:
    with atomic():
        for sequence in range(55):
            number = make_citizen_id("510102", date(1991, 1, 2), sequence, "male")
            people.add(stage.world.organisations[LIBRARY], "孔乙己", number, actor=SYSTEM, now=clock.now())
    first = unit.get("/search", q="kong")["people"]
    second = unit.get("/search", q="kong", people_after=first["next"])["people"]
    ids = [row["id"] for row in (*first["items"], *second["items"])]
    assert (len(first["items"]), len(ids), len(set(ids))) == (50, 55, 55)
    assert second["next"] is None


def test_what_cannot_be_read_is_refused(unit: Caller) -> None:
    for query in ({}, {"q": ""}, {"q": " "}, {"q": "x", "state": "?"}, {"q": "x", "people_after": "1"}):
        problem(unit("GET", "/search", query_string=query), 422, "invalid")
