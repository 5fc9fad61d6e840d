"""Nanyang 2021: its files agree with each other, leave no clause of the year out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask
from support.schemes import OnDisk, SchemeAgrees
from support.world import at

from app.content import World

NANYANG = OnDisk("nanyang-2021")
OWN = [f"NY-{number:02}" for number in range(1, 16)]
BESIDE = {"unit_late_told", "transfer_done", "supplement"}
"""Ends of branches beside the way of the case: they say nothing about the case."""
UNDATED = {"before_sitting", "undecided"}
"""Timers on the examination, which is fixed later: until then they never fire (NY-07)."""
UNPRICED = {"fee_lower", "fee_one"}
"""What the notice only refers to (NY-14)."""


class TestFiles(SchemeAgrees):
    on_disk = NANYANG
    own = OWN
    left = BESIDE | UNDATED | UNPRICED


@pytest.mark.parametrize(
    ("name", "instant"),
    [
        ("filing_closes", "2021-05-11 00:00"),
        ("unit_review_due", "2021-05-13 00:00"),
        ("review_due", "2021-05-15 00:00"),
    ],
)
def test_the_inner_and_outer_dates_end_at_24_00(name: str, instant: str) -> None:
    assert NANYANG.scheme.calendar.resolve()[name] == at(instant)


def test_no_examination_and_no_pledge_is_due_before_the_sitting_is_fixed() -> None:
    dates = NANYANG.scheme.calendar.resolve()
    assert (dates["exam"], dates["exam_one"]) == (None, None)


def test_only_the_supplements_of_a_pledge_are_bound_to_the_sitting() -> None:
    """NY-07: no timer of the whole scheme ends a case in a refusal because of it."""
    upload = NANYANG.scheme.definitions.processes["supplement"]
    (way,) = [flow for flow in upload.flows.values() if flow.source == "before_sitting"]
    assert upload.elements[way.target].kind == "userTask"


class TestBadInput:
    """Refused in a sentence that an official can read."""

    def test_a_date_that_ends_before_it_begins(self) -> None:
        told = NANYANG.faults("calendar.yaml", "day: 2021-05-10", "day: 2021-04-11")
        assert any("报名开始" in text and "应当早于" in text for text in told)

    def test_a_window_that_closes_before_it_opens(self) -> None:
        told = NANYANG.faults("scheme.yaml", "from: filing_opens, until", "from: review_due, until")
        assert any("流程“registration”的办理时间" in text for text in told)

    def test_a_list_that_begins_what_people_may_have_twice(self) -> None:
        once = "\n    unique: year"
        shown = "appraisal, late, paid_on, sitting_on, attendance, score, certificate_number]"
        told = NANYANG.faults("scheme.yaml", shown + once, shown)
        assert any("registration.json" in text and "x-begins" in text for text in told)

    def test_a_lane_of_no_role(self) -> None:
        told = NANYANG.faults("roles.yaml", "title: 市工考服务中心\n", "title: 市考试院\n")
        assert any("市工考服务中心" in text for text in told)

    def test_a_pledge_that_nobody_can_ever_call_in(self) -> None:
        told = NANYANG.faults("scheme.yaml", "  exam:\n    propose", "  training_opens:\n    propose")
        assert any("永远不会到期" in text for text in told)


class TestLevels:
    """NY-06: whoever is asked for in some area is there, and alone."""

    def told(self, world: World) -> list[str]:
        return [problem.message for problem in NANYANG.holes(world, datetime(2021, 4, 1, tzinfo=UTC))]

    def test_every_kind_of_unit_finds_its_offices(self, app: Flask) -> None:
        assert self.told(NANYANG.world) == []

    def test_a_county_without_its_body(self, app: Flask) -> None:
        kept = [g for g in NANYANG.world.jurisdictions if g.office != "内乡县人社局"]
        assert any("没有机构行使" in text for text in self.told(replace(NANYANG.world, jurisdictions=kept)))
