"""Departments keep their units' registers and begin their cases; results change grades (JD-04, JD-11)."""

from __future__ import annotations

from io import BytesIO

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import func, select, update
from support.pages import PASSWORD, Browser, Stage
from support.world import at

from app import clock
from app.config import PROJECT
from app.content import read_scenarios, read_scheme_folder
from app.content.identity import make_citizen_id
from app.extensions import atomic, db
from app.models import Account, Case, Holding, Person, Task
from app.operations import deployments, messages
from app.operations.access import _passwords
from app.operations.actors import SYSTEM
from app.operations.dates import clock as clocks
from app.operations.registers import people
from app.operations.registers.register_imports import RESULTS, WORKERS
from app.operations.trials import worlds

SCHEME = "jiangdu-2020"
FILES = read_scheme_folder(PROJECT, SCHEME)
DEPARTMENT, UNIT, OTHERS = "江都区文化事务局", "江都区公共文化馆", "江都区公务车队"
BUREAU, PROVINCE = "江都区人社局", "江苏省人社厅"
NUMBER = make_citizen_id("321099", at("1988-08-08").date(), 60, "male")


@pytest.fixture
def stage(app: Flask) -> Stage:
    with atomic() as session:
        clocks.mark_database(True, clock.now())
        deployments.publish(FILES, SYSTEM, at("2020-07-01 09:00"))
        world = worlds.build(read_scenarios(FILES).worlds["organisations.yaml"])
        clocks.open_clock(SCHEME, at("2020-08-03 09:00"), SYSTEM, clock.now())
        login = func.concat("operator", Account.id)
        session.execute(update(Account).values(login=login, password_hash=_passwords.hashed(PASSWORD)))
    return Stage(app, world)


def table(columns: tuple[str, ...], *rows: str) -> dict[str, object]:
    return {"file": (BytesIO("\n".join([",".join(columns), *rows]).encode()), "表.csv")}


def send(browser: Browser, kind: str, choice: str, *rows: str) -> tuple[int, str]:
    browser.get(f"/people/register/{kind}")
    columns = WORKERS if kind == "workers" else RESULTS
    told = browser.post(f"/people/register/{kind}", {**table(columns, *rows), "choice": choice})
    return told.status_code, browser.follow(told).text if told.status_code == 302 else told.text


def named(name: str) -> Person | None:
    return db.session.scalar(select(Person).where(Person.name == name))


class TestPicking:
    """JD-04: the department names the unit, picks people and the kind, and they stand as 待提交."""

    def test_the_department_picks_and_sees_what_is_to_be_submitted(self, stage: Stage) -> None:
        browser = stage.open(DEPARTMENT)
        assert f"<option>{UNIT}</option>" in browser.get("/cases/start").text
        wanted = {"scheme": SCHEME, "process": "picking", "unit": UNIT}
        page = browser.follow(browser.post("/cases/start", wanted)).text
        assert "闵讲解" in page
        assert "车师傅甲" not in page
        person = str(stage.world.people["闵讲解"])
        (task,) = db.session.scalars(select(Task))
        picked = {"kind": "worker", "people": person, "custodian": "true", "_submit": "1"}
        assert "已添加" in browser.follow(browser.post(f"/tasks/{task.id}", picked)).text
        messages.deliver(atomic)
        listed = browser.get("/cases/?kind=jiangdu-2020/application").text
        assert "闵讲解" in listed
        assert "待提交" in listed

    @pytest.mark.parametrize("unit", [OTHERS, BUREAU, "没有这个单位"])
    def test_only_for_its_own_units(self, stage: Stage, unit: str) -> None:
        browser = stage.open(DEPARTMENT)
        browser.get("/cases/start")
        wanted = {"scheme": SCHEME, "process": "picking", "unit": unit}
        assert browser.post("/cases/start", wanted).status_code == 404
        assert db.session.scalar(select(func.count()).select_from(Case)) == 0

    def test_the_bureau_enters_the_custodian_of_a_department(self, stage: Stage) -> None:
        """JD-03."""
        browser = stage.open(BUREAU)
        browser.get("/cases/start")
        wanted = {"scheme": SCHEME, "process": "unit_administrator", "unit": DEPARTMENT}
        assert browser.post("/cases/start", wanted).status_code == 302
        (case,) = db.session.scalars(select(Case))
        assert case.unit_id == stage.world.organisations[DEPARTMENT]


