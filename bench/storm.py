"""Twenty thousand timers due at one instant: the sweep beside the same reads and writes without an engine.

`floor` is psycopg alone: it claims fifty cases, and writes for each the very rows that the sweep wrote.
"""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from sqlalchemy import text
from sqlalchemy.dialects import postgresql

from app.extensions import atomic, db
from app.operations import deployments, timers
from bench.ground import (
    CLOSES,
    DATABASE,
    SCHEME,
    Ground,
    application,
    copies,
    ground,
    open_application,
    open_list,
)
from bench.measure import Cpu, cpu, middle, table

TIMERS = 20_000
REPEATS = 3
UPTO = CLOSES


@dataclass(frozen=True)
class Run:
    """What the processes of a storm used together, and how long the last of them took."""

    fired: int
    spent: Cpu
    seconds: float

    @property
    def rate(self) -> float:
        return self.fired / self.seconds


def main() -> None:
    if "--worker" in sys.argv:
        _work(*sys.argv[sys.argv.index("--worker") + 1 :])
        return
    with ground() as base:
        print(results(base, TIMERS))


def results(base: Ground, count: int) -> str:
    """The table of the scheme's two storms at 24:00 of its last day."""
    rows: list[Sequence[object]] = []
    for title, opened in (
        ("lists not filled in", open_list),
        ("applications not submitted", open_application),
    ):
        copies(opened(base), count - 1, case__unique_key="s.unique_key || n")
        rows += _compare(base, title)
        _empty()
    head = (
        "what falls due",
        "processes",
        "sweep, ms a timer (client + server)",
        "floor",
        "ratio",
        "sweep, a second",
        "floor",
    )
    return table(head, rows)


def _compare(base: Ground, title: str) -> list[Sequence[object]]:
    """Sweep and floor in turns, so that what else the machine does meets both."""
    runs: dict[tuple[str, int], list[Run]] = defaultdict(list)
    for _ in range(REPEATS):
        for processes in (1, 2):
            runs["sweep", processes].append(_run(base, "sweep", processes))
            if not (base.folder / "rows").exists():
                (base.folder / "rows").write_bytes(_written(base.server.url("storm")))
            runs["floor", processes].append(_run(base, "floor", processes))
    (base.folder / "rows").unlink()
    best = {what: max(run.rate for run in found) for what, found in runs.items()}
    rows: list[Sequence[object]] = []
    for processes in (1, 2):
        mine, least = (_middle(runs[what, processes]) for what in ("sweep", "floor"))
        told = [f"{one.total:.2f} ({one.client:.2f} + {one.server:.2f})" for one in (mine, least)]
        rates = [f"{best[what, processes]:,.0f}" for what in ("sweep", "floor")]
        rows.append((title, processes, *told, f"{mine.total / least.total:.2f}×", *rates))
    gains = [f"{best[what, 2] / best[what, 1]:.2f}×" for what in ("sweep", "floor")]
    return [*rows, (title, "2 : 1", "", "", "", *gains)]


def _middle(runs: Sequence[Run]) -> Cpu:
    return middle([run.spent.per(run.fired) for run in runs])


def _run(base: Ground, what: str, processes: int) -> Run:
    """Copies the database, lets the processes loose on it at once, and checks that each case fired once."""
    db.session.remove()
    db.engine.dispose()
    base.server.drop_database("storm")
    base.server.create_database("storm", template=DATABASE)
    url = base.server.url("storm")
    command = [sys.executable, "-m", "bench.storm", "--worker", what, url, str(base.folder)]
    workers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    for worker in workers:
        assert worker.stdout
        assert worker.stdout.readline().strip() == "ready"
    begin = time.perf_counter()
    for worker in workers:
        assert worker.stdin
        worker.stdin.write("go\n")
        worker.stdin.flush()
    told = [json.loads(worker.communicate()[0]) for worker in workers]
    seconds = max(one["ended"] for one in told) - begin
    _check(url, sum(one["fired"] for one in told))
    spent = Cpu(sum(one["client"] for one in told), sum(one["server"] for one in told))
    return Run(sum(one["fired"] for one in told), spent, seconds)


