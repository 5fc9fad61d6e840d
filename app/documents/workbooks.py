"""Workbooks (xlsx), written row by row; every text stays a text, whatever it begins with."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import IO, Any
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

Cell = str | int | float | date | datetime | None

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CHINA = ZoneInfo("Asia/Shanghai")
LONGEST_TEXT = 32_767
"""Characters that a cell may hold."""
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_LIKE_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_WIDEST = 40


def made(
    title: str, head: Sequence[str], rows: Iterable[Sequence[Cell]] = (), *, notes: Sequence[str] = ()
) -> IO[bytes]:
    """A table as `write` writes it, to be read from its beginning; whoever reads it closes it."""
    stream = tempfile.TemporaryFile()  # noqa: SIM115 - its reader closes it
    write(stream, title, head, rows, notes=notes)
    stream.seek(0)
    return stream


def write(
    stream: IO[bytes],
    title: str,
    head: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    notes: Sequence[str] = (),
) -> int:
    """Writes a table with its heading in the first row, and `notes` on a sheet of their own.

    Instants are shown in Asia/Shanghai. Returns the number of rows below the heading.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_sheet_name(title))
    sheet.freeze_panes = "A2"
    for number, text in enumerate(head, 1):
        sheet.column_dimensions[get_column_letter(number)].width = min(_WIDEST, 4 + 2 * max(len(text), 5))
    sheet.append([_bold(sheet, text) for text in head])
    count = 0
    try:
        for count, row in enumerate(rows, 1):  # noqa: B007 - the last number is the answer
            sheet.append([_cell(sheet, value) for value in row])
    except BaseException:
        sheet.close()
        raise
    if notes:
        _write_notes(book.create_sheet("说明"), notes)
    book.save(stream)
    return count


def _write_notes(sheet: Any, notes: Sequence[str]) -> None:
    sheet.column_dimensions["A"].width = 100
    for text in notes:
        cell = _text(sheet, text)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        sheet.append([cell])


def _bold(sheet: Any, text: str) -> Any:
    cell = _text(sheet, text)
    cell.font = Font(bold=True)
    return cell


def _cell(sheet: Any, value: Cell) -> Any:
    if isinstance(value, str):
        return _text(sheet, value)
    cell = WriteOnlyCell(sheet, value=value)
    if isinstance(value, datetime):
        cell.value = value.astimezone(CHINA).replace(tzinfo=None)
        cell.number_format = "yyyy-mm-dd hh:mm"
    elif isinstance(value, date):
        cell.number_format = "yyyy-mm-dd"
    return cell


def _text(sheet: Any, text: str) -> Any:
    """A cell that no program takes for a formula, not even after somebody has edited it."""
    cell = WriteOnlyCell(sheet)
    cell.value = _UNWRITABLE.sub("", text)[:LONGEST_TEXT]
    cell.data_type = "s"
    if text.startswith(_LIKE_A_FORMULA):
        cell.quotePrefix = True
    return cell


def _sheet_name(title: str) -> str:
    return re.sub(r"[\[\]:*?/\\']", " ", title)[:31].strip() or "Sheet1"
