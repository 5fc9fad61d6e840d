"""A hundred thousand open tasks in one inbox, as many timers that are not due: what a page and a claim take.

What else the machine does is in the wall time, and hardly in the CPU time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select, text, update

from app.extensions import atomic, db
from app.models import Task
from app.operations import timers
from app.queries import inbox
from app.queries.paging import at_cursor
from bench.ground import BUREAU, CLOSES, SCHEME, Ground, backends, copies, ground, open_application, open_list
from bench.measure import Cpu, p50, table

OPEN = 100_000
DUE = 50
SOON = CLOSES - timedelta(days=30)


def main() -> None:
    with ground() as base:
        print(results(base))


def results(base: Ground, count: int = OPEN) -> str:
    """Both tables."""
    return _inbox(base, count) + "\n" + _claim(base, count)


def _inbox(base: Ground, count: int) -> str:
    office = base.world.organisations[BUREAU]
    case_id = open_application(base)
    with atomic() as session:
        session.execute(update(Task).where(Task.case_id == case_id).values(office_id=office))
    copies(case_id, count, task__opened_at="s.opened_at + n * interval '1 second'")
    wanted, desk = inbox.TaskFilter(), inbox.Desk(office, None)
    middle = db.session.execute(
        select(Task.opened_at, Task.id).where(Task.office_id == office)
        .order_by(Task.opened_at, Task.id).offset(count // 2).limit(1)
    ).one()  # fmt: skip
    cursor = at_cursor(middle.opened_at, middle.id)
    far = (
        "select id from task where office_id = :office and state = 'open' order by opened_at, id"
        " limit 51 offset :far"
    )
    rows: list[Sequence[object]] = []
    for title, work, times in (
        ("first page", lambda: _fresh(inbox.open_tasks, desk, wanted), 100),
        ("a page in the middle", lambda: _fresh(inbox.open_tasks, desk, wanted, cursor), 100),
        ("the count, capped at 1,000", lambda: inbox.count_open(desk), 100),
        ("the newest, for the tag", lambda: inbox.newest_open(desk), 100),
        ("the kinds, for the filter", lambda: inbox.kinds(office), 10),
        (
            "for comparison: ids alone by OFFSET, in the middle",
            lambda: db.session.execute(text(far), {"office": office, "far": count // 2}).all(),
            10,
        ),
    ):
        rows.append((title, *_told(*p50(work, backends(), times))))
    return table((f"inbox, {count:,} open", "p50 ms", "CPU ms (client + server)"), rows)


def _told(waited: float, spent: Cpu) -> tuple[str, str]:
    return f"{waited:.2f}", f"{spent.total:.2f} ({spent.client:.2f} + {spent.server:.2f})"


def _fresh(work: Any, *given: Any) -> None:
    """Rows are made anew, as for each request, and not found in the session."""
    db.session.expunge_all()
    work(*given)


def _claim(base: Ground, count: int) -> str:
    case_id = open_list(base)
    copies(case_id, count, timer__due_at="s.due_at + n * interval '1 minute'")
    nothing, _plan = _claimed(SOON)
    with atomic() as session:
        session.execute(
            text("update timer set due_at = :at where id in (select max(id) - n from timer,"
                 " generate_series(0, :n - 1) n group by n)"),
            {"at": SOON, "n": DUE},
        )  # fmt: skip
    fifty, plan = _claimed(SOON)
    rows = [("nothing due", *nothing), (f"{DUE} due, with their states", *fifty)]
    head = (f"claim and rollback, {count:,} timers not due", "p50 ms", "CPU ms (client + server)")
    return table(head, rows) + f"\n```\n{plan}\n```\n"


def _claimed(upto: Any) -> tuple[tuple[str, str], str]:
    """What the sweep's claim takes, and the lines of its plan that name an index."""
    asked = {"scheme": SCHEME, "upto": upto, "held_since": upto - timers.PENDING_FOR, "size": timers.BATCH}

    def claim() -> None:
        timers._CLAIM.run(asked).all()
        db.session.rollback()

    spent = _told(*p50(claim, backends()))
    compiled = timers._CLAIM.statement.compile(db.engine)
    values = {**compiled.params, **asked}
    explain = f"explain (analyze, costs off, timing off, summary off) {compiled}"
    lines = db.session.connection().exec_driver_sql(explain, values).scalars()
    plan = "\n".join(line for line in lines if "using" in line or "Seq Scan" in line)
    db.session.rollback()
    assert "ix_timer_due" in plan, plan
    return spent, plan


if __name__ == "__main__":
    main()
