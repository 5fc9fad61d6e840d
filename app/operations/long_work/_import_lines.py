"""The lines of an uploaded table against the open tasks that they are for: what is wrong with each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.content.form_cells import NAME, NUMBER, TO_READ, columns_of, is_blank, narrow, read_cells
from app.content.form_fields import Field
from app.content.forms import Form
from app.errors import Invalid
from app.extensions import db
from app.models import Case, Organisation, Person, Task
from app.operations import deployments
from app.operations.actors import Actor
from app.operations.road._given import case_number
from app.operations.road._plain import to_json
from app.operations.uploads._tables import FORMULA, Line, Table, places


@dataclass(frozen=True, slots=True)
class Waiting:
    """An open task that a line may be for; `subject` is the person's name, or else the unit's."""

    task_id: int
    case_id: int
    name: str
    number: str
    subject: str
    closes_at: datetime | None
    form: Form


def waiting_tasks(kind: str, actor: Actor) -> list[Waiting]:
    """The open tasks of a kind ("scheme/element") that the actor's organisation holds and may import."""
    scheme_id, _, element = kind.partition("/")
    query = (
        select(Task.id, Task.case_id, Task.name, Task.process, Task.form, Task.closes_at)
        .add_columns(Case.deployment_id, Person.name.label("person"), Organisation.name.label("unit"))
        .join(Case, Case.id == Task.case_id)
        .join(Organisation, Organisation.id == Case.unit_id)
        .outerjoin(Person, Person.id == Case.person_id)
        .where(Task.state == "open", Task.office_id == actor.organisation_id)
        .where(Task.scheme_id == scheme_id, Task.element == element)
        .order_by(Task.opened_at, Task.id)
    )
    forms: dict[tuple[int, str, str], Form | None] = {}
    found = []
    for row in db.session.execute(query):
        step = (row.deployment_id, row.process, row.form)
        if step not in forms:
            forms[step] = _form(*step, element)
        form = forms[step]
        if form is not None:
            number, subject = case_number(scheme_id, row.case_id), row.person or row.unit
            known = (row.id, row.case_id, row.name, number, subject, row.closes_at)
            found.append(Waiting(*known, form))
    return found


def _form(deployment_id: int, process: str, form: str, element: str) -> Form | None:
    """The task's form, where its diagram lets values be imported."""
    if not importable(deployment_id, process, element):
        return None
    return deployments.scheme(deployment_id).form(form)


def importable(deployment_id: int, process: str, element: str) -> bool:
    """Whether the diagram lets values be imported for the task."""
    drawn = deployments.scheme(deployment_id).definitions.processes[process].elements[element]
    return drawn.properties.get("import") == "true"


def check(table: Table, waiting: Sequence[Waiting], at: datetime) -> list[dict[str, Any]]:
    """A row to keep for each line: its task and values, or what is wrong. Raises Invalid for a wrong head."""
    form = waiting[-1].form
    columns = columns_of(form)
    wanted = [NUMBER, NAME, *(narrow(column.title) for column in columns)]
    found = places(table.head, wanted, _passed_over(form))
    checking = _Checking({one.number: one for one in waiting}, columns, found, at)
    return _told_once([checking.row(line) for line in table.lines])


def _told_once(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of lines for the same case none is good: which of them is meant, only a person knows."""
    lines: dict[int, list[int]] = {}
    for row in rows:
        if row["case_id"] is not None:
            lines.setdefault(row["case_id"], []).append(row["number"])
    for row in rows:
        others = [number for number in lines.get(row["case_id"], ()) if number != row["number"]]
        if others:
            told = f"与第 {'、'.join(map(str, others[:5]))} 行是同一个办件"
            row |= {"state": "bad", "values": {}, "message": "；".join(filter(None, (told, row["message"])))}
    return rows


def _passed_over(form: Form) -> set[str]:
    titles = (field.title for field in form.fields.values() if field.read_only)
    return {*TO_READ, *map(narrow, titles)}


class _Checking:
    """Reads lines, one like the other."""

    def __init__(
        self,
        waiting: Mapping[str, Waiting],
        columns: Sequence[Field],
        places: Mapping[str, int],
        at: datetime,
    ) -> None:
        self.waiting = waiting
        self.columns = columns
        self.places = places
        self.at = at

    def row(self, line: Line) -> dict[str, Any]:
        number, name = self._known(line, NUMBER), self._known(line, NAME)
        cells = {column.name: self._cell(line, narrow(column.title)) for column in self.columns}
        row = {"number": line.number, "subject": name[:100], "values": {}, "message": None}
        if all(map(is_blank, cells.values())):
            return {**row, "case_id": None, "task_id": None, "state": "blank"}
        found = self.waiting.get(number) or self.waiting.get(self._with_scheme(number))
        faults = list(self._faults(found, number, name))
        values: dict[str, Any] = {}
        if found is not None:
            values, wrong = _loaded(found.form, self.columns, cells)
            faults += wrong
        known = {"case_id": found.case_id if found else None, "task_id": found.task_id if found else None}
        if faults:
            return {**row, **known, "state": "bad", "message": "；".join(faults)}
        return {**row, **known, "values": to_json(values), "state": "good"}

    def _faults(self, found: Waiting | None, number: str, name: str) -> Iterator[str]:
        if found is None:
            told = f"“{number[:40]}”不在本机构这一环节的待办里" if number else f"没有填写{NUMBER}"
            yield f"{told}，可能已经办理或编号有误"
            return
        if name != narrow(found.subject):
            yield f"{NAME}“{name[:40]}”与办件的“{found.subject}”不一致"
        if found.closes_at is not None and self.at >= found.closes_at:
            yield f"“{found.name}”已截止"

    def _known(self, line: Line, title: str) -> str:
        cell = self._cell(line, title)
        if isinstance(cell, float) and cell.is_integer():
            cell = int(cell)
        return "" if cell is None or cell is FORMULA else narrow(str(cell))

    def _cell(self, line: Line, title: str) -> Any:
        place = self.places[title]
        return line.cells[place] if place < len(line.cells) else None

    def _with_scheme(self, number: str) -> str:
        """The whole case number of one that was shortened to its digits."""
        scheme = next(iter(self.waiting)).rpartition("-")[0]
        return f"{scheme}-{number}"


def _loaded(
    form: Form, columns: Sequence[Field], cells: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """The values as they are to be submitted, once the form has accepted them; or its sentences."""
    formulas = [column.title for column in columns if cells[column.name] is FORMULA]
    if formulas:
        return {}, [f"“{title}”是公式，请改成数值" for title in formulas]
    values = read_cells(form, columns, cells)
    try:
        form.load(values)
    except Invalid as refusal:
        return {}, [
            f"{sentence}{_given(cells.get(name))}"
            for name, sentences in refusal.fields.items()
            for sentence in sentences
        ]
    return values, []


def _given(cell: Any) -> str:
    return "" if is_blank(cell) else f"（填的是 {str(cell)[:20]}）"
