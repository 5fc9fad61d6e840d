"""A payment provider's statement 对账单 as a table, xlsx or csv, read into lines (CQ-37)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from app.content.form_cells import is_blank, repeated, written_day
from app.errors import Invalid
from app.operations.paying._payment_provider import StatementLine
from app.operations.paying.payments import fen_of
from app.operations.uploads._tables import FORMULA, Line, read_table

ORDER, REFERENCE, SUM, DAY = COLUMNS = ("订单号", "流水号", "金额", "日期")
IN_YUAN = "(元)"
MOST = 20_000
EXACT = 15
"""Digits that a sheet keeps of a number."""


def read_statement(content: bytes) -> list[StatementLine]:
    """The lines of a statement, by the titles in its first row; other columns are the provider's own.

    Raises Invalid, field `statement`, with what is wrong with the file, or the numbers of the lines that
    cannot be read.
    """
    try:
        table = read_table(content, MOST)
    except Invalid as refusal:
        raise Invalid({"statement": refusal.fields["file"]}) from refusal
    places = _places([title.removesuffix(IN_YUAN).strip() for title in table.head])
    read = {line.number: _line(line, places) for line in table.lines}
    wrong = [str(number) for number, found in read.items() if found is None]
    if wrong:
        told = "读不出订单号、流水号、金额或日期；公式请改成数值，订单号、流水号请存成文本。"
        raise _refused(f"第 {'、'.join(wrong[:20])} 行{told}")
    return [found for found in read.values() if found is not None]


def _places(head: Sequence[str]) -> Mapping[str, int]:
    missing = [title for title in COLUMNS if title not in head]
    twice = sorted(repeated([title for title in head if title in COLUMNS]))
    if missing or twice:
        told = f"缺少列{'、'.join(missing)}" if missing else f"列{'、'.join(twice)}不止一个"
        raise _refused(f"第一行应有列名{'、'.join(COLUMNS)}：{told}。")
    return {title: head.index(title) for title in COLUMNS}


def _line(line: Line, places: Mapping[str, int]) -> StatementLine | None:
    cells = [line.cells[place] if place < len(line.cells) else None for place in places.values()]
    number, reference, amount, day = cells
    if any(is_blank(cell) or cell is FORMULA for cell in cells) or _rounded(number) or _rounded(reference):
        return None
    fen, on = fen_of(amount), _day(day)
    return StatementLine(_text(number), _text(reference), fen, on) if fen and on else None


def _rounded(cell: Any) -> bool:
    """Whether a sheet keeps so long a number that its last digits are lost."""
    return isinstance(cell, int | float) and abs(cell) >= 10**EXACT


def _text(cell: Any) -> str:
    return str(int(cell) if isinstance(cell, float) and cell.is_integer() else cell).strip()


def _day(cell: Any) -> date | None:
    if isinstance(cell, datetime):
        return cell.date()
    try:
        return cell if isinstance(cell, date) else date.fromisoformat(written_day(str(cell)))
    except ValueError:
        return None


def _refused(sentence: str) -> Invalid:
    return Invalid({"statement": [sentence]})
