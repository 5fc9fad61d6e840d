"""The workers' register by the API: a department's units, what people hold, tables, shares (JD-04, JD-09)."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import func, select
from support.api import Caller, caller, citizen_id, problem
from support.pages import Stage
from support.world import at, task_of, upload

from app import clock
from app.config import PROJECT
from app.content import read_scenarios, read_scheme_folder
from app.extensions import atomic, db
from app.models import AssessmentResult, Holding, Person
from app.operations import cases, deployments, tasks
from app.operations.actors import SYSTEM
from app.operations.dates import clock as clocks
from app.operations.registers import people
from app.operations.registers.register_imports import RESULTS, WORKERS
from app.operations.trials import worlds

SCHEME = "jiangdu-2020"
FILES = read_scheme_folder(PROJECT, SCHEME)
WORLD = read_scenarios(FILES).worlds["organisations.yaml"]
DEPARTMENT, UNIT = "江都区公务交通事务局", "江都区公务车队"
OTHER_DEPARTMENT, OTHER_UNIT = "江都区文化事务局", "江都区公共文化馆"
BUREAU, PROVINCE = "江都区人社局", "江苏省人社厅"
TRADE = "汽车驾驶与管理"
NEW = citizen_id(77)


@pytest.fixture
def stage(app: Flask) -> Stage:
    with atomic():
        clocks.mark_database(True, clock.now())
        deployments.publish(FILES, SYSTEM, at("2020-07-01 09:00"))
        world = worlds.build(WORLD)
        clocks.open_clock(SCHEME, at("2020-08-03 09:00"), SYSTEM, clock.now())
    return Stage(app, world)


@pytest.fixture
def department(stage: Stage) -> Caller:
    return caller(stage, DEPARTMENT)


@pytest.fixture
def unit(stage: Stage) -> int:
    return stage.world.organisations[UNIT]


def table(columns: tuple[str, ...], *lines: str) -> dict[str, object]:
    return {"file": (BytesIO("\n".join([",".join(columns), *lines]).encode()), "表.csv")}


def send(who: Caller, kind: str, lines: str, *rows: str) -> Any:
    sent = table(WORKERS if kind == "workers" else RESULTS, *rows)
    return who("POST", f"/register/imports/{kind}", query_string={"lines": lines}, data=sent)


def names(who: Caller, **query: Any) -> set[str]:
    return {item["name"] for item in who.get("/people", **query)["items"]}


class TestPeople:
    def test_a_department_keeps_the_registers_of_its_units_alone(
        self, stage: Stage, department: Caller, unit: int
    ) -> None:
        assert {"id": unit, "name": UNIT} in department.get("/register/units")["items"]
        assert "车师傅甲" in names(department, unit_id=unit)
        theirs = stage.world.organisations[OTHER_UNIT]
        missing = problem(department("GET", "/people?unit_id=999999"), 404, "not_found")
        assert problem(department("GET", f"/people?unit_id={theirs}"), 404, "not_found") == missing
        sent = {"name": "贾新人", "id_number": NEW, "unit_id": theirs}
        assert problem(department("POST", "/people", sent), 404, "not_found") == missing
        stranger = stage.world.people["闵烹饪"]
        problem(department("GET", f"/people/{stranger}"), 404, "not_found")
        held = {"trade": "烹饪", "grade": "technician"}
        problem(department("POST", f"/people/{stranger}/holdings", held), 404, "not_found")

    def test_the_list_is_narrowed_to_who_holds_what_now(
        self, stage: Stage, department: Caller, unit: int
    ) -> None:
        department.done("POST", "/people", {"name": "贾新人", "id_number": NEW, "unit_id": unit})
        assert "贾新人" in names(department, unit_id=unit)
        drivers = names(department, unit_id=unit, trade="汽车", grade="technician")
        assert "车师傅甲" in drivers
        assert "贾新人" not in drivers
        assert names(department, unit_id=unit, grade="junior") == set()

    def test_one_is_added_then_what_they_hold_once(self, department: Caller, unit: int) -> None:
        sent = {"name": "贾新人", "id_number": NEW, "unit_id": unit}
        added, again = (department.done("POST", "/people", sent, key="a") for _ in range(2))
        assert (again["id"], added["unit_id"], added["holds"]) == (added["id"], unit, [])
        address = f"/people/{added['id']}"
        held = {"trade": TRADE, "grade": "技师", "issued_on": "2012-06-01"}
        entered = department.done("POST", f"{address}/holdings", held)
        assert entered["holds"] == [{"trade": TRADE, "grade": "technician", "issued_on": "2012-06-01"}]
        (row,) = department.get(address)["holdings"]
        assert (row["source"], row["entered_for"], row["ended_at"]) == ("entered", DEPARTMENT, None)
        other = department("POST", f"{address}/holdings", {**held, "grade": "senior"})
        told = problem(other, 409, "conflict")
        assert "只随考评结果的导入更新" in told["detail"]

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"grade": "大师"}, "/grade"),
            ({"issued_on": "2999-01-01"}, "/issued_on"),
            ({"issued_on": "去年"}, "/issued_on"),
            ({"issued_on": None}, "/issued_on"),
            ({"trade": " "}, "/trade"),
        ],
    )
    def test_what_cannot_be_held_is_pointed_at(
        self, department: Caller, unit: int, change: dict[str, Any], pointer: str
    ) -> None:
        added = department.done("POST", "/people", {"name": "贾新人", "id_number": NEW, "unit_id": unit})
        held = {"trade": TRADE, "grade": "technician", **change}
        told = problem(department("POST", f"/people/{added['id']}/holdings", held), 422, "invalid")
        assert [error["pointer"] for error in told["errors"]] == [pointer]
        assert department.get(f"/people/{added['id']}")["holdings"] == []


class TestTables:
    def test_who_imports_what(self, stage: Stage, department: Caller) -> None:
        kinds = {
            name: [item["kind"] for item in caller(stage, name).get("/register/imports")["items"]]
            for name in (DEPARTMENT, BUREAU, PROVINCE)
        }
        assert kinds == {DEPARTMENT: ["workers"], BUREAU: [], PROVINCE: ["results"]}
        problem(send(department, "results", "none"), 404, "not_found")
        problem(send(department, "others", "none"), 404, "not_found")
        problem(caller(stage, BUREAU)("GET", "/register/imports/workers/template"), 404, "not_found")

    def test_the_template_has_the_columns_that_are_read(self, department: Caller) -> None:
        got = department("GET", "/register/imports/workers/template")
        sheet = load_workbook(BytesIO(got.data)).worksheets[0]
        assert [cell.value for cell in next(sheet.iter_rows())] == list(WORKERS)

    def test_checked_then_all_or_the_good_ones(self, department: Caller, unit: int) -> None:
        good = f"{UNIT},贾新人,{NEW},{TRADE},技师,2012-06-01,13800138000"
        bad = f"{OTHER_UNIT},贾外人,{citizen_id(78)},,,,"
        before = db.session.scalar(select(func.count()).select_from(Person))
        told = send(department, "workers", "none", good, bad).get_json()
        assert (told["lines"], told["done"], [fault["number"] for fault in told["faults"]]) == (2, 0, [3])
        refused = problem(send(department, "workers", "all", good, bad), 422, "invalid")
        assert [error["pointer"] for error in refused["errors"]] == ["/file"]
        assert refused["errors"][0]["detail"].startswith("第 3 行")
        assert db.session.scalar(select(func.count()).select_from(Person)) == before
        told = send(department, "workers", "good", good, bad).get_json()
        assert (told["done"], len(told["faults"])) == (1, 1)
        assert names(department, unit_id=unit, trade=TRADE, name="贾新人") == {"贾新人"}
        assert NEW not in str(told)
        again = problem(send(department, "workers", "all", good), 422, "invalid")
        assert "已在本单位名册中" in again["errors"][0]["detail"]

    def test_the_results_of_a_year(self, stage: Stage) -> None:
        office, person = caller(stage, PROVINCE), stage.world.people["车师傅甲"]
        number = people.id_number_of(db.session.get_one(Person, person))
        row = f"车师傅甲,{number},2020,{TRADE},高级技师,通过"
        assert send(office, "results", "none", row).get_json() == {"lines": 1, "done": 0, "faults": []}
        mine = select(func.count()).where(AssessmentResult.person_id == person)
        assert db.session.scalar(mine) == 0
        assert send(office, "results", "all", row).get_json()["done"] == 1
        told = caller(stage, DEPARTMENT).get(f"/people/{person}")
        assert [(held["grade"], held["ended_at"] is None) for held in told["holdings"]] == [
            ("senior_technician", True),
            ("technician", False),
        ]
        assert told["results"] == [
            {"year": 2020, "trade": TRADE, "grade": "senior_technician", "passed": True}
        ]
        held = select(func.count()).where(Holding.person_id == person)
        assert db.session.scalar(held) == 2


class TestShares:
    """JD-09: how many the register has, how many may be put forward, and who holds a share."""

    def test_what_is_taken_and_what_is_left(self, stage: Stage, department: Caller, unit: int) -> None:
        case_id = filed(stage, "车师傅甲")
        (row,) = department.get("/register/shares", scheme=SCHEME)["items"]
        assert (row["unit"], row["pool"], row["limit"], row["left"]) == (UNIT, f"高级技师/{TRADE}", 1, 0)
        ((holder),) = row["holders"]
        assert (holder["case_id"], holder["person"]) == (case_id, "车师傅甲")
        counted = department.get("/register/strengths", unit_id=unit)["items"]
        assert {"unit_id": unit, "trade": TRADE, "grade": "technician", "count": 5} in counted
        assert department.get("/register/shares", scheme="x")["items"] == []

    def test_offices_see_those_of_cases_in_sight_and_others_none(self, stage: Stage) -> None:
        filed(stage, "车师傅甲")
        assert len(caller(stage, BUREAU).get("/register/shares")["items"]) == 1
        other = caller(stage, OTHER_DEPARTMENT)
        assert other.get("/register/shares")["items"] == []
        theirs = stage.world.organisations[UNIT]
        problem(other("GET", f"/register/strengths?unit_id={theirs}"), 404, "not_found")


def filed(stage: Stage, name: str) -> int:
    """An application for the highest grade, submitted by the department; it holds a share."""
    when, world = at("2020-08-03 09:00"), stage.world
    with atomic():
        deployment = deployments.current(SCHEME, when)
        process = deployments.scheme(deployment).processes["application"]
        told = (world.organisations[UNIT], world.people[name], {"kind": "senior_technician"})
        case_id = cases.open_case(deployment, process, *told, SYSTEM, when, "person_picked")
    actor = world.actors[DEPARTMENT]
    paper = [upload(actor, "2020-08-01 09:00")]
    papers = {field: paper for field in ("continuing_2018", "continuing_2019", "material")}
    with atomic():
        tasks.complete(task_of(case_id), {**WORLD.values["驾驶高级技师申报"], **papers}, actor, when)
    return case_id
