"""The sandbox's own page, where a rehearsal pays: what a provider of online payment would show elsewhere."""

from __future__ import annotations

import secrets

from flask import Blueprint, current_app, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.test import Client

from app import clock
from app.errors import NotFound
from app.extensions import db, settings
from app.models import Payment
from app.operations.dates import clock as clocks
from app.operations.paying import online_payments, payments
from app.operations.paying._payment_provider import SANDBOX, SIGNATURE, Sandbox, Told, provider

bp = Blueprint("sandbox_payment", __name__, url_prefix="/sandbox-payment")

WAYS = ("pay", "forged", "wrong_amount")


@bp.get("/<order_number>")
def show(order_number: str) -> str:
    _sandbox()
    return _page(_payment(order_number), None)


@bp.post("/<order_number>")
def pay(order_number: str) -> str:
    """Tells that it was paid, by the same way as a provider would, or tries what a crook would."""
    at, payment, way = _sandbox(), _payment(order_number), request.form.get("way", "pay")
    if way not in WAYS:
        raise NotFound
    reference = payment.reference or secrets.token_hex(8)
    amount = payment.amount - (1 if way == "wrong_amount" else 0)
    body = at.message(Told(order_number, reference, amount, clock.now()))
    signature = at.sign(body) if way != "forged" else "0" * 64
    db.session.remove()
    # The callback takes the whole way through the application, as if it came from outside.
    answer = Client(current_app.wsgi_app).post(
        url_for("api_payments.callback", name=SANDBOX),
        data=body,
        content_type="application/json",
        headers={SIGNATURE: signature},
    )
    told = answer.get_json() or {}
    verdict = told.get("verdict") or told.get("code", "")
    outcome = online_payments.VERDICTS.get(verdict, _("系统没有答复，请稍后重试。"))
    return _page(_payment(order_number), outcome)


def _page(payment: Payment, told: str | None) -> str:
    amount = payments.yuan(payment.amount)
    return render_template("payments/sandbox.html", payment=payment, amount=amount, told=told)


def _payment(order_number: str) -> Payment:
    found = db.session.scalar(select(Payment).where(Payment.order_number == order_number))
    if found is None:
        raise NotFound
    return found


def _sandbox() -> Sandbox:
    """Raises NotFound in a real database, where no page pays."""
    at = provider(settings(), clocks.is_rehearsal())
    if not isinstance(at, Sandbox):
        raise NotFound
    return at
