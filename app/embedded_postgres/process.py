"""PostgreSQL as a process: made, started, found, cleared away after a kill, ended."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from app.embedded_postgres.account import Owner, PostgresError, programs

SUPERUSER = "postgres"
ROLE = "workergrade"
START_TIMEOUT = 120.0
STOP_TIMEOUT = 60.0
SOCKET_PREFIX = "workergrade-"

SETTINGS = """\
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 100
timezone = 'UTC'
log_timezone = 'UTC'
# A failing statement, its DETAIL and the message of its error would put people's data into the log.
log_min_messages = log
log_min_error_statement = panic
log_error_verbosity = terse
"""
NOT_DURABLE = """\
# For tests alone: a crash of the machine loses the database; a kill of the server loses no commit.
fsync = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
"""

# The servers that this process started; kept so that they can be reaped when they stop.
_children: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True)
class Postmaster:
    """What PostgreSQL says about itself in postmaster.pid."""

    pid: int
    socket_folder: Path
    status: str


def check_durability(folder: Path, durable: bool) -> None:
    """A real database is never started without fsync, nor a test's taken for a real one."""
    settings = folder / "postgresql.conf"
    if settings.exists() and (NOT_DURABLE in settings.read_text()) == durable:
        kind = "测试" if durable else "正式"
        raise PostgresError(f"目录 {folder} 里是{kind}用的数据库，不能换成另一种方式启动，请换一个目录。")


def initialise(cluster: Path, owner: Owner, *, durable: bool) -> None:
    """Makes the database beside its place and moves it there when it is whole."""
    new = cluster.with_name("cluster.new")
    if new.exists():
        shutil.rmtree(new)
    new.mkdir(mode=0o700)
    owner.give(new)
    bin_folder = programs()
    initdb: list[str | Path] = [bin_folder / "initdb", "-D", new, "-U", SUPERUSER, "--auth=peer"]
    initdb += ["--no-locale", "-E", "UTF8", *([] if durable else ["--no-sync"])]
    _run(initdb, owner)
    # Single-user mode: the role exists before anybody can connect.
    _run([bin_folder / "postgres", "--single", "-D", new, "postgres"], owner, f"CREATE ROLE {ROLE} LOGIN;\n")
    new.rename(cluster)


def _run(command: list[str | Path], owner: Owner, given: str = "") -> None:
    done = subprocess.run(
        command, input=given.encode(), capture_output=True, cwd="/", env=_environment(), **owner.drop
    )
    if done.returncode != 0:
        raise PostgresError(f"内置数据库初始化失败：{done.stderr.decode(errors='replace').strip()}")


def _environment() -> dict[str, str]:
    """No PG* variable of the caller's reaches the server."""
    return {"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath}


def launch(folder: Path, owner: Owner, *, durable: bool) -> Postmaster:
    cluster = folder / "cluster"
    _clear_stale(cluster)
    _write_settings(folder, owner, durable=durable)
    socket_folder = _make_socket_folder(owner)
    command: list[str | Path] = [programs() / "postgres", "-D", cluster]
    for setting in (
        f"config_file={folder / 'postgresql.conf'}",
        f"hba_file={folder / 'pg_hba.conf'}",
        f"ident_file={folder / 'pg_ident.conf'}",
        f'unix_socket_directories="{socket_folder}"',
    ):
        command += ["-c", setting]
    deadline = time.monotonic() + START_TIMEOUT
    while True:
        started, complaint = _spawn(command, folder, owner)
        if started:
            return started
        # After a kill -9 of the server its sessions need a moment to notice and go.
        if "shared memory block" not in complaint or time.monotonic() > deadline:
            shutil.rmtree(socket_folder, ignore_errors=True)
            raise PostgresError(f"内置数据库没有启动成功，日志在 {folder / 'postgres.log'}：{complaint}")
        time.sleep(0.1)


def _spawn(command: list[str | Path], folder: Path, owner: Owner) -> tuple[Postmaster | None, str]:
    """Starts the server and waits until it takes connections; otherwise what it said when it ended."""
    with (folder / "postgres.log").open("ab") as log:
        begin = log.tell()
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=_environment(),
            start_new_session=True,
            umask=0o077,
            **owner.drop,
        )
    _children.append(child)
    while child.poll() is None:
        started = _postmaster(folder / "cluster")
        if started and started.pid == child.pid and started.status == "ready":
            return started, ""
        time.sleep(0.01)
    return None, (folder / "postgres.log").read_bytes()[begin:].decode(errors="replace").strip()


