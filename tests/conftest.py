"""One PostgreSQL a test run, one database a worker, emptied before each test: commits are real ones."""

from __future__ import annotations

import contextlib
import contextvars
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from psycopg import sql

from app import edge, embedded_postgres
from app.config import PROJECT, Settings, read_settings
from app.embedded_postgres.process import SUPERUSER
from app.extensions import db

# Tests that are inherited from there tell as much of a failure as those that stand in their module.
pytest.register_assert_rewrite("support.schemes", "support.tables")

RUN_FOLDERS = "workergrade-tests-"
TEMPLATE = "migrated"

hypothesis.settings.register_profile("default", max_examples=50, deadline=None, print_blob=True)
hypothesis.settings.register_profile("soak", max_examples=2000, deadline=None, print_blob=True)
hypothesis.settings.load_profile("soak" if os.environ.get("SOAK") else "default")


class SeparateClient(FlaskClient):
    """Each request gets contexts of its own, as in a server, also where a test has pushed the app's."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        return contextvars.Context().run(super().open, *args, **kwargs)


def settings_for(database_url: str, folder: Path) -> Settings:
    """Settings as a server of one's own has them, with keys made for the test run."""
    keys = {
        name: str(number) * 64 for number, name in enumerate(("HISTORY_KEY", "ID_NUMBER_KEY", "ID_INDEX_KEY"))
    }
    return read_settings(
        {
            **keys,
            "SECRET_KEY": "s" * 32,
            "DATABASE_URL": database_url,
            "APP_DATA": str(folder),
            "APP_SCHEDULER": "off",
            "APP_WORKER": "off",
            "APP_REHEARSAL": "on",
        }
    )


@pytest.fixture(scope="session")
def run_folder(testrun_uid: str) -> Path:
    """The folder of this test run, shared by its workers."""
    folder = Path(tempfile.gettempdir(), f"{RUN_FOLDERS}{testrun_uid}")
    folder.mkdir(mode=0o711, exist_ok=True)
    return folder


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Clears away this run's server and folder, and those of earlier runs that were killed."""
    if hasattr(session.config, "workerinput"):
        return
    for folder in Path(tempfile.gettempdir()).glob(f"{RUN_FOLDERS}*"):
        postgres = folder / "postgres"
        with contextlib.suppress(FileNotFoundError):  # another run clears up at the same time
            mine = folder.stat().st_uid == os.geteuid() and (postgres / "users.lock").exists()
            if mine and embedded_postgres.stop_unused(postgres):
                shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(run_folder: Path) -> Iterator[embedded_postgres.Server]:
    """The server of this test run, without fsync; its database `migrated` went through the migrations."""
    server = embedded_postgres.start(run_folder / "postgres", durable=False)
    with (run_folder / "template.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.fstat(lock.fileno()).st_size:
            _migrate(server, run_folder)
            lock.write("done")
    yield server
    server.stop()


def _migrate(server: embedded_postgres.Server, folder: Path) -> None:
    from app import create_app

    server.create_database(TEMPLATE)
    app = create_app(settings_for(server.url(TEMPLATE), folder / "template"))
    with app.app_context():
        upgrade(directory=str(PROJECT / "migrations"))
        db.engine.dispose()


@pytest.fixture(scope="session")
def worker_app(postgres: embedded_postgres.Server, run_folder: Path, worker_id: str) -> Iterator[Flask]:
    """The application on this worker's database; tests use `app`."""
    from app import create_app

    name = f"test_{worker_id}"
    postgres.create_database(name, template=TEMPLATE)
    app = create_app(settings_for(postgres.url(name), run_folder / name))
    app.testing = True
    app.test_client_class = SeparateClient
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="session")
def _cleaner(postgres: embedded_postgres.Server, worker_app: Flask, worker_id: str) -> Iterator[Cleaner]:
    with psycopg.connect(
        host=str(postgres.socket_folder),
        port=embedded_postgres.PORT,
        user=SUPERUSER,
        dbname=f"test_{worker_id}",
        autocommit=True,
        # No triggers, no foreign keys; and a test that left a transaction open is told, not waited for.
        options="-c session_replication_role=replica -c lock_timeout=5s",
    ) as connection:
        yield Cleaner(connection)


class Cleaner:
    """Empties the tables that have rows. Ids go on counting, so what a process caches by id never lies."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection
        tables = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            " AND relname <> 'alembic_version'"
        )
        self.tables = [sql.Identifier(name) for (name,) in tables]
        self.probe = sql.SQL(" UNION ALL ").join(
            sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(number, table)
            for number, table in enumerate(self.tables)
        )
        filled = self._filled()
        assert not filled, f"the migrations fill {filled}, which the first test would empty"

    def _filled(self) -> list[sql.Identifier]:
        return [self.tables[number] for (number,) in self.connection.execute(self.probe)]

    def clean(self) -> None:
        for table in self._filled():
            self.connection.execute(sql.SQL("DELETE FROM {}").format(table))


@pytest.fixture
def app(request: pytest.FixtureRequest, worker_app: Flask, _cleaner: Cleaner) -> Iterator[Flask]:
    """The application with an empty, migrated database, and its context pushed.

    After each test the invariants of the database are checked, unless the test is marked `corrupts`.
    """
    _cleaner.clean()
    worker_app.extensions["lookups"] = edge.Lookups()
    with worker_app.app_context():
        yield worker_app
    if not request.node.get_closest_marker("corrupts"):
        with worker_app.app_context():
            _assert_invariants()


def _assert_invariants() -> None:
    from app.operations.evidence import verify

    findings = list(verify.verify_all())
    db.session.rollback()
    assert findings == []


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without scripts; its requests share no session or transaction with the test."""
    return app.test_client()
