"""Offices that look after others: a form about a unit without account, a county case sampled by its city."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from support.pages import PASSWORD, Stage
from support.world import at

from app import clock
from app.config import PROJECT
from app.content import read_scenarios, read_scheme_folder
from app.extensions import atomic, db
from app.models import Account, Case, Task
from app.operations import cases, deployments
from app.operations.access import _passwords
from app.operations.actors import SYSTEM
from app.operations.dates import clock as clocks
from app.operations.trials import worlds

SCHEME = "henan-2025"
FILES = read_scheme_folder(PROJECT, SCHEME)
CITY, COUNTY, UNIT, OTHERS = "郑州市工考中心", "新郑市人社局", "新郑市图书馆", "栾川县国有林场"
NOW = at("2025-03-14 09:00")


@pytest.fixture
def stage(app: Flask) -> Stage:
    with atomic() as session:
        clocks.mark_database(True, clock.now())
        deployments.publish(FILES, SYSTEM, at("2025-02-01 09:00"))
        world = worlds.build(read_scenarios(FILES).worlds["organisations.yaml"])
        clocks.open_clock(SCHEME, NOW, SYSTEM, clock.now())
        login = func.concat("operator", Account.id)
        session.execute(update(Account).values(login=login, password_hash=_passwords.hashed(PASSWORD)))
    return Stage(app, world)


def put_forward(stage: Stage, person: str, unit: str) -> int:
    with atomic():
        deployment_id = deployments.current(SCHEME, NOW)
        process = deployments.scheme(deployment_id).processes["application"]
        about = (stage.world.organisations[unit], stage.world.people[person])
        policy = {"appointment_policy": "有空岗"}
        return cases.open_case(deployment_id, process, *about, policy, SYSTEM, NOW, "person_put_forward")


class TestAboutAUnit:
    """HN-13: the form of a unit that has no account is entered by the office of its level."""

    def start(self, stage: Stage, office: str, **sent: str) -> int:
        browser = stage.open(office)
        browser.get("/cases/start")
        wanted = {"scheme": SCHEME, "process": "unit_administrator", **sent}
        return browser.post("/cases/start", wanted).status_code

    def test_the_office_names_the_unit(self, stage: Stage) -> None:
        page = stage.open(COUNTY).get("/cases/start").text
        assert "单位全称或统一社会信用代码" in page
        assert self.start(stage, COUNTY, unit=f" {UNIT} ") == 302
        (case,) = db.session.scalars(select(Case))
        assert case.unit_id == stage.world.organisations[UNIT]
        (task,) = db.session.scalars(select(Task))
        assert task.office_id == stage.world.organisations[COUNTY]

    @pytest.mark.parametrize("unit", [OTHERS, "没有这个单位", COUNTY])
    def test_only_one_that_it_looks_after(self, stage: Stage, unit: str) -> None:
        assert self.start(stage, COUNTY, unit=unit) == 404
        assert db.session.scalar(select(func.count()).select_from(Case)) == 0

    def test_a_unit_is_asked_for_no_other_unit(self, stage: Stage) -> None:
        assert "单位全称或统一社会信用代码" not in stage.open(UNIT).get("/cases/start").text


class TestSupervision:
    """HN-09: the city sees its counties' cases, and samples them; a city beside it does neither."""

    def test_the_city_sees_and_samples(self, stage: Stage) -> None:
        case_id = put_forward(stage, "耿兰英", UNIT)
        stage.give(CITY, "operator", "supervisor")
        browser = stage.open(CITY)
        assert "抽查县（市）的资格审查" in browser.get(f"/cases/{case_id}").text
        assert browser.post(f"/cases/{case_id}/about", {"process": "recheck"}).status_code == 302
        sampled = select(Case.linked_case_id).where(Case.process == "recheck")
        assert list(db.session.scalars(sampled)) == [case_id]

    def test_another_city_sees_nothing(self, stage: Stage) -> None:
        case_id = put_forward(stage, "耿兰英", UNIT)
        stage.give("洛阳市工考中心", "operator", "supervisor")
        assert stage.open("洛阳市工考中心").get(f"/cases/{case_id}").status_code == 404