class TestWorkers:
    """JD-04: one by one, and by a template of many."""

    def test_one_by_one_with_what_is_held(self, stage: Stage) -> None:
        browser, unit = stage.open(DEPARTMENT), stage.world.organisations[UNIT]
        browser.get(f"/people/new?unit={unit}")
        sent = {"name": "闵新人", "id_number": NUMBER, "unit": unit}
        assert browser.post("/people/new", sent).status_code == 302
        person = named("闵新人")
        assert person is not None
        assert person.unit_id == unit
        browser.get(f"/people/{person.id}")
        held = {"trade": "电工", "grade": "technician", "issued_on": "2012-06-01"}
        page = browser.follow(browser.post(f"/people/{person.id}/holding", held)).text
        assert "技师" in page
        assert "2012" in page
        again = browser.post(f"/people/{person.id}/holding", {**held, "grade": "senior_technician"})
        assert again.status_code == 409
        assert "只随考评结果的导入更新" in again.text

    def test_nobody_of_another_departments_units(self, stage: Stage) -> None:
        browser = stage.open(DEPARTMENT)
        others = stage.world.organisations[OTHERS]
        assert browser.get(f"/people/?unit={others}").status_code == 404
        assert browser.get(f"/people/{stage.world.people['车师傅甲']}").status_code == 404
        browser.get("/people/new")
        sent = {"name": "闵新人", "id_number": NUMBER, "unit": others}
        assert browser.post("/people/new", sent).status_code == 404
        assert named("闵新人") is None

    def test_the_template_has_the_columns_that_are_read(self, stage: Stage) -> None:
        got = stage.open(DEPARTMENT).get("/people/register/workers/template")
        sheet = load_workbook(BytesIO(got.data)).worksheets[0]
        assert [cell.value for cell in next(sheet.iter_rows())] == list(WORKERS)

    def test_all_or_the_good_ones_and_what_is_wrong_by_line(self, stage: Stage) -> None:
        browser = stage.open(DEPARTMENT)
        good = f"{UNIT},闵新人,{NUMBER},电工,技师,2012-06-01,13800138000"
        bad = f"{OTHERS},闵外人,{make_citizen_id('321099', at('1989-08-08').date(), 61, 'male')},,,,"
        other = make_citizen_id("321099", at("1990-08-08").date(), 62, "male")
        wrong, nowhere = f"{UNIT},闵错码,321099198808081230,,,,", f",闵无处,{other},,,,"
        status, page = send(browser, "workers", "all", good, bad, wrong)
        assert status == 422
        assert "一行也没有导入" in page
        assert named("闵新人") is None
        status, page = send(browser, "workers", "good", nowhere, good, bad, wrong)
        assert status == 200
        assert "只能维护本单位和下属单位的人员" in page
        assert "没有找到这个单位" in page
        assert NUMBER not in page
        assert named("闵新人") is not None
        assert named("闵外人") is None
        assert named("闵错码") is None

    def test_checked_only_nothing_is_taken_and_what_is_wrong_is_told(self, stage: Stage) -> None:
        browser = stage.open(DEPARTMENT)
        good, wrong = f"{UNIT},闵新人,{NUMBER},电工,技师,2012-06-01,", f"{UNIT},闵错码,321099198808081230,,,,"
        status, page = send(browser, "workers", "none", good, wrong)
        assert status == 200
        assert "检查了 2 行，1 行有误；没有导入任何内容" in page
        assert "全部正确" in send(browser, "workers", "none", good)[1].split("有误的行")[0]
        assert named("闵新人") is None

    def test_who_holds_what_is_listed_and_found(self, stage: Stage) -> None:
        browser = stage.open(DEPARTMENT)
        listed = browser.get("/people/?trade=烹饪&grade=senior").text
        assert "烹饪 高级工" in listed
        assert "闵讲解" not in listed
        shares = browser.get("/people/register/shares").text
        assert "在册人数" in shares
        assert UNIT in shares
        assert OTHERS not in shares

    def test_a_file_that_is_no_such_table(self, stage: Stage) -> None:
        browser = stage.open(DEPARTMENT)
        browser.get("/people/register/workers")
        sent = {"file": (BytesIO("姓名\n闵新人".encode()), "表.csv"), "choice": "all"}
        told = browser.post("/people/register/workers", sent)
        assert told.status_code == 422
        assert "第一行的列名不对：缺少列“单位”" in told.text
        for lines, told in ((501, "一次最多 500 行"), (10_000, "行数太多，一次最多 5000 行")):
            status, page = send(browser, "workers", "good", *[f"{UNIT},闵新人,{NUMBER},,,,"] * lines)
            assert status == 422
            assert told in page
        assert named("闵新人") is None


class TestResults:
    """JD-11: imported by whoever has the register of the area, and by nobody else."""

    def row(self, stage: Stage, result: str = "通过", year: int = 2020) -> str:
        person = db.session.get_one(Person, stage.world.people["闵烹饪"])
        return f"闵烹饪,{people.id_number_of(person)},{year},烹饪,技师,{result}"

    def test_the_new_grade_stands_beside_its_history(self, stage: Stage) -> None:
        browser = stage.open(PROVINCE)
        assert "导入结果" in browser.get("/inbox/").text
        row = self.row(stage)
        status, page = send(browser, "results", "all", row)
        assert status == 302
        assert "已导入 1 行" in page
        person = stage.world.people["闵烹饪"]
        shown = stage.open(DEPARTMENT).get(f"/people/{person}").text
        assert "考评结果导入" in shown
        assert "高级工" in shown
        assert "更新" in shown
        status, page = send(browser, "results", "all", row)
        assert status == 422
        assert "已经导入过" in page
        held = select(Holding.grade).where(Holding.person_id == person).order_by(Holding.id)
        assert list(db.session.scalars(held)) == ["senior", "technician"]

    def test_a_result_of_nobody_and_an_unknown_word(self, stage: Stage) -> None:
        browser = stage.open(PROVINCE)
        rows = (f"查无此人,{NUMBER},2020,烹饪,技师,通过", self.row(stage, "好"), self.row(stage, year=2999))
        status, page = send(browser, "results", "good", *rows)
        assert status == 422
        assert "请核对姓名和号码" in page
        assert "请填“通过”或“不通过”" in page
        assert "下一年度导入" in page

    @pytest.mark.parametrize("name", [DEPARTMENT, BUREAU])
    def test_others_import_no_results(self, stage: Stage, name: str) -> None:
        browser = stage.open(name)
        assert browser.get("/people/register/results").status_code == 404
        assert "导入结果" not in browser.get("/inbox/").text
