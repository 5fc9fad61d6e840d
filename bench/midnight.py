"""A hundred thousand pledges due at one midnight: how fast, what people notice, and what kill -9 leaves.

`python -m bench.midnight [number of cases [seconds between kills]]`. A pledge is Henan's: the document owed
must be there by 24:00 of 30 June, else the case ends. Meanwhile two reviewers decide other cases, each five a
second at most.
"""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil
import psycopg
from sqlalchemy import and_, func, select, text

from app import clock as real_clock
from app import scheduler
from app.config import PROJECT
from app.content import read_scenarios, read_scheme_folder
from app.content.instants import parse_local_instant as at
from app.extensions import atomic, db
from app.models import Account, Case, Task
from app.operations import deployments, tasks
from app.operations.access import accounts
from app.operations.actors import SYSTEM
from app.operations.dates import clock
from app.operations.evidence import verify
from app.operations.road._road import GRACE
from app.operations.trials._performance import Performance
from app.operations.trials._scenario_stage import Stage
from bench.chains import chained_copies
from bench.floor import fire_batch, written
from bench.ground import DATABASE, Ground, application, ground
from bench.measure import Cpu, ran, row, table

SCHEME, OPENED = "henan-2025", at("2025-03-01 00:00")
OWES, REVIEWED = "pledge_midnight_review.yaml", "review_returned.yaml"
DUE = at("2025-07-01 00:00")
ELEMENT, OUTCOME, TASK, REVIEWER = "upload_due", "pledge_broken", "网上资格审查", "新郑市人社局"
DECIDED = {"decision": "approve", "on_site": False}

CASES = 100_000
CLIENTS, PAUSE = 2, 0.2
KILL_EVERY = 5.0
ALONE = 20.0
"""Seconds for which the reviewers have the machine to themselves, to compare with."""
SAMPLE = 2_000
"""Of so many cases `verify` is asked, when there are more: the whole would take longer than the storm."""


@dataclass
class Night:
    """One storm: how long it took and what CPU, what the reviewers waited, how often a scheduler was killed.

    CPU, client and server, only where nobody decides and nobody is killed.
    """

    seconds: float = 0.0
    spent: Cpu | None = None
    waited: list[float] = field(default_factory=list)
    kills: int = 0


def main() -> None:
    if "--as" in sys.argv:
        role, *given = sys.argv[sys.argv.index("--as") + 1 :]
        _ROLES[role](*given)
        return
    count, kill_every = (*map(float, sys.argv[1:]), *(CASES, KILL_EVERY)[len(sys.argv) - 1 :])
    with ground(SCHEME, OPENED) as base:
        for line in lines(base, int(count), kill_every=kill_every):
            print(line, flush=True)


def lines(base: Ground, count: int, *, kill_every: float = KILL_EVERY, alone: float = ALONE) -> Iterator[str]:
    """The table of the night, a row as soon as it is measured, and what `verify` found after the kills."""
    load = psutil.getloadavg()[0]
    _prepare(base, count)
    head = (
        *("what", "processes", "timers a second", "CPU ms a timer (client + server)"),
        *("kills", "decisions", "p50 ms", "p99 ms"),
    )
    yield table(head, []).rstrip()
    for title, who, number, people, kill in (
        ("sweep", "scheduler", 1, 0, 0.0),
        ("floor", "floor", 1, 0, 0.0),
        ("sweep", "scheduler", 2, 0, 0.0),
        ("floor", "floor", 2, 0, 0.0),
        ("sweep, people deciding", "scheduler", 1, CLIENTS, 0.0),
        ("sweep, people deciding", "scheduler", 2, CLIENTS, 0.0),
        (f"the same, one killed every {kill_every:g} s", "scheduler", 2, CLIENTS, kill_every),
    ):
        night = _storm(base, who, number, people, kill)
        if not (base.folder / "rows").exists():
            (base.folder / "rows").write_bytes(written(base.server.url("storm"), base.address, DUE))
        _check(base.server.url("storm"), count)
        told = (f"{count / night.seconds:,.0f}", _each(night.spent, count), night.kills or "")
        yield row((title, number, *told, *_quantiles(night.waited)))
    verified = _call(base, "verify", str(SAMPLE))
    quiet = _people_alone(base, alone)
    yield row(("people alone", "", "", "", "", *_quantiles(quiet)))
    yield f"\n{count:,} timers; load {load:.1f} before. {verified}\n"


def _each(spent: Cpu | None, count: int) -> str:
    if spent is None:
        return ""
    each = spent.per(count)
    return f"{each.total:.2f} ({each.client:.2f} + {each.server:.2f})"


