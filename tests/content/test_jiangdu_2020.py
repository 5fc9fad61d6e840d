"""Jiangdu 2020: its files agree with each other and leave no clause of the year out."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from flask import Flask
from support.schemes import OnDisk, SchemeAgrees

JIANGDU = OnDisk("jiangdu-2020")
OWN = [f"JD-{number:02}" for number in range(1, 13)]
BESIDE = {"selection", "transfer_done"}
"""Where a branch beside the way of the case ends: it says nothing about the case."""


class TestFiles(SchemeAgrees):
    on_disk = JIANGDU
    own = OWN
    left = BESIDE


def test_the_three_windows_open_and_close_at_midnight() -> None:
    dates = JIANGDU.scheme.calendar.resolve()
    assert dates["technician_opens"] == datetime(2020, 7, 16, 16, tzinfo=UTC)
    assert dates["technician_closes"] == datetime(2020, 7, 31, 16, tzinfo=UTC)
    for kind in ("senior_technician", "worker"):
        assert dates[f"{kind}_opens"] == datetime(2020, 7, 31, 16, tzinfo=UTC)
        assert dates[f"{kind}_closes"] == datetime(2020, 8, 31, 16, tzinfo=UTC)


class TestCatalogues:
    """JD-06: as the notice has them, with the difference that a worker can't file for 水产养殖."""

    def trades(self, name: str) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for entry in JIANGDU.scheme.catalogues[name].entries:
            found.setdefault(entry.group or "", []).append(entry.code)
        return found

    def test_each_has_all_of_its_classes(self) -> None:
        counts = {name: [len(t) for t in self.trades(name).values()] for name in JIANGDU.scheme.catalogues}
        assert counts["senior_technician_trades"] == [3, 5, 2, 3, 1, 2, 1, 1, 4]
        assert counts["technician_trades"] == [6, 6, 4, 7, 2, 4, 2, 3, 1, 1, 1, 3, 4]
        assert counts["worker_trades"] == [6, 6, 4, 7, 2, 3, 2, 3, 1, 1, 1, 3, 4]

    def test_the_words_are_those_of_the_notice(self) -> None:
        assert self.trades("senior_technician_trades")["地矿类"] == ["地质勘察"]
        assert self.trades("technician_trades")["地矿类"] == ["地质勘查"]
        assert self.trades("technician_trades")["农业类"] == ["农艺", "动物养殖", "水产养殖", "农机技术"]
        assert self.trades("worker_trades")["农业类"] == ["农艺", "动物养殖", "农机技术"]

    def test_general_trades_are_trades_of_the_highest_grade(self) -> None:
        known = {entry.code for entry in JIANGDU.scheme.catalogues["senior_technician_trades"].entries}
        assert set(JIANGDU.scheme.parameter_values["general_trades"]) <= known


class TestBadInput:
    """Refused in a sentence that an official can read."""

    def test_a_window_that_closes_before_it_opens(self) -> None:
        told = JIANGDU.faults("calendar.yaml", "day: 2020-07-31", "day: 2020-07-01")
        assert any("技师报名开始" in text and "应当早于" in text for text in told)

    def test_a_closing_date_that_nobody_defines(self) -> None:
        told = JIANGDU.faults("calendar.yaml", "  worker_closes:", "  worker_ends:")
        assert any("worker_closes" in text for text in told)

    def test_a_lane_of_no_role(self) -> None:
        told = JIANGDU.faults("roles.yaml", "title: 主管部门\n", "title: 主管单位\n")
        assert any("主管部门" in text for text in told)

    def test_a_catalogue_that_is_not_there(self) -> None:
        told = JIANGDU.faults("application.json", '"worker_trades"', '"no_trades"')
        assert any("no_trades" in text for text in told)


def test_every_kind_of_unit_finds_its_offices(app: Flask) -> None:
    told = JIANGDU.holes(JIANGDU.world, datetime(2020, 7, 1, tzinfo=UTC))
    assert [problem.message for problem in told if problem.severity == "error"] == []


def test_no_whole_number_of_a_real_division_stands_in_the_scenarios() -> None:
    texts = b"".join(content for path, content in JIANGDU.files.items() if "/scenarios/" in path).decode()
    assert set(re.findall(r"\b(\d{6})\d{11}[\dX]\b", texts)) <= {"321099"}
