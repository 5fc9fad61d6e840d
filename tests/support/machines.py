"""Several machines on one PostgreSQL: processes of the program, each in a network namespace of its own.

Where the machine allows it (Linux, root), the namespaces hang on a bridge in one more namespace, which stands
for the network between the machines; the host's own network is left alone. Elsewhere the same processes run
side by side on loopback ports.
"""

from __future__ import annotations

import contextlib
import ctypes
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from app import embedded_postgres
from app.config import PROJECT
from app.embedded_postgres.process import ROLE

WEB = ("-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:app")
FLASK = ("-m", "flask", "--app", "wsgi")
PORT = 8000
CLONE_NEWNET = 0x40000000


class Network(Protocol):
    """Where machines stand and how one reaches them."""

    def place(self, number: int) -> tuple[list[str], str, int]:
        """For a machine: what its commands begin with, its address, and the port of its web process."""

    def connect(self, address: str, port: int) -> socket.socket:
        """A connection to a machine."""

    def database_url(self, database: str) -> str:
        """The database, as every machine reaches it."""


class Loopback:
    """No namespaces: ports of this machine, and the database's own socket."""

    def __init__(self, server: embedded_postgres.Server) -> None:
        self.server = server

    def place(self, number: int) -> tuple[list[str], str, int]:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return [], "127.0.0.1", probe.getsockname()[1]

    def connect(self, address: str, port: int) -> socket.socket:
        return socket.create_connection((address, port), timeout=30)

    def database_url(self, database: str) -> str:
        return self.server.url(database)


class Namespaces:
    """A bridge with an address for the database, and a machine a namespace hanging on it."""

    def __init__(self, server: embedded_postgres.Server) -> None:
        self.mark = f"wg{os.getpid()}"
        self.names = [f"{self.mark}-net"]
        self.server = server
        _ip("netns", "add", self.names[0])
        self._inside("link", "set", "lo", "up")
        self._inside("link", "add", "br0", "type", "bridge")
        self._inside("addr", "add", "10.77.0.1/24", "dev", "br0")
        self._inside("link", "set", "br0", "up")
        self.listener = self._in_network(lambda: socket.create_server(("10.77.0.1", 5432)))
        threading.Thread(target=self._lead_to_the_database, daemon=True).start()

    def place(self, number: int) -> tuple[list[str], str, int]:
        name, address = f"{self.mark}-{number}", f"10.77.0.{10 + number}"
        if name not in self.names:
            self.names.append(name)
            _ip("netns", "add", name)
            here, there = f"here{number}", f"there{number}"
            self._inside("link", "add", here, "type", "veth", "peer", "name", there)
            self._inside("link", "set", there, "netns", name)
            self._inside("link", "set", here, "master", "br0", "up")
            _ip("-n", name, "addr", "add", f"{address}/24", "dev", there)
            for device in ("lo", there):
                _ip("-n", name, "link", "set", device, "up")
        return ["ip", "netns", "exec", name], address, PORT

    def connect(self, address: str, port: int) -> socket.socket:
        return self._in_network(lambda: socket.create_connection((address, port), timeout=30))

    def database_url(self, database: str) -> str:
        return f"postgresql://{ROLE}@10.77.0.1:5432/{database}"

    def close(self) -> None:
        self.listener.close()
        for name in reversed(self.names):
            with contextlib.suppress(subprocess.CalledProcessError):
                _ip("netns", "del", name)

    def _inside(self, *words: str) -> None:
        _ip("-n", self.names[0], *words)

    def _in_network(self, make: Callable[[], socket.socket]) -> socket.socket:
        """A socket made while this thread stands in the network between the machines; it stays there."""
        libc = ctypes.CDLL(None, use_errno=True)
        with (
            Path("/proc/thread-self/ns/net").open() as home,
            Path(f"/run/netns/{self.names[0]}").open() as away,
        ):
            assert libc.setns(away.fileno(), CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
            try:
                return make()
            finally:
                assert libc.setns(home.fileno(), CLONE_NEWNET) == 0

    def _lead_to_the_database(self) -> None:
        """The embedded server listens on no network: what comes in is handed to its socket."""
        while True:
            try:
                caller, _ = self.listener.accept()
            except OSError:
                return
            database = socket.socket(socket.AF_UNIX)
            database.connect(str(self.server.socket_folder / f".s.PGSQL.{embedded_postgres.PORT}"))
            for source, target in ((caller, database), (database, caller)):
                threading.Thread(target=_copy, args=(source, target), daemon=True).start()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while part := source.recv(65536):
            target.sendall(part)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def namespaces_allowed() -> bool:
    if os.geteuid() != 0 or not shutil.which("ip"):
        return False
    tried = subprocess.run(
        ["unshare", "-n", "ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1"],
        capture_output=True,
    )
    probe = f"wgprobe{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", probe], capture_output=True)
    if made.returncode == 0:
        _ip("netns", "del", probe)
    return tried.returncode == made.returncode == 0


@contextlib.contextmanager
def network(server: embedded_postgres.Server) -> Iterator[Network]:
    if not namespaces_allowed():
        yield Loopback(server)
        return
    made = Namespaces(server)
    try:
        yield made
    finally:
        made.close()


@dataclass
class Machine:
    """One process of the program on a machine of its own, that can be killed and started again."""

    network: Network
    number: int
    command: tuple[str, ...]
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    place: tuple[list[str], str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.place = self.network.place(self.number)

    def start(self) -> None:
        prefix, address, port = self.place
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [*prefix, sys.executable, *self.command],
                cwd=PROJECT,
                env={**self.environment, "HOST": address, "PORT": str(port)},
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def kill(self) -> None:
        """-9, with all its children: as if the machine had lost its power."""
        assert self.process
        assert self.process.poll() is None, self.log.read_text()[-2000:]
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(30)

    def call(self, method: str, path: str, token: str, body: Any = None) -> tuple[int, Any]:
        """A call of the API at the web process of the machine. Raises OSError while it does not answer."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        sent = None if body is None else json.dumps(body).encode()
        status, _, text = self.request(method, f"/api/v1{path}", headers, sent)
        return status, json.loads(text) if text else None

    def request(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """Status, headers and body of the answer. Raises OSError while the web process does not answer."""
        _, address, port = self.place
        connection = http.client.HTTPConnection(address, port)
        connection.sock = self.network.connect(address, port)
        try:
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        except http.client.HTTPException as error:
            raise OSError from error
        finally:
            connection.close()

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(30)
