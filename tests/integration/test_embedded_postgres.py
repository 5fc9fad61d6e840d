"""The launcher of the embedded PostgreSQL: private, shared, and indifferent to kill -9."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from app import embedded_postgres
from app.config import PROJECT
from app.embedded_postgres import PostgresError, Server
from app.embedded_postgres.account import programs, server_owner
from app.embedded_postgres.process import ROLE, SUPERUSER

AS_ROOT = os.geteuid() == 0


@pytest.fixture
def parent() -> Iterator[Path]:
    """A folder with a space and Chinese in its name; others may pass through it, no more."""
    with tempfile.TemporaryDirectory(prefix="数据 库") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)
        embedded_postgres.stop(Path(folder, "data"))


@pytest.fixture
def server(parent: Path) -> Server:
    return embedded_postgres.start(parent / "data", durable=False)


def connect(server: Server, role: str = ROLE, database: str = "postgres") -> psycopg.Connection:
    return psycopg.connect(
        host=str(server.socket_folder),
        port=embedded_postgres.PORT,
        user=role,
        dbname=database,
        autocommit=True,
    )


def ask(server: Server, question: str) -> object:
    with connect(server) as connection:
        row = connection.execute(question).fetchone()
        return row and row[0]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def another_process(folder: Path, then: str) -> subprocess.Popen[str]:
    """Starts or attaches in a process of its own, says so, and does `then`."""
    program = (
        "import sys, time; from pathlib import Path; from app import embedded_postgres\n"
        "embedded_postgres.start(Path(sys.argv[1]), durable=False)\n"
        f"print('up', flush=True)\n{then}\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(folder)], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    return process


def postmaster_pid(folder: Path) -> int:
    return int((folder / "cluster/postmaster.pid").read_text().split()[0])


def wait_until_gone(pid: int) -> None:
    for _ in range(200):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{pid}/stat").read_text().split(") ")[1].startswith("Z"):
            return
        time.sleep(0.05)
    pytest.fail(f"process {pid} is still there")


def test_folders_stay_private_and_parents_untouched(parent: Path, server: Server) -> None:
    assert mode(parent) == 0o711
    assert mode(parent / "data") == (0o710 if AS_ROOT else 0o700)
    assert mode(parent / "data/cluster") == 0o700
    assert mode(server.socket_folder) == 0o700


def test_a_folder_open_to_all_is_closed(parent: Path) -> None:
    (parent / "data").mkdir(mode=0o755)
    embedded_postgres.start(parent / "data", durable=False)
    assert not mode(parent / "data") & 0o067


def test_the_role_is_no_superuser_and_nothing_listens_on_tcp(server: Server) -> None:
    assert ask(server, "SELECT current_setting('is_superuser')") == "off"
    assert ask(server, "SHOW listen_addresses") == ""
    with pytest.raises(psycopg.errors.InsufficientPrivilege), connect(server) as connection:
        connection.execute("CREATE DATABASE mine")


def test_utc_utf8_and_plain_order_of_bytes(server: Server) -> None:
    server.create_database("made")
    assert ask(server, "SHOW timezone") == "UTC"
    question = "SELECT concat_ws(' ', pg_encoding_to_char(encoding), datcollate, datctype) FROM pg_database"
    assert ask(server, question + " WHERE datname = 'made'") == "UTF8 C C"


def test_the_program_owns_its_database_and_making_it_again_keeps_it(server: Server) -> None:
    server.create_database("made")
    with connect(server, database="made") as connection:
        connection.execute("CREATE TABLE kept (n int)")
    server.create_database("made")
    with connect(server, database="made") as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


@pytest.mark.skipif(not AS_ROOT, reason="only root can act as another user")
@pytest.mark.parametrize("role", [ROLE, SUPERUSER])
def test_another_user_is_refused_even_at_an_open_door(server: Server, role: str) -> None:
    server.socket_folder.chmod(0o755)
    socket = next(server.socket_folder.glob(".s.PGSQL.*"))
    (server.socket_folder / socket.name).chmod(0o777)
    command = [
        programs() / "psql",
        "-h",
        server.socket_folder,
        "-U",
        role,
        "-d",
        "postgres",
        "-c",
        "SELECT 1",
    ]
    tried = subprocess.run(
        command, user="nobody", cwd="/", env={}, capture_output=True, text=True, check=False
    )
    assert "Peer authentication failed" in tried.stderr


def test_the_last_user_stops_the_server(parent: Path, server: Server) -> None:
    other = another_process(parent / "data", "time.sleep(0.3)")
    pid = postmaster_pid(parent / "data")
    assert server.stop() is False
    assert other.wait(20) == 0
    wait_until_gone(pid)
    assert embedded_postgres.running(parent / "data") is None
    assert not server.socket_folder.exists()


def test_a_user_killed_with_9_does_not_keep_the_server_up(parent: Path) -> None:
    folder = parent / "data"
    killed = another_process(folder, "time.sleep(60)")
    killed.kill()
    killed.wait()
    pid = postmaster_pid(folder)
    later = embedded_postgres.start(folder, durable=False)
    assert postmaster_pid(folder) == pid, "attached to the server that the killed process left"
    assert later.stop() is True
    wait_until_gone(pid)


def test_a_server_killed_with_9_starts_again_with_what_was_committed(parent: Path, server: Server) -> None:
    with connect(server, SUPERUSER) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS n; GRANT SELECT ON kept TO PUBLIC")
    os.kill(postmaster_pid(parent / "data"), signal.SIGKILL)
    again = embedded_postgres.start(parent / "data", durable=False)
    assert ask(again, "SELECT n FROM kept") == 42
    assert not server.socket_folder.exists(), "the dead server's socket folder is cleared away"


def test_a_start_waits_for_the_sessions_of_a_killed_server(parent: Path, server: Server) -> None:
    with connect(server) as connection:
        session = connection.info.backend_pid
        os.kill(session, signal.SIGSTOP)
        os.kill(postmaster_pid(parent / "data"), signal.SIGKILL)
        threading.Timer(1, os.kill, (session, signal.SIGCONT)).start()
        again = embedded_postgres.start(parent / "data", durable=False)
        assert ask(again, "SELECT 1") == 1


def test_a_number_that_passed_to_another_program_is_no_server(parent: Path, server: Server) -> None:
    folder = parent / "data"
    pid = postmaster_pid(folder)
    os.kill(pid, signal.SIGKILL)
    wait_until_gone(pid)
    owner = server_owner()
    stranger = subprocess.Popen(["sleep", "60"], **owner.drop)
    try:
        file = folder / "cluster/postmaster.pid"
        file.write_text(file.read_text().replace(str(pid), str(stranger.pid), 1))
        again = embedded_postgres.start(folder, durable=False)
        assert ask(again, "SELECT 1") == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_start_that_died_while_making_the_database_is_made_anew(parent: Path) -> None:
    left = parent / "data/cluster.new"
    left.mkdir(parents=True)
    (left / "PG_VERSION").write_text("18")
    (parent / "data/start.lock").touch()
    assert ask(embedded_postgres.start(parent / "data", durable=False), "SELECT 1") == 1


def test_real_and_test_databases_are_never_confused(parent: Path, server: Server) -> None:
    server.stop()
    with pytest.raises(PostgresError, match="测试用的数据库"):
        embedded_postgres.start(parent / "data")


def test_only_a_test_database_goes_without_fsync(parent: Path) -> None:
    quick = embedded_postgres.start(parent / "quick", durable=False)
    real = embedded_postgres.start(parent / "data")
    assert [ask(one, "SHOW fsync") for one in (quick, real)] == ["off", "on"]
    assert ask(real, "SHOW full_page_writes") == "on"
    quick.stop()


def test_a_folder_with_other_things_is_left_alone(parent: Path) -> None:
    (parent / "data").mkdir(mode=0o755)
    (parent / "data/信.txt").write_text("别动")
    with pytest.raises(PostgresError, match="空目录"):
        embedded_postgres.start(parent / "data")
    assert mode(parent / "data") == 0o755


@pytest.mark.skipif(not AS_ROOT, reason="a normal user runs PostgreSQL as himself")
def test_as_root_a_folder_that_the_system_user_cannot_reach_is_told(parent: Path) -> None:
    parent.chmod(0o700)
    with pytest.raises(PostgresError, match="进不了数据目录"):
        embedded_postgres.start(parent / "data", durable=False)
    assert mode(parent) == 0o700


def test_values_of_a_failing_statement_stay_out_of_the_log(parent: Path, server: Server) -> None:
    secret = "510101199001010000"
    with connect(server, SUPERUSER) as connection:
        connection.execute("CREATE TABLE person (id_number text PRIMARY KEY)")
        connection.execute("INSERT INTO person VALUES (%s)", [secret])
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(sql.SQL("INSERT INTO person VALUES ({})").format(secret))
        with pytest.raises(psycopg.errors.InvalidDatetimeFormat):
            connection.execute(sql.SQL("SELECT {}::date").format(f"{secret}日"))
    log = (parent / "data/postgres.log").read_text()
    assert "database system is ready" in log
    assert secret not in log


@pytest.mark.parametrize(("command", "status"), [("status", 3), ("stop", 0), ("fly", 2)])
def test_commands_of_a_server_that_does_not_run(parent: Path, command: str, status: int) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "app.embedded_postgres", command, parent / "data"], cwd=PROJECT, check=False
    )
    assert ran.returncode == status


def test_a_dump_by_command_has_what_was_committed(parent: Path, server: Server) -> None:
    with connect(server, SUPERUSER) as connection:
        connection.execute("CREATE TABLE kept AS SELECT '工勤' AS word")
    dump = subprocess.run(
        [
            sys.executable,
            "-m",
            "app.embedded_postgres",
            "pg_dump",
            parent / "data",
            "--data-only",
            "postgres",
        ],
        cwd=PROJECT,
        env={**os.environ, "PGPORT": "1"},
        capture_output=True,
        check=True,
    )
    assert "工勤" in dump.stdout.decode()
