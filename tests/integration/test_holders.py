"""Holes and ties among offices, found in the registers before anything is published (CQ-26)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from support.world import tiny_files

from app.config import PROJECT
from app.content import Scheme, read_scenarios, read_scheme_folder
from app.content.instants import parse_local_instant as at
from app.demo.script import read_scripts
from app.errors import NotFound, SchemeInvalid
from app.extensions import atomic, db
from app.models import Deployment, Organisation
from app.operations import cases, deployments
from app.operations.actors import SYSTEM
from app.operations.deployments import holder_problems
from app.operations.offices import organisations
from app.operations.offices.organisations import Profile
from app.operations.trials import worlds

pytestmark = pytest.mark.usefixtures("all_regions")

CHONGQING = "chongqing-2021"
FILES = read_scheme_folder(PROJECT, CHONGQING)
SCHEME = Scheme.from_files(FILES)
LONG_AGO = datetime(2010, 1, 1, tzinfo=UTC)
NOW = at("2021-06-01 09:00")
CITY, YUZHONG, FULING = "500000", "500103", "500102"
PAPERS = {
    "received_on": "2021-06-01", "copies": 2, "department_opinion": "同意", "department_sealed": True,
    "complete": True,
}  # fmt: skip


def make(name: str, region: str, kind: str = "unit", **facts: str) -> int:
    profile = Profile(**{"system": "other", "nature": "institution", **facts})
    with atomic():
        made = organisations.create(kind, name, region, actor=SYSTEM, now=LONG_AGO, profile=profile)
        return made.id


def grant(office: int, function: str, region: str, since: datetime = LONG_AGO, **scope: str) -> None:
    with atomic():
        organisations.grant_jurisdiction(office, function, region, since, actor=SYSTEM, **scope)


def district_unit(region: str = YUZHONG, **facts: str) -> int:
    return make(f"某区单位{region}{facts}", region, level="district", **facts)


def bureau(region: str = YUZHONG, name: str = "某区人社局", since: datetime = LONG_AGO) -> int:
    office = make(name, region, "office", level="district")
    grant(office, "review", region, since, level="district")
    return office


def city_offices(*, party: bool = True) -> None:
    grant(make("市工考办", CITY, "office"), "final_review", CITY, level="municipal")
    grant(make("市职鉴中心", CITY, "office"), "examination", CITY, level="municipal")
    grant(make("市实训中心", CITY, "office"), "training", CITY, level="municipal")
    grant(make("市事业处", CITY, "office"), "post_review", CITY, level="municipal", system="other")
    if party:
        grant(make("市干部一处", CITY, "office"), "post_review", CITY, level="municipal", system="party")


def found(scheme: Scheme = SCHEME, when: datetime = NOW) -> list[tuple[str, str | None, str]]:
    """(severity, role, area) of each problem."""
    problems = holder_problems(scheme, when)
    return [(p.severity, p.element, p.message.split("“")[2].split("”")[0]) for p in problems]


class TestNoFalseAlarm:
    def test_an_empty_register(self) -> None:
        assert found() == []

    def test_the_demonstrations_organisations(self) -> None:
        script = next(one for one in read_scripts() if one.scheme == CHONGQING)
        facts = [*script.organisations.items(), *((unit["name"], unit) for unit in script.units)]
        ids = {}
        for name, known in facts:
            profile = {key: known[key] for key in ("level", "system", "nature") if key in known}
            ids[name] = make(name, str(known["region"]), known.get("kind", "unit"), **profile)
        for given in script.jurisdictions:
            scope = {key: given[key] for key in ("level", "system") if key in given}
            grant(ids[given["office"]], given["function"], str(given["region"]), **scope)
        assert len(script.units) > 20
        assert found() == []

    def test_the_scenarios_organisations(self) -> None:
        with atomic():
            worlds.build(read_scenarios(FILES).worlds["organisations.yaml"])
        assert found() == []

    def test_a_district_unit_never_comes_to_the_party_office(self) -> None:
        city_offices(party=False)
        bureau()
        district_unit()
        assert found() == []

    def test_units_of_other_jurisdictions_closed_ones_and_those_without_facts_do_not_count(self) -> None:
        city_offices()
        bureau(FULING)
        make("外地单位", "410102", level="district")
        closed, successor = district_unit(), make("市级单位", CITY, level="municipal")
        with atomic():
            organisations.merge(closed, successor, NOW, ground="编办〔2021〕1号", actor=SYSTEM)
            organisations.create("unit", "刚注册的单位", YUZHONG, actor=SYSTEM, now=LONG_AGO)
        assert found() == []


class TestHolesAndTies:
    def test_a_district_without_its_bureau(self) -> None:
        city_offices()
        bureau(FULING)
        district_unit(FULING)
        district_unit(YUZHONG)
        district_unit(YUZHONG, system="party", nature="agency")
        assert found() == [("error", "district_bureau", "渝中区的区县属单位")]
        problem = holder_problems(SCHEME, NOW)[0]
        assert problem.file == f"bpmn/{CHONGQING}/roles.yaml"
        assert "“区县人力社保局”的职责（review）没有机构行使；请核对机构管辖" in problem.message

    def test_the_first_district_of_all(self) -> None:
        city_offices()
        district_unit()
        assert found() == [("error", "district_bureau", "渝中区的区县属单位")]

    def test_two_bureaus_of_one_district(self) -> None:
        """The role does not go by the system, so neither of them comes first."""
        city_offices()
        for system, name in (("other", "某区人社局"), ("party", "某区党群部")):
            grant(make(name, YUZHONG, "office"), "review", YUZHONG, level="district", system=system)
        district_unit()
        assert found() == [("error", "district_bureau", "渝中区的区县属单位")]
        assert "有 2 个机构同时行使" in holder_problems(SCHEME, NOW)[0].message

    def test_an_office_of_the_city_for_the_units_that_need_it(self) -> None:
        city_offices(party=False)
        bureau()
        make("市级党群单位", CITY, level="municipal", system="party")
        assert found() == [("error", "party_cadre", "重庆市")]

    def test_where_nobody_knows_whether_the_role_is_asked_it_is_a_warning(self) -> None:
        """A municipal unit that is entered under its district; a city's office asked for district units."""
        city_offices()
        bureau(FULING)
        make("驻区市级单位", YUZHONG, level="municipal")
        assert found() == [("warning", "district_bureau", "渝中区的市属单位")]
        assert "可以不管" in holder_problems(SCHEME, NOW)[0].message

    def test_without_any_city_office_district_units_are_warned_of_those_they_may_need(self) -> None:
        bureau()
        district_unit()
        told = found()
        asked = {("warning", role, "重庆市") for role in ("institution_office", "city_office")}
        assert asked <= set(told)
        assert {severity for severity, _, _ in told} == {"warning"}
        assert "district_bureau" not in {role for _, role, _ in told}

    @pytest.mark.parametrize(("since", "holes"), [(NOW, 0), (NOW + timedelta(seconds=1), 1)])
    def test_offices_count_from_the_day_of_the_opening(self, since: datetime, holes: int) -> None:
        """The scheme opens at NOW; it is published long before."""
        city_offices()
        bureau(since=since)
        district_unit()
        assert len(found(when=NOW - timedelta(days=90))) == holes

    def test_a_role_that_goes_by_the_units_system_is_asked_for_each(self) -> None:
        with_system = tiny_files()
        roles = "bpmn/tiny-2021/roles.yaml"
        with_system[roles] = with_system[roles].replace(
            b"region: unit\n", b"region: unit\n    system: unit\n"
        )
        with_system = {path: text.replace(b'"990000"', b'"500000"') for path, text in with_system.items()}
        grant(make("省考核办", CITY, "office"), "final_review", CITY)
        office = make("某区人社局", YUZHONG, "office")
        grant(office, "review", YUZHONG, level="district", system="other")
        district_unit()
        district_unit(system="party")
        scheme = Scheme.from_files(with_system)
        assert found(scheme) == [("error", "bureau", "渝中区的党群系统区县属单位")]


