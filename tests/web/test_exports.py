"""Lists as Excel files, as filtered on the page (CQ-25): the rows, safe cells, masked numbers, the log."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import select, update
from support.crowd import until, work_row, working
from support.pages import Browser, Stage, set_stage
from support.phased import PHASED, publish_phased, reviewed, waiting_for_scores
from support.world import BUREAU, LIBRARY, OFFICE, complete

from app.documents import workbooks
from app.extensions import atomic, db
from app.models import Act, Organisation, Work
from app.queries import paging
from app.web import exports, long_exports

LIST = f"of={PHASED}/entry"


@pytest.fixture
def stage(app: Flask) -> Stage:
    found = set_stage(app)
    publish_phased()
    for name in ("陈一", "李二"):
        reviewed(found.world, name)
    case_id = waiting_for_scores(found.world, "王三")
    scores = {"absent": False, "theory": 61, "practice": 87}
    complete(case_id, "enter", scores, found.world.actors[OFFICE], "2021-06-11 08:00")
    return found


def table(browser: Browser, address: str) -> list[dict[str, Any]]:
    browser.get("/")
    answer = browser.post(address)
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == workbooks.XLSX
    assert answer.headers["Cache-Control"] == "no-store"
    head, *rows = load_workbook(BytesIO(answer.data)).worksheets[0].iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_a_list_is_exported_as_it_is_filtered(stage: Stage) -> None:
    unit = stage.open(LIBRARY)
    rows = table(unit, f"/cases/export?{LIST}")
    assert [row["姓名"] for row in rows] == ["王三", "李二", "陈一"]
    assert rows[0]["理论成绩"] == 61
    assert rows[0]["缺考"] == "否"
    assert rows[1]["理论成绩"] == "未到成绩"
    assert rows[0]["等级"] == "高级工"
    assert [row["姓名"] for row in table(unit, f"/cases/export?{LIST}&name=李")] == ["李二"]
    by_phase = table(unit, f"/cases/export?{LIST}&phase=sign_up")
    assert [row["状态"] for row in by_phase] == ["已报名", "未报名", "未报名"]
    assert table(unit, f"/cases/export?{LIST}&phase=exam&status=待录入成绩") == []


def test_what_is_exported_is_what_the_page_shows(stage: Stage) -> None:
    unit = stage.open(LIBRARY)
    page = unit.get(f"/cases/?{LIST}&phase=review").text
    heads = re.findall(r'<th scope="col">([^<]+)', page)
    row = table(unit, f"/cases/export?{LIST}&phase=review")[0]
    assert set(row) - {"单位"} == set(heads) - {"办理"}
    address = re.search(r'action="(/cases/export[^"]*)"', page)
    assert address
    assert address[1].replace("&amp;", "&") == f"/cases/export?{LIST}&phase=review"


def test_numbers_are_masked(stage: Stage) -> None:
    """CQ-27."""
    office = stage.open(OFFICE)
    office.get("/")
    answer = office.post(f"/cases/export?{LIST}")
    with ZipFile(BytesIO(answer.data)) as parts:
        text = b"".join(parts.read(name) for name in parts.namelist()).decode("utf-8", "replace")
    assert not re.search(r"110101\d{8}\d{3}[\dXx]", text)
    assert "110101****" in text


def test_the_inbox_and_what_was_done_are_exported(stage: Stage) -> None:
    reviewed_by = stage.open(BUREAU)
    assert [row["对象"] for row in table(reviewed_by, "/inbox/done/export")] == ["王三", "李二", "陈一"]
    unit = stage.open(LIBRARY)
    rows = table(unit, "/inbox/export?name=陈")
    assert [(row["环节"], row["对象"]) for row in rows] == [("报名", "陈一")]
    assert f"{rows[0]['到达时间']:%Y-%m-%d %H:%M}" == "2021-06-10 11:00"


def test_a_supervisors_list_is_exported(stage: Stage) -> None:
    stage.give(OFFICE, "supervisor")
    rows = table(stage.open(OFFICE), f"/monitor/cases/export?scheme={PHASED}&phase=exam")
    assert [(row["姓名"], row["状态"]) for row in rows] == [("王三", "成绩已录入")]


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "#N/A", '=HYPERLINK("http://x","y")']
)
def test_no_cell_is_a_formula(stage: Stage, text: str) -> None:
    with atomic() as session:
        mine = Organisation.id == stage.world.organisations[LIBRARY]
        session.execute(update(Organisation).where(mine).values(name=text))
    office = stage.open(OFFICE)
    office.get("/")
    answer = office.post(f"/cases/export?{LIST}")
    sheet = load_workbook(BytesIO(answer.data)).worksheets[0]
    column = next(cell.column for cell in sheet[1] if cell.value == "单位")
    cells = [sheet.cell(row, column) for row in (2, 3, 4)]
    assert [(cell.data_type, cell.value) for cell in cells] == [("s", text)] * 3
    assert all(cell.quotePrefix or text == "#N/A" for cell in cells)


def test_control_characters_do_not_spoil_the_file() -> None:
    stream = BytesIO()
    assert workbooks.write(stream, "表[1]", ["甲"], [["a\x01b\ud800"], ["x" * 40_000]]) == 2
    sheet = load_workbook(stream).worksheets[0]
    assert sheet["A2"].value == "ab"
    assert len(sheet["A3"].value) == workbooks.LONGEST_TEXT


def test_too_long_a_list_is_told_and_nothing_is_sent(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "MOST_ROWS", 2)
    for module in (paging, exports):
        monkeypatch.setattr(module, "MOST_LONG_ROWS", 2)
    unit = stage.open(LIBRARY)
    unit.get("/cases/")
    answer = unit.post(f"/cases/export?{LIST}&phase=review")
    page = unit.follow(answer).text
    assert "请缩小筛选范围" in page
    assert 'name="phase" value="review"' in page
    assert len(table(unit, f"/cases/export?{LIST}&name=李")) == 1
    assert [act.detail["rows"] for act in acts()] == [1]


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> None:
    """One request takes two rows out, no more."""
    monkeypatch.setattr(paging, "MOST_ROWS", 2)


def handed_over(unit: Browser) -> str:
    unit.get("/")
    answer = unit.post(f"/cases/export?{LIST}")
    assert answer.status_code == 302, answer.text
    assert "/work/" in answer.location
    return str(answer.location)


def test_a_long_list_is_written_in_the_background_and_kept_for_a_day(
    stage: Stage, long: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = stage.open(LIBRARY)
    address = handed_over(unit)
    assert "已写 0 条，共 3 条" in unit.get(address).text
    assert unit.get(f"{address}/file").status_code == 404
    with working(stage.app):
        until(lambda: "下载文件" in unit.get(address).text)
    answer = unit.get(f"{address}/file")
    assert (answer.mimetype, answer.headers["Cache-Control"]) == (workbooks.XLSX, "no-store")
    head, *rows = load_workbook(BytesIO(answer.data)).worksheets[0].iter_rows(values_only=True)
    assert [row[head.index("姓名")] for row in rows] == ["王三", "李二", "陈一"]
    assert all("****" in str(row[head.index("证件号码")]) for row in rows)
    (act,) = acts()
    assert (act.actor_id, act.detail["rows"]) == (stage.world.actors[LIBRARY].account_id, 3)
    assert act.detail["filters"] == {"of": f"{PHASED}/entry"}
    stage.give(BUREAU, "operator", "supervisor")
    assert stage.open(BUREAU).get(f"{address}/file").status_code == 404
    with atomic() as session:
        session.execute(update(Work).values(finished_at=Work.finished_at - timedelta(days=1)))
    assert unit.get(f"{address}/file").status_code == 404
    assert "文件已过期" in unit.get(address).text


def test_what_the_account_may_no_longer_do_is_not_done_for_it(stage: Stage, long: None) -> None:
    unit = stage.open(LIBRARY)
    work_id = int(handed_over(unit).rpartition("/")[2])
    stage.give(LIBRARY, "designer")
    assert not long_exports.write_out(work_id, lambda: False)
    found = work_row(work_id)
    assert (found.state, found.digest) == ("failed", None)
    assert "不能进行此项操作" in (found.message or "")
    assert acts() == []


def test_a_stopped_export_begins_anew_and_a_cancelled_one_does_not(stage: Stage, long: None) -> None:
    unit = stage.open(LIBRARY)
    address = handed_over(unit)
    work_id = int(address.rpartition("/")[2])
    assert long_exports.write_out(work_id, lambda: True)
    assert work_row(work_id).state == "running"
    unit.get(address)
    unit.post(f"{address}/cancel")
    assert not long_exports.write_out(work_id, lambda: False)
    assert (work_row(work_id).state, acts()) == ("cancelled", [])


def acts() -> list[Act]:
    db.session.expire_all()
    return list(db.session.scalars(select(Act).where(Act.kind == "list.exported").order_by(Act.id)))


def test_each_export_is_logged(stage: Stage) -> None:
    unit = stage.open(LIBRARY)
    table(unit, f"/cases/export?{LIST}&name=李&before=99999999")
    (act,) = acts()
    assert act.actor_id == stage.world.actors[LIBRARY].account_id
    assert act.detail == {
        "list": "考核",
        "filters": {"of": f"{PHASED}/entry", "name": "李"},
        "rows": 1,
    }
    stage.give(OFFICE, "administrator")
    page = stage.open(OFFICE).get(f"/administration/accounts/{act.actor_id}").text
    assert "导出列表：考核，1 条" in page


def test_nothing_of_others_is_exported(stage: Stage) -> None:
    other = stage.open("西溪区文化馆")
    other.get("/")
    answer = other.post(f"/cases/export?{LIST}")
    assert answer.status_code == 302
    assert table(other, "/inbox/export") == []
    assert other.post("/monitor/cases/export").status_code == 403
