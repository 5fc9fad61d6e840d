"""Lists and what else the pages show: paging, filters, people, notices, files, clocks."""

from __future__ import annotations

import threading
from datetime import datetime
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select, text
from support.api import Caller, caller, citizen_id, pointers, problem
from support.pages import PDF, Stage
from support.second_factor import bind
from support.world import (
    LIBRARY,
    OFFICE,
    OTHER_UNIT,
    PUBLISHED,
    SCHEME,
    at,
    complete,
    make_world,
    open_filing,
    register_posts,
    task_of,
    technician,
    tiny_files,
)

from app.extensions import atomic, db
from app.models import Case, History
from app.operations import deployments
from app.operations.actors import SYSTEM
from app.operations.dates import clock as clocks
from app.queries import paging, timeline

PEOPLE = ("陈一", "李二", "王三")
WAITING = text(
    "SELECT EXISTS (SELECT FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock')"
)


@pytest.fixture
def three(stage: Stage) -> list[int]:
    """Three filings of the library, in the order in which they were begun; the first waits for review."""
    register_posts(stage.world, {"junior": 3})
    found = [
        open_filing(stage.world, name, when=f"2021-06-0{day} 09:00") for day, name in enumerate(PEOPLE, 7)
    ]
    filled = {"grade": "junior", "summary": "扎实"}
    complete(found[0], "fill", filled, stage.world.actors[LIBRARY], "2021-06-10 10:00")
    return found


def all_of(who: Caller, path: str, **query: Any) -> list[Any]:
    """Every row of a list, page by page."""
    found, after = [], {}
    while True:
        page = who.get(path, **query, **after)
        found += page["items"]
        if page["next"] is None:
            return found
        after = {"after": page["next"]}


@pytest.mark.parametrize(
    ("path", "query"), [("/cases", {}), ("/cases", {"process": "filing"}), ("/tasks", {}), ("/people", {})]
)
def test_pages_meet_every_row_once(
    three: list[int], unit: Caller, monkeypatch: pytest.MonkeyPatch, path: str, query: dict[str, str]
) -> None:
    whole = unit.get(path, **query)
    assert whole["next"] is None
    assert len(whole["items"]) >= 2
    monkeypatch.setattr(paging, "PAGE_SIZE", 1)
    assert all_of(unit, path, **query) == whole["items"]


def test_what_comes_in_between_moves_nothing(
    stage: Stage, three: list[int], unit: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "PAGE_SIZE", 2)
    first = unit.get("/cases", process="filing")
    open_filing(stage.world, "赵四", unit=OTHER_UNIT)
    unit.done("POST", "/cases", {"scheme": SCHEME, "process": "roster"})
    rest = unit.get("/cases", process="filing", after=first["next"])
    assert [row["id"] for row in first["items"] + rest["items"]] == three[::-1]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"name": "李"}, ["李二"]),
        ({"name": "%"}, []),
        ({"unit": "图书馆"}, ["王三", "李二", "陈一"]),
        ({"status": "待提交"}, ["王三", "李二"]),
        ({"state": "running"}, ["王三", "李二", "陈一"]),
        ({"state": "ended"}, []),
        ({"scheme": SCHEME, "started_from": "2021-06-08T09:00:00+08:00"}, ["王三", "李二"]),
        ({"started_before": "2021-06-08T09:00:00+08:00"}, ["陈一"]),
        ({"scheme": "none-2021"}, []),
    ],
)
def test_filters_narrow_the_cases(
    three: list[int], unit: Caller, query: dict[str, str], found: list[str]
) -> None:
    assert [row["person"] for row in unit.get("/cases", process="filing", **query)["items"]] == found


def test_filters_narrow_the_inbox(three: list[int], unit: Caller) -> None:
    assert [row["person"] for row in unit.get("/tasks", name="王")["items"]] == ["王三"]
    assert unit.get("/tasks", kind=f"{SCHEME}/first_review")["items"] == []
    assert [row["person"] for row in unit.get("/tasks", state="completed")["items"]] == ["陈一", None]


