"""What capabilities gave, as the cases' logs have it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import column, func, select
from sqlalchemy.dialects.postgresql import JSONB

from app.extensions import db
from app.models import History


def answers(*capabilities: str) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """What these capabilities gave, by the logs, in order: (case id, capability, outputs)."""
    answer = (
        func.jsonb_array_elements(History.arguments["answers"])
        .table_valued(column("value", JSONB), with_ordinality="place")
        .render_derived()
    )
    name, result = answer.c.value["capability"].astext, answer.c.value["result"]
    found = (
        select(History.case_id, name.label("capability"), result.label("result"))
        .select_from(History)
        .join(answer, History.arguments.has_key("answers"))
        .where(name.in_(capabilities), answer.c.value.has_key("result"))
        .order_by(History.recorded_at, History.case_id, History.seq, answer.c.place)
    )
    for row in db.session.execute(found):
        yield row.case_id, row.capability, row.result
