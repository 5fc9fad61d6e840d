"""Tables that people upload, xlsx or csv: what is safe to open is read into lines of cells."""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any

from openpyxl import load_workbook
from openpyxl.cell.cell import TYPE_FORMULA

from app.content.form_cells import is_blank, narrow, repeated
from app.errors import Invalid

MOST_BYTES = 5 * 1024 * 1024
MOST_UNPACKED = 30 * 1024 * 1024
MOST_PARTS = 200
MOST_LINES = 5_000
MOST_COLUMNS = 60
LONGEST_CELL = 4_000
ENCODINGS = ("utf-8-sig", "gb18030")
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
CHUNK = 64 * 1024
_BOUNDED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""The ways of packing that are unpacked as far as one asks; the others give all at once."""
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\b")


class Formula:
    """Stands where a sheet has a formula: what it would come to, nobody but its program knows."""


FORMULA = Formula()


@dataclass(frozen=True, slots=True)
class Line:
    """A line with anything in it, by its number in the file; `cells` in the order of the head."""

    number: int
    cells: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Table:
    head: Sequence[str]
    lines: Sequence[Line]


def read_table(content: bytes, most_lines: int = MOST_LINES) -> Table:
    """The first sheet of a workbook, or a csv file in UTF-8 or GB18030; judged by content, not by name.

    Raises Invalid, field `file`, with a sentence.
    """
    if not content:
        raise refused("文件是空的。")
    if len(content) > MOST_BYTES:
        raise refused(f"文件太大，最大 {MOST_BYTES // 1024 // 1024} MB。")
    if content.startswith(_OLD_OFFICE):
        raise refused("这是旧版 xls 文件，或者加了密码；请另存为不加密的 xlsx 或 csv 再上传。")
    rows = _sheet(content, most_lines) if content.startswith(b"PK\x03\x04") else _csv(content)
    return _table(rows, most_lines)


def places(head: Sequence[str], wanted: Sequence[str], passed_over: Collection[str] = ()) -> dict[str, int]:
    """Where each wanted column stands; others but those `passed_over` are none of the template's.

    Raises Invalid, field `file`.
    """
    known = {*wanted, *passed_over}
    wrong = [
        ("缺少列", [title for title in wanted if title not in head]),
        ("不认识的列", [title for title in head if title and title not in known]),
        ("重复的列", sorted(repeated([title for title in head if title]))),
    ]
    told = [f"{what}{_quoted(titles)}" for what, titles in wrong if titles]
    if told:
        raise refused(f"第一行的列名不对：{'；'.join(told)}。请用下载的模板，不要改动列名。")
    return {title: head.index(title) for title in wanted}


def refused(sentence: str) -> Invalid:
    return Invalid({"file": [sentence]})


def _quoted(titles: Sequence[str]) -> str:
    shown = "、".join(f"“{title[:20]}”" for title in titles[:5])
    return f"{shown}等" if len(titles) > 5 else shown


def _table(rows: Iterable[Sequence[Any]], most_lines: int) -> Table:
    numbered = ((number, row) for number, row in enumerate(rows, 1) if not all(map(is_blank, row)))
    first = next(numbered, None)
    if first is None:
        raise refused("文件里没有内容。")
    head = [narrow(str(cell)) if not is_blank(cell) else "" for cell in first[1]]
    while head and not head[-1]:
        head.pop()
    lines: list[Line] = []
    for number, row in numbered:
        if len(lines) == most_lines:
            raise refused(f"行数太多，一次最多 {most_lines} 行，请分几次上传。")
        lines.append(Line(number, [_bounded(number, cell) for cell in row]))
    return Table(head, lines)


def _bounded(number: int, cell: Any) -> Any:
    if isinstance(cell, str) and len(cell) > LONGEST_CELL:
        raise refused(f"第 {number} 行有一格超过 {LONGEST_CELL} 个字。")
    return cell


def _sheet(content: bytes, most_lines: int) -> Iterator[Sequence[Any]]:
    package = _unpacked(content)
    try:
        book = load_workbook(package, read_only=True, data_only=False)
        sheet = book.worksheets[0]
        rows = list(sheet.iter_rows(max_row=most_lines + 2, max_col=MOST_COLUMNS + 1))
    except Exception as error:  # somebody else's XML breaks the reader in more ways than it has names for
        raise refused("文件读不出来，可能已经损坏；请用下载的模板，另存为 xlsx 后再上传。") from error
    for row in rows:
        if len(row) > MOST_COLUMNS and row[MOST_COLUMNS].value is not None:
            raise refused(f"列数太多，最多 {MOST_COLUMNS} 列；请用下载的模板。")
        yield [FORMULA if cell.data_type == TYPE_FORMULA else cell.value for cell in row[:MOST_COLUMNS]]


def _unpacked(content: bytes) -> IO[bytes]:
    """The workbook's texts in an archive of our own, uncompressed.

    An archive may hold more than it says: read as it is, it would be unpacked whole before that is seen. So
    each part is unpacked here, up to the size that it states, which is checked first.
    """
    copy = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package, zipfile.ZipFile(copy, "w") as own:
            _check_package(package)
            for part in package.infolist():
                if part.filename.endswith((".xml", ".rels")):
                    own.writestr(part.filename, _part(package, part))
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, ValueError) as error:
        raise refused("文件读不出来，可能已经损坏；请另存为 xlsx 后再上传。") from error
    copy.seek(0)
    return copy


def _check_package(package: zipfile.ZipFile) -> None:
    parts = package.infolist()
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise refused("文件展开后太大；请只留需要的列和行，另存为 xlsx 后再上传。")
    if any(part.flag_bits & 1 for part in parts):
        raise refused("文件加了密码，请取消密码后再上传。")
    if any(part.compress_type not in _BOUNDED for part in parts):
        raise refused("文件的压缩方式不常见，请另存为 xlsx 后再上传。")
    if "xl/workbook.xml" not in package.namelist():
        raise refused("这不是 xlsx 表格，请用下载的模板。")


def _part(package: zipfile.ZipFile, part: zipfile.ZipInfo) -> bytes:
    with package.open(part) as packed:
        text = b"".join(iter(lambda: packed.read(CHUNK), b""))
    if part.filename.startswith("xl/worksheets/") and _MERGED.search(text):
        raise refused("表里有合并的单元格，请取消合并，每行每列各填各的。")
    return text


def _csv(content: bytes) -> Iterator[Sequence[Any]]:
    if b"\x00" in content:
        raise refused("这不是表格文件；请上传 xlsx，或 UTF-8、GB18030 编码的 csv。")
    try:
        for row in csv.reader(io.StringIO(_decoded(content), newline=""), strict=True):
            if len(row) > MOST_COLUMNS:
                raise refused(f"列数太多，最多 {MOST_COLUMNS} 列；请用下载的模板。")
            yield row
    except csv.Error as error:
        raise refused("csv 文件的格式不对：引号没有配对，或有一格太长。") from error


def _decoded(content: bytes) -> str:
    for encoding in ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise refused("文件的编码不是 UTF-8 或 GB18030，请另存为 xlsx 或 UTF-8 编码的 csv。")
