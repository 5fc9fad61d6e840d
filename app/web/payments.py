"""Payments: what cases owe, paying online, what providers told, statements compared (CQ-37, NY-09, NY-14)."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from app import edge
from app.errors import Invalid, NotFound
from app.operations.paying import online_payments, payments, statements
from app.operations.uploads._tables import MOST_BYTES
from app.queries import payments as payment_queries
from app.queries.visibility import seen_by
from app.web.session import needs, signed_in

bp = Blueprint("payments", __name__, url_prefix="/payments")


@bp.get("/")
@needs("operator", "supervisor")
def index() -> str:
    state = request.args.get("state", "")
    if state and state not in payments.STATES:
        raise NotFound
    return render_template(
        "payments/index.html",
        page=payment_queries.listing(seen_by(signed_in().sight), state, request.args.get("before")),
        states=payments.STATES,
        methods=payments.METHODS,
        yuan=payments.yuan,
        me=signed_in(),
    )


@bp.post("/<int:payment_id>/order")
@needs("operator")
def order(payment_id: int) -> str:
    """Places the order and shows the way to the provider, whom no form may be sent to from here."""
    back = url_for("payments.index", _external=True)
    with edge.transaction():
        target = online_payments.place_order(payment_id, signed_in().actor, callback_address, back)
    return render_template("payments/order.html", target=target)


@bp.get("/callbacks")
@needs("supervisor", "administrator")
def callbacks() -> str:
    return render_template(
        "payments/callbacks.html",
        page=payment_queries.odd_callbacks(request.args.get("before")),
        verdicts=online_payments.VERDICTS,
        yuan=payments.yuan,
    )


@bp.get("/reconciliations")
@needs("supervisor", "administrator")
def reconciliations() -> str:
    return _reconciliations({})


@bp.post("/reconciliations")
@needs("supervisor", "administrator")
def reconcile() -> Any:
    """Compares a statement 对账单, a CSV file that the provider gives for a day."""
    try:
        day, content = _day(), _statement()
        with edge.transaction():
            provider = request.form.get("provider", "").strip()
            lines = statements.read_statement(content)
            online_payments.reconcile(provider, day, lines, edge.received_at())
    except Invalid as refusal:
        return _reconciliations(refusal.fields), 422
    flash(_("已对账，结果见下。"), "done")
    return redirect(url_for("payments.reconciliations"))


def callback_address(provider: str) -> str:
    """Where a provider tells us of what was paid."""
    return url_for("api_payments.callback", name=provider, _external=True)


def _reconciliations(errors: dict[str, list[str]]) -> str:
    return render_template(
        "payments/reconciliations.html",
        page=payment_queries.reconciliations(request.args.get("before")),
        kinds=online_payments.DIFFERENCES,
        yuan=payments.yuan,
        errors=errors,
    )


def _day() -> date:
    try:
        return date.fromisoformat(request.form.get("day", ""))
    except ValueError as error:
        raise Invalid({"day": [_("请选择日期。")]}) from error


def _statement() -> bytes:
    file = request.files.get("statement")
    content = file.read(MOST_BYTES + 1) if file else b""
    if not content:
        raise Invalid({"statement": [_("请选择对账单文件。")]})
    return content
