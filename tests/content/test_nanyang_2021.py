"""Nanyang 2021: its files agree with each other, leave no clause of the year out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import pytest
from flask import Flask
from support.world import at

from app.config import PROJECT
from app.content import World
from app.content.checks import check_scheme
from app.content.matrix import clause_matrix
from app.content.scenarios import read_scenarios
from app.content.scheme import Scheme
from app.content.sources import read_scheme_folder
from app.extensions import atomic
from app.operations import worlds
from app.operations.capabilities import declarations
from app.operations.deployments import holder_problems
from app.operations.scenarios import run_scheme

ID = "nanyang-2021"
OWN = [f"NY-{number:02}" for number in range(1, 16)]
BESIDE = {"unit_late_told", "transfer_done"}
"""Ends of branches beside the way of the case: they say nothing about the case."""
UNDATED = {"before_sitting", "undecided"}
"""Timers on the examination, which is fixed later: until then they never fire (NY-07)."""
UNPRICED = {"fee_lower", "fee_one"}
"""What the notice only refers to (NY-14)."""

FILES = read_scheme_folder(PROJECT, ID)
WORLD = read_scenarios(FILES).worlds["organisations.yaml"]
CALENDAR = f"bpmn/{ID}/calendar.yaml"


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
    assert {p.element for p in check_scheme(FILES, declarations())} == BESIDE | UNDATED | UNPRICED


def test_every_scenario_holds_and_together_they_go_everywhere(app: Flask) -> None:
    run = run_scheme(FILES)
    failures = [(result.file, failure.sentence) for result in run.results for failure in result.failures]
    assert failures == []
    assert run.gaps == ()


def test_each_clause_of_the_notice_is_driven_by_a_scenario() -> None:
    matrix = clause_matrix(scheme(), read_scenarios(FILES).scenarios)
    driven = {clause for clause, homes in matrix.items() if any(home.kind == "scenario" for home in homes)}
    assert [clause for clause in OWN if clause not in driven] == []
    assert set(matrix) - driven == set()


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


@pytest.mark.parametrize(
    ("name", "instant"),
    [
        ("filing_closes", "2021-05-11 00:00"),
        ("unit_review_due", "2021-05-13 00:00"),
        ("review_due", "2021-05-15 00:00"),
    ],
)
def test_the_inner_and_outer_dates_end_at_24_00(name: str, instant: str) -> None:
    assert scheme().calendar.resolve()[name] == at(instant)


def test_no_examination_and_no_pledge_is_due_before_the_sitting_is_fixed() -> None:
    dates = scheme().calendar.resolve()
    assert (dates["exam"], dates["exam_one"]) == (None, None)


def test_only_the_supplements_of_a_pledge_are_bound_to_the_sitting() -> None:
    """NY-07: no timer of the whole scheme ends a case in a refusal because of it."""
    upload = scheme().definitions.processes["supplement"]
    (way,) = [flow for flow in upload.flows.values() if flow.source == "before_sitting"]
    assert upload.elements[way.target].kind == "userTask"


class TestBadInput:
    """Refused in a sentence that an official can read."""

    def test_a_date_that_ends_before_it_begins(self) -> None:
        told = faults(CALENDAR, "day: 2021-05-10", "day: 2021-04-11")
        assert any("报名开始" in text and "应当早于" in text for text in told)

    def test_a_window_that_closes_before_it_opens(self) -> None:
        told = faults(f"bpmn/{ID}/scheme.yaml", "from: filing_opens, until", "from: review_due, until")
        assert any("流程“registration”的办理时间" in text for text in told)

    def test_a_lane_of_no_role(self) -> None:
        told = faults(f"bpmn/{ID}/roles.yaml", "title: 市工考服务中心\n", "title: 市考试院\n")
        assert any("市工考服务中心" in text for text in told)

    def test_a_pledge_that_nobody_can_ever_call_in(self) -> None:
        told = faults(f"bpmn/{ID}/scheme.yaml", "  exam:\n    propose", "  training_opens:\n    propose")
        assert any("永远不会到期" in text for text in told)


class TestLevels:
    """NY-06: whoever is asked for in some area is there, and alone."""

    def told(self, world: World) -> list[str]:
        with atomic():
            worlds.build(world)
        return [problem.message for problem in holder_problems(scheme(), datetime(2021, 4, 1, tzinfo=UTC))]

    def test_every_kind_of_unit_finds_its_offices(self, app: Flask) -> None:
        assert self.told(WORLD) == []

    def test_a_county_without_its_body(self, app: Flask) -> None:
        kept = [g for g in WORLD.jurisdictions if g.office != "内乡县人社局"]
        assert any("没有机构行使" in text for text in self.told(replace(WORLD, jurisdictions=kept)))
