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
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row
from sqlalchemy import text

from app.extensions import atomic, db
from app.operations import deployments, timers
from bench.floor import fire_batch, written
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
                (base.folder / "rows").write_bytes(written(base.server.url("storm"), base.address, UPTO))
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
    rows: dict[int, Mapping[str, Any]] = pickle.loads((folder / "rows").read_bytes())

    def fire() -> int:
        fired = 0
        while batch := fire_batch(connection, rows, SCHEME, UPTO):
            fired += batch
        return fired

    return backend, fire


if __name__ == "__main__":
    main()
