"""A hundred rounds of return and resubmission of one case: neither time nor state may grow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import event

from app.content.instants import parse_local_instant as at
from app.extensions import atomic, db
from app.operations import cases, tasks
from bench.ground import BUREAU, SCHEME, UNIT, Ground, backends, ground, open_tasks, state_bytes
from bench.measure import Cpu, cpu, middle, table

ROUNDS = 100
ENDS = 10
BEGIN = at("2021-06-03 10:00")
POST = {"grade": "junior", "approved": 2, "held": 1, "special": 0, "vacant": 1, "applied": 1}
FILLED: dict[str, Any] = {
    "posts": [{**POST, "two_for_one": 0, "unlimited": 0}],
    "filled_by": "人事科", "telephone": "023-00000000", "filled_on": "2021-06-03",
}  # fmt: skip
RETURNED = {"decision": "return", "opinion": "请附编制文件"}


@dataclass(frozen=True)
class Round:
    """The unit has filled in, and the bureau returned it."""

    spent: Cpu
    statements: int
    state: int


def main() -> None:
    with ground() as base:
        print(results(base))


def results(base: Ground) -> str:
    """The table: the first rounds beside the last."""
    with atomic():
        unit_id, actor = base.world.organisations[UNIT], base.actor(UNIT)
        case_id = cases.start(SCHEME, "post_filing", unit_id=unit_id, actor=actor, received_at=BEGIN)
    rounds = [_round(base, case_id, number) for number in range(ENDS + ROUNDS)][ENDS:]  # warmed up before
    first, last = rounds[:ENDS], rounds[-ENDS:]
    rows: list[Sequence[object]] = []
    for title, of, form in (
        ("CPU ms, two tasks", lambda ones: middle([one.spent for one in ones]).total, ".2f"),
        ("state, bytes", lambda ones: max(one.state for one in ones), "d"),
        ("statements, two tasks", lambda ones: max(one.statements for one in ones), "d"),
    ):
        before, after = of(first), of(last)
        rows.append((title, f"{before:{form}}", f"{after:{form}}", f"{after / before:.2f}×"))
    return table(("a round", f"first {ENDS}", f"last {ENDS} of {ROUNDS}", "ratio"), rows)


def _round(base: Ground, case_id: int, number: int) -> Round:
    spent, statements, pids = Cpu(), 0, backends()
    for office, values in ((UNIT, FILLED), (BUREAU, RETURNED)):
        task_id = open_tasks([case_id])[case_id]
        db.session.rollback()
        with _counted() as said, cpu(pids) as one, atomic():
            tasks.complete(task_id, values, base.actor(office), BEGIN + timedelta(minutes=number))
        spent = Cpu(spent.client + one.client, spent.server + one.server)
        statements += len(said)
    return Round(spent, statements, state_bytes(case_id))


@contextmanager
def _counted() -> Iterator[list[None]]:
    """As many entries as there are statements inside."""
    said: list[None] = []

    def note(*_: object) -> None:
        said.append(None)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


if __name__ == "__main__":
    main()
