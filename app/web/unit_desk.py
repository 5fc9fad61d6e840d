"""The unit's desk 单位工作台: what came back and why, who owes what, people and posts, lists, fees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, request

from app.content.scheme import Scheme
from app.errors import Forbidden
from app.models import Case, Task
from app.operations.paying.payments import yuan
from app.queries import cases, payments, returns, shares, unit_desk
from app.queries import tasks as task_queries
from app.queries.inbox import TaskRow
from app.queries.paging import Page
from app.queries.returns import CameBack
from app.queries.unit_desk import FIRST
from app.web import task_forms
from app.web.schemes import listed_text, newest_schemes, scheme_of
from app.web.session import SignedIn, needs, signed_in

bp = Blueprint("unit_desk", __name__, url_prefix="/unit")


@dataclass(frozen=True)
class Returned:
    """A task that came back, and who gave it back why."""

    row: TaskRow
    back: CameBack | None


@dataclass(frozen=True)
class Owed:
    """A task at which somebody owes a document."""

    row: TaskRow
    document: str


@bp.get("/returned")
@needs("operator")
def returned() -> str:
    page = unit_desk.returned(_unit_id(), request.args.get("after"))
    return render_template("unit/returned.html", page=Page(_returned(page.rows), page.next))


@bp.get("/owed")
@needs("operator")
def owed() -> str:
    page = unit_desk.owed(_unit_id(), _steps_that_owe(), request.args.get("after"))
    return render_template("unit/owed.html", page=Page(_owed(page.rows), page.next))


def desk_of(me: SignedIn) -> dict[str, Any]:
    """What the desk of a unit's officer shows: the first of each list, and whether there is more."""
    unit_id = me.organisation_id
    back, owing = unit_desk.returned(unit_id), unit_desk.owed(unit_id, _steps_that_owe())
    about_unit = unit_desk.lists(unit_id)
    due = payments.listing(Case.unit_id == unit_id, "due").rows
    return {
        "first": FIRST,
        "returned": _returned(back.rows[:FIRST]),
        "more_returned": len(back.rows) > FIRST,
        "owed": _owed(owing.rows[:FIRST]),
        "more_owed": len(owing.rows) > FIRST,
        "people": unit_desk.people_count(unit_id),
        "posts": unit_desk.posts(unit_id),
        "shares": shares.overview([unit_id], me.sight).rows[:FIRST],
        "lists": about_unit[:FIRST],
        "more_lists": len(about_unit) > FIRST,
        "own": cases.open_tasks([case.id for case in about_unit], unit_id) if about_unit else {},
        "fees": due[:FIRST],
        "more_fees": len(due) > FIRST,
        "schemes": newest_schemes(),
        "grades": {(s.id, grade.code): grade.title for s in newest_schemes().values() for grade in s.grades},
        "yuan": yuan,
    }


def _unit_id() -> int:
    """Raises Forbidden for who is no unit."""
    if not signed_in().is_unit:
        raise Forbidden
    return signed_in().organisation_id


def _returned(rows: Sequence[TaskRow]) -> list[Returned]:
    given = returns.came_back([row.task.id for row in rows]) if rows else {}
    return [Returned(row, given.get(row.task.id)) for row in rows]


def _steps_that_owe() -> list[tuple[str, str]]:
    """The steps that the newest schemes mark with `owed`."""
    return [
        (scheme.id, element.id)
        for scheme in newest_schemes().values()
        for process in scheme.definitions.processes.values()
        for element in process.elements.values()
        if "owed" in element.properties
    ]


def _owed(rows: Sequence[TaskRow]) -> list[Owed]:
    states = task_queries.states({row.case.id for row in rows}) if rows else {}
    return [Owed(row, _document(row, states[row.case.id])) for row in rows]


def _document(row: TaskRow, state: bytes) -> str:
    """What is owed, in the words of the task's variable; the step's name where it is empty."""
    scheme = scheme_of(row.case.deployment_id)
    name = _variable(scheme, row.task)
    value = task_forms.variables_in(state, scheme, row.task.token).get(name) if name else None
    return listed_text(scheme, value, name) or row.task.name


def _variable(scheme: Scheme, task: Task) -> str:
    return scheme.definitions.processes[task.process].elements[task.element].properties.get("owed", "")
