"""People of a unit: the list, adding, editing, leaving; ID numbers go in and never come out (CQ-27)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from app import edge
from app.errors import Conflict, Invalid
from app.operations import people as person_operations
from app.queries import people
from app.web.listing import asked
from app.web.session import needs, signed_in

bp = Blueprint("people", __name__, url_prefix="/people")

EDITABLE = ("name", "telephone", "ethnicity")
Errors = Mapping[str, Sequence[str]]


@bp.get("/")
@needs("operator")
def index() -> str:
    page = people.of_unit(signed_in().organisation_id, asked("name"), request.args.get("after"))
    return render_template("people/index.html", page=page)


@bp.get("/new")
@needs("operator")
def new() -> str:
    return render_template("people/edit.html", person=None, values={}, errors={})


@bp.post("/new")
@needs("operator")
def add() -> Any:
    values = {name: request.form.get(name, "") for name in (*EDITABLE, "id_number")}
    me = signed_in()
    try:
        with edge.transaction():
            person = person_operations.add(
                me.organisation_id, **values, actor=me.actor, now=edge.received_at()
            )
            name = person.name
    except (Invalid, Conflict) as refusal:
        return _refused(None, values, refusal)
    flash(_("已添加：%(name)s", name=name), "done")
    return redirect(url_for("people.index"))


@bp.get("/<int:person_id>")
@needs("operator")
def edit(person_id: int) -> str:
    person = people.one(person_id, signed_in().organisation_id)
    values = {name: getattr(person, name) for name in EDITABLE}
    return render_template("people/edit.html", person=person, values=values, errors={})


@bp.post("/<int:person_id>")
@needs("operator")
def save(person_id: int) -> Any:
    me = signed_in()
    person = people.one(person_id, me.organisation_id)
    values = {name: request.form.get(name, "") for name in EDITABLE}
    try:
        with edge.transaction():
            person_operations.edit(person_id, **values, actor=me.actor, now=edge.received_at())
    except (Invalid, Conflict) as refusal:
        return _refused(person, values, refusal)
    flash(_("已保存。"), "done")
    return redirect(url_for("people.index"))


@bp.post("/<int:person_id>/leave")
@needs("operator")
def leave(person_id: int) -> Any:
    me = signed_in()
    people.one(person_id, me.organisation_id)
    with edge.transaction():
        person_operations.leave(person_id, actor=me.actor, now=edge.received_at())
    flash(_("已登记调出。"), "done")
    return redirect(url_for("people.index"))


def _refused(person: Any, values: Mapping[str, str], refusal: Invalid | Conflict) -> tuple[str, int]:
    errors: Errors = refusal.fields if isinstance(refusal, Invalid) else {"id_number": [refusal.message]}
    return render_template("people/edit.html", person=person, values=values, errors=errors), refusal.status
