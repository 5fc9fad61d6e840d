"""People of a unit: the list, adding, editing, leaving; ID numbers go in and never come out (CQ-27).

A department keeps the registers of the units below it, one at a time (JD-04).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from app import edge
from app.errors import Conflict, Invalid, NotFound
from app.models import Person
from app.operations.registers import people as person_operations
from app.operations.registers import register as register_operations
from app.queries import organisations, people
from app.queries import register as register_queries
from app.web import register as register_pages
from app.web.listing import asked
from app.web.schemes import real_now
from app.web.session import needs, signed_in

bp = Blueprint("people", __name__, url_prefix="/people")
bp.register_blueprint(register_pages.bp)

EDITABLE = ("name", "telephone", "ethnicity")
Errors = Mapping[str, Sequence[str]]


@bp.get("/")
@needs("operator")
def index() -> str:
    units = _units()
    unit = _unit(units)
    wanted = {"trade": asked("trade"), "grade": asked("grade")}
    page = people.of_unit(unit, asked("name"), request.args.get("after"), **wanted)
    return render_template(
        "people/index.html",
        page=page,
        units=units,
        unit=unit,
        holds=register_queries.held_now([person.id for person in page.rows]),
        grades=register_operations.grades_for(organisations.known(unit).region, real_now()),
    )


@bp.get("/new")
@needs("operator")
def new() -> str:
    return _form(None, {}, {})


@bp.post("/new")
@needs("operator")
def add() -> Any:
    values = {name: request.form.get(name, "") for name in (*EDITABLE, "id_number")}
    unit = _unit(_units())
    try:
        with edge.transaction():
            person = person_operations.add(unit, **values, actor=signed_in().actor, now=edge.received_at())
            name = person.name
    except (Invalid, Conflict) as refusal:
        return _refused(None, values, refusal)
    flash(_("已添加：%(name)s", name=name), "done")
    return redirect(url_for("people.index", unit=_asked_unit()))


@bp.get("/<int:person_id>")
@needs("operator")
def edit(person_id: int) -> str:
    person = _one(person_id)
    return _form(person, {name: getattr(person, name) for name in EDITABLE}, {})


@bp.post("/<int:person_id>")
@needs("operator")
def save(person_id: int) -> Any:
    person = _one(person_id)
    values = {name: request.form.get(name, "") for name in EDITABLE}
    try:
        with edge.transaction():
            person_operations.edit(person_id, **values, actor=signed_in().actor, now=edge.received_at())
    except (Invalid, Conflict) as refusal:
        return _refused(person, values, refusal)
    flash(_("已保存。"), "done")
    return redirect(url_for("people.index", unit=person.unit_id))


@bp.post("/<int:person_id>/leave")
@needs("operator")
def leave(person_id: int) -> Any:
    _one(person_id)
    with edge.transaction():
        person_operations.leave(person_id, actor=signed_in().actor, now=edge.received_at())
    flash(_("已登记调出。"), "done")
    return redirect(url_for("people.index"))


@bp.post("/<int:person_id>/holding")
@needs("operator")
def enter(person_id: int) -> Any:
    """What the person holds, entered once (JD-11)."""
    person = _one(person_id)
    values = {name: request.form.get(name, "").strip() for name in ("trade", "grade", "issued_on")}
    try:
        with edge.transaction():
            held = (values["trade"], values["grade"], _day(values["issued_on"]))
            register_operations.enter(person_id, *held, actor=signed_in().actor, now=edge.received_at())
    except (Invalid, Conflict) as refusal:
        return _refused(person, {**values, **{n: getattr(person, n) for n in EDITABLE}}, refusal)
    flash(_("已登记工种等级。"), "done")
    return redirect(url_for("people.edit", person_id=person_id))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid({"issued_on": [_("请填写日期，如 2012-06-01。")]}) from None


def _units() -> Mapping[int, str]:
    """The units whose registers the organisation keeps; a unit only its own."""
    return register_queries.kept_by(signed_in().organisation_id, real_now())


def _unit(units: Mapping[int, str]) -> int:
    """The unit that is asked for, or the first. Raises NotFound for another's."""
    wanted = _asked_unit()
    if wanted is None:
        return next(iter(units), signed_in().organisation_id)
    if wanted not in units:
        raise NotFound
    return wanted


def _asked_unit() -> int | None:
    return request.values.get("unit", type=int)


def _one(person_id: int) -> Person:
    return people.one(person_id, *_units())


def _form(person: Person | None, values: Mapping[str, Any], errors: Errors) -> str:
    units = _units()
    unit = (person.unit_id if person else None) or _unit(units)
    home = organisations.known(unit)
    return render_template(
        "people/edit.html",
        person=person,
        values=values,
        errors=errors,
        unit=unit,
        unit_name=units.get(unit, ""),
        grades=register_operations.grades_for(home.region, real_now()),
        holdings=register_queries.holdings(person.id) if person else (),
        results=register_queries.results(person.id) if person else (),
    )


def _refused(
    person: Person | None, values: Mapping[str, Any], refusal: Invalid | Conflict
) -> tuple[str, int]:
    errors: Errors = refusal.fields if isinstance(refusal, Invalid) else {"id_number": [refusal.message]}
    return _form(person, values, errors), refusal.status
