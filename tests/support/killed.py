"""kill -9 of a process at its nth write, and the state of database and disk before and after it.

A write is each statement that changes something, each file opened for writing, flushed, moved or removed, and
COMMIT: once before it is sent and once when it is done.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import event

from app.extensions import db

CHANGES = re.compile(r"(?<!FOR )\b(INSERT|UPDATE|DELETE|LOCK|CREATE|SAVEPOINT)\b")
FILE_CHANGES = {"os.rename", "os.remove", "os.truncate", "os.mkdir", "os.rmdir"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


Digests = dict[str, str | None]
Shape = dict[str, Counter[str]]


@dataclass(frozen=True)
class Ending:
    """How a child came to its end; `points` and `called` are told by one that was not killed."""

    killed: bool
    points: int = 0
    called: frozenset[str] = frozenset()


def in_child(
    work: Callable[[], object],
    folder: Path,
    *,
    at: int | None = None,
    watch: dict[CodeType, str] | None = None,
) -> Ending:
    """Does the work in a forked process, which kills itself at its nth write in the database or the folder.

    `watch` are functions whose calls are told. An error of the work is an AssertionError with its stack.
    """
    db.session.remove()
    reading, telling = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _live(work, folder, at, watch or {}, telling)
    os.close(telling)
    with os.fdopen(reading) as pipe:
        told = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return Ending(killed=True)
    known = json.loads(told)
    assert "error" not in known, known["error"]
    return Ending(False, known["points"], frozenset(known["called"]))


def _live(
    work: Callable[[], object], folder: Path, at: int | None, watch: dict[CodeType, str], telling: int
) -> None:
    """What the child does; it never returns."""
    points, called = 0, set()

    def point() -> None:
        nonlocal points
        points += 1
        if points == at:
            os.kill(os.getpid(), signal.SIGKILL)

    def note(frame: FrameType, kind: str, _: object) -> None:
        if kind == "call" and frame.f_code in watch:
            called.add(watch[frame.f_code])

    try:
        db.engine.dispose(close=False)
        _count_writes(point, str(folder))
        if watch:
            sys.setprofile(note)
        work()
        sys.setprofile(None)
        told: dict[str, Any] = {"points": points, "called": sorted(called)}
    except BaseException:
        told = {"error": traceback.format_exc()}
    os.write(telling, json.dumps(told).encode())
    os._exit(0)


def _count_writes(point: Callable[[], None], folder: str) -> None:
    def statement(conn: Any, cursor: Any, text: str, *_: Any) -> None:
        if CHANGES.search(text):
            point()

    def audit(name: str, arguments: tuple[Any, ...]) -> None:
        opened = name == "open" and bool(arguments[2] & WRITING)
        if (opened or name in FILE_CHANGES) and str(arguments[0]).startswith(folder):
            point()

    commit, fsync = db.engine.dialect.do_commit, os.fsync

    def committed(connection: Any) -> None:
        point()
        commit(connection)
        point()

    def flushed(handle: int) -> None:
        point()
        fsync(handle)

    event.listen(db.engine, "before_cursor_execute", statement)
    db.engine.dialect.do_commit = committed
    os.fsync = flushed
    sys.addaudithook(audit)


class Tables:
    """All tables, by a superuser's connection that no trigger and no foreign key holds back."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection
        found = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            " AND relname <> 'alembic_version' ORDER BY relname"
        )
        self.names = [name for (name,) in found]
        self._digests = sql.SQL(" UNION ALL ").join(
            sql.SQL("SELECT {}, md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {} t").format(
                name, sql.Identifier(name)
            )
            for name in self.names
        )

    def digests(self) -> Digests:
        """A digest of the rows of each table, as they are committed."""
        return dict(self.connection.execute(self._digests).fetchall())

    def rows(self, name: str) -> list[dict[str, Any]]:
        return [row for (row,) in self._do("SELECT to_jsonb(t) FROM {} t", name).fetchall()]

    def copied(self) -> dict[str, bytes]:
        kept = {}
        with self.connection.cursor() as cursor:
            for name in self.names:
                with cursor.copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(name))) as rows:
                    kept[name] = b"".join(bytes(part) for part in rows)
        return kept

    def put_back(self, kept: dict[str, bytes]) -> None:
        with self.connection.transaction(), self.connection.cursor() as cursor:
            for name, rows in kept.items():
                self._do("DELETE FROM {}", name)
                with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(name))) as into:
                    into.write(rows)

    def empty(self) -> None:
        for name in self.names:
            self._do("DELETE FROM {}", name)

    def let_sessions_end(self) -> None:
        """Waits until the server has noticed that a killed process is gone, with its locks."""
        busy = "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
        busy += " WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()"
        for _ in range(500):
            if self.connection.execute(busy).fetchone() == (0,):
                return
            time.sleep(0.01)
        raise AssertionError("a session of a dead process still holds locks")

    def _do(self, statement: str, name: str) -> psycopg.Cursor[Any]:
        return self.connection.execute(sql.SQL(statement).format(sql.Identifier(name)))


@dataclass(frozen=True)
class Kept:
    """What stood at an instant."""

    digests: Digests
    rows: dict[str, bytes]
    files: dict[Path, bytes]


@dataclass(frozen=True)
class World:
    """The database and the folder with the files, as one thing that can be kept and put back."""

    tables: Tables
    folder: Path

    def kept(self) -> Kept:
        files = {path: path.read_bytes() for path in self.files()}
        return Kept(self.tables.digests(), self.tables.copied(), files)

    def changed(self, since: Kept) -> list[str]:
        """The tables whose rows are others now, as they are committed."""
        self.tables.let_sessions_end()
        now = self.tables.digests()
        return [name for name in self.tables.names if now[name] != since.digests[name]]

    def put_back(self, kept: Kept) -> None:
        self.tables.put_back({name: kept.rows[name] for name in self.changed(kept)})
        for path in self.folder.iterdir():
            shutil.rmtree(path)
        for name in ("uploads", "roots"):
            (self.folder / name).mkdir()
        for path, content in kept.files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    def files(self) -> list[Path]:
        return sorted(path for path in self.folder.rglob("*") if path.is_file())

    def shape(self, since: Kept) -> Shape:
        """Of each table that is another now: how many rows, and the values of each column in all of them."""
        columns: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for name in self.changed(since):
            rows = self.tables.rows(name)
            columns[name]["rows"] = len(rows)
            for row in rows:
                for column, value in row.items():
                    columns[f"{name}.{column}"][json.dumps(value, sort_keys=True, ensure_ascii=False)] += 1
        return columns