def test_a_history_is_read_back_to_its_beginning(
    three: list[int], unit: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = unit.get(f"/cases/{three[0]}/history")["items"]
    assert [step["call"] for step in whole] == ["start", "complete"]
    assert whole[1]["values"] == {"grade": "junior", "summary": "扎实"}
    monkeypatch.setattr(timeline, "STEPS_SHOWN", 1)
    assert all_of(unit, f"/cases/{three[0]}/history") == whole[::-1]


def test_a_person_is_added_changed_and_let_go(unit: Caller) -> None:
    new = {"name": "钱八", "id_number": citizen_id(100), "ethnicity": "汉族"}
    added = unit.done("POST", "/people", new)
    assert (added["gender"], added["birth_date"], added["telephone"]) == ("male", "1980-05-01", None)
    address = f"/people/{added['id']}"
    changed = unit.done("PATCH", address, {"telephone": "13800138000"})
    assert changed == {**added, "telephone": "13800138000"}
    assert unit.get(address) == {**changed, "holdings": [], "results": []}
    assert unit.done("PATCH", address, {"ethnicity": ""})["ethnicity"] is None
    assert [row["name"] for row in unit.get("/people", name="钱")["items"]] == ["钱八"]
    unit.done("POST", f"{address}/departure")
    assert unit.get("/people", name="钱")["items"] == []
    problem(unit("POST", f"{address}/departure"), 409, "conflict")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"id_number": "110101198005010011"}, "/id_number"),
        ({"telephone": "12"}, "/telephone"),
        ({"name": "一"}, "/name"),
    ],
)
def test_what_is_wrong_with_a_person_is_pointed_at(
    unit: Caller, change: dict[str, str], pointer: str
) -> None:
    told = problem(
        unit("POST", "/people", {"name": "钱八", "id_number": citizen_id(100), **change}), 422, "invalid"
    )
    assert pointers(told) == {pointer}


def test_an_id_number_is_no_longer_changed(stage: Stage, unit: Caller) -> None:
    """LIFE-03: that takes a correction."""
    address = f"/people/{stage.world.people['陈一']}"
    told = problem(unit("PATCH", address, {"id_number": citizen_id(100)}), 422, "invalid")
    assert told["errors"] == [{"pointer": "/id_number", "detail": "没有这个字段。"}]


def test_a_unit_states_its_profile_once(unit: Caller) -> None:
    profile = {"superior": None, "level": "district", "system": "other", "nature": "institution"}
    problem(unit("PUT", "/units/current/profile", profile), 409, "conflict")
    wrong = {**profile, "level": "planet", "superior": "1"}
    assert pointers(problem(unit("PUT", "/units/current/profile", wrong), 422, "invalid")) == {
        "/level",
        "/superior",
    }


def test_schemes_tell_what_can_be_begun(unit: Caller) -> None:
    (scheme,) = unit.get("/schemes")
    begun = {process["id"]: process["started_by"] for process in scheme["processes"]}
    assert begun == {"roster": "unit", "posts": "unit", "filing": None}
    assert scheme["now"].startswith("2021-06-11T01:00")
    for name in scheme["forms"]:
        found = unit("GET", f"/schemes/{SCHEME}/forms/{name}")
        assert found.mimetype == "application/schema+json"
        assert found.get_json()["type"] == "object"
    problem(unit("GET", f"/schemes/{SCHEME}/forms/none.json"), 404, "not_found")
    problem(unit("GET", "/schemes/none-2021/forms/filing.json"), 404, "not_found")


def test_a_picture_is_told_by_its_content(unit: Caller) -> None:
    picture = BytesIO()
    Image.new("RGB", (8, 8), "white").save(picture, "PNG")
    stored = unit.done("POST", "/files", data={"file": (BytesIO(picture.getvalue()), "张三的证书.pdf")})
    assert (stored["title"], stored["media_type"]) == ("张三的证书.png", "image/png")
    fetched = unit("GET", f"/files/{stored['name']}")
    assert fetched.headers["Content-Disposition"].startswith("attachment")
    assert fetched.headers["X-Content-Type-Options"] == "nosniff"
    assert len(fetched.data) == stored["size"]


