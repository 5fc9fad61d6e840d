"""A mail server and a gateway for text messages, both real ones on this machine, and how they misbehave."""

from __future__ import annotations

import hashlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from app.operations.telling import _sms

USER, PASSWORD = "notice", "Xq7-lantern"


@dataclass
class MailServer:
    """Takes what it is given and answers `rcpt` and `data`; `vanish`: it breaks off after a letter.

    `meanwhile` is done when it has a letter and has not answered yet.
    """

    port: int
    letters: list[Envelope] = field(default_factory=list)
    rcpt: str = "250 OK"
    data: str = "250 taken"
    vanish: bool = False
    meanwhile: Callable[[], object] = lambda: None

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, *_: Any
    ) -> str:
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.data.startswith("250"):
            self.letters.append(envelope)
        self.meanwhile()
        if self.vanish:
            server.transport.close()
        return self.data


class _Tls(Controller):
    def factory(self) -> SMTP:
        def authenticate(
            server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
        ) -> AuthResult:
            known = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
            return AuthResult(success=known)

        return SMTP(self.handler, authenticator=authenticate, **self.SMTP_kwargs)


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def mail_server(folder: Path, security: str) -> Iterator[MailServer]:
    """A server that asks for a login wherever the connection is encrypted; `folder` gets its certificate."""
    server = MailServer(free_port())
    context = None if security == "none" else _context(folder)
    asks = {} if security == "none" else {"auth_required": True, "auth_require_tls": security == "starttls"}
    started = {"tls_context": context, "require_starttls": True} if security == "starttls" else {}
    controller = _Tls(
        server,
        hostname="127.0.0.1",
        port=server.port,
        ssl_context=context if security == "tls" else None,
        **asks,
        **started,
    )
    controller.start()
    try:
        yield server
    finally:
        controller.stop()


def _context(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    (folder / "ca.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    return context


@dataclass
class Gateway:
    """Keeps what comes in under each key, checks signatures, and answers with `status` and `answer`."""

    secret: str
    port: int = 0
    status: int = 200
    answer: bytes = b""
    taken: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: int = 0
    meanwhile: Callable[[], object] = lambda: None

    def take(self, headers: Any, body: bytes) -> tuple[int, bytes]:
        self.asked += 1
        if headers[_sms.SIGNATURE] != _sms.sign(self.secret, headers[_sms.TIMESTAMP], body):
            return 401, b"{}"
        if self.status == 200:
            self.taken.setdefault(headers[_sms.KEY], json.loads(body))
        self.meanwhile()
        reference = hashlib.sha256(headers[_sms.KEY].encode()).hexdigest()[:12]
        return self.status, self.answer or json.dumps({"id": reference}).encode()


@contextmanager
def gateway(secret: str) -> Iterator[Gateway]:
    made = Gateway(secret)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, answer = made.take(self.headers, body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            """Tests need no access log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
