"""Replaying a case from its log: the same calls, the same arguments, byte-equal states (decision 1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Row

from app.content.scheme import Scheme
from app.engine import Instance
from app.engine.types import Context, Sent
from app.extensions import db
from app.models import Case, History, HistoryPayload
from app.operations import deployments
from app.operations.company._handing import HANDED
from app.operations.dates import workdays
from app.operations.road._calls import Call, apply
from app.operations.road._history import digest
from app.operations.road._plain import from_json


@dataclass(frozen=True, slots=True)
class Replayed:
    """Where a replay got: the instance after the last row, and the first row whose state differs, if any.

    `sent` are the messages that the steps sent, with the row of each.
    """

    instance: Instance | None
    differs_at: int | None
    erased: bool = False
    sent: Sequence[tuple[int, Sent]] = ()


def replay(case_id: int) -> Replayed:
    """Replays a whole case. After an erasure of personal values only the chain's digests can be checked."""
    scheme = deployments.scheme(
        db.session.execute(select(Case.deployment_id).where(Case.id == case_id)).scalar_one()
    )
    instance = None
    sent: list[tuple[int, Sent]] = []
    for row in history_of(case_id):
        if row.body is None:
            return Replayed(None, None, erased=True)
        instance = _again(scheme, instance, row)
        if instance is None:
            return Replayed(None, row.seq)
        sent += [(row.seq, message) for message in instance.snapshot().sent]
        if digest(instance.canonical()) != row.state_digest:
            return Replayed(instance, row.seq)
    return Replayed(instance, None, sent=sent)


def history_of(case_id: int) -> Iterator[Row[Any]]:
    """A case's log rows in order, each with its personal payload."""
    rows = (
        select(*History.__table__.c, HistoryPayload.salt, HistoryPayload.body)
        .outerjoin(
            HistoryPayload,
            (HistoryPayload.case_id == History.case_id) & (HistoryPayload.seq == History.seq),
        )
        .where(History.case_id == case_id)
        .order_by(History.seq)
    )
    yield from db.session.execute(rows)


def _again(scheme: Scheme, instance: Instance | None, row: Row[Any]) -> Instance | None:
    if row.call == HANDED:
        return instance
    context = _context(scheme, row)
    instance = apply(scheme, instance, Call(row.call, row.arguments, row.body), context)
    for answer in row.arguments["answers"]:
        if "refused" in answer:
            instance.answer(answer["token"], None, context, refused=answer["refused"])
        else:
            instance.answer(answer["token"], from_json(answer["result"]), context)
    return instance


def _context(scheme: Scheme, row: Row[Any]) -> Context:
    calendar, _ = workdays.load(row.arguments["workdays"])
    return Context(
        now=row.at,
        dates=scheme.calendar.resolve(_instants(row.arguments.get("overlays", {}))),
        workdays=calendar,
        parameters=scheme.parameter_values,
    )


def _instants(dates: Mapping[str, str | None]) -> dict[str, datetime | None]:
    return {name: datetime.fromisoformat(day) if day else None for name, day in dates.items()}
