"""Payments, what providers told of them, and the statements compared with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select

from app.extensions import db
from app.models import Case, Organisation, Payment, PaymentCallback, Person, Reconciliation
from app.queries.paging import Page, cut, limited, read_id_cursor


@dataclass(frozen=True)
class PaymentRow:
    payment: Payment
    case: Case
    unit_name: str
    person_name: str | None


def of_case(case_id: int) -> Sequence[Payment]:
    return db.session.scalars(select(Payment).where(Payment.case_id == case_id).order_by(Payment.id)).all()


def listing(scope: ColumnElement[bool], state: str | None, before: str | None = None) -> Page[PaymentRow]:
    """A page of the payments of the cases in sight, the newest first."""
    query = (
        select(Payment, Case, Organisation.name, Person.name)
        .join(Case, Case.id == Payment.case_id)
        .join(Organisation, Organisation.id == Case.unit_id)
        .outerjoin(Person, Person.id == Case.person_id)
        .where(scope)
        .order_by(Payment.id.desc())
    )
    if state:
        query = query.where(Payment.state == state)
    if (last := read_id_cursor(before)) is not None:
        query = query.where(Payment.id < last)
    rows = [PaymentRow(*row) for row in db.session.execute(limited(query))]
    return cut(rows, lambda row: str(row.payment.id))


def odd_callbacks(before: str | None = None) -> Page[PaymentCallback]:
    """What providers told that changed nothing, the newest first."""
    query = select(PaymentCallback).where(PaymentCallback.verdict != "accepted")
    if (last := read_id_cursor(before)) is not None:
        query = query.where(PaymentCallback.id < last)
    query = query.order_by(PaymentCallback.id.desc())
    return cut(db.session.scalars(limited(query)).all(), lambda row: str(row.id))


def reconciliations(before: str | None = None) -> Page[Reconciliation]:
    query = select(Reconciliation).order_by(Reconciliation.id.desc())
    if (last := read_id_cursor(before)) is not None:
        query = query.where(Reconciliation.id < last)
    return cut(db.session.scalars(limited(query)).all(), lambda row: str(row.id))
