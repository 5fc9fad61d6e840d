"""A department's people, what they hold, and importing them, in a real browser at both widths."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from support.pages import PASSWORD, Stage
from support.world import at

from app import clock
from app.config import PROJECT
from app.content import read_scenarios, read_scheme_folder
from app.extensions import atomic, db
from app.models import Account, Person
from app.operations import deployments
from app.operations.access import _passwords
from app.operations.actors import SYSTEM
from app.operations.dates import clock as clocks
from app.operations.registers import register
from app.operations.registers.register_imports import WORKERS
from app.operations.trials import worlds

pytestmark = pytest.mark.browser

SCHEME = "jiangdu-2020"
FILES = read_scheme_folder(PROJECT, SCHEME)
DEPARTMENT, UNIT, PROVINCE = "江都区文化事务局", "江都区公共文化馆", "江苏省人社厅"


@pytest.fixture
def stage(app: Flask) -> Stage:
    with atomic() as session:
        clocks.mark_database(True, clock.now())
        deployments.publish(FILES, SYSTEM, at("2020-07-01 09:00"))
        world = worlds.build(read_scenarios(FILES).worlds["organisations.yaml"])
        clocks.open_clock(SCHEME, at("2020-08-03 09:00"), SYSTEM, clock.now())
        login = func.concat("operator", Account.id)
        session.execute(update(Account).values(login=login, password_hash=_passwords.hashed(PASSWORD)))
        cook = session.scalars(select(Person).where(Person.name == "闵烹饪")).one()
        register.enter_result(cook, 2020, "烹饪", "技师", True, actor=SYSTEM, now=clock.now())
    return Stage(app, world)


def test_a_department_keeps_the_register_of_its_units(stage: Stage, visit: Any, tmp_path: Path) -> None:
    department = visit()
    department.sign_in(stage.login(DEPARTMENT), PASSWORD)
    page = department.go("/people/")
    department.look("register-people")
    page.click("tr:has-text('闵烹饪') a")
    page.wait_for_selector("text=考评结果导入")
    department.look("register-history")
    department.go(f"/people/{stage.world.people['闵讲解']}")
    page.fill("#trade", "讲解员")
    page.select_option("#grade", label="高级工")
    page.click("text=登记工种等级 >> visible=true")
    page.wait_for_selector("text=已登记工种等级")
    department.go("/people/register/workers")
    table = tmp_path / "人员.csv"
    wrong = f"{UNIT},闵错码,321099198808081230,,,,"
    table.write_text("\n".join([",".join(WORKERS), wrong]), "utf-8")
    page.set_input_files("#file", table)
    page.click("text=全部正确才导入")
    page.wait_for_selector("text=一行也没有导入")
    department.look("register-faults")
    department.go("/cases/start")
    department.look("register-start")


def test_the_province_imports_results(stage: Stage, visit: Any) -> None:
    office = visit()
    office.sign_in(stage.login(PROVINCE), PASSWORD)
    office.page.click(".site-nav summary")
    office.page.click("text=导入结果")
    office.page.wait_for_selector("h1:has-text('导入考评结果')")
    office.look("register-results")
    assert db.session.scalar(select(func.count()).select_from(Person)) == 13
