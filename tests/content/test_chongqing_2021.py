"""Chongqing 2021: its files agree with each other and leave no clause of the year out."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from support.schemes import OnDisk, SchemeAgrees

from app.errors import Invalid

CHONGQING = OnDisk("chongqing-2021")
OWN = {f"CQ-{number:02}" for number in range(1, 38)}
OTHERWISE = {"CQ-10", "CQ-25", "CQ-26", "CQ-27", "CQ-29", "CQ-34", "CQ-35"}
"""No scenario can show them: printed documents, accounts, masks, the paper set that an office records, and
what the house does by itself and other tests show."""
UNSUPPLIED = {"fee_worker", "fee_technician"}
"""Parameters that stand in documents that we do not have, as do the years required."""
BESIDE = "transfer_done"
"""The end of a branch beside the way of the case: it says nothing about the case."""


class TestFiles(SchemeAgrees):
    on_disk = CHONGQING
    own = OWN - OTHERWISE
    otherwise = OTHERWISE

    def test_the_checker_finds_only_what_is_left(self) -> None:
        problems = CHONGQING.problems()
        unhoused = {p.element for p in problems if p.file.endswith("clauses.yaml")}
        unsupplied = {p.element for p in problems if p.file.endswith("scheme.yaml")}
        assert unhoused == set()
        assert {name for name in unsupplied if not (name or "").startswith("years_")} == UNSUPPLIED
        assert {p.element for p in problems} == unhoused | unsupplied | {BESIDE}


def test_filing_closes_at_24_00_of_23_july_2021() -> None:
    assert CHONGQING.scheme.calendar.resolve()["registration_closes"] == datetime(2021, 7, 23, 16, tzinfo=UTC)


def test_id_numbers_are_masked_as_in_the_manual() -> None:
    assert CHONGQING.scheme.mask["id_number"].apply("22010619900101006X") == "220106****006X"


def test_the_paper_set_asks_what_is_missing_only_if_something_is() -> None:
    form = CHONGQING.scheme.form(CHONGQING.scheme.records["paper_set"].form)
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