def _quantiles(waited: Sequence[float]) -> tuple[object, ...]:
    if not waited:
        return "", "", ""
    ranked = sorted(waited)
    p50, p99 = (ranked[min(len(ranked) - 1, int(len(ranked) * share))] for share in (0.5, 0.99))
    return len(ranked), f"{p50:.0f}", f"{p99:.0f}"


# The night before


def _prepare(base: Ground, count: int) -> None:
    """As many cases that owe the document, and some that wait for the reviewers and owe nothing."""
    owing = _played(base, OWES, 5)
    with atomic() as session:
        # The second case is of the same person; only one of a person's may be alive.
        freed = text("update \"case\" set unique_key = unique_key || '-owing' where id = :id")
        session.execute(freed, {"id": owing})
    reviewed = _played(base, REVIEWED, 3)
    chained_copies(owing, count - 1)
    chained_copies(reviewed, min(count, 20_000))
    with atomic():
        clock.set_clock(SCHEME, DUE + GRACE, SYSTEM, real_clock.now())


def _played(base: Ground, file: str, steps: int) -> int:
    """The case of a scenario after so many steps."""
    files = read_scheme_folder(PROJECT, SCHEME)
    scenarios = read_scenarios(files)
    scenario = scenarios.scenarios[file]
    scenario = replace(scenario, steps=scenario.steps[:steps])
    with atomic():
        scheme = deployments.scheme(deployments.current(SCHEME, DUE))
        stage = Stage(scheme, scenario, scenarios.worlds[scenario.world], base.world)
        failures = Performance(stage).run()
    assert not failures, failures
    (case_id,) = stage.cases.values()
    return case_id


# The storm


def _storm(base: Ground, who: str, number: int, people: int, kill_every: float) -> Night:
    """Lets the schedulers loose on a copy of the database, until nothing is due."""
    _copy_database(base)
    night = Night()
    address = base.server.url("storm").replace("+psycopg", "")
    with _people(base, people, night.waited), psycopg.connect(address, autocommit=True) as connection:
        workers = [_begin(base, who) for _ in range(number)]
        try:
            ready = [_ready(worker) for worker in workers]
            clients, servers = [worker.pid for worker in workers], _sessions(connection)
            before = Cpu(ran(clients), ran(servers))
            for worker in ready:
                _say(worker, "go")
            rising: list[threading.Thread] = []
            begin = killed = time.perf_counter()
            while _left(connection):
                time.sleep(0.1)
                up = [worker for worker in workers if worker.poll() is None]
                late = time.perf_counter() - killed > kill_every > 0
                if late and not any(thread.is_alive() for thread in rising):
                    # The next one gets up while the other works; only one that is up is killed.
                    _kill(up[0])
                    workers.append(_begin(base, who))
                    rising = [threading.Thread(target=_let_loose, args=[workers[-1]], daemon=True)]
                    rising[0].start()
                    night.kills, killed = night.kills + 1, time.perf_counter()
            night.seconds = time.perf_counter() - begin
            if not people and not kill_every:
                night.spent = Cpu(ran(clients) - before.client, ran(servers) - before.server)
        finally:
            for worker in workers:
                _kill(worker)
    return night


def _copy_database(base: Ground) -> None:
    db.session.remove()
    db.engine.dispose()
    base.server.drop_database("storm")
    base.server.create_database("storm", template=DATABASE)


def _sessions(connection: psycopg.Connection[Any]) -> list[int]:
    """The process ids of the others' sessions."""
    asked = "select pid from pg_stat_activity where datname = 'storm' and backend_type = 'client backend'"
    return [pid for (pid,) in connection.execute(asked) if pid != connection.info.backend_pid]


def _left(connection: psycopg.Connection[Any]) -> bool:
    asked = "select from timer where scheme_id = %s and due_at <= %s and parked_at is null limit 1"
    return connection.execute(asked, (SCHEME, DUE)).fetchone() is not None


