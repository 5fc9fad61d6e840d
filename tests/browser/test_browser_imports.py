"""Lists by phase, their export, and an import of scores in a real browser, at both widths and judged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook
from support.pages import PASSWORD, set_stage
from support.phased import PHASED, add_people, open_entry, publish_phased, reviewed, waiting_for_scores
from support.world import OFFICE, at, case_row

from app import clock
from app.extensions import atomic
from app.operations.actors import SYSTEM
from app.operations.dates import clock as clocks
from app.web import imports

pytestmark = pytest.mark.browser


def test_scores_from_template_to_the_lists(
    app: Flask, visit: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = set_stage(app)
    publish_phased()
    with atomic():
        clocks.open_clock(PHASED, at("2021-07-01 09:00"), SYSTEM, clock.now())
    names = add_people(stage.world, 7)
    cases = [waiting_for_scores(stage.world, name) for name in names]
    open_entry(stage.world, "陈一")
    reviewed(stage.world, "李二")
    monkeypatch.setattr(imports, "AT_MOST", 2)

    office = visit(accept_downloads=True)
    office.sign_in(stage.login(OFFICE), PASSWORD)
    page = office.go("/inbox/")
    office.look("inbox-with-import")
    page.click("main >> text=导入")
    office.look("import-choose")
    with page.expect_download() as download:
        page.click("text=下载模板")
    assert download.value.suggested_filename == "录入成绩导入模板.xlsx"
    filled = tmp_path / "成绩.xlsx"
    download.value.save_as(filled)
    fill_in(filled)

    page.set_input_files("input[type=file]", filled)
    page.click("text=上传并检查")
    page.wait_for_selector("text=正确 5 行，有误 1 行，没有填写、不导入的 1 行")
    office.look("import-told")
    # The script goes on from part to part by itself; so many parts as there are.
    page.click("text=只导入正确的 5 行")
    page.wait_for_selector("text=导入结束")
    page.wait_for_selector("text=已导入 5 行，未成功 0 行，有误、没有导入的 1 行")
    office.look("import-done")
    assert [case_row(case_id).listed.get("theory") for case_id in cases] == [61, 62, None, 64, None, 66, None]

    page = office.go(f"/cases/?of={PHASED}/entry&phase=exam")
    office.look("cases-of-a-phase")
    page = office.go(f"/cases/?of={PHASED}/entry")
    office.look("cases-of-all-phases")
    with page.expect_download() as download:
        page.click("text=导出 Excel")
    assert download.value.suggested_filename == "考核.xlsx"
    download.value.save_as(tmp_path / "list.xlsx")
    sheet = load_workbook(tmp_path / "list.xlsx").worksheets[0]
    assert sheet.max_row == 10


def fill_in(filled: Path) -> None:
    """Scores for all but the last; the third is wrong, the fifth was absent."""
    book = load_workbook(filled)
    sheet = book.worksheets[0]
    column = {cell.value: cell.column for cell in sheet[1]}
    for place in range(6):
        row = place + 2
        if place == 4:
            sheet.cell(row, column["缺考"], "是")
        else:
            sheet.cell(row, column["理论成绩"], 101 if place == 2 else 61 + place)
            sheet.cell(row, column["实作成绩"], 87)
    book.save(filled)
