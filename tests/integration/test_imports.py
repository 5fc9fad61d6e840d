"""Tables of values for many tasks (CQ-23): what is read, what each line is told, what the choice leads to."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import time
import tracemalloc
import zipfile
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from sqlalchemy import select
from support.phased import FORMS, PHASED, add_people, publish_phased, waiting_for_scores
from support.world import (
    BUREAU,
    LIBRARY,
    OFFICE,
    OTHER_BUREAU,
    OTHER_UNIT,
    at,
    case_row,
    complete,
    make_world,
    task_of,
)

from app.content.form_cells import columns_of, read_cells
from app.content.form_fields import Option
from app.content.form_file import read_form
from app.errors import Conflict, Invalid, NotFound
from app.extensions import atomic, db
from app.models import History, Import, ImportRow, Task
from app.operations import timers
from app.operations.long_work import imports
from app.operations.trials.worlds import Built
from app.operations.uploads import _tables
from app.queries import imports as queries

KIND = f"{PHASED}/enter"
HEAD = ["办件编号", "姓名", "证件号码", "单位", "等级", "缺考", "理论成绩", "实作成绩", "评价", "考试日期"]
NOW = at("2021-07-01 09:00")
Line = tuple[Any, ...]


@pytest.fixture
def world(app: Flask) -> Built:
    publish_phased()
    return make_world()


def numbered(case_id: int) -> str:
    return f"{PHASED}-{case_id}"


def line(case_id: int, name: str, *scores: Any) -> Line:
    """A line as the template has it, with what was filled in."""
    return (numbered(case_id), name, "110101****0011", LIBRARY, "高级工", *scores, *[""] * (5 - len(scores)))


def xlsx(lines: Iterable[Line], head: Iterable[str] = HEAD) -> bytes:
    book, stream = Workbook(), io.BytesIO()
    for row in (head, *lines):
        book.worksheets[0].append(list(row))
    book.save(stream)
    return stream.getvalue()


def csv_of(lines: Iterable[Line], encoding: str, head: Iterable[str] = HEAD) -> bytes:
    stream = io.StringIO()
    csv.writer(stream).writerows((head, *lines))
    return stream.getvalue().encode(encoding)


def upload(world: Built, content: bytes, who: str = OFFICE, kind: str = KIND) -> int:
    with atomic():
        return imports.upload(kind, "成绩.xlsx", content, actor=world.actors[who], now=NOW, at=NOW)


def confirm(world: Built, import_id: int, choice: imports.Choice = "good", when: Any = NOW) -> None:
    with atomic():
        imports.confirm(import_id, choice, actor=world.actors[OFFICE], at=when)


def go_on(world: Built, import_id: int, when: Any = NOW, at_most: int = 100) -> int:
    return imports.go_on(import_id, actor=world.actors[OFFICE], at=when, transaction=atomic, at_most=at_most)


def told(import_id: int) -> dict[int, tuple[str, str | None]]:
    db.session.expire_all()
    rows = db.session.scalars(select(ImportRow).where(ImportRow.import_id == import_id))
    return {row.number: (row.state, row.message) for row in rows}


def refusal(content: bytes) -> str:
    with pytest.raises(Invalid) as caught:
        _tables.read_table(content)
    (sentence,) = caught.value.fields["file"]
    return sentence


# What is read.


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "xlsx"])
def test_scores_come_from_a_workbook_and_from_csv_in_each_encoding(world: Built, encoding: str) -> None:
    present, absent = waiting_for_scores(world, "陈一"), waiting_for_scores(world, "李二")
    lines = [line(present, "陈一", "", 61, 100, "良好", "2021/6/30"), line(absent, "李二", "是")]
    content = xlsx(lines) if encoding == "xlsx" else csv_of(lines, encoding)
    import_id = upload(world, content)
    assert {state for state, _ in told(import_id).values()} == {"good"}
    assert case_row(present).status == "待录入成绩", "nothing is decided by uploading"
    confirm(world, import_id, "all")
    assert go_on(world, import_id) == 0
    assert case_row(present).listed["theory"] == 61
    assert case_row(present).listed["practice"] == 100
    assert case_row(absent).listed == {
        "trade": "汽车驾驶员",
        "grade": "senior",
        "absent": True,
        "theory": None,
        "practice": None,
    }
    assert told(import_id)[2] == ("done", case_row(present).status)


def test_a_case_is_told_by_its_number_alone_too(world: Built) -> None:
    case_id = waiting_for_scores(world)
    short = (float(case_id), "陈一 ", *line(case_id, "")[2:5], "否", "６０", 60.0, "", "")
    assert told(upload(world, xlsx([short])))[2] == ("good", None)


@given(
    st.fixed_dictionaries(
        {
            "absent": st.sampled_from([True, False]),
            "theory": st.integers(0, 100),
            "practice": st.integers(0, 100),
            "level": st.sampled_from(["good", "fair"]),
            "taken_on": st.dates().map(lambda day: day.isoformat()),
        }
    ),
    st.sampled_from(["text", "native", "csv"]),
)
def test_what_a_form_accepts_can_be_written_in_cells_and_read_back(values: dict[str, Any], way: str) -> None:
    options = {"grades": [Option("senior", "高级工")]}
    form = read_form("forms/x/scores.json", json.dumps(FORMS["scores"]).encode(), options, [])
    assert form is not None
    if values["absent"]:
        del values["theory"], values["practice"]
    words = {True: "是", False: "否", "good": "良好", "fair": "一般"}
    cells = {
        name: words.get(value, value) if value not in (0, 1) or name == "absent" else value
        for name, value in values.items()
    }
    if way == "csv":
        cells = {name: str(cell) for name, cell in cells.items()}
    elif way == "native":
        cells = {name: float(cell) if type(cell) is int else cell for name, cell in cells.items()}
    read = read_cells(form, columns_of(form), cells)
    assert form.load(read) == form.load(values)


def read_or_refused(content: bytes) -> None:
    """Any other exception is a defect."""
    with contextlib.suppress(Invalid):
        _tables.read_table(content)


# What is told line by line.


def test_each_line_says_what_is_wrong_with_it(world: Built) -> None:
    one, two = waiting_for_scores(world, "陈一"), waiting_for_scores(world, "李二")
    lines = [
        line(one, "陈一", "", 101, 60),
        line(one, "陈一", "", 90, 60),
        line(two, "李三", "", 90, 60),
        line(two, "李二", "", 90, "缺考"),
        line(two, "李二", "是", 90, 60),
        line(two, "李二", "也许", 90, 60),
        line(99_999_999, "陈一", "", 90, 60),
        ("", "陈一", "", "", "", "", 90, 60, "", ""),
        line(two, "李二"),
        line(two, "李二", "", 90.5, 60),
        line(two, "李二", "", 90, 60, "优秀"),
        line(two, "李二", "", "=30+60", 60),
    ]
    found = told(upload(world, xlsx(lines)))
    sentences = {number: (state, message or "") for number, (state, message) in found.items()}
    assert sentences[2][0] == "bad"
    assert "“理论成绩”不能大于 100（填的是 101）" in sentences[2][1]
    assert sentences[2][1].startswith("与第 3 行是同一个办件；")
    assert sentences[3] == ("bad", "与第 2 行是同一个办件"), "which of the two is meant, nobody here knows"
    assert "姓名“李三”与办件的“李二”不一致" in sentences[4][1]
    assert "“实作成绩”应当是整数" in sentences[5][1]
    assert "不用填写" in sentences[6][1]
    assert "“缺考”应当是“是”或“否”" in sentences[7][1]
    assert f"“{PHASED}-99999999”不在本机构这一环节的待办里" in sentences[8][1]
    assert "没有填写办件编号" in sentences[9][1]
    assert sentences[10] == ("blank", "")
    assert "应当是整数" in sentences[11][1]
    assert "评价" in sentences[12][1]
    assert "“理论成绩”是公式，请改成数值" in sentences[13][1]


def test_a_line_for_anothers_task_is_as_if_the_case_were_not_there(world: Built) -> None:
    """A case that waits elsewhere, or at another step, is told in the words of one that never was."""
    done = waiting_for_scores(world, "陈一")
    complete(done, "enter", {"absent": True}, world.actors[OFFICE], "2021-06-30 09:00")
    waiting_for_scores(world, "李二")
    found = told(upload(world, xlsx([line(done, "陈一", "", 90, 60), line(88_888_888, "陈一", "", 90, 60)])))
    first, second = (message or "" for _, message in found.values())
    assert first.replace(numbered(done), "x") == second.replace(numbered(88_888_888), "x")


@pytest.mark.parametrize(
    ("head", "sentence"),
    [
        (
            ["办件编号", "姓名", "缺考", "理论", "实作成绩", "评价", "考试日期"],
            "缺少列“理论成绩”；不认识的列“理论”",
        ),
        (["姓名", "缺考", "理论成绩", "实作成绩", "评价", "考试日期"], "缺少列“办件编号”"),
        ([*HEAD, "缺考"], "重复的列“缺考”"),
        ([*HEAD, "备注"], "不认识的列“备注”"),
        (["办件编号", "姓名"], "缺少列“缺考”、“理论成绩”、“实作成绩”、“评价”、“考试日期”"),
    ],
)
def test_a_wrong_head_is_told_in_a_sentence(world: Built, head: list[str], sentence: str) -> None:
    waiting_for_scores(world)
    with pytest.raises(Invalid) as caught:
        upload(world, xlsx([], head))
    assert sentence in caught.value.fields["file"][0]
    assert db.session.scalars(select(Import)).all() == []


def test_columns_may_change_places(world: Built) -> None:
    case_id = waiting_for_scores(world)
    head = ["实作成绩", "姓名", "理论成绩", "缺考", "办件编号", "考试日期", "评价"]
    found = told(upload(world, xlsx([(87, "陈一", 61, "否", numbered(case_id), "", "")], head)))
    assert found[2] == ("good", None)


# What is not opened.


def test_merged_cells_are_refused() -> None:
    book, stream = Workbook(), io.BytesIO()
    book.worksheets[0].append(HEAD)
    book.worksheets[0].merge_cells("A1:B1")
    book.save(stream)
    assert "合并" in refusal(stream.getvalue())


def repacked(content: bytes, name: str, part: bytes) -> bytes:
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.namelist():
            new.writestr(entry, part if entry == name else old.read(entry))
        if name not in old.namelist():
            new.writestr(name, part)
    return stream.getvalue()


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = repacked(xlsx([]), "xl/media/image1.png", b"\0" * (_tables.MOST_UNPACKED + 1))
    assert len(bomb) < 100_000
    assert "展开后太大" in refusal(bomb)
    many = io.BytesIO(xlsx([]))
    with zipfile.ZipFile(many, "a") as package:
        for number in range(_tables.MOST_PARTS):
            package.writestr(f"x{number}", b"")
    assert "展开后太大" in refusal(many.getvalue())


def test_an_archive_that_understates_its_size_is_not_unpacked_whole() -> None:
    """The header says a few bytes, the part holds half a gigabyte; memory is measured, not believed."""
    honest = repacked(xlsx([]), "xl/worksheets/sheet1.xml", b" " * (500 * 1024 * 1024))
    lying = bytearray(honest)
    for mark, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at_part = (
            lying.rindex(b"xl/worksheets/sheet1.xml")
            if place == 24
            else lying.index(b"xl/worksheets/sheet1.xml")
        )
        header = lying.rindex(mark, 0, at_part)
        lying[header + place : header + place + 4] = (1000).to_bytes(4, "little")
    assert len(lying) < _tables.MOST_BYTES
    tracemalloc.start()
    try:
        assert "读不出来" in refusal(bytes(lying))
        assert tracemalloc.get_traced_memory()[1] < 50 * 1024 * 1024
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("way", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packings_that_cannot_be_bounded_are_refused(way: int) -> None:
    stream = io.BytesIO(xlsx([]))
    with zipfile.ZipFile(stream, "a", way) as package:
        package.writestr("xl/more.xml", b" " * 1000)
    assert "压缩方式" in refusal(stream.getvalue())


def test_entities_of_xml_are_not_expanded() -> None:
    sheet = (
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="1"><c r="A1" t="inlineStr"><is><t>&b;</t></is></c></row></sheetData></worksheet>'
    )
    assert "读不出来" in refusal(repacked(xlsx([]), "xl/worksheets/sheet1.xml", sheet))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "空的"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "旧版 xls"),
        (b"PK\x03\x04" + b"x" * 100, "损坏"),
        (b"%PDF-1.4\n\x00", "不是表格"),
        (b"\xff\xfe\xff\xff\x81", "编码"),
        (b'a,"b\n', "引号"),
        (b"\n\n,,\n", "没有内容"),
        (b"," * _tables.MOST_COLUMNS + b"x\n", "列数太多"),
        (b"a\n" * (_tables.MOST_LINES + 2), "行数太多"),
        (b"a\n" + b"x" * (_tables.LONGEST_CELL + 1), "第 2 行有一格"),
        (b"x" * (_tables.MOST_BYTES + 1), "太大"),
    ],
)
def test_what_is_no_table_is_told(content: bytes, sentence: str) -> None:
    assert sentence in refusal(content)


@given(st.binary(max_size=200), st.sampled_from([b"", b"PK\x03\x04"]))
def test_whatever_is_sent_is_read_or_refused(content: bytes, head: bytes) -> None:
    read_or_refused(head + content)


def test_a_truncated_or_altered_workbook_is_refused_or_read() -> None:
    whole = xlsx([line(1, "陈一", "", 1, 2)])
    for place in range(0, len(whole), 97):
        for broken in (whole[:place], whole[:place] + b"\xff" + whole[place + 1 :]):
            read_or_refused(broken)


def test_rows_far_below_are_not_waited_for() -> None:
    """A cell in the last row of a sheet must not make five thousand empty ones into a million."""
    book, stream = Workbook(), io.BytesIO()
    book.worksheets[0].append(HEAD)
    book.worksheets[0].cell(1_048_576, 1, "x")
    book.save(stream)
    assert len(_tables.read_table(stream.getvalue()).lines) <= 1


# What the choice leads to.


def test_all_or_the_good_ones(world: Built) -> None:
    """3,000 rows with 12 wrong ones in small: the wrong ones keep the others back only if all are chosen."""
    good, wrong = waiting_for_scores(world, "陈一"), waiting_for_scores(world, "李二")
    import_id = upload(world, xlsx([line(good, "陈一", "", 61, 87), line(wrong, "李二", "", 101, 60)]))
    with pytest.raises(Conflict, match="有 1 行有误"):
        confirm(world, import_id, "all")
    assert task_of(good)
    confirm(world, import_id, "good")
    go_on(world, import_id)
    assert case_row(good).listed["theory"] == 61
    assert case_row(wrong).status == "待录入成绩"
    with pytest.raises(Conflict, match="已经确认过"):
        confirm(world, import_id, "good")


def test_dropped_is_forgotten(world: Built) -> None:
    case_id = waiting_for_scores(world)
    import_id = upload(world, xlsx([line(case_id, "陈一", "", 61, 87)]))
    with atomic():
        imports.drop(import_id, actor=world.actors[OFFICE])
    assert db.session.scalars(select(ImportRow)).all() == []
    with pytest.raises(NotFound):
        confirm(world, import_id)
    assert case_row(case_id).status == "待录入成绩"


def test_nothing_good_is_nothing_to_choose(world: Built) -> None:
    case_id = waiting_for_scores(world)
    import_id = upload(world, xlsx([line(case_id, "陈一")]))
    with pytest.raises(Conflict, match="没有可以导入的行"):
        confirm(world, import_id, "good")


def test_before_the_choice_nothing_goes_on(world: Built) -> None:
    case_id = waiting_for_scores(world)
    import_id = upload(world, xlsx([line(case_id, "陈一", "", 61, 87)]))
    with pytest.raises(Conflict, match="请先选择"):
        go_on(world, import_id)
    assert case_row(case_id).status == "待录入成绩"


def test_a_task_decided_meanwhile_is_told_in_its_line(world: Built) -> None:
    one, two = waiting_for_scores(world, "陈一"), waiting_for_scores(world, "李二")
    import_id = upload(world, xlsx([line(one, "陈一", "", 61, 87), line(two, "李二", "", 62, 88)]))
    complete(one, "enter", {"absent": True}, world.actors[OFFICE], "2021-07-01 08:59")
    confirm(world, import_id)
    go_on(world, import_id)
    found = told(import_id)
    assert found[2][0] == "refused"
    assert "已经办理过" in (found[2][1] or "")
    assert found[3][0] == "done"
    assert case_row(one).listed["theory"] is None


def test_what_was_confirmed_in_time_counts_though_its_turn_comes_after_the_deadline(world: Built) -> None:
    """Decision 3: the instant of the choice counts; until their turn no timer beats the tasks."""
    cases = [waiting_for_scores(world, name) for name in ("陈一", "李二")]
    import_id = upload(
        world,
        xlsx(
            [line(case_id, name, "", 61, 87) for case_id, name in zip(cases, ("陈一", "李二"), strict=True)]
        ),
    )
    last = at("2021-07-31 23:59:59")
    confirm(world, import_id, "all", last)
    assert go_on(world, import_id, last, at_most=1) == 1
    later = at("2021-08-01 00:05")
    timers.sweep(lambda _: later, atomic)
    assert case_row(cases[1]).status == "待录入成绩"
    assert go_on(world, import_id, later) == 0
    assert [told(import_id)[number][0] for number in (2, 3)] == ["done", "done"]
    (received,) = db.session.scalars(
        select(History.at).where(History.case_id == cases[1], History.element == "enter")
    )
    assert received == last


def test_what_is_confirmed_after_the_deadline_is_refused(world: Built) -> None:
    case_id = waiting_for_scores(world)
    import_id = upload(world, xlsx([line(case_id, "陈一", "", 61, 87)]))
    after = at("2021-08-01 00:00")
    confirm(world, import_id, "all", after)
    go_on(world, import_id, after)
    assert told(import_id)[2][0] == "refused"
    assert "已截止" in (told(import_id)[2][1] or "")


def test_a_table_uploaded_after_the_deadline_is_told_so(world: Built) -> None:
    case_id = waiting_for_scores(world)
    content, late = xlsx([line(case_id, "陈一", "", 61, 87)]), at("2021-08-01 00:00")
    with atomic():
        import_id = imports.upload(KIND, "x", content, actor=world.actors[OFFICE], now=late, at=late)
    assert told(import_id)[2] == ("bad", "“录入成绩”已截止")


def test_an_hour_later_nothing_more_is_imported_and_nothing_stays_marked(world: Built) -> None:
    cases = [waiting_for_scores(world, name) for name in ("陈一", "李二")]
    import_id = upload(
        world,
        xlsx(
            [line(case_id, name, "", 61, 87) for case_id, name in zip(cases, ("陈一", "李二"), strict=True)]
        ),
    )
    confirm(world, import_id)
    assert go_on(world, import_id, at_most=1) == 1
    assert go_on(world, import_id, NOW + timedelta(hours=1)) == 0
    assert told(import_id)[3][0] == "refused"
    assert "一小时" in (told(import_id)[3][1] or "")
    assert case_row(cases[1]).status == "待录入成绩"
    assert db.session.scalars(select(Task.pending_since).where(Task.pending_since.is_not(None))).all() == []


def test_it_goes_on_where_it_stopped_and_nothing_is_done_twice(world: Built) -> None:
    names = add_people(world, 5)
    cases = [waiting_for_scores(world, name) for name in names]
    lines = [
        line(case_id, name, "", 60 + n, 87)
        for n, (case_id, name) in enumerate(zip(cases, names, strict=True))
    ]
    import_id = upload(world, xlsx(lines))
    confirm(world, import_id, "all")
    assert [go_on(world, import_id, at_most=2) for _ in range(4)] == [3, 1, 0, 0]
    assert [case_row(case_id).listed["theory"] for case_id in cases] == [60, 61, 62, 63, 64]
    done = select(History.case_id).where(History.element == "enter", History.call == "complete")
    assert sorted(db.session.scalars(done)) == cases
    assert db.session.scalars(select(ImportRow.values)).all() == [{}] * 5, "the cases have them now"
    assert db.session.scalars(select(Import.state)).all() == ["finished"]


def test_nobody_else_sees_or_confirms_it(world: Built) -> None:
    case_id = waiting_for_scores(world)
    import_id = upload(world, xlsx([line(case_id, "陈一", "", 61, 87)]))
    for name in (LIBRARY, BUREAU, "吴审"):
        actor = world.actors[name]
        with pytest.raises(NotFound), atomic():
            imports.confirm(import_id, "good", actor=actor, at=NOW)
        with pytest.raises(NotFound):
            imports.go_on(import_id, actor=actor, at=NOW, transaction=atomic)
        with pytest.raises(NotFound), atomic():
            imports.drop(import_id, actor=actor)
        with pytest.raises(NotFound):
            queries.one(import_id, actor)


def test_only_who_holds_the_tasks_may_upload_and_only_where_the_diagram_lets(world: Built) -> None:
    case_id = waiting_for_scores(world, "赵四", unit=OTHER_UNIT, bureau=OTHER_BUREAU)
    content = xlsx([line(case_id, "赵四", "", 61, 87)])
    for name, kind in ((OTHER_UNIT, KIND), (OTHER_BUREAU, KIND), (OFFICE, f"{PHASED}/file"), (OFFICE, "x")):
        with pytest.raises(NotFound):
            upload(world, content, name, kind)
    assert [(kind.key, kind.count) for kind in queries.kinds(world.organisations[OFFICE])] == [(KIND, 1)]
    assert queries.kinds(world.organisations[OTHER_UNIT]) == []


def test_an_officer_is_not_decided_by_himself(world: Built) -> None:
    """ALL-04 holds for imported lines as for others."""
    own, other = waiting_for_scores(world, "陈一"), waiting_for_scores(world, "李二")
    officer = world.actors["陈一（兼省考核办）"]
    content = xlsx([line(own, "陈一", "", 100, 100), line(other, "李二", "", 61, 87)])
    with atomic():
        import_id = imports.upload(KIND, "x", content, actor=officer, now=NOW, at=NOW)
    with atomic():
        imports.confirm(import_id, "good", actor=officer, at=NOW)
    imports.go_on(import_id, actor=officer, at=NOW, transaction=atomic)
    found = told(import_id)
    assert found[2][0] == "refused"
    assert "您是该办件的申报人" in (found[2][1] or "")
    assert found[3][0] == "done"


def test_old_uploads_are_forgotten(world: Built) -> None:
    case_id = waiting_for_scores(world)
    import_id = upload(world, xlsx([line(case_id, "陈一", "", 61, 87)]))
    for now, left in ((NOW + imports.KEPT, [import_id]), (NOW + imports.KEPT + timedelta(seconds=1), [])):
        with atomic():
            imports.clean_up(now)
        assert db.session.scalars(select(Import.id)).all() == left
    assert db.session.scalars(select(ImportRow)).all() == []


@pytest.mark.soak
def test_three_thousand_lines_with_twelve_wrong_ones(world: Built) -> None:
    """Checked in one request's time, then imported in parts that each are far from 30 s."""
    names = add_people(world, 3000)
    cases = [waiting_for_scores(world, name) for name in names]
    wrong = set(range(17, 3000, 250))
    lines = [
        line(case_id, name, "", 101 if place in wrong else 61, 87)
        for place, (case_id, name) in enumerate(zip(cases, names, strict=True))
    ]
    content = xlsx(lines)
    begun = time.monotonic()
    import_id = upload(world, content)
    assert time.monotonic() - begun < 10
    standing = queries.one(import_id, world.actors[OFFICE])
    assert (standing.count("good"), standing.count("bad"), len(standing.told)) == (2988, 12, 12)
    assert [row.number for row in standing.told] == [place + 2 for place in sorted(wrong)]
    confirm(world, import_id, "good")
    left, slowest = 2988, 0.0
    while left:
        begun = time.monotonic()
        left = go_on(world, import_id)
        slowest = max(slowest, time.monotonic() - begun)
    assert slowest < 15
    states = [state for state, _ in told(import_id).values()]
    assert (states.count("done"), states.count("bad")) == (2988, 12)
