"""Henan 2025: its files agree with each other and leave no clause of the year out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

from flask import Flask

from app.config import PROJECT
from app.content.checks import check_scheme
from app.content.matrix import clause_matrix
from app.content.scenarios import read_scenarios
from app.content.scheme import Scheme
from app.content.sources import read_scheme_folder
from app.content.worlds import World
from app.extensions import atomic
from app.operations import worlds
from app.operations.capabilities import declarations
from app.operations.deployments import holder_problems
from app.operations.scenarios import run_scheme

ID = "henan-2025"
OWN = [f"HN-{number:02}" for number in range(1, 19)]
BESIDE = "late_told"
"""The end of a branch beside the way of the case: it says nothing about the case."""
BY_THE_HOUSE = {"ALL-03"}
"""What the house does by itself and other tests show."""

FILES = read_scheme_folder(PROJECT, ID)
WORLD = read_scenarios(FILES).worlds["organisations.yaml"]
CALENDAR = f"bpmn/{ID}/calendar.yaml"
SHEET = FILES[f"bpmn/{ID}/scheme.yaml"].decode()
BEFORE = datetime(2025, 3, 1, tzinfo=UTC)


@cache
def scheme() -> Scheme:
    return Scheme.from_files(FILES)


def faults(path: str, old: str, new: str) -> list[str]:
    """What the check says to the scheme with one text changed."""
    content = FILES[path].decode()
    assert old in content
    changed = {**FILES, path: content.replace(old, new, 1).encode()}
    return [p.message for p in check_scheme(changed, declarations()) if p.severity == "error"]


def test_the_checker_finds_nothing_left_to_do() -> None:
    assert {p.element for p in check_scheme(FILES, declarations())} == {BESIDE}


def test_every_scenario_holds_and_together_they_go_everywhere(app: Flask) -> None:
    run = run_scheme(FILES)
    failures = [(result.file, failure.sentence) for result in run.results for failure in result.failures]
    assert failures == []
    assert run.gaps == ()


def test_each_clause_of_the_notice_is_driven_by_a_scenario() -> None:
    matrix = clause_matrix(scheme(), read_scenarios(FILES).scenarios)
    driven = {clause for clause, homes in matrix.items() if any(home.kind == "scenario" for home in homes)}
    assert [clause for clause in OWN if clause not in driven] == []
    assert set(matrix) - driven == BY_THE_HOUSE


def test_every_element_flow_row_and_field_cites_a_clause() -> None:
    definitions = scheme().definitions
    bare = [
        part.id
        for process in definitions.processes.values()
        for part in [*process.elements.values(), *process.flows.values()]
        if not part.clauses
    ]
    bare += [r.ref.rule for table in definitions.decisions.values() for r in table.rules if not r.ref.clauses]
    bare += [name for form in scheme().forms.values() for name, f in form.fields.items() if not f.clauses]
    assert bare == []


def test_the_pledge_is_due_at_24_00_of_30_june_2025() -> None:
    assert scheme().calendar.resolve()["pledge_due"] == datetime(2025, 6, 30, 16, tzinfo=UTC)


def test_no_examination_begins_before_its_city_has_fixed_it() -> None:
    assert scheme().calendar.resolve()["exam"] is None


class TestBadInput:
    """Refused in a sentence that an official can read."""

    def test_a_date_that_ends_before_it_begins(self) -> None:
        told = faults(CALENDAR, "day: 2025-03-31", "day: 2025-03-01")
        assert any("网上注册报名开始" in text and "应当早于" in text for text in told)

    def test_a_pledge_without_a_deadline(self) -> None:
        told = faults(CALENDAR, "  pledge_due:", "  pledge_end:")
        assert any("pledge_due" in text and "不在 calendar.yaml 里" in text for text in told)

    def test_a_pledge_whose_deadline_nobody_sets(self) -> None:
        without_day = {**FILES, CALENDAR: FILES[CALENDAR].replace(b"day: 2025-06-30", b"day: null")}
        (told,) = [p for p in check_scheme(without_day, declarations()) if p.element == "upload_due"]
        assert told.severity == "warning"
        assert "容缺后补的年度考核结果上传截止" in told.message
        start, end = SHEET.index("  pledge_due:"), len(SHEET)
        nobody = {**without_day, f"bpmn/{ID}/scheme.yaml": (SHEET[:start] + SHEET[end:]).encode()}
        (told,) = [p for p in check_scheme(nobody, declarations()) if p.element == "upload_due"]
        assert told.severity == "error"
        assert "永远不会到期" in told.message

    def test_a_window_that_closes_before_it_opens(self) -> None:
        told = faults(f"bpmn/{ID}/scheme.yaml", "from: filing_opens, until", "from: review_closes, until")
        assert any("流程“organising”的办理时间" in text and "还没开始就结束了" in text for text in told)

    def test_a_lane_of_no_role(self) -> None:
        told = faults(f"bpmn/{ID}/roles.yaml", "title: 工考管理机构\n", "title: 审查机构\n")
        assert any("工考管理机构" in text for text in told)


class TestGradedResponsibility:
    """HN-08: whoever is asked for in some area is there, and alone; a hole is told in a sentence."""

    def told(self, world: World, when: datetime = BEFORE) -> list[str]:
        with atomic():
            worlds.build(world)
        return [problem.message for problem in holder_problems(scheme(), when)]

    def test_every_kind_of_unit_finds_its_offices(self, app: Flask) -> None:
        assert self.told(WORLD) == []

    def test_a_county_without_the_power_that_its_city_does_not_look_after_either(self, app: Flask) -> None:
        city = ("洛阳市工考中心", "review", "district")
        kept = [g for g in WORLD.jurisdictions if (g.office, g.function, g.level) != city]
        told = self.told(replace(WORLD, jurisdictions=kept))
        assert any("栾川县的区县属单位”，“工考管理机构”的职责（review）没有机构行使" in text for text in told)
