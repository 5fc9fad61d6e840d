"""A throw-away database with a real scheme and its made-up world; volume by copying real cases in bulk."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import select, text

from app import clock as real_clock
from app import create_app, embedded_postgres
from app.config import PROJECT, Settings, read_settings
from app.content import read_scenarios, read_scheme_folder
from app.content.instants import parse_local_instant as at
from app.extensions import atomic, db
from app.models import Case, Task
from app.operations import cases, deployments
from app.operations.actors import SYSTEM, Actor
from app.operations.capabilities import Request
from app.operations.dates import clock
from app.operations.registers.places import register_posts
from app.operations.road._projection import Changes
from app.operations.trials import worlds
from app.operations.trials.worlds import Built

SCHEME, UNIT, PERSON, BUREAU, OFFICE = (
    "chongqing-2021", "万州区图书馆", "谭小琴", "万州区人力资源和社会保障局", "市工考办",
)  # fmt: skip
OPENED = at("2021-06-18 00:00")
CLOSES = at("2021-07-24 00:00")
SELECTED = {"trade": "图书资料业务员", "grade": "senior", "publicity_from": "2021-06-08"}
DATABASE = "bench"


@dataclass(frozen=True)
class Ground:
    """A running server, an application on one of its databases, and the world in it."""

    server: embedded_postgres.Server
    app: Flask
    folder: Path
    world: Built
    values: Mapping[str, Any]

    def actor(self, name: str) -> Actor:
        return self.world.actors[name]

    @property
    def address(self) -> str:
        """What psycopg connects to."""
        return self.server.url(DATABASE).replace("+psycopg", "")


@contextmanager
def ground(scheme_id: str = SCHEME, opened: datetime = OPENED) -> Iterator[Ground]:
    """A server with fsync, as `make run` has it, and a scheme; the app's context is pushed."""
    with tempfile.TemporaryDirectory(prefix="workergrade-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)
        server = embedded_postgres.start(folder / "postgres")
        try:
            server.create_database(DATABASE)
            app = application(server.url(DATABASE), folder)
            with app.app_context():
                upgrade(directory=str(PROJECT / "migrations"))
                yield Ground(server, app, folder, *_populate(scheme_id, opened))
                db.session.remove()
                db.engine.dispose()
        finally:
            server.stop()


def application(database_url: str, folder: Path) -> Flask:
    keys = dict.fromkeys(("HISTORY_KEY", "ID_NUMBER_KEY", "ID_INDEX_KEY"), "5" * 64)
    given = {"SECRET_KEY": "s" * 32, "DATABASE_URL": database_url, "APP_DATA": str(folder)}
    settings: Settings = read_settings({**keys, **given, "APP_SCHEDULER": "off"})
    return create_app(settings)


def _populate(scheme_id: str, opened: datetime) -> tuple[Built, Mapping[str, Any]]:
    files = read_scheme_folder(PROJECT, scheme_id)
    world = read_scenarios(files).worlds["organisations.yaml"]
    with atomic():
        clock.mark_database(True, opened)
        deployments.publish(files, SYSTEM, opened - timedelta(days=400))
        clock.open_clock(scheme_id, opened + timedelta(days=3, hours=9), SYSTEM, real_clock.now())
    with atomic():
        built = worlds.build(world)
    return built, world.values


def open_application(ground: Ground, person: str = PERSON, grade: str = SELECTED["grade"]) -> int:
    """A person's application that waits for its form; the unit has posts of this grade without end."""
    with atomic():
        deployment_id = deployments.current(SCHEME, OPENED)
        scheme = deployments.scheme(deployment_id)
        unit_id = ground.world.organisations[UNIT]
        case_id = cases.open_case(
            deployment_id, scheme.processes["application"], unit_id, ground.world.people[person],
            {**_payload(), "grade": grade}, SYSTEM, OPENED, "person_cleared",
        )  # fmt: skip
        posts = [{"grade": grade, "approved": 10**6, "held": 0, "special": 0, "vacant": 10**6}]
        given = ({"posts": posts}, OPENED, Changes())
        register_posts(Request(case_id, scheme.jurisdiction, scheme, unit_id, None, 0, "", *given))
    return case_id


def _payload() -> dict[str, Any]:
    return {**SELECTED, "publicity_from": date.fromisoformat(SELECTED["publicity_from"])}


def open_list(ground: Ground) -> int:
    """A unit's list for publicity, which waits to be filled in."""
    with atomic():
        return cases.start(
            SCHEME, "publicity", unit_id=ground.world.organisations[UNIT], actor=ground.actor(UNIT),
            received_at=OPENED,
        )  # fmt: skip


_COPIES = (
    'insert into "case" ({columns}) select {values} from "case" s, generate_series(1, :n) n where s.id = :id',
    "insert into task ({columns}) select {values} from task s, generate_series(1, :n) n"
    " where s.case_id = :id and s.state = 'open'",
    "insert into timer ({columns}) select {values}"
    " from timer s, generate_series(1, :n) n where s.case_id = :id",
    "insert into message_wait ({columns}) select {values}"
    " from message_wait s, generate_series(1, :n) n where s.case_id = :id",
    # Its chain is not the copy's own; but in an empty table the database would look rows up by reading all.
    "insert into history ({columns}) select {values}"
    " from history s, generate_series(1, :n) n where s.case_id = :id",
    "insert into history_payload ({columns}) select {values}"
    " from history_payload s, generate_series(1, :n) n where s.case_id = :id",
)
_COPIED = ("case", "task", "timer", "message_wait", "history", "history_payload")


def copies(case_id: int, count: int, **changed: str) -> list[int]:
    """Copies a case with what waits in it, `count` times; `changed`: SQL by table_column, of row `s`, `n`."""
    with atomic() as session:
        first = session.execute(text('select max(id) from "case"')).scalar_one()
        for table, statement in zip(_COPIED, _COPIES, strict=True):
            own = {"case_id": ":first + n", **({"id": ":first + n"} if table == "case" else {})}
            own["unique_key"] = "s.unique_key || n"
            own |= {k.removeprefix(f"{table}__"): v for k, v in changed.items() if k.startswith(f"{table}__")}
            columns = [c.name for c in db.metadata.tables[table].columns if table == "case" or c.name != "id"]
            values = [own.get(name, f's."{name}"') for name in columns]
            quoted = [f'"{name}"' for name in columns]
            made = statement.format(columns=", ".join(quoted), values=", ".join(values))
            session.execute(text(made), {"id": case_id, "n": count, "first": first})
        session.execute(
            text("""select setval(pg_get_serial_sequence('"case"', 'id'), :last)"""), {"last": first + count}
        )
    vacuum()
    return list(range(first + 1, first + count + 1))


def vacuum() -> None:
    """Statistics and visibility as autovacuum would have left them."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))


def backends() -> list[int]:
    """The process ids of all sessions of the database."""
    sessions = text(
        "select pid from pg_stat_activity"
        " where datname = current_database() and backend_type = 'client backend'"
    )
    found = list(db.session.execute(sessions).scalars())
    db.session.rollback()  # gives this session back to the pool, for whoever asks next
    return found


def open_tasks(case_ids: list[int]) -> dict[int, int]:
    """The open task of each case."""
    rows = db.session.execute(
        select(Task.case_id, Task.id).where(Task.case_id.in_(case_ids), Task.state == "open")
    )
    return {case_id: task_id for case_id, task_id in rows}


def state_bytes(case_id: int) -> int:
    return len(db.session.execute(select(Case.engine_state).where(Case.id == case_id)).scalar_one())
