"""Tables that people get wrong, for the workers' register and of payments: each fault is told in a sentence.

tests/integration/test_imports.py does the same for scores.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from flask import Flask
from openpyxl import Workbook
from sqlalchemy import func, select
from support.world import LIBRARY, OFFICE, at, make_world, publish_tiny

from app.content.identity import make_citizen_id
from app.errors import Invalid
from app.extensions import atomic, db
from app.models import AssessmentResult, Holding, Jurisdiction, Person
from app.operations.paying import statements
from app.operations.registers import register, register_imports
from app.operations.registers.people import id_number_of
from app.operations.registers.register_imports import RESULTS, WORKERS, Choice, Imported
from app.operations.trials.worlds import Built
from app.operations.uploads import _tables

NOW = at("2022-03-01 09:00")
NUMBERS = [make_citizen_id("110101", date(1981, 3, day), day, "female") for day in range(1, 7)]


@pytest.fixture
def world(app: Flask) -> Built:
    publish_tiny()
    return make_world()


def sheet(head: Sequence[str], *lines: Sequence[Any], merged: str = "") -> bytes:
    book, stream = Workbook(), io.BytesIO()
    for line in (head, *lines):
        book.worksheets[0].append(line)
    if merged:
        book.worksheets[0].merge_cells(merged)
    book.save(stream)
    return stream.getvalue()


def send(world: Built, content: bytes, choice: Choice = "good") -> Imported:
    with atomic():
        return register_imports.import_workers(content, choice, actor=world.actors[LIBRARY], now=NOW)


def worker(n: int, *rest: Any, name: str = "") -> list[Any]:
    return ["", name or f"新人{'甲乙丙丁戊己'[n]}", NUMBERS[n], *rest]


def refusal(world: Built, content: bytes) -> str:
    with pytest.raises(Invalid) as caught:
        send(world, content)
    return caught.value.fields["file"][0]


def bomb(content: bytes, part: str) -> bytes:
    """The workbook with a part of thirty megabytes of nothing, in a few kilobytes."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.namelist():
            new.writestr(entry, old.read(entry) if entry != part else b" " * (_tables.MOST_UNPACKED + 1))
    return stream.getvalue()


class TestWorkers:
    def test_each_wrong_line_is_told_and_the_others_are_taken(self, world: Built) -> None:
        told = send(
            world,
            sheet(
                WORKERS,
                worker(0, "电工", "技师", "2012/6/1", ""),
                worker(1, "电工", "=1+1", "", ""),
                worker(2, "电工", "技师", "去年夏天", ""),
                worker(3, "电工", "技师", date(2012, 6, 1), ""),
                ["", "新人戊", int("3" + "2" * 17), "", "", "", ""],
                worker(4, "电工", "大师", "", ""),
                worker(5, "", "", "", "1380013800"),
            ),
        )
        said = {fault.number: fault.sentence for fault in told.faults}
        assert (told.lines, told.done, sorted(said)) == (7, 2, [3, 4, 6, 7, 8])
        for number, words in {
            3: "“等级”是公式",
            4: "取得日期请写成 2012-06-01",
            6: "存成了数字，后几位已不准",
            7: "等级“大师”不认识",
            8: "手机",
        }.items():
            assert words in said[number]
        assert set(db.session.scalars(select(Holding.issued_on))) == {date(2012, 6, 1)}

    @pytest.mark.parametrize("written", ["2012-06-01", "2012.6.1", "2012年6月1日", "２０１２/０６/０１"])
    def test_a_day_is_read_however_people_write_it(self, world: Built, written: str) -> None:
        assert send(world, sheet(WORKERS, worker(0, "电工", "技师", written, ""))).done == 1
        assert db.session.scalar(select(Holding.issued_on)) == date(2012, 6, 1)

    @pytest.mark.parametrize("choice", ["good", "all", "none"])
    def test_of_lines_with_the_same_number_none_is_taken(self, world: Built, choice: Choice) -> None:
        table = sheet(WORKERS, worker(0, "", "", "", ""), worker(1), worker(0, name="别人"))
        before = db.session.scalar(select(func.count()).select_from(Person)) or 0
        told = send(world, table, choice)
        sentences = [(fault.number, fault.sentence) for fault in told.faults]
        assert sentences == [(2, "与第 4 行重复，请只留一行"), (4, "与第 2 行重复，请只留一行")]
        after = db.session.scalar(select(func.count()).select_from(Person))
        assert after == before + told.done == before + (choice == "good")

    @pytest.mark.parametrize(
        ("head", "sentence"),
        [
            (["所在单位", *WORKERS[1:]], "缺少列“单位”；不认识的列“所在单位”"),
            ([*WORKERS, "备注"], "不认识的列“备注”"),
            ([*WORKERS, "工种"], "重复的列“工种”"),
            (RESULTS, "缺少列“单位”、“取得日期”、“联系电话”；不认识的列“年度”、“结果”"),
        ],
    )
    def test_a_wrong_head(self, world: Built, head: Sequence[str], sentence: str) -> None:
        assert sentence in refusal(world, sheet(head, worker(0)))

    def test_merged_packed_and_too_long(self, world: Built) -> None:
        assert "合并" in refusal(world, sheet(WORKERS, worker(0), merged="A1:B1"))
        for part in ("xl/worksheets/sheet1.xml", "xl/styles.xml"):
            packed = bomb(sheet(WORKERS, worker(0)), part)
            assert len(packed) < 100_000
            assert "展开后太大" in refusal(world, packed)
        lines = [worker(0)] * 10_000
        assert "行数太多，一次最多 5000 行" in refusal(world, sheet(WORKERS, *lines))
        assert "一次最多 500 行" in refusal(world, sheet(WORKERS, *lines[:501]))


