"""A year of Chongqing walked on the pages, by links and forms that are found on them."""

from __future__ import annotations

from flask import Flask
from support import year
from support.pages import Stage
from support.visitors import Visitors


class Citizens(Visitors):
    """Those of Chongqing."""

    def __init__(self, stage: Stage) -> None:
        offices = (year.BUREAU, year.OFFICE, year.EXAMINERS, year.TRAINERS)
        super().__init__(stage, offices, keeper=year.OFFICE, applications="考试资格申请")

    def register(self) -> None:
        self.register_unit(year.UNIT, {**year.PROFILE, "superior": year.DEPARTMENT})


def test_a_year_on_the_pages(app: Flask) -> None:
    visitors = Citizens(year.set_stage(app))
    year.walk(visitors)
    told = {name: visitors.status(name) for name in year.PEOPLE}
    assert told == {
        year.TECHNICIAN: "已归档",
        year.JUNIOR: "已归档",
        year.REJECTED: "审核未通过",
        year.LATE: "逾期未提交",
    }
    page = visitors.look_at(None, year.TECHNICIAN)
    for told_of in (year.BUREAU, year.OFFICE, year.EXAMINERS, year.TRAINERS, "区县审核", "CQ-18"):
        assert told_of in page
    # A variable that only a decision gives bears the name of its column.
    labels = {label.text for label in visitors.unit.page.cssselect("main dt")}
    assert "报名时间" in labels
    assert "entered_at" not in labels
    office = visitors.readers[year.OFFICE]
    office.click("办件")
    office.click("新增办件")
    assert "公布成绩、名单和结果" in office.text
    assert "初审与公示" not in office.text
