"""Uploads go by a scanner that speaks clamd's protocol: what it does not call clean is not kept."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select
from support.pages import Stage, set_stage
from support.world import LIBRARY, PDF, make_world, open_filing, publish_tiny, task_of, upload

from app.errors import Busy, Invalid
from app.extensions import atomic, db
from app.models import Attachment
from app.operations.actors import Actor
from app.operations.uploads import _scanner, files

# In two parts, so that no scanner takes this file away.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-" + rb"ANTIVIRUS-TEST-FILE!$H+H*"
COMMAND = b"zINSTREAM\0"
NOW = datetime(2021, 6, 21, 4, tzinfo=UTC)
LARGEST = 9 * 1024 * 1024

Answer = Callable[[bytes], bytes]


def verdict(content: bytes) -> bytes:
    return b"stream: Win.Test.EICAR_HDB-1 FOUND\0" if EICAR in content else b"stream: OK\0"


class Clamd(socketserver.StreamRequestHandler):
    """Takes one INSTREAM as clamd(8) describes it; like clamd it hangs up on a stream that is too long."""

    def handle(self) -> None:
        if self.rfile.read(len(COMMAND)) != COMMAND:
            self.wfile.write(b"UNKNOWN COMMAND\0")
            return
        content = b""
        while length := int.from_bytes(self.rfile.read(4)):
            content += self.rfile.read(length)
            if len(content) > LARGEST:
                self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
                return
        self.server.seen.append(content)
        self.wfile.write(self.server.answer(content))


@contextmanager
def clamd(address: Path | None = None, answer: Answer = verdict) -> Iterator[socketserver.BaseServer]:
    server: socketserver.BaseServer
    if address is None:
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Clamd)
    else:
        server = socketserver.ThreadingUnixStreamServer(str(address), Clamd)
    server.seen, server.answer = [], answer
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def use(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets the scanner's address; uploads go into a folder of the test's own."""

    def do(scanner: object) -> None:
        known = app.extensions["settings"]
        changed = replace(known, scanner=scanner, upload_folder=tmp_path / "uploads")
        monkeypatch.setitem(app.extensions, "settings", changed)

    return do


@pytest.fixture
def library(app: Flask) -> Actor:
    publish_tiny()
    return make_world().actors[LIBRARY]


@pytest.fixture(params=["tcp", "unix"])
def scanner(request: pytest.FixtureRequest, tmp_path: Path, use) -> Iterator[socketserver.BaseServer]:
    path = tmp_path / "clamd.sock" if request.param == "unix" else None
    with clamd(path) as server:
        use(path or server.server_address)
        yield server


def assert_nothing_kept(tmp_path: Path) -> None:
    assert db.session.scalar(select(func.count()).select_from(Attachment)) == 0
    db.session.rollback()
    assert not [path for path in (tmp_path / "uploads").rglob("*") if path.is_file()]


def test_what_is_clean_is_scanned_whole_and_kept(scanner, library: Actor) -> None:
    large = PDF.replace(b"trailer", b"%" * 200_000 + b"\ntrailer")
    with atomic():
        kept = files.store(BytesIO(large), "证书.pdf", actor=library, now=NOW)
        assert files.path_of(kept).read_bytes() == large
    assert scanner.seen == [large]


@pytest.mark.parametrize(
    "content", [PDF.replace(b"trailer", EICAR + b"\ntrailer"), EICAR, b"\xff\xd8\xff" + EICAR]
)
def test_what_is_infected_is_told_and_not_kept(
    scanner, library: Actor, tmp_path: Path, content: bytes
) -> None:
    with pytest.raises(Invalid) as refusal, atomic():
        files.store(BytesIO(content), "证书.pdf", actor=library, now=NOW)
    assert "病毒" in refusal.value.fields["file"][0]
    assert_nothing_kept(tmp_path)


ANSWERS: dict[str, Answer] = {
    "error": lambda _: b"stream: Can't allocate memory ERROR\0",
    "nothing": lambda _: b"",
    "half": lambda _: b"stream: O",
    "garbage": lambda _: b"\xff\xfe" * 5000,
    "a lie that looks clean": lambda _: b"stream: OK FOUND\0stream: OK\0",
    "another command": lambda _: b"PONG\0",
}


@pytest.mark.parametrize("name", ANSWERS)
def test_without_a_verdict_nothing_is_kept(use, library: Actor, tmp_path: Path, name: str) -> None:
    with clamd(answer=ANSWERS[name]) as server:
        use(server.server_address)
        with pytest.raises((Busy, Invalid)):
            upload(library)
    assert_nothing_kept(tmp_path)


@pytest.mark.parametrize("down", ["no socket", "no port", "no host"])
def test_without_a_scanner_nothing_is_kept(use, library: Actor, tmp_path: Path, down: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    use(
        {"no socket": tmp_path / "none.sock", "no port": ("127.0.0.1", port), "no host": ("x.invalid", 1)}[
            down
        ]
    )
    with pytest.raises(Busy, match="病毒扫描暂时不可用"):
        upload(library)
    assert_nothing_kept(tmp_path)


def test_a_scanner_that_is_silent_is_not_waited_for(
    use, library: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_scanner, "TIMEOUT", 0.2)
    go = threading.Event()
    with clamd(answer=lambda _: b"" if go.wait(20) else b"stream: OK\0") as server:
        use(server.server_address)
        with pytest.raises(Busy):
            upload(library)
        go.set()
    assert_nothing_kept(tmp_path)


def test_a_stream_that_the_scanner_finds_too_long_is_not_kept(
    scanner, library: Actor, tmp_path: Path
) -> None:
    content = PDF + b" " * LARGEST + b"%%EOF"
    with pytest.raises(Busy), atomic():
        files.store(BytesIO(content), "证书.pdf", actor=library, now=NOW)
    assert_nothing_kept(tmp_path)


def test_a_person_keeps_the_form_and_is_told_at_the_field(app: Flask, use, tmp_path: Path) -> None:
    stage: Stage = set_stage(app)
    unit, task_id = stage.open(LIBRARY), task_of(open_filing(stage.world))
    use(tmp_path / "none.sock")
    unit.get(f"/tasks/{task_id}")
    page = unit.post(
        f"/tasks/{task_id}",
        {
            "grade": "junior",
            "summary": "扎实",
            "_file-certificate": (BytesIO(PDF), "证书.pdf"),
            "_submit": "1",
        },
    )
    assert "病毒扫描暂时不可用" in page.text
    assert "扎实" in page.text
    assert_nothing_kept(tmp_path)