class TestResults:
    def test_each_wrong_line_is_told(self, world: Built) -> None:
        person = db.session.get_one(Person, world.people["陈一"])
        with atomic() as session:
            office, since = world.organisations[OFFICE], at("2021-01-01 09:00")
            granted = {"function": register.FUNCTION, "region": "990000", "valid_from": since}
            session.add(Jurisdiction(office_id=office, **granted))
        number = id_number_of(person)
        held = ("电工", "技师")
        rows = [
            ("陈一", number, "２０２1", *held, "通过"),
            ("陈一", number, 2021, *held, "不通过"),
            *(("陈一", number, year, *held, "通过") for year in ("去年", 20201, "0020", 2022)),
            ("李二", number, 2020, *held, "通过"),
            ("陈一", number, 2019, *held, "合格"),
        ]
        with atomic():
            actor = world.actors[OFFICE]
            told = register_imports.import_results(sheet(RESULTS, *rows), "good", actor=actor, now=NOW)
        said = {fault.number: fault.sentence for fault in told.faults}
        assert told.done == 0
        assert said[2].startswith("与第 3 行重复")
        assert said[3].startswith("与第 2 行重复")
        assert all("四位数字" in said[number] for number in (4, 5, 6))
        assert "下一年度导入" in said[7]
        assert "请核对姓名和号码" in said[8]
        assert "“通过”或“不通过”" in said[9]
        assert db.session.scalar(select(AssessmentResult.id)) is None


STATEMENT = ("订单号", "流水号", "金额（元）", "日期")


class TestStatements:
    def test_a_workbook_with_columns_of_its_own_in_any_order(self) -> None:
        lines = [[date(2021, 6, 11), "a1", 60.5, "R1", "网点"], ["2021/6/11", "a2", "60.50", "R2", ""]]
        head = ("日期", "订单号", "金额（元）", "流水号", "渠道")
        found = statements.read_statement(sheet(head, *lines))
        assert [(one.order_number, one.reference, one.amount, one.day) for one in found] == [
            ("a1", "R1", 6050, date(2021, 6, 11)),
            ("a2", "R2", 6050, date(2021, 6, 11)),
        ]

    def test_wrong_lines_are_numbered(self) -> None:
        lines = [
            ("a1", "R1", "=30+30", "2021-06-11"),
            ("a2", "R2", "六十", "2021-06-11"),
            ("a3", "R3", 60, "昨天"),
            ("", "R4", 60, "2021-06-11"),
            (1234567890123456789, "R5", 60, "2021-06-11"),
            ("a6", "R6", -60, "2021-06-11"),
        ]
        assert self.refusal(sheet(STATEMENT, *lines)).startswith("第 2、3、4、5、6、7 行")

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (sheet(("订单号", "流水号", "日期")), "缺少列金额"),
            (sheet((*STATEMENT, "流水号")), "列流水号不止一个"),
            (sheet(STATEMENT, ("a", "b", 1, 2), merged="A1:B1"), "合并"),
            (bomb(sheet(STATEMENT), "xl/worksheets/sheet1.xml"), "展开后太大"),
            (",".join(STATEMENT).encode() + b"\na,R,1,2021-06-11" * 20_001, "一次最多 20000 行"),
            (b"%PDF-1.4\n\x00", "不是表格"),
        ],
    )
    def test_what_is_no_statement(self, content: bytes, words: str) -> None:
        assert words in self.refusal(content)

    def refusal(self, content: bytes) -> str:
        with pytest.raises(Invalid) as caught:
            statements.read_statement(content)
        return caught.value.fields["statement"][0]
