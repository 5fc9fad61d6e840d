"""Chongqing 2021: its files agree with each other and leave no clause of the year out."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

import pytest
from flask import Flask

from app.config import PROJECT
from app.content.checks import check_scheme
from app.content.matrix import clause_matrix
from app.content.scenarios import read_scenarios
from app.content.scheme import Scheme
from app.content.sources import read_scheme_folder
from app.errors import Invalid
from app.operations import notices, places  # noqa: F401  (registers the capabilities that diagrams ask for)
from app.operations.capabilities import declarations
from app.operations.scenarios import run_scheme

ID = "chongqing-2021"
OTHERWISE = {"CQ-10", "CQ-25", "CQ-26", "CQ-27", "CQ-29", "CQ-34", "CQ-35"}
"""No scenario can show them: printed documents, accounts, masks, the paper set that an office records, and
what the house does by itself and other tests show."""
UNSUPPLIED = {"fee_worker", "fee_technician"}
"""Parameters that stand in documents that we do not have, as do the years required."""
BESIDE = "transfer_done"
"""The end of a branch beside the way of the case: it says nothing about the case."""


FILES = read_scheme_folder(PROJECT, ID)


@cache
def scheme() -> Scheme:
    return Scheme.from_files(FILES)


def test_the_checker_finds_only_what_is_left_for_later() -> None:
    problems = check_scheme(FILES, declarations())
    unhoused = {p.element for p in problems if p.file.endswith("clauses.yaml")}
    unsupplied = {p.element for p in problems if p.file.endswith("scheme.yaml")}
    assert unhoused == set()
    assert {name for name in unsupplied if not (name or "").startswith("years_")} == UNSUPPLIED
    assert {p.element for p in problems} == unhoused | unsupplied | {BESIDE}


def test_every_scenario_holds_and_together_they_go_everywhere(app: Flask) -> None:
    run = run_scheme(FILES)
    failures = [
        (result.file, failure.step, failure.sentence) for result in run.results for failure in result.failures
    ]
    assert failures == []
    assert run.gaps == ()


def test_each_clause_is_driven_by_a_scenario() -> None:
    scenarios = read_scenarios(FILES).scenarios
    matrix = clause_matrix(scheme(), scenarios)
    driven = {clause for clause, homes in matrix.items() if any(home.kind == "scenario" for home in homes)}
    assert set(matrix) - driven == OTHERWISE


def test_every_element_flow_and_row_cites_a_clause() -> None:
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


def test_filing_closes_at_24_00_of_23_july_2021() -> None:
    assert scheme().calendar.resolve()["registration_closes"] == datetime(2021, 7, 23, 16, tzinfo=UTC)


def test_id_numbers_are_masked_as_in_the_manual() -> None:
    assert scheme().mask["id_number"].apply("22010619900101006X") == "220106****006X"


def test_the_paper_set_asks_what_is_missing_only_if_something_is() -> None:
    form = scheme().form(scheme().records["paper_set"].form)
    arrived = {
        "received_on": "2021-07-01",
        "copies": 3,
        "department_opinion": "同意",
        "department_sealed": True,
        "complete": True,
    }
    assert form.load(arrived) == arrived
    with pytest.raises(Invalid) as refusal:
        form.load({**arrived, "complete": False})
    assert list(refusal.value.fields) == ["missing"]
