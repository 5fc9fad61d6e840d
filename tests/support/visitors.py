"""Everybody who takes part in a scheme's year, each with a browser without scripts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from support.clicking import Reader
from support.pages import PASSWORD, Stage


class Visitors:
    """`who` None is the unit, `of` None a case of its own; lists are found by `applications`, their name."""

    def __init__(self, stage: Stage, people: Iterable[str], *, keeper: str, applications: str) -> None:
        self.stage, self.keeper, self.applications = stage, keeper, applications
        self.readers: dict[str | None, Reader] = {one: self._signed_in(stage.login(one)) for one in people}

    @property
    def unit(self) -> Reader:
        return self.readers[None]

    def register_unit(
        self, unit: Mapping[str, str], profile: Mapping[str, str], people: Iterable[tuple[str, str]] = ()
    ) -> None:
        """The unit with its account and profile, and its people: names and ID numbers."""
        stranger = Reader(self.stage.browser())
        stranger.click("注册单位账号")
        stranger.press("注册", {**unit, "again": PASSWORD})
        assert "注册成功" in stranger.text
        self.readers[None] = self._signed_in(unit["login"])
        self.unit.press("保存", profile)
        assert "单位信息已保存" in self.unit.text
        for name, id_number in people:
            self.add_person(name, id_number)

    def add_person(self, name: str, id_number: str) -> None:
        self.unit.click("人员")
        self.unit.click("添加人员")
        self.unit.press("保存", {"name": name, "id_number": id_number})
        self.unit.row(姓名=name)
        assert id_number not in self.unit.text

    def move_clock(self, to: str) -> None:
        keeper = self.readers[self.keeper]
        keeper.click("演练时钟")
        keeper.press("拨动时钟", {"to": to})
        assert "异常 0 个" in keeper.text

    def offered(self, who: str | None, process: str) -> bool:
        """Is there a form to begin such a case?"""
        reader = self.readers[who]
        reader.click("办件")
        if not [link for link in reader.page.cssselect("main a") if "新增办件" in link.text_content()]:
            return False
        reader.click("新增办件")
        return bool(reader.page.cssselect(f'input[name="process"][value="{process}"]'))

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

    def move_date(self, proposer: str, approver: str, date: str, values: Mapping[str, str]) -> None:
        """One officer proposes another day, a second one of the office approves it."""
        first, second = self.readers[proposer], self.readers[approver]
        first.click("日期调整")
        first.click("提出调整", first.row(日期=date))
        first.press("提出", values)
        assert "等待另一人批准" in first.text
        second.click("日期调整")
        second.click(date, second.row(日期=date, 状态="待批准"))
        second.press("批准")
        assert "已批准" in second.text

    def owed(self, who: str | None, of: str | None = None) -> set[str]:
        """The steps that wait in the inbox."""
        reader = self.readers[who]
        reader.click("待办")
        rows = reader.page.cssselect("table.list tbody tr")
        mine = [row for row in rows if (of or "") in reader.cell(row, "对象")]
        return {str(row.cssselect('td[data-label="环节"] a')[0].text) for row in mine}

    def status(self, of: str) -> str:
        return self.unit.cell(self._entry(self.unit, of), "状态")

    def look_at(self, who: str | None, of: str) -> str:
        """All that the page of somebody's application says."""
        reader = self.readers[who]
        reader.click("", self._entry(reader, of).cssselect('td[data-label="办件"]')[0])
        return reader.text

    def fact(self, who: str | None, label: str) -> str:
        """What the page that `who` looks at says of one thing."""
        facts = self.readers[who].page.cssselect("dl.facts")[0]
        (told,) = [div.cssselect("dd")[0] for div in facts if div.cssselect("dt")[0].text == label]
        return str(told.text_content()).strip()

    def notices(self) -> list[str]:
        """What the unit has been told, the newest first."""
        self.unit.click("消息")
        return [str(link.text_content()) for link in self.unit.page.cssselect("main li a")]

    def certificate(self, of: str) -> str:
        (number,) = self.certified(of)
        return number

    def certified(self, of: str) -> list[str]:
        """The numbers of somebody's certificates, as the unit sees them."""
        self.look_at(None, of)
        return [str(link.text) for link in self.unit.page.cssselect('dd a[href*="/verify"]')]

    def assert_vouched_for(self, of: str, *facts: str) -> None:
        """Whoever asks for the certificate is told these facts, and not whose it is."""
        told = self.verified(self.certificate(of))
        for fact in facts:
            assert fact in told
        assert of not in told

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
        reader.click(task, reader.row(环节=task, 对象=of or ""))

    def _entry(self, reader: Reader, of: str) -> Any:
        reader.click("办件")
        reader.click(self.applications)
        return reader.row(姓名=of)
