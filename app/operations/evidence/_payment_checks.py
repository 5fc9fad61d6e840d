"""Whether the register of payments says what the cases' logs say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import JSONB

from app.extensions import db
from app.models import History, HistoryPayload, Payment
from app.operations.paying.payments import CANCEL, DUE, ONLINE, PAID, RECORD, RECORD_REFUND, REQUEST, yuan
from app.operations.road._answers import answers

REFERENCE = "payment_reference"


@dataclass
class _Logged:
    """What the logs say of all payments; by number: whose it is, what it came to, how it last stood.

    Logs written before they named payments tell nothing of them: the `unnamed` cases.
    """

    cases: dict[int, int] = field(default_factory=dict)
    amounts: dict[int, int | float] = field(default_factory=dict)
    states: dict[int, str] = field(default_factory=dict)
    unnamed: set[int] = field(default_factory=set)


def payment_faults() -> Iterator[tuple[int | None, str]]:
    """(case id, sentence) of each payment that is not as its case, or one about it, has logged it."""
    logged, received = _logged(), _received()
    for row in db.session.scalars(select(Payment).order_by(Payment.id)):
        if row.case_id in logged.unnamed:
            continue
        if logged.cases.pop(row.id, None) != row.case_id:
            yield row.case_id, f"办件的记录里没有登记过缴费 {row.id}"
        elif logged.amounts[row.id] != yuan(row.amount):
            yield row.case_id, f"缴费 {row.id} 的金额与记录不符"
        elif row.state != _expected(row, logged.states[row.id], received):
            yield row.case_id, f"缴费 {row.id} 登记的状态与记录不符"
    for number, case_id in logged.cases.items():
        yield case_id, f"办件登记过的缴费 {number} 不见了"


def _logged() -> _Logged:
    logged = _Logged()
    names = (one.name for one in (REQUEST, RECORD, CANCEL, RECORD_REFUND))
    for case_id, capability, result in answers(*names):
        if "payments" not in result:
            logged.unnamed.add(case_id)
        for text, state in result.get("payments", {}).items():
            number = int(text)
            logged.states[number] = state
            if capability == REQUEST.name:
                logged.cases[number], logged.amounts[number] = case_id, result["amount"]
    return logged


def _received() -> set[tuple[int, str | None]]:
    """Case and reference of each payment whose coming in online a case has logged; None: erased since."""
    reference = HistoryPayload.body["message"][REFERENCE].astext
    erased = HistoryPayload.body.is_(None) | (HistoryPayload.body == JSONB.NULL)
    told = (
        select(History.case_id, reference)
        .join(
            HistoryPayload,
            (HistoryPayload.case_id == History.case_id) & (HistoryPayload.seq == History.seq),
        )
        .where(History.call == "receive", reference.is_not(None) | erased)
    )
    return {(case_id, text) for case_id, text in db.session.execute(told)}


def _expected(row: Payment, state: str, received: set[tuple[int, str | None]]) -> str:
    """How the payment has to stand: one that came in online is paid by a message, which no answer tells."""
    known = {(row.case_id, row.reference), (row.case_id, None)}
    came_in = row.method == ONLINE and not received.isdisjoint(known)
    return PAID if state == DUE and came_in else state