class TestDoors:
    def test_publication_is_refused_and_writes_nothing(self, app: Flask) -> None:
        city_offices()
        district_unit()
        with pytest.raises(SchemeInvalid) as refusal, atomic():
            deployments.publish(FILES, SYSTEM, NOW)
        errors = [problem for problem in refusal.value.problems if problem.severity == "error"]
        assert [problem.element for problem in errors] == ["district_bureau"]
        assert db.session.scalar(select(func.count()).select_from(Deployment)) == 0
        bureau()
        with atomic():
            assert deployments.publish(FILES, SYSTEM, NOW)

    def test_what_is_published_already_is_the_same_deployment(self, app: Flask) -> None:
        with atomic():
            first = deployments.publish(FILES, SYSTEM, NOW)
        district_unit()
        with atomic():
            assert deployments.publish(FILES, SYSTEM, NOW) == first

    def test_the_check_tells_them_on_request(self, app: Flask) -> None:
        city_offices()
        district_unit()
        folder = str(PROJECT / "bpmn" / CHONGQING)
        runner = app.test_cli_runner()
        assert runner.invoke(args=["scheme", "check", folder]).exit_code == 0
        result = runner.invoke(args=["scheme", "check", folder, "--offices"])
        assert result.exit_code == 1
        assert "在“渝中区的区县属单位”，“区县人力社保局”的职责（review）没有机构行使" in result.output
        bureau()
        assert runner.invoke(args=["scheme", "check", folder, "--offices"]).exit_code == 0
        known = db.session.scalar(select(func.count()).select_from(Organisation))
        assert known == 7, "a check writes nothing"


def test_a_role_that_nobody_holds_for_the_unit_keeps_nobody_else_from_recording() -> None:
    """CQ-29: the city's office takes in the papers of a municipal unit, which no district bureau is for."""
    with atomic():
        built = worlds.build(read_scenarios(FILES).worlds["organisations.yaml"])
        deployments.publish(FILES, SYSTEM, NOW)
        unit = "市第九人民医院"
        unit_id, actor = built.organisations[unit], built.actors[unit]
        case_id = cases.start(CHONGQING, "post_filing", unit_id=unit_id, actor=actor, received_at=NOW)
    with atomic():
        cases.record(case_id, "paper_set", PAPERS, built.actors["市工考办"], NOW)
    with pytest.raises(NotFound), atomic():
        cases.record(case_id, "paper_set", PAPERS, built.actors["万州区人力资源和社会保障局"], NOW)
