"""Scanning uploads for malware by clamd's INSTREAM command (clamd(8)), over TCP or a Unix socket."""

from __future__ import annotations

import contextlib
import logging
import re
import socket
from collections.abc import Iterator

from app.config import ScannerAddress
from app.errors import Busy, Invalid

log = logging.getLogger(__name__)

TIMEOUT = 10.0
"""Seconds that the scanner may be silent; a request has 30 in all."""

CHUNK = 64 * 1024
LONGEST_REPLY = 1024
DOWN = "附件的病毒扫描暂时不可用，文件没有保存，请稍后再上传。"


def demand_clean(content: bytes, address: ScannerAddress) -> None:
    """Raises Invalid, field `file`, when something is found, and Busy unless the scanner finds nothing."""
    try:
        reply = _ask(content, address)
    except OSError as error:
        log.error("the scanner does not answer: %s", type(error).__name__)
        raise Busy(DOWN) from error
    if reply == "stream: OK":
        return
    found = re.fullmatch(r"stream: (.+) FOUND", reply)
    if found is None:
        log.error("the scanner gives no verdict: %s", ascii(reply))
        raise Busy(DOWN)
    log.warning("an upload was refused: %s", ascii(found[1]))
    raise Invalid({"file": ["文件里发现病毒或恶意代码，没有保存；请先对电脑杀毒，再换一个干净的文件上传。"]})


def _ask(content: bytes, address: ScannerAddress) -> str:
    """The scanner's reply, without its end."""
    with _connected(address) as scanner:
        # A scanner that hangs up early has said why.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for part in _framed(content):
                scanner.sendall(part)
        reply = b""
        while not reply.endswith(b"\0") and len(reply) < LONGEST_REPLY:
            part = scanner.recv(LONGEST_REPLY)
            if not part:
                break
            reply += part
    return reply.decode("utf-8", "replace").rstrip("\0\n")


def _connected(address: ScannerAddress) -> socket.socket:
    if isinstance(address, tuple):
        return socket.create_connection(address, TIMEOUT)
    scanner = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    scanner.settimeout(TIMEOUT)
    try:
        scanner.connect(str(address))
    except BaseException:
        scanner.close()
        raise
    return scanner


def _framed(content: bytes) -> Iterator[bytes]:
    """The command, then parts that say how long they are, and an empty one."""
    yield b"zINSTREAM\0"
    for start in range(0, len(content), CHUNK):
        part = content[start : start + CHUNK]
        yield len(part).to_bytes(4) + part
    yield bytes(4)
