"""Henan 2025: its files agree with each other and leave no clause of the year out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from flask import Flask
from support.schemes import OnDisk, SchemeAgrees

from app.content.checks import check_scheme
from app.content.worlds import World
from app.operations.capabilities import declarations

HENAN = OnDisk("henan-2025")
OWN = [f"HN-{number:02}" for number in range(1, 19)]
BESIDE = {"late_told", "transfer_done", "correction_noted"}
"""Ends of branches beside the way of the case: they say nothing about the case."""

BEFORE = datetime(2025, 3, 1, tzinfo=UTC)


class TestFiles(SchemeAgrees):
    on_disk = HENAN
    own = OWN
    left = BESIDE


def test_the_pledge_is_due_at_24_00_of_30_june_2025() -> None:
    assert HENAN.scheme.calendar.resolve()["pledge_due"] == datetime(2025, 6, 30, 16, tzinfo=UTC)


def test_no_examination_begins_before_its_city_has_fixed_it() -> None:
    assert HENAN.scheme.calendar.resolve()["exam"] is None


class TestBadInput:
    """Refused in a sentence that an official can read."""

    def test_a_date_that_ends_before_it_begins(self) -> None:
        told = HENAN.faults("calendar.yaml", "day: 2025-03-31", "day: 2025-03-01")
        assert any("网上注册报名开始" in text and "应当早于" in text for text in told)

    def test_a_pledge_without_a_deadline(self) -> None:
        told = HENAN.faults("calendar.yaml", "  pledge_due:", "  pledge_end:")
        assert any("pledge_due" in text and "不在 calendar.yaml 里" in text for text in told)

    def test_a_pledge_whose_deadline_nobody_sets(self) -> None:
        calendar, sheet = HENAN.path("calendar.yaml"), HENAN.path("scheme.yaml")
        dayless = HENAN.files[calendar].replace(b"day: 2025-06-30", b"day: null")
        without_day = {**HENAN.files, calendar: dayless}
        (told,) = [p for p in check_scheme(without_day, declarations()) if p.element == "upload_due"]
        assert told.severity == "warning"
        assert "容缺后补的年度考核结果上传截止" in told.message
        nobody = {**without_day, sheet: HENAN.files[sheet].partition(b"  pledge_due:")[0]}
        (told,) = [p for p in check_scheme(nobody, declarations()) if p.element == "upload_due"]
        assert told.severity == "error"
        assert "永远不会到期" in told.message

    def test_a_window_that_closes_before_it_opens(self) -> None:
        told = HENAN.faults("scheme.yaml", "from: filing_opens, until", "from: review_closes, until")
        assert any("流程“organising”的办理时间" in text and "还没开始就结束了" in text for text in told)

    def test_a_lane_of_no_role(self) -> None:
        told = HENAN.faults("roles.yaml", "title: 工考管理机构\n", "title: 审查机构\n")
        assert any("工考管理机构" in text for text in told)


class TestGradedResponsibility:
    """HN-08: whoever is asked for in some area is there, and alone; a hole is told in a sentence."""

    def told(self, world: World, when: datetime = BEFORE) -> list[str]:
        return [problem.message for problem in HENAN.holes(world, when)]

    def test_every_kind_of_unit_finds_its_offices(self, app: Flask) -> None:
        assert self.told(HENAN.world) == []

    def test_a_county_without_the_power_that_its_city_does_not_look_after_either(self, app: Flask) -> None:
        city = ("洛阳市工考中心", "review", "district")
        kept = [g for g in HENAN.world.jurisdictions if (g.office, g.function, g.level) != city]
        told = self.told(replace(HENAN.world, jurisdictions=kept))
        assert any("栾川县的区县属单位”，“工考管理机构”的职责（review）没有机构行使" in text for text in told)
