"""Accounts of applicants: the unit hands out logins and codes, the person sets a password with theirs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _

from app import edge
from app.errors import DomainError, Invalid, NotFound
from app.operations.access import applicants
from app.operations.access.applicants import Opened
from app.queries import people
from app.queries import register as register_queries
from app.web import session
from app.web.schemes import real_now
from app.web.session import needs, signed_in

bp = Blueprint("applicant_accounts", __name__)

ACTIVATION = ("name", "id_number", "code")
Errors = Mapping[str, Sequence[str]]


@bp.post("/people/<int:person_id>/account")
@needs("operator")
def open_one(person_id: int) -> str:
    """A login and a code for one person, shown once, to be handed over."""
    people.one(person_id, *_units())
    with edge.transaction():
        opened = applicants.open_account(person_id, actor=signed_in().actor, now=edge.received_at())
    return _slips([opened])


@bp.post("/people/accounts")
@needs("operator")
def open_missing() -> str:
    """The same for everybody of the unit who has none yet, on slips to be cut apart."""
    with edge.transaction():
        opened = applicants.open_missing(_unit(), actor=signed_in().actor, now=edge.received_at())
    return _slips(opened)


@bp.get("/activate")
def activation() -> Any:
    if session.viewer():
        return redirect(url_for("home.index"))
    return _page({}, {})


@bp.post("/activate")
def activate() -> Any:
    values = {name: request.form.get(name, "") for name in ACTIVATION}
    password = request.form.get("password", "")
    if password != request.form.get("again"):
        return _page(values, {"again": [_("两次输入的密码不一样，请重新输入。")]}), 422
    try:
        with edge.transaction():
            token, login = applicants.activate(
                **values, password=password, address=request.remote_addr or "", now=edge.received_at()
            )
    except Invalid as refusal:
        return _page(values, refusal.fields), 422
    except DomainError as refusal:
        return _page(values, {"code": [refusal.message]}), refusal.status, refusal.headers
    session.begin(token)
    return render_template("applicant/activated.html", login=login)


def _unit() -> int:
    """The unit that is named, or one's own. Raises NotFound for another's."""
    wanted = request.form.get("unit", type=int) or signed_in().organisation_id
    if wanted not in _units():
        raise NotFound
    return wanted


def _units() -> Collection[int]:
    """The units whose people the organisation looks after: its own, of a department those below it."""
    me = signed_in()
    if me.caller.kind == "department":
        return register_queries.subordinates(me.organisation_id, real_now())
    return {me.organisation_id}


def _slips(opened: Sequence[Opened]) -> str:
    address = url_for("applicant_accounts.activation", _external=True)
    return render_template("applicant/slips.html", opened=opened, address=address)


def _page(values: Mapping[str, str], errors: Errors) -> str:
    return render_template("applicant/activate.html", values={**values, "id_number": ""}, errors=errors)
