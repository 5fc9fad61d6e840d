"""Importing scores on the pages (CQ-23): template, upload, the lines that are wrong, the choice, progress."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from sqlalchemy import select, update
from support.pages import Browser, Stage
from support.phased import PHASED, add_people, open_phased, reviewed, waiting_for_scores
from support.world import LIBRARY, OFFICE, case_row

from app.extensions import atomic, db
from app.models import Act, Organisation
from app.web import imports as pages

KIND = f"{PHASED}/enter"


@pytest.fixture
def stage(stage: Stage) -> Stage:
    open_phased()
    return stage


@pytest.fixture
def office(stage: Stage) -> Browser:
    return stage.open(OFFICE)


def template(office: Browser) -> list[list[Any]]:
    answer = office.get(f"/imports/template?kind={KIND}")
    assert answer.status_code == 200
    sheet = load_workbook(BytesIO(answer.data)).worksheets[0]
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def filled(rows: list[list[Any]], scores: dict[str, tuple[Any, ...]]) -> bytes:
    """The template with 缺考, 理论成绩 and 实作成绩 filled in, by name."""
    head = rows[0]
    book, stream = Workbook(), BytesIO()
    for row in rows:
        given = scores.get(row[head.index("姓名")], ())
        for title, score in zip(("缺考", "理论成绩", "实作成绩"), given, strict=False):
            row[head.index(title)] = score
        book.worksheets[0].append(row)
    book.save(stream)
    return stream.getvalue()


def send(office: Browser, content: bytes, name: str = "成绩.xlsx", kind: str = KIND) -> Any:
    office.get("/imports/")
    return office.post("/imports/", {"kind": kind, "file": (BytesIO(content), name)})


def text_of(page: str) -> str:
    return re.sub(r"<[^>]+>|\s+", " ", page.split("<main")[1])


def test_from_template_to_scores(stage: Stage, office: Browser) -> None:
    """Downloaded, filled in, uploaded, chosen: two imported, one line wrong and told by its number."""
    cases = {name: waiting_for_scores(stage.world, name) for name in ("陈一", "李二", "王三")}
    rows = template(office)
    assert rows[0] == [
        "办件编号", "姓名", "证件号码", "单位", "等级", "缺考", "理论成绩", "实作成绩", "评价", "考试日期",
    ]  # fmt: skip
    assert rows[1][:5] == [
        f"{PHASED}-{cases['陈一']}",
        "陈一",
        "110101****001X"[:10] + rows[1][2][10:],
        LIBRARY,
        "高级工",
    ]
    assert "****" in rows[1][2]
    content = filled(rows, {"陈一": (None, 61, 87), "李二": ("是",), "王三": (None, 101, 60)})
    page = office.follow(send(office, content)).text
    told = text_of(page)
    assert "正确 2 行，有误 1 行" in told
    assert re.search(r"第 4 行 .*王三 .*“理论成绩”不能大于 100", told)
    assert case_row(cases["陈一"]).status == "待录入成绩"
    (address,) = re.findall(r'action="(/imports/\d+/confirm)"', page)
    done = office.follow(office.post(address, {"lines": "good"})).text
    assert "已导入 2 行，未成功 0 行，有误、没有导入的 1 行" in text_of(done)
    assert "导入结束" in done
    assert case_row(cases["陈一"]).listed["theory"] == 61
    assert case_row(cases["李二"]).listed["absent"] is True
    assert case_row(cases["王三"]).status == "待录入成绩"
    (act,) = db.session.scalars(select(Act).where(Act.kind == "import.confirmed"))
    assert act.detail["lines"] == {"good": 2, "bad": 1}
    assert "成绩.xlsx" in office.get("/imports/").text


def test_all_is_refused_where_a_line_is_wrong(stage: Stage, office: Browser) -> None:
    for name in ("陈一", "李二"):
        waiting_for_scores(stage.world, name)
    content = filled(template(office), {"陈一": (None, 61, 87), "李二": (None, -1, 60)})
    page = office.follow(send(office, content)).text
    (address,) = re.findall(r'action="(/imports/\d+/confirm)"', page)
    assert office.post(address, {"lines": "all"}).status_code == 409


def test_given_up_is_given_up(stage: Stage, office: Browser) -> None:
    case_id = waiting_for_scores(stage.world)
    page = office.follow(send(office, filled(template(office), {"陈一": (None, 61, 87)}))).text
    (address,) = re.findall(r'action="(/imports/\d+)/drop"', page)
    assert "没有导入任何内容" in office.follow(office.post(f"{address}/drop")).text
    assert office.get(address).status_code == 404
    assert case_row(case_id).status == "待录入成绩"


def test_without_a_script_the_button_goes_on(
    stage: Stage, office: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = add_people(stage.world, 5)
    cases = [waiting_for_scores(stage.world, name) for name in names]
    content = filled(template(office), {name: (None, 61, 87) for name in names})
    page = office.follow(send(office, content)).text
    assert "全部导入（5 行）" in page
    monkeypatch.setattr(pages, "AT_MOST", 2)
    (address,) = re.findall(r'action="(/imports/\d+/confirm)"', page)
    page = office.follow(office.post(address, {"lines": "all"})).text
    counts = []
    while going := re.search(r'action="(/imports/\d+/next)"[^>]*data-continue', page):
        (done,) = re.findall(r'<progress[^>]* value="(\d+)"', page)
        counts.append(int(done))
        page = office.follow(office.post(going[1])).text
    assert counts == [2, 4]
    assert "已导入 5 行" in text_of(page)
    assert {case_row(case_id).status for case_id in cases} == {case_row(cases[0]).status}


def test_an_upload_belongs_to_who_uploaded_it(stage: Stage, office: Browser) -> None:
    waiting_for_scores(stage.world)
    page = office.follow(send(office, filled(template(office), {"陈一": (None, 61, 87)}))).text
    (address,) = re.findall(r'action="(/imports/\d+)/confirm"', page)
    for name in (LIBRARY, "吴审"):
        other = stage.open(name)
        assert other.get(address).status_code == 404
        for verb in ("confirm", "next", "drop"):
            assert other.post(f"{address}/{verb}", {"lines": "good"}).status_code == 404


@pytest.mark.parametrize(
    "content", [b"", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04broken", b"a,b\n1,2\n"]
)
def test_what_is_no_such_table_is_told_on_the_page(stage: Stage, office: Browser, content: bytes) -> None:
    waiting_for_scores(stage.world)
    answer = send(office, content)
    assert answer.status_code == 422
    assert "没有导入" in answer.text
    assert re.search(r'role="alert"[^>]*>.*。</p>', answer.text, re.S)


def test_no_file_is_told(stage: Stage, office: Browser) -> None:
    waiting_for_scores(stage.world)
    office.get("/imports/")
    assert office.post("/imports/", {"kind": KIND}).status_code == 422


def test_a_unit_has_nothing_to_import(stage: Stage) -> None:
    reviewed(stage.world)
    unit = stage.open(LIBRARY)
    assert "没有可以导入的待办" in unit.get("/imports/").text
    assert unit.get(f"/imports/template?kind={KIND}").status_code == 404
    assert send(unit, b"a\n").status_code == 404


def test_the_inbox_leads_there_where_there_is_something(stage: Stage, office: Browser) -> None:
    assert 'href="/imports/"' not in office.get("/inbox/").text
    waiting_for_scores(stage.world)
    assert 'href="/imports/"' in office.get("/inbox/").text


def test_names_like_formulas_stay_texts_in_the_template(stage: Stage, office: Browser) -> None:
    with atomic() as session:
        mine = Organisation.id == stage.world.organisations[LIBRARY]
        session.execute(update(Organisation).where(mine).values(name="=1+1"))
    waiting_for_scores(stage.world)
    answer = office.get(f"/imports/template?kind={KIND}")
    book = load_workbook(BytesIO(answer.data))
    cell = book.worksheets[0]["D2"]
    assert (cell.value, cell.data_type, cell.quotePrefix) == ("=1+1", "s", True)
    notes = [row[0] for row in book.worksheets[1].iter_rows(values_only=True)]
    assert "理论成绩：整数，0 至 100" in notes
    assert "评价：良好、一般" in notes