def _check(url: str, fired: int) -> None:
    """Nothing lost, nothing doubled."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        left = connection.execute("select count(*) from timer where due_at <= %s", (UPTO,)).fetchone()
        cases = connection.execute(
            "select count(*), count(distinct case_id) from history where call = 'fire'"
        ).fetchone()
        ended = connection.execute("select count(*) from \"case\" where outcome = 'lapsed'").fetchone()
    assert (left, cases, ended) == ((0,), (fired, fired), (fired,)), (left, cases, ended, fired)


def _empty() -> None:
    """Ends what the last storm left open in the common database, so that the next one has it to itself."""
    with atomic() as session:
        session.execute(text("delete from timer"))
        session.execute(text("update task set state = 'cancelled'"))


# In the processes


def _work(what: str, url: str, folder: str) -> None:
    prepare = {"sweep": _sweep, "floor": _floor}[what]
    backend, fire = prepare(url, Path(folder))
    print("ready", flush=True)
    sys.stdin.readline()
    with cpu([backend]) as spent:
        fired = fire()
        ended = time.perf_counter()
    print(json.dumps({"fired": fired, "client": spent.client, "server": spent.server, "ended": ended}))


def _sweep(url: str, folder: Path) -> tuple[int, Callable[[], int]]:
    app = application(url, folder)
    app.app_context().push()
    with atomic():
        deployments.scheme(deployments.current(SCHEME, CLOSES))  # parsed once a process, not once a storm
        backend = db.session.execute(text("select pg_backend_pid()")).scalar_one()
    upto = UPTO + timers.GRACE
    return backend, lambda: timers.sweep(lambda scheme_id: upto, atomic).fired


def _floor(url: str, folder: Path) -> tuple[int, Callable[[], int]]:
    connection = psycopg.connect(url.replace("+psycopg", ""), row_factory=dict_row)
    backend = connection.info.backend_pid
    rows: dict[int, Mapping[str, Any]] = pickle.loads((folder / "rows").read_bytes())  # noqa: S301 - our own

    def fire() -> int:
        fired = 0
        while batch := _fire_batch(connection, rows):
            fired += batch
        return fired

    return backend, fire


def _fire_batch(connection: psycopg.Connection[Any], rows: Mapping[int, Mapping[str, Any]]) -> int:
    with connection.transaction(), connection.cursor() as cursor:
        found = cursor.execute(*_claim()).fetchall()
        # A case that the other process fired while this one looked has moved on.
        claimed = [row["id"] for row in found if row["seq"] < rows[row["id"]]["case"][0]["seq"]]
        for statement, name in _WRITES if claimed else ():
            cursor.executemany(statement, [row for case_id in claimed for row in rows[case_id][name]])
            assert cursor.rowcount == sum(len(rows[case_id][name]) for case_id in claimed)
    return len(claimed)


@cache
def _claim() -> tuple[str, dict[str, Any]]:
    """The sweep's own statement."""
    compiled = timers._CLAIM.statement.compile(dialect=postgresql.psycopg.dialect())
    asked = {"scheme": SCHEME, "upto": UPTO, "held_since": UPTO - timers.PENDING_FOR, "size": timers.BATCH}
    return str(compiled), {**compiled.params, **asked}


def _insert(table_name: str) -> str:
    columns = [column.name for column in db.metadata.tables[table_name].columns]
    return f"insert into {table_name} values ({', '.join(f'%({name})s' for name in columns)})"  # noqa: S608


_WRITES = (
    (_insert("history"), "history"),
    (_insert("history_payload"), "history_payload"),
    (
        "update task set state = 'cancelled', pending_since = null, completed_at = %(updated_at)s"
        " where case_id = %(id)s and state = 'open'",
        "case",
    ),
    ("delete from timer where case_id = %(id)s", "case"),
    ("delete from message_wait where case_id = %(case_id)s and token = %(token)s", "message_wait"),
    (
        'update "case" set state = %(state)s, status = %(status)s, outcome = %(outcome)s,'
        " listed = %(listed)s, engine_state = %(engine_state)s, seq = %(seq)s, head = %(head)s,"
        " updated_at = %(updated_at)s, ended_at = %(ended_at)s where id = %(id)s",
        "case",
    ),
)


def _written(url: str) -> bytes:
    """What the sweep wrote, by case."""
    found: dict[int, dict[str, list[dict[str, Any]]]] = {}
    with psycopg.connect(url.replace("+psycopg", ""), row_factory=dict_row) as connection:
        fired = "select case_id from history where call = 'fire'"
        for row in connection.execute(f'select * from "case" where id in ({fired})'):  # noqa: S608
            found[row["id"]] = {"case": [row], "history": [], "history_payload": [], "message_wait": []}
        for row in connection.execute("select * from history where call = 'fire'"):
            found[row["case_id"]]["history"].append(row)
        for row in connection.execute(
            "select p.* from history_payload p join history h using (case_id, seq) where h.call = 'fire'"
        ):
            found[row["case_id"]]["history_payload"].append(row)
    with psycopg.connect(_common(url), row_factory=dict_row) as connection:
        for row in connection.execute("select * from message_wait"):
            if row["case_id"] in found:
                found[row["case_id"]]["message_wait"].append(row)
    for rows in found.values():
        for row in [*rows["case"], *rows["history"], *rows["history_payload"]]:
            for name, value in row.items():
                if isinstance(value, dict | list):
                    row[name] = Jsonb(value)
    return pickle.dumps(found)


def _common(url: str) -> str:
    return url.replace("+psycopg", "").replace("/storm?", f"/{DATABASE}?")


if __name__ == "__main__":
    main()
