"""A unit begins a case for each of several of its people, with a result for each (CQ-11)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import gettext as _

from app import edge
from app.content.head import Process
from app.content.scheme import Scheme
from app.errors import DomainError, NotFound
from app.models import Person
from app.operations import cases
from app.queries import people, unit_desk
from app.web.here import schemes_here
from app.web.listing import asked
from app.web.schemes import now_of
from app.web.session import needs, signed_in

bp = Blueprint("many_starts", __name__, url_prefix="/cases/start/many")


@bp.get("")
@needs("operator")
def choose() -> str:
    return _page()


@bp.post("")
@needs("operator")
def start() -> Any:
    """Begins them one by one, each in a transaction of its own."""
    scheme, process = _meant()
    own = people.of_ids(_ticked(), signed_in().organisation_id)
    if not own:
        return _page(message=_("请先勾选人员。")), 422
    return _page([_begun(scheme, process, person) for person in own])


def _begun(scheme: Scheme, process: Process, person: Person) -> dict[str, Any]:
    """What became of it, as lists of results tell it."""
    me, told = signed_in(), {"subject": person.name, "case_id": None}
    try:
        with edge.transaction():
            case_id = cases.start(
                scheme.id,
                process.id,
                unit_id=me.organisation_id,
                person_id=person.id,
                actor=me.actor,
                received_at=now_of(scheme.id),
            )
    except DomainError as refusal:
        return {**told, "ok": False, "message": refusal.message}
    return {**told, "ok": True, "case_id": case_id, "message": _("已新建办件。")}


def _meant() -> tuple[Scheme, Process]:
    """A process about a person that a unit begins by hand. Raises NotFound for any other."""
    scheme_id, _slash, name = asked("of").partition("/")
    scheme = schemes_here().get(scheme_id)
    process = scheme.processes.get(name) if scheme else None
    if scheme is None or process is None or not signed_in().is_unit:
        raise NotFound
    role = process.start.role
    by_unit = role is not None and scheme.roles[role].relation == "unit"
    if not by_unit or process.start.about or process.subject != "person":
        raise NotFound
    return scheme, process


def _ticked() -> list[int]:
    return [int(text) for text in request.form.getlist("person") if text.isdecimal() and len(text) < 19]


def _page(items: list[dict[str, Any]] | None = None, message: str = "") -> str:
    scheme, process = _meant()
    page = people.of_unit(signed_in().organisation_id, asked("name"), request.args.get("after"))
    return render_template(
        "unit/start_many.html",
        scheme=scheme,
        process=process,
        page=page,
        live=unit_desk.live_of(scheme.id, process.id, [person.id for person in page.rows]),
        items=items or [],
        message=message,
    )
