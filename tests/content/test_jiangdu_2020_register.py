"""Jiangdu 2020 beside the workers' register: shares under simultaneous filings, grades by results alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from support.parallel import at_once
from support.world import at, case_row, complete, task_of, upload

from app.config import PROJECT
from app.content.identity import make_citizen_id
from app.content.scenarios import read_scenarios
from app.content.sources import read_scheme_folder
from app.errors import DomainError
from app.extensions import atomic, db
from app.models import Holding, Person, ShareClaim
from app.operations import cases, deployments, tasks
from app.operations.actors import SYSTEM
from app.operations.capabilities import Request
from app.operations.dates import clock
from app.operations.evidence import verify
from app.operations.registers import people, register, register_imports
from app.operations.road._projection import Changes
from app.operations.trials.worlds import Built, build

ID = "jiangdu-2020"
FILES = read_scheme_folder(PROJECT, ID)
WORLD = read_scenarios(FILES).worlds["organisations.yaml"]
GARAGE, DEPARTMENT, PROVINCE = "江都区公务车队", "江都区公务交通事务局", "江苏省人社厅"
TRADE = "汽车驾驶与管理"
NEXT_YEAR = at("2021-03-01 09:00")


@pytest.fixture
def world(app: Flask) -> Built:
    with atomic():
        clock.mark_database(True, at("2020-07-01 09:00"))
        deployments.publish(FILES, SYSTEM, at("2020-07-01 09:00"))
        return build(WORLD)


def technicians(world: Built, count: int) -> list[int]:
    """So many more of the garage, who hold the grade below in its trade."""
    unit, found = world.organisations[GARAGE], []
    with atomic():
        for n in range(count):
            number = make_citizen_id("321099", date(1979, 1, 1) + timedelta(days=n), 1, "male")
            name = f"贾师傅{'甲乙丙丁戊己庚辛壬癸'[n % 10]}{'一二三'[n // 10]}"
            person = people.add(unit, name, number, actor=SYSTEM, now=at("2020-07-02 09:00"))
            register.enter(person.id, TRADE, "technician", None, actor=SYSTEM, now=at("2020-07-02 09:00"))
            found.append(person.id)
    return found


def picked(world: Built, person_id: int) -> int:
    """A case to submit in the window of the highest grade."""
    when = at("2020-08-03 09:00")
    with atomic():
        deployment = deployments.current(ID, when)
        process = deployments.scheme(deployment).processes["application"]
        unit, kind = world.organisations[GARAGE], {"kind": "senior_technician"}
        return cases.open_case(deployment, process, unit, person_id, kind, SYSTEM, when, "person_picked")


def values(world: Built) -> dict[str, Any]:
    paper = [upload(world.actors[DEPARTMENT], "2020-08-01 09:00")]
    papers = {name: paper for name in ("continuing_2018", "continuing_2019", "material")}
    return {**WORLD.values["驾驶高级技师申报"], **papers}


def filing(world: Built, case_id: int) -> Callable[[], object]:
    """The department submits it."""
    filled, task_id, actor = values(world), task_of(case_id), world.actors[DEPARTMENT]
    return lambda: tasks.complete(task_id, filled, actor, at("2020-08-03 10:00"))


def filed(world: Built, name: str) -> int:
    case_id = picked(world, world.people[name])
    submit = filing(world, case_id)
    with atomic():
        submit()
    return case_id


@pytest.mark.parametrize(("more", "limit"), [(0, 1), (5, 2), (20, 3)])
def test_no_more_get_a_share_than_the_band_has(app: Flask, world: Built, more: int, limit: int) -> None:
    """JD-09: five, ten and twenty-five of the grade below; more of them file at the same moment."""
    added = technicians(world, more)
    known = [world.people[f"车师傅{n}"] for n in "甲乙丙戊"]
    ids = [picked(world, person) for person in (added[:5] or known)]
    results = at_once(app, [filing(world, case_id) for case_id in ids])
    refused = [one.message for one in results if isinstance(one, DomainError)]
    told = f"本单位该工种现有技师 {more + 5} 人，可申报 {limit} 人，已申报 {limit} 人"
    assert len(refused) == len(ids) - limit
    assert all(told in message for message in refused)
    live = select(func.count()).where(ShareClaim.released_at.is_(None))
    assert db.session.scalar(live) == limit


def test_whose_share_was_used_last_year_counts_for_the_year_after(world: Built) -> None:
    """A share of the year before is a filing, whatever came of it; one that was freed is none."""
    filed(world, "车师傅甲")
    asked = (world.people["车师傅乙"], f"高级技师/{TRADE}")
    assert history(world, 2021, *asked)["unit_last_year"] == 1
    assert history(world, 2020, *asked)["unit_last_year"] == 0
    assert history(world, 2022, *asked)["unit_last_year"] == 0


def history(world: Built, year: int, person_id: int, pool: str) -> dict[str, Any]:
    """What the register would tell a scheme of that year."""
    scheme = replace(deployments.scheme(deployments.current(ID, at("2020-08-01 09:00"))), year=year)
    asked = {"trade": TRADE, "grade": "senior_technician", "pool": pool}
    unit = world.organisations[GARAGE]
    given = (0, scheme.jurisdiction, scheme, unit, person_id, 0, "", asked, at("2021-08-03 10:00"))
    request = Request(*given, Changes())
    return register.register_history(request)


def test_the_grade_changes_by_next_years_results_alone(world: Built) -> None:
    """JD-11: the old grade stays as history; who did not pass keeps the old one, and failed before."""
    passed, failed = world.people["车师傅甲"], world.people["车师傅乙"]
    rows = [
        f"{name},{number(world, name)},2020,{TRADE},高级技师,{result}"
        for name, result in (("车师傅甲", "通过"), ("车师傅乙", "不通过"))
    ]
    table = "\n".join([",".join(register_imports.RESULTS), *rows]).encode()
    early, office = at("2020-12-31 09:00"), world.actors[PROVINCE]
    with atomic():
        told = register_imports.import_results(table, "all", actor=office, now=early)
    assert (told.done, [fault.number for fault in told.faults]) == (0, [2, 3])
    assert all("下一年度" in fault.sentence for fault in told.faults)
    assert held(passed) == ["technician"]
    with atomic():
        told = register_imports.import_results(table, "all", actor=office, now=NEXT_YEAR)
    assert (told.done, list(told.faults)) == (2, [])
    assert held(passed) == ["senior_technician"]
    assert held(failed) == ["technician"]
    assert db.session.scalar(select(func.count()).where(Holding.person_id == passed)) == 2
    assert history(world, 2021, failed, "高级技师/" + TRADE) == {"failed_before": True, "unit_last_year": 2}


def number(world: Built, name: str) -> str:
    return people.id_number_of(db.session.get_one(Person, world.people[name]))


def held(person_id: int) -> list[str]:
    valid = select(Holding.grade).where(Holding.person_id == person_id, Holding.ended_at.is_(None))
    return list(db.session.scalars(valid))


def test_a_case_that_passed_leaves_the_register_as_it_is(world: Built) -> None:
    """JD-11: the assessment's result in the case touches nothing of what the register says."""
    case_id = filed(world, "车师傅甲")
    approve, passed = {"decision": "approve"}, {"attendance": "present", "result": "passed"}
    paper = {"received_on": "2020-09-03", "copies": 3, "brought_by": "徐干事", "sealed": True}
    for element, by, given in (
        ("district_review", "江都区人社局", approve),
        ("receive_form", "江都区人社局", paper),
        ("city_review", "扬州市人社局", approve),
        ("province_review", PROVINCE, approve),
        ("enter_province_result", PROVINCE, {**passed, "assessed_on": "2020-12-01"}),
    ):
        complete(case_id, element, given, world.actors[by], "2020-12-02 10:00")
    assert case_row(case_id).status == "考评通过，待核对在职在岗"
    assert held(world.people["车师傅甲"]) == ["technician"]


@pytest.mark.corrupts
@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE share_pool SET most = 0", "指标被占用的多于规定数"),
        ("UPDATE \"case\" SET state = 'cancelled'", "仍占着申报指标"),
    ],
)
def test_a_share_that_must_not_be_is_found(world: Built, statement: str, told: str) -> None:
    filed(world, "车师傅甲")
    assert list(verify.verify_all()) == []
    db.session.rollback()
    with atomic():
        db.session.execute(text(statement))
    assert any(told in finding.what for finding in verify.verify_all())


def test_a_share_given_back_is_claimed_anew(world: Built) -> None:
    """Freed by a withdrawal it is the next one's, and then nobody else's (LIFE-01)."""
    first = filed(world, "车师傅甲")
    with atomic():
        cases.message(
            first,
            "withdrawn",
            {"reason": "另有安排", "requested": True},
            world.actors[DEPARTMENT],
            at("2020-08-04 09:00"),
        )
    filed(world, "车师傅乙")
    with pytest.raises(DomainError, match="已申报 1 人"):
        filed(world, "车师傅丙")
