"""Payments: what cases owe, orders with a provider, its callbacks, statements compared."""

from __future__ import annotations

from typing import Any

from flask import request
from marshmallow import Schema, fields, validate

from app import edge
from app.api import schemas
from app.api.auth import me, signed_in
from app.api.fields import choice, pattern, text
from app.api.reading import Room, TooLarge
from app.api.schemas import Body
from app.errors import Invalid
from app.operations.paying import online_payments, payments
from app.operations.paying.online_payments import StatementLine
from app.queries import payments as payment_queries
from app.queries.visibility import seen_by
from app.web.payments import callback_address

blueprint = Room("api_payments", __name__, "缴费")


class PaymentQuery(schemas.Cursor):
    state = choice(*payments.STATES)


class Payment(Schema):
    id = fields.Integer()
    case_id = fields.Integer()
    unit = fields.String()
    person = fields.String(allow_none=True)
    purpose = fields.String()
    amount = fields.Float(metadata={"description": "元"})
    state = fields.String(metadata={"enum": list(payments.STATES)})
    method = fields.String(allow_none=True, metadata={"enum": [*payments.METHODS, None]})
    receipt = fields.String(allow_none=True)
    order_number = fields.String(allow_none=True)
    paid_at = fields.AwareDateTime(allow_none=True)
    refunded_at = fields.AwareDateTime(allow_none=True)


class Order(Body):
    return_url = text(1, 500, required=True, metadata={"description": "缴费后回到的地址"})


class Placed(Schema):
    address = fields.String(metadata={"description": "到这里缴费"})


class Verdict(Schema):
    verdict = fields.String(metadata={"enum": list(online_payments.VERDICTS)})


class Callback(Schema):
    id = fields.Integer()
    provider = fields.String()
    received_at = fields.AwareDateTime()
    verdict = fields.String(metadata={"enum": list(online_payments.VERDICTS)})
    order_number = fields.String(allow_none=True)
    reference = fields.String(allow_none=True)
    amount = fields.Float(allow_none=True, metadata={"description": "元"})


class Line(Body):
    order_number = text(1, required=True)
    reference = text(1, required=True)
    amount = pattern(r"[0-9]{1,7}(\.[0-9]{1,2})?", "应为金额（元），如 60.50。", required=True)


class Statement(Body):
    provider = text(1, required=True)
    day = fields.Date(required=True, error_messages={"required": "必填。", "invalid": "应为日期。"})
    lines = fields.List(fields.Nested(Line), required=True, validate=validate.Length(max=20000))


class Reconciliation(Schema):
    id = fields.Integer()
    provider = fields.String()
    day = fields.Date()
    made_at = fields.AwareDateTime()
    lines = fields.Integer()
    total = fields.Float(metadata={"description": "元"})
    differences = fields.List(fields.Dict(), metadata={"description": "金额以分计"})


class Made(Schema):
    id = fields.Integer()


@blueprint.get("/payments")
@signed_in("operator", "supervisor", "applicant")
@blueprint.arguments(PaymentQuery, location="query")
@blueprint.response(200, schemas.page_of(Payment))
def listing(query: dict[str, Any]) -> dict[str, Any]:
    """看得到的办件的缴费，新的在前"""
    page = payment_queries.listing(seen_by(me().sight), query.get("state"), query.get("after"))
    return {"items": [_payment(row) for row in page.rows], "next": page.next}


@blueprint.post("/payments/<id:payment_id>/order")
@signed_in("operator", "applicant")
@blueprint.arguments(Order)
@blueprint.response(200, Placed)
def order(body: dict[str, Any], payment_id: int) -> dict[str, str]:
    """在支付平台下单，答复缴费的地址"""
    with edge.transaction():
        address = online_payments.place_order(payment_id, me().actor, callback_address, body["return_url"])
    return {"address": address}


@blueprint.post("/payments/callbacks/<word:name>")
@blueprint.response(200, Verdict)
@blueprint.doc(responses={413: "REQUEST_ENTITY_TOO_LARGE", 422: "UNPROCESSABLE_ENTITY"})
def callback(name: str) -> dict[str, str]:
    """支付平台的通知；按平台自己的格式和签名，不用登录"""
    body = request.get_data()
    if len(body) > online_payments.LONGEST_CALLBACK:
        raise TooLarge
    with edge.transaction():
        verdict = online_payments.take_callback(name, request.headers, body, edge.received_at())
    if verdict in online_payments.RETRY_IN_VAIN:
        # Only now, since what it told is kept.
        raise online_payments.NotTakenIn(verdict)
    return {"verdict": verdict}


@blueprint.get("/payments/callbacks")
@signed_in("supervisor", "administrator")
@blueprint.arguments(schemas.Cursor, location="query")
@blueprint.response(200, schemas.page_of(Callback))
def callbacks(query: dict[str, Any]) -> dict[str, Any]:
    """没有入账的通知，新的在前"""
    page = payment_queries.odd_callbacks(query.get("after"))
    return {"items": [_callback(row) for row in page.rows], "next": page.next}


@blueprint.get("/payments/reconciliations")
@signed_in("supervisor", "administrator")
@blueprint.arguments(schemas.Cursor, location="query")
@blueprint.response(200, schemas.page_of(Reconciliation))
def reconciliations(query: dict[str, Any]) -> dict[str, Any]:
    """对账结果，新的在前"""
    page = payment_queries.reconciliations(query.get("after"))
    return {"items": [_reconciliation(row) for row in page.rows], "next": page.next}


@blueprint.post("/payments/reconciliations")
@signed_in("supervisor", "administrator")
@blueprint.arguments(Statement)
@blueprint.response(201, Made)
def reconcile(body: dict[str, Any]) -> dict[str, int]:
    """与支付平台一天的对账单核对"""
    lines = [_line(line, body) for line in body["lines"]]
    with edge.transaction():
        made = online_payments.reconcile(body["provider"], body["day"], lines, edge.received_at())
    return {"id": made}


def _line(line: dict[str, str], body: dict[str, Any]) -> StatementLine:
    fen = payments.fen_of(line["amount"])
    if fen is None:
        raise Invalid({"lines": [f"订单 {line['order_number']} 的金额应大于 0。"]})
    return StatementLine(line["order_number"], line["reference"], fen, body["day"])


def _payment(row: payment_queries.PaymentRow) -> dict[str, Any]:
    names = ("id", "case_id", "purpose", "state", "method", "receipt", "order_number")
    told = {name: getattr(row.payment, name) for name in (*names, "paid_at", "refunded_at")}
    amount = payments.yuan(row.payment.amount)
    return {**told, "amount": amount, "unit": row.unit_name, "person": row.person_name}


def _callback(row: Any) -> dict[str, Any]:
    names = ("id", "provider", "received_at", "verdict", "order_number", "reference")
    told = {name: getattr(row, name) for name in names}
    return {**told, "amount": payments.yuan(row.amount) if row.amount is not None else None}


def _reconciliation(row: Any) -> dict[str, Any]:
    names = ("id", "provider", "day", "made_at", "lines", "differences")
    return {**{name: getattr(row, name) for name in names}, "total": payments.yuan(row.total)}