@pytest.mark.parametrize(
    "content", [b"", b"<svg onload=alert(1)>", b"MZ" + PDF[:20], b"x" * (10 * 1024 * 1024 + 1)]
)
def test_a_file_that_is_refused(unit: Caller, content: bytes) -> None:
    told = problem(unit("POST", "/files", data={"file": (BytesIO(content), "证书.pdf")}), 422, "invalid")
    assert pointers(told) == {"/file"}


def test_a_clock_is_moved_and_what_is_due_fires(stage: Stage, bureau: Caller) -> None:
    """The reminder of the final review goes to the unit as a notice."""
    register_posts(stage.world, {"technician": 1})
    case_id = open_filing(stage.world)
    filled, approved = technician(stage.world), {"values": {"decision": "approve"}}
    complete(case_id, "fill", filled, stage.world.actors[LIBRARY], "2021-06-10 10:00")
    bureau.done("POST", f"/tasks/{task_of(case_id)}/completion", approved)
    stage.give(OFFICE, "administrator")
    administrator, unit = caller(stage, OFFICE), caller(stage, LIBRARY)
    assert unit.get("/notices")["items"] == []
    address = f"/clocks/{SCHEME}"
    moved = administrator.done("PUT", address, {"to": "2021-06-22T09:00:00+08:00"})
    assert (moved["fired"], moved["parked"]) == (1, 0)
    (clock,) = administrator.get("/clocks")
    assert clock["now"].startswith("2021-06-22T01:00")
    (notice,) = unit.get("/notices")["items"]
    assert (notice["case_id"], notice["read_at"]) == (case_id, None)
    unit.done("PUT", "/notices/read")
    assert unit.get("/notices")["items"][0]["read_at"] is not None
    problem(administrator("PUT", address, {"to": "2021-06-01T09:00:00+08:00"}), 409, "conflict")
    problem(administrator("PUT", "/clocks/none-2021", {"to": "2021-06-25T09:00:00+08:00"}), 404, "not_found")


def test_a_real_database_has_no_such_clocks(app: Flask) -> None:
    with atomic():
        clocks.mark_database(False, PUBLISHED)
        deployments.publish(tiny_files(), SYSTEM, PUBLISHED)
    stage = Stage(app, make_world())
    stage.give(LIBRARY, "administrator")
    bind(stage.world.actors[LIBRARY].account_id or 0)
    administrator = caller(stage, LIBRARY)
    problem(administrator("GET", "/clocks"), 404, "not_found")
    problem(administrator("PUT", f"/clocks/{SCHEME}", {"to": "2027-06-01T09:00:00+08:00"}), 404, "not_found")


def test_what_waits_for_a_lock_counts_from_its_receipt(stage: Stage, unit: Caller) -> None:
    """Decision 3: the scheme's instant of the complete receipt, however long the case was locked."""
    register_posts(stage.world, {"junior": 1})
    case_id = open_filing(stage.world)
    answers: list[Any] = []
    body = {"values": {"grade": "junior", "summary": "扎实"}}
    address = f"/tasks/{task_of(case_id)}/completion"
    db.session.rollback()
    sender = threading.Thread(target=lambda: answers.append(unit("POST", address, body)))
    with db.engine.begin() as locked:
        locked.execute(select(Case.id).where(Case.id == case_id).with_for_update())
        sender.start()
        while not locked.scalar(WAITING):
            assert sender.is_alive()
        (clock,) = unit.get("/schemes")
        still_locked = datetime.fromisoformat(clock["now"])
    sender.join()
    assert answers[0].status_code == 200
    mine = select(History.at).where(History.case_id == case_id, History.call == "complete")
    received = db.session.scalars(mine).one()
    assert at("2021-06-11 09:00") <= received <= still_locked