def _check(url: str, count: int) -> None:
    """Nothing lost, nothing doubled, nothing parked."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        asked = "select count(*), count(distinct case_id) from history where call = 'fire' and element = %s"
        fired = connection.execute(asked, (ELEMENT,)).fetchone()
        told = connection.execute(
            "select count(*), count(distinct case_id) from notice where sent_at = %s", (DUE,)
        ).fetchone()
        ended = connection.execute('select count(*) from "case" where outcome = %s', (OUTCOME,)).fetchone()
        left = connection.execute("select count(*) from timer where due_at <= %s", (DUE,)).fetchone()
    assert (fired, told, ended, left) == ((count,) * 2, (count,) * 2, (count,), (0,)), (
        fired,
        told,
        ended,
        left,
    )


# The reviewers


@contextmanager
def _people(base: Ground, number: int, waited: list[float]) -> Iterator[None]:
    """Reviewers at work on a copy of the database; in the end, how many milliseconds each decision took."""
    account = str(base.actor(REVIEWER).account_id)
    clients = [_ready(_begin(base, "reviewer", account, str(n), str(number))) for n in range(number)]
    try:
        for client in clients:
            _say(client, "go")
        yield
        for client in clients:
            told, _ = client.communicate("stop\n")
            waited += json.loads(told)
    finally:
        for client in clients:
            _kill(client)


def _people_alone(base: Ground, seconds: float) -> list[float]:
    _copy_database(base)
    waited: list[float] = []
    with _people(base, CLIENTS, waited):
        time.sleep(seconds)
    return waited


# Processes


def _begin(base: Ground, role: str, *given: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bench.midnight", "--as", role, base.server.url("storm")]
    return subprocess.Popen(
        [*command, str(base.folder), *given], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def _ready(worker: subprocess.Popen[str]) -> subprocess.Popen[str]:
    assert worker.stdout
    assert worker.stdout.readline().strip() == "ready"
    return worker


def _say(worker: subprocess.Popen[str], word: str) -> None:
    assert worker.stdin
    worker.stdin.write(f"{word}\n")
    worker.stdin.flush()


def _let_loose(worker: subprocess.Popen[str]) -> None:
    if worker.stdout and worker.stdout.readline():
        _say(worker, "go")


def _kill(worker: subprocess.Popen[str]) -> None:
    worker.kill()
    worker.wait()


def _call(base: Ground, role: str, *given: str) -> str:
    return _begin(base, role, *given).communicate()[0].strip()


def _as_server(url: str, folder: str) -> None:
    application(url, Path(folder)).app_context().push()
    with atomic():
        deployments.scheme(deployments.current(SCHEME, DUE))
    print("ready", flush=True)
    sys.stdin.readline()


def _scheduler(url: str, folder: str) -> None:
    """What `flask scheduler` does, without the five seconds between."""
    _as_server(url, folder)
    while True:
        scheduler.run_once()


def _floor(url: str, folder: str) -> None:
    rows = pickle.loads((Path(folder) / "rows").read_bytes())
    with psycopg.connect(url.replace("+psycopg", ""), row_factory=psycopg.rows.dict_row) as connection:
        print("ready", flush=True)
        sys.stdin.readline()
        while fire_batch(connection, rows, SCHEME, DUE):
            pass
        sys.stdin.readline()  # stays, so that what it used can be read


def _reviewer(url: str, folder: str, account: str, mine: str, of: str) -> None:
    """Decides one task after the other, each in a transaction as a request has it."""
    _as_server(url, folder)
    stop = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.readline(), stop.set()), daemon=True).start()
    with atomic():
        actor = accounts.actor_for(db.session.get_one(Account, int(account)))
        alone = (
            func.count() == 1,
            func.min(Task.name) == TASK,
        )  # a case that owes the document waits for that, too
        waiting = select(func.min(Task.id)).where(Task.state == "open", Task.case_id % int(of) == int(mine))
        task_ids = db.session.scalars(waiting.group_by(Task.case_id).having(and_(*alone))).all()
    waited = []
    for task_id in task_ids:
        begin = time.perf_counter()
        with atomic():
            tasks.complete(task_id, DECIDED, actor, clock.scheme_now(SCHEME, real_clock.now()))
        waited.append((time.perf_counter() - begin) * 1000)
        if stop.wait(PAUSE):
            break
    print(json.dumps(waited))


def _verify(url: str, folder: str, most: str) -> None:
    """Of all cases, or a sample: what `flask verify` says of each."""
    application(url, Path(folder)).app_context().push()
    case_ids = db.session.scalars(select(Case.id).order_by(Case.id)).all()
    if len(case_ids) <= int(most):
        found, of = list(verify.verify_all()), f"all {len(case_ids):,} cases"
    else:
        sample = case_ids[:: len(case_ids) // int(most)]
        found = [finding for case_id in sample for finding in verify.verify_case(case_id)]
        of = f"a sample of {len(sample):,} of {len(case_ids):,} cases"
    print(f"`verify` after the kills, {of}: {len(found)} findings", *(one.what for one in found[:3]))


_ROLES = {"scheduler": _scheduler, "floor": _floor, "reviewer": _reviewer, "verify": _verify}


if __name__ == "__main__":
    main()
