"""A year of Chongqing walked on the pages, by links and forms that are found on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask
from support import year
from support.clicking import Reader
from support.pages import PASSWORD, Stage


class Visitors:
    """Everybody who takes part, each with a browser without scripts."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.readers: dict[str | None, Reader] = {}
        for name in (year.BUREAU, year.OFFICE, year.EXAMINERS, year.TRAINERS):
            self.readers[name] = self._signed_in(stage.login(name))

    @property
    def unit(self) -> Reader:
        return self.readers[None]

    def register(self) -> None:
        stranger = Reader(self.stage.browser())
        stranger.click("注册单位账号")
        stranger.press("注册", {**year.UNIT, "again": PASSWORD})
        assert "注册成功" in stranger.text
        self.readers[None] = self._signed_in(year.UNIT["login"])
        self.unit.press("保存", {**year.PROFILE, "superior": year.DEPARTMENT})
        assert "单位信息已保存" in self.unit.text

    def add_person(self, name: str, id_number: str) -> None:
        self.unit.click("人员")
        self.unit.click("添加人员")
        self.unit.press("保存", {"name": name, "id_number": id_number})
        self.unit.row(姓名=name)
        assert id_number not in self.unit.text

    def move_clock(self, to: str) -> None:
        keeper = self.readers[year.OFFICE]
        keeper.click("演练时钟")
        keeper.press("拨动时钟", {"to": to})
        assert "异常 0 个" in keeper.text

    def start(self, who: str | None, process: str) -> None:
        reader = self.readers[who]
        reader.click("办件")
        reader.click("新增办件")
        reader.press("新增", process=process)

    def complete(self, who: str | None, task: str, of: str | None, values: Mapping[str, Any]) -> None:
        reader = self.readers[who]
        self._open(reader, task, of)
        reader.press("提交", values)
        assert "已提交" in reader.text

    def draft(self, task: str, of: str, values: Mapping[str, Any]) -> None:
        self._open(self.unit, task, of)
        self.unit.press("暂存", values)
        assert "已暂存" in self.unit.text

    def status(self, of: str) -> str:
        return self.unit.cell(self._entry(of), "状态")

    def certificate(self, of: str) -> str:
        self.unit.click("", self._entry(of).cssselect('td[data-label="办件"]')[0])
        (number,) = self.unit.page.cssselect('dd a[href*="/verify"]')
        return str(number.text)

    def verified(self, number: str) -> str:
        stranger = Reader(self.stage.browser())
        stranger.click("查验证书")
        stranger.press("查验", {"number": number})
        assert "有效" in stranger.text
        return stranger.text

    def _signed_in(self, login: str) -> Reader:
        reader = Reader(self.stage.browser())
        reader.press("登录", {"login": login, "password": PASSWORD})
        return reader

    def _open(self, reader: Reader, task: str, of: str | None) -> None:
        reader.click("待办")
        subject = of or ""
        reader.click(task, reader.row(环节=task, 对象=subject))

    def _entry(self, of: str) -> Any:
        self.unit.click("办件")
        self.unit.click("考试资格申请")
        return self.unit.row(姓名=of)


def test_a_year_on_the_pages(app: Flask) -> None:
    visitors = Visitors(year.set_stage(app))
    year.walk(visitors)
    told = {name: visitors.status(name) for name in year.PEOPLE}
    assert told == {
        year.TECHNICIAN: "已归档",
        year.JUNIOR: "已归档",
        year.REJECTED: "审核未通过",
        year.LATE: "逾期未提交",
    }
    visitors.unit.click("", visitors._entry(year.TECHNICIAN).cssselect('td[data-label="办件"]')[0])
    for told_of in (year.BUREAU, year.OFFICE, year.EXAMINERS, year.TRAINERS, "区县审核", "CQ-18"):
        assert told_of in visitors.unit.text
    # A variable that only a decision gives bears the name of its column.
    labels = {label.text for label in visitors.unit.page.cssselect("#main dt")}
    assert "报名时间" in labels
    assert "entered_at" not in labels
    office = visitors.readers[year.OFFICE]
    office.click("办件")
    office.click("新增办件")
    assert "公布成绩、名单和结果" in office.text
    assert "初审与公示" not in office.text