def _clear_stale(cluster: Path) -> None:
    """Makes room after a server that was killed."""
    left = _postmaster(cluster)
    if left is None:
        return
    if left.socket_folder.name.startswith(SOCKET_PREFIX):
        shutil.rmtree(left.socket_folder, ignore_errors=True)
    # The number in the file may belong to some other program by now, which PostgreSQL would take for a living
    # server. It ignores its parent's. The rest stays: from it PostgreSQL sees sessions that are still there.
    with (cluster / "postmaster.pid").open("r+b") as file:
        lines = file.readlines()
        file.seek(0)
        file.writelines([b"%d\n" % os.getpid(), *lines[1:]])
        file.truncate()


def _write_settings(folder: Path, owner: Owner, *, durable: bool) -> None:
    me = pwd.getpwuid(os.geteuid()).pw_name
    for name, text in {
        "postgresql.conf": SETTINGS if durable else SETTINGS + NOT_DURABLE,
        "pg_hba.conf": "local all all peer map=owner\n",
        "pg_ident.conf": f'owner "{me}" {SUPERUSER}\nowner "{me}" {ROLE}\n',
    }.items():
        path = folder / name
        path.write_text(text)
        if owner.differs:
            os.chown(path, -1, owner.gid)
        path.chmod(0o640 if owner.differs else 0o600)


def _make_socket_folder(owner: Owner) -> Path:
    """A new private folder whose path is short enough for a socket (about 100 bytes with the file's name).

    Not in $XDG_RUNTIME_DIR: that goes when its user logs out, and the server may stay.
    """
    base = Path("/run") if owner.differs and os.access("/run", os.W_OK) else Path(tempfile.gettempdir())
    if len(os.fsencode(base)) > 60:
        base = Path("/tmp")  # noqa: S108 - only the parent of a folder that mkdtemp makes for us alone
    folder = Path(tempfile.mkdtemp(prefix=SOCKET_PREFIX, dir=base))
    owner.give(folder)
    return folder


def _postmaster(cluster: Path) -> Postmaster | None:
    try:
        lines = os.fsdecode((cluster / "postmaster.pid").read_bytes()).splitlines()
        return Postmaster(int(lines[0]), Path(lines[4]), lines[7].strip() if len(lines) > 7 else "")
    except (FileNotFoundError, ValueError, IndexError):
        return None


def find(cluster: Path) -> Postmaster | None:
    """The server if it takes connections; waits while it is on its way up or down."""
    deadline = time.monotonic() + START_TIMEOUT
    while (postmaster := _postmaster(cluster)) and _is_alive(postmaster.pid, cluster):
        if postmaster.status == "ready":
            return postmaster
        if time.monotonic() > deadline:
            raise PostgresError(
                f"内置数据库（进程 {postmaster.pid}）迟迟没有就绪，请查看 {cluster.parent}/postgres.log。"
            )
        time.sleep(0.05)
    return None


def _is_alive(pid: int, cluster: Path) -> bool:
    """Whether the process is this very folder's server: its number may have passed to another program."""
    try:
        return str(cluster) in psutil.Process(pid).cmdline()
    except psutil.Error:
        return False


def halt(cluster: Path) -> bool:
    """Ends the server, its sessions with it ("fast"), and waits until it has gone; False if none ran."""
    postmaster = find(cluster)
    if postmaster is None:
        return False
    os.kill(postmaster.pid, signal.SIGINT)
    deadline = time.monotonic() + STOP_TIMEOUT
    while _is_alive(postmaster.pid, cluster):
        if time.monotonic() > deadline:
            raise PostgresError(
                f"内置数据库（进程 {postmaster.pid}）没有按时停止，请查看 {cluster.parent}/postgres.log。"
            )
        for child in _children:
            child.poll()
        time.sleep(0.01)
    shutil.rmtree(postmaster.socket_folder, ignore_errors=True)
    return True
