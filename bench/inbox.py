"""An inbox of a thousand, a hundred thousand and a million open tasks: what its statements take, in ratios.

Tasks are copies over a thousand cases: a third at the office that looks, of which a tenth is taken by
somebody; its reader has twenty and is the deputy of one who has as many. What the database says of its
planning and execution is told, the least of many: drawing the rows is the same for each, and not in it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, select, text, update

from app.extensions import atomic, db
from app.models import Task
from app.queries import inbox
from app.queries.delegated import awaited, delegated
from bench.ground import BUREAU, OFFICE, Ground, copies, ground, open_application, vacuum
from bench.measure import table

SIZES = (1_000, 100_000, 1_000_000)
CASES = 1_000
OWN = 20
TIMES = 40

FILL = """
    INSERT INTO task (case_id, scheme_id, token, process, element, name, role, office_id, form, status, bulk,
        state, opened_at, closes_at, due_at, assignee_id)
    SELECT :first + n % :cases, scheme_id, 100 + n, process,
        CASE WHEN n % 5 = 0 THEN 'other_step' ELSE element END, name, role,
        CASE WHEN n % 3 = 0 THEN cast(:office as bigint) ELSE :elsewhere END, form, status, bulk, 'open',
        opened_at + n * interval '1 second', NULL,
        CASE WHEN n % 4 > 0 THEN opened_at + (cast(n as bigint) * 7919 % 1000003) * interval '1 minute' END,
        CASE WHEN n % 30 = 0 THEN cast(:colleague as bigint) END
    FROM task, generate_series(cast(:start as int), cast(:stop as int)) n WHERE task.id = :model
"""
TAKE = """
    UPDATE task SET assignee_id = :account WHERE id IN (
        SELECT id FROM task WHERE state = 'open' AND office_id = :office AND assignee_id IS NULL
        ORDER BY opened_at DESC, id DESC LIMIT :own OFFSET :after)
"""

Work = Callable[[], object]


def main() -> None:
    sizes = [int(size) for size in sys.argv[1:]] or list(SIZES)
    with ground() as base:
        print(results(base, sizes))


def results(base: Ground, sizes: Sequence[int]) -> str:
    """The table: milliseconds at the least size, and the ratios of the others to it."""
    stage = _Stage(base)
    told: dict[str, list[float]] = {}
    for size in sizes:
        stage.fill(size)
        for title, work in stage.looks():
            told.setdefault(title, []).append(_took(work))
    rows = [
        (title, f"{first:.2f}", *(f"{other / first:.2f}×" for other in others))
        for title, (first, *others) in told.items()
    ]
    head = ("SQL of", f"ms with {sizes[0]:,}", *(f"{size:,}" for size in sizes[1:]))
    return table(head, rows)


class _Stage:
    """The office, its reader and those whose work lies around."""

    def __init__(self, base: Ground) -> None:
        self.office = base.world.organisations[BUREAU]
        self.elsewhere = base.world.organisations[OFFICE]
        names = sorted(base.world.actors)
        self.reader, self.principal, self.colleague = (base.actor(name).account_id for name in names[:3])
        case_id = open_application(base)
        with atomic() as session:
            found = update(Task).where(Task.case_id == case_id).values(office_id=self.office)
            self.model = session.execute(found.returning(Task.id)).scalar_one()
        self.first = copies(case_id, CASES, task__state="'completed'")[0]
        self.count = 0

    def fill(self, size: int) -> None:
        """Up to so many open tasks, some of which are the reader's and its principal's."""
        with atomic() as session:
            given = {"first": self.first, "cases": CASES, "model": self.model, "colleague": self.colleague}
            places = {"office": self.office, "elsewhere": self.elsewhere}
            session.execute(text(FILL), {**given, **places, "start": self.count + 1, "stop": size})
            if not self.count:
                for after, account in enumerate((self.reader, self.principal)):
                    asked = {"office": self.office, "own": OWN, "after": after, "account": account}
                    session.execute(text(TAKE), asked)
                lent = update(Task).where(Task.assignee_id == self.principal, Task.state == "open")
                session.execute(lent.values(owner_id=self.reader, delegated=True))
        self.count = size
        vacuum()

    def looks(self) -> Iterator[tuple[str, Work]]:
        """What a reader looks at."""
        mine = inbox.Desk(self.office, self.reader, ((self.principal or 0, None),))
        wide = inbox.Desk(self.office, self.reader, office_wide=True)
        orders: tuple[inbox.By, ...] = ("opened", "due")
        for name, desk in (("mine", mine), ("the office's", wide)):
            for by in orders:
                yield f"{name}, by {by}, first page", _page(desk, None, by)
                yield f"{name}, by {by}, a page in the middle", _page(desk, self._middle(by), by)
            yield f"{name}, counted", lambda desk=desk: inbox.count_open(desk)
        kind = inbox.TaskFilter(kind=f"{inbox.kinds(self.office)[0].scheme_id}/other_step")
        yield "mine, of one kind", lambda: inbox.open_tasks(mine, kind)
        yield "the newest", lambda: inbox.newest_open(mine)
        yield "the tag, all of it", lambda: inbox.tag(mine)
        yield "what is delegated", lambda: delegated(mine)
        yield "the counts of the tabs", lambda: awaited(mine)
        yield "the kinds", lambda: inbox.kinds(self.office)

    def _middle(self, by: inbox.By) -> str:
        column = {"opened": Task.opened_at, "due": Task.due_at}[by]
        query = select(Task).where(Task.state == "open", Task.office_id == self.office)
        query = query.where(column.is_not(None)).order_by(column, Task.id).offset(self.count // 8).limit(1)
        return inbox.place_of(db.session.scalars(query).one(), by)


def _page(desk: inbox.Desk, after: str | None, by: inbox.By) -> Work:
    return lambda: inbox.open_tasks(desk, inbox.TaskFilter(), after, by)


def _took(work: Work) -> float:
    """Milliseconds that the database plans and executes for the statements of a look, the least of each."""
    with _statements() as sent:
        work()
    return sum(_explained(*one) for one in list(sent))


@contextmanager
def _statements() -> Iterator[list[tuple[str, Any]]]:
    sent: list[tuple[str, Any]] = []

    def heard(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        sent.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", heard)
    try:
        yield sent
    finally:
        event.remove(db.engine, "before_cursor_execute", heard)


def _explained(statement: str, parameters: Any) -> float:
    took = []
    for _ in range(TIMES):
        asked = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}"
        (plan,) = db.session.connection().exec_driver_sql(asked, parameters).scalar_one()
        took.append(plan["Planning Time"] + plan["Execution Time"])
    db.session.rollback()
    return min(took)


if __name__ == "__main__":
    main()
