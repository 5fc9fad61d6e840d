"""Tables for the workers' register: a department's workers, a year's results (JD-04, JD-11)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from app.content.form_cells import is_blank, narrow, written_day
from app.content.identity import clean_citizen_id
from app.engine.civil import civil
from app.errors import DomainError, Invalid
from app.extensions import db
from app.operations.actors import Actor
from app.operations.offices import organisations
from app.operations.registers import people, register
from app.operations.uploads._tables import FORMULA, Table, places, read_table, refused

Choice = Literal["none", "all", "good"]
Row = Mapping[str, str]

NAME, NUMBER, TRADE, GRADE = "姓名", "身份证号码", "工种", "等级"
UNIT, ISSUED, TELEPHONE, YEAR, RESULT = "单位", "取得日期", "联系电话", "年度", "结果"
WORKERS = (UNIT, NAME, NUMBER, TRADE, GRADE, ISSUED, TELEPHONE)
RESULTS = (NAME, NUMBER, YEAR, TRADE, GRADE, RESULT)
COLUMNS: Mapping[str, Sequence[str]] = {"workers": WORKERS, "results": RESULTS}
MOST = 500
"""Lines that one request takes: far fewer than its 30 s allow."""
OUTCOMES = {"通过": True, "不通过": False}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a line, by its number in the file."""

    number: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Imported:
    """How many of the lines were taken, and what is wrong with which; with any wrong of `all`, none was."""

    lines: int
    done: int
    faults: Sequence[Fault]


def open_to(organisation_kind: str | None, actor: Actor, now: datetime) -> list[str]:
    """What may be imported: by units and departments workers, by offices of the register results."""
    workers = organisation_kind in ("unit", "department")
    return [*["workers"] * workers, *["results"] * register.may_import(actor, now)]


def import_workers(content: bytes, choice: Choice, *, actor: Actor, now: datetime) -> Imported:
    """Adds workers to the registers of the actor's unit or of units below its department (JD-04).

    `choice`: all lines or none, or the good ones; `none` only tells what is wrong. Raises Invalid, field
    `file`, for a file that is no such table; what is wrong with a line is told by its number.
    """
    return _import(content, WORKERS, (NUMBER,), choice, lambda row: _add_worker(row, actor, now))


def import_results(content: bytes, choice: Choice, *, actor: Actor, now: datetime) -> Imported:
    """Enters the results of an assessment, which change the grades that people hold (JD-11)."""
    once = (NUMBER, YEAR, TRADE, GRADE)
    return _import(content, RESULTS, once, choice, lambda row: _add_result(row, actor, now))


def _import(
    content: bytes, columns: Sequence[str], key: Sequence[str], choice: Choice, take: Callable[[Row], None]
) -> Imported:
    """Each line in a savepoint of its own; all of them in one around, which goes if any is wrong of `all`.

    So a check does all that the import would do, and what one line does to the next is seen too. Of lines
    alike in `key` none is taken: which of them is meant, only a person knows.
    """
    table = read_table(content)
    if len(table.lines) > MOST:
        raise refused(f"一次最多 {MOST} 行，请分几次上传。")
    rows, faults = _read(table, columns)
    faults |= _alike(rows, key)
    whole = db.session.begin_nested()
    for number, row in rows.items():
        if number in faults:
            continue
        try:
            with db.session.begin_nested():
                take(row)
        except DomainError as refusal:
            faults[number] = _told(refusal)
    told = [Fault(number, faults[number]) for number in sorted(faults)]
    if choice == "none" or (faults and choice == "all"):
        whole.rollback()
        return Imported(len(table.lines), 0, told)
    whole.commit()
    return Imported(len(table.lines), len(table.lines) - len(told), told)


def _read(table: Table, columns: Sequence[str]) -> tuple[dict[int, Row], dict[int, str]]:
    """The lines by their numbers, and what is wrong with those that hold no texts."""
    at, rows, faults = places(table.head, columns), {}, {}
    for line in table.lines:
        cells = {t: line.cells[place] if place < len(line.cells) else None for t, place in at.items()}
        try:
            rows[line.number] = _checked(cells)
        except Invalid as refusal:
            faults[line.number] = _told(refusal)
    return rows, faults


def _alike(rows: Mapping[int, Row], key: Sequence[str]) -> dict[int, str]:
    """What to say of the lines that are alike in the columns of `key`."""
    lines: dict[tuple[str, ...], list[int]] = {}
    for number, row in rows.items():
        if row[NUMBER]:
            lines.setdefault(tuple(row[title].upper() for title in key), []).append(number)
    return {
        number: f"与第 {'、'.join(str(other) for other in same if other != number)} 行重复，请只留一行"
        for same in lines.values()
        if len(same) > 1
        for number in same
    }


def _add_worker(row: Row, actor: Actor, now: datetime) -> None:
    unit_id = organisations.open_unit(row[UNIT] or actor.organisation_id or 0)
    phone = row[TELEPHONE] or None
    person = people.add(unit_id, row[NAME], row[NUMBER], actor=actor, now=now, telephone=phone)
    if row[TRADE] or row[GRADE]:
        issued = _day(row[ISSUED])
        register.enter(person.id, row[TRADE], row[GRADE], issued, actor=actor, now=now)


def _add_result(row: Row, actor: Actor, now: datetime) -> None:
    person = people.find(_number(row[NUMBER], now))
    if person is None or person.name != row[NAME]:
        raise Invalid({NUMBER: [f"名册里没有这个号码的“{row[NAME][:20]}”，请核对姓名和号码。"]})
    if row[RESULT] not in OUTCOMES:
        raise Invalid({RESULT: ["结果请填“通过”或“不通过”。"]})
    if not re.fullmatch("(19|20)[0-9]{2}", row[YEAR]):
        raise Invalid({YEAR: ["年度请填四位数字，如 2020。"]})
    passed = OUTCOMES[row[RESULT]]
    register.enter_result(person, int(row[YEAR]), row[TRADE], row[GRADE], passed, actor=actor, now=now)


def _checked(cells: Mapping[str, Any]) -> Row:
    """Every cell as text. Raises Invalid for a formula, and for an ID number that a sheet has rounded."""
    formulas = [title for title, cell in cells.items() if cell is FORMULA]
    if formulas:
        raise Invalid({"file": [f"“{formulas[0]}”是公式，请改成文字或数字"]})
    if isinstance(cells[NUMBER], int | float):
        raise Invalid({"file": [f"{NUMBER}存成了数字，后几位已不准；请把这一列设为文本格式，重新填写"]})
    return {title: _text(cell) for title, cell in cells.items()}


def _text(cell: Any) -> str:
    if is_blank(cell):
        return ""
    if isinstance(cell, datetime | date):
        return (cell.date() if isinstance(cell, datetime) else cell).isoformat()
    return narrow(str(int(cell) if isinstance(cell, float) and cell.is_integer() else cell))


def _number(text: str, now: datetime) -> str:
    try:
        return clean_citizen_id(text, civil(now).date())
    except ValueError as error:
        raise Invalid({NUMBER: [f"{error}。"]}) from None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(written_day(text)) if text else None
    except ValueError:
        raise Invalid({ISSUED: ["取得日期请写成 2012-06-01 的样子。"]}) from None


def _told(refusal: DomainError) -> str:
    if isinstance(refusal, Invalid):
        return "；".join(sentence for sentences in refusal.fields.values() for sentence in sentences)
    return refusal.message
