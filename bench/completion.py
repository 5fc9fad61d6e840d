"""What a completed user task costs in CPU, client and database together, beside the same statements alone.

`operation` is `tasks.complete` in its transaction, from the lock to the commit; `request` is all of an HTTP
request to the API, from its WSGI environment to the bytes of the answer. `floor` replays the statements of
the operation by psycopg.
"""

from __future__ import annotations

import contextvars
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import event
from werkzeug.test import EnvironBuilder

from app import clock
from app.content.instants import parse_local_instant as at
from app.extensions import atomic, db
from app.operations import deployments, tasks
from app.operations.access._sessions import open_session
from app.operations.trials.made_up import filled_in
from bench.ground import (
    BUREAU,
    DATABASE,
    OFFICE,
    OPENED,
    PERSON,
    SCHEME,
    UNIT,
    Ground,
    backends,
    copies,
    ground,
    open_application,
    open_tasks,
)
from bench.measure import Cpu, cpu, middle, table

CASES = 200
BLOCK = 50
Statement = tuple[str, Any, bool]


@dataclass(frozen=True)
class Step:
    """A user task on the way of an application; one without a title is done and not measured."""

    title: str | None
    office: str
    form: str
    values: Mapping[str, Any]
    when: str


def main() -> None:
    with ground() as base:
        print(results(base))


def results(base: Ground) -> str:
    """The table, a row a step and a way in."""
    filled, scan = "application filled in (5 tables, a place claimed)", "first review (a scan attached)"
    rows = [
        *_measured(base, PERSON, "senior", (_form(base, filled, "合格的高级工"), _first_review(scan))),
        *_measured(
            base,
            "向长河",
            "technician",
            (_form(base, None, "合格的技师"), _first_review(None), _SECOND_REVIEW),
        ),
    ]
    head = ("task", "what", "CPU ms (client + server)", "beside the floor", "statements")
    return table(head, rows)


def _form(base: Ground, title: str | None, values: str) -> Step:
    return Step(title, UNIT, "application_form.json", base.values[values], "2021-06-21 10:00")


def _first_review(title: str | None) -> Step:
    values = {"decision": "approve", "material": ["材料.pdf"]}
    return Step(title, BUREAU, "review_first.json", values, "2021-06-22 10:00")


_SECOND_REVIEW = Step(
    "second review (nothing attached)",
    OFFICE,
    "review_later.json",
    {"decision": "approve"},
    "2021-06-23 10:00",
)


def _measured(base: Ground, person: str, grade: str, steps: Sequence[Step]) -> Iterator[Sequence[object]]:
    ids = copies(open_application(base, person, grade), 2 * CASES)
    for step in steps:
        given = _given(base, step, ids)
        if step.title is None:
            _warm(_completes(base, step, ids, given), ids)
        else:
            yield from _operation_and_request(base, step, step.title, ids, given)


def _operation_and_request(
    base: Ground, step: Step, title: str, ids: list[int], given: Mapping[int, Any]
) -> Iterator[Sequence[object]]:
    operation, floor, count = _operation_and_floor(base, step, ids[:CASES], given)
    request = _blocks(_requests(base, step, ids[CASES:], given))
    yield _row(title, "operation", operation, floor, count)
    yield _row(title, "floor", floor, floor, count)
    yield _row(title, "request", request, floor, "")


def _operation_and_floor(
    base: Ground, step: Step, ids: list[int], given: Mapping[int, Any]
) -> tuple[Cpu, Cpu, str]:
    complete = _completes(base, step, ids, given)
    _fresh_copy(base)
    with _recorded() as said:
        _warm(complete, ids[:BLOCK])
        operation = _blocks(_works(complete, ids[BLOCK:]))
    floor, count = _replayed(base, said)
    return operation, floor, f"{count:.0f}"


def _completes(base: Ground, step: Step, ids: list[int], given: Mapping[int, Any]) -> Callable[[int], None]:
    open_ones, actor, when = open_tasks(ids), base.actor(step.office), at(step.when)

    def complete(case_id: int) -> None:
        with atomic():
            tasks.complete(open_ones[case_id], given[case_id], actor, when)

    return complete


def _given(base: Ground, step: Step, ids: list[int]) -> dict[int, dict[str, Any]]:
    """What each case's form takes; files are uploaded before, as a browser does."""
    form = deployments.scheme(deployments.current(SCHEME, OPENED)).form(step.form)
    actor = base.actor(step.office)
    with atomic():
        return {one: filled_in(step.values, form, base.world.people, actor, at(step.when)) for one in ids}


def _requests(base: Ground, step: Step, ids: list[int], given: Mapping[int, Any]) -> list[Callable[[], None]]:
    open_ones, said = open_tasks(ids), list[str]()
    account_id = base.actor(step.office).account_id
    assert account_id is not None
    with atomic():
        token = open_session(account_id, clock.now())
    db.session.remove()

    environs = {
        case_id: EnvironBuilder(
            f"/api/v1/tasks/{open_ones[case_id]}/completion",
            method="POST",
            json={"values": given[case_id]},
            headers={"Authorization": f"Bearer {token}"},
        ).get_environ()
        for case_id in ids
    }

    def post(case_id: int) -> None:
        # A context of its own, as in a server: nothing of the session here is found there.
        contextvars.Context().run(answer, environs[case_id])

    def answer(environ: dict[str, Any]) -> None:
        body = base.app(environ, lambda status, *_: said.append(status))
        b"".join(body)
        body.close()
        assert said.pop() == "200 OK"

    _warm(post, ids[:BLOCK])
    return _works(post, ids[BLOCK:])


def _works(work: Callable[[int], None], ids: list[int]) -> list[Callable[[], None]]:
    return [lambda one=one: work(one) for one in ids]


def _warm(work: Callable[[int], None], ids: list[int]) -> None:
    for one in ids:
        work(one)


def _blocks(works: list[Callable[[], None]], sessions: list[int] | None = None) -> Cpu:
    """The block in the middle; a single one would be at the mercy of what else the machine does."""
    runs = []
    pids = sessions or backends()
    for first in range(0, len(works), BLOCK):
        with cpu(pids) as spent:
            for work in works[first : first + BLOCK]:
                work()
        runs.append(spent.per(BLOCK))
    return middle(runs)


@contextmanager
def _recorded() -> Iterator[list[list[Statement]]]:
    """The statements of each transaction inside."""
    said: list[list[Statement]] = []

    def begin(_connection: Any) -> None:
        said.append([])

    def note(_connection: Any, _cursor: Any, text: str, values: Any, _context: Any, many: bool) -> None:
        said[-1].append((text, values, many))

    event.listen(db.engine, "begin", begin)
    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(db.engine, "begin", begin)
        event.remove(db.engine, "before_cursor_execute", note)


def _fresh_copy(base: Ground) -> None:
    """The database as it stands, in which every id will be given once more."""
    db.session.remove()
    db.engine.dispose()
    base.server.drop_database("replay")
    base.server.create_database("replay", template=DATABASE)


def _replayed(base: Ground, said: list[list[Statement]]) -> tuple[Cpu, float]:
    counts = [len(statements) for statements in said]
    with psycopg.connect(base.server.url("replay").replace("+psycopg", ""), autocommit=True) as connection:

        def transaction(statements: list[Statement]) -> None:
            with connection.transaction(), connection.cursor() as cursor:
                for text, values, many in statements:
                    if many:
                        cursor.executemany(text, values)
                    else:
                        cursor.execute(text, values)
                        if cursor.description:
                            cursor.fetchall()

        for statements in said[:BLOCK]:
            transaction(statements)
        works = [lambda statements=statements: transaction(statements) for statements in said[BLOCK:]]
        return _blocks(works, [connection.info.backend_pid]), statistics.median(counts)


def _row(title: str, what: str, spent: Cpu, floor: Cpu, count: str) -> Sequence[object]:
    told = f"{spent.total:.2f} ({spent.client:.2f} + {spent.server:.2f})"
    return title, what, told, f"{spent.total / floor.total:.1f}×", count


if __name__ == "__main__":
    main()
