"""Text messages by a small HTTP interface, which a gateway to any provider can offer."""

from __future__ import annotations

import hashlib
import hmac
import json
import ssl
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from app import clock
from app.config import SmsGateway
from app.operations.telling._letters import Letter, Never, NotNow

PATIENCE = 10.0
MOST_BYTES = 65_536
SIGNATURE, TIMESTAMP, KEY = "X-Signature", "X-Timestamp", "Idempotency-Key"
REFUSED_FOR_GOOD = (400, 404, 413, 422)


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA-256 (RFC 2104) over the instant and the body, in hexadecimal."""
    return hmac.new(secret.encode(), timestamp.encode() + b"\n" + body, hashlib.sha256).hexdigest()


class Sms:
    """The gateway takes a letter once a key, so whatever is unclear is simply tried again."""

    idempotent = True

    def __init__(self, gateway: SmsGateway) -> None:
        self._gateway = gateway

    def send(self, letter: Letter) -> str:
        body = json.dumps({"to": letter.address, "text": letter.text}, ensure_ascii=False).encode()
        timestamp = str(int(clock.now().timestamp()))
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            KEY: hashlib.sha256(letter.key.encode()).hexdigest(),
            TIMESTAMP: timestamp,
            SIGNATURE: sign(self._gateway.secret, timestamp, body),
        }
        status, answer = self._asked(body, headers)
        if status in REFUSED_FOR_GOOD:
            raise Never(f"短信网关拒收（{status}）")
        if status != 200:
            raise NotNow(f"短信网关暂不接受（{status}）")
        return _reference(answer)

    def _asked(self, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        """Status and body; nothing is followed that the gateway points to."""
        address = urlsplit(self._gateway.url)
        host, port = address.hostname or "", address.port
        if address.scheme == "https":
            context = ssl.create_default_context()
            connection: HTTPConnection = HTTPSConnection(host, port, timeout=PATIENCE, context=context)
        else:
            connection = HTTPConnection(host, port, timeout=PATIENCE)
        path = f"{address.path or '/'}{'?' + address.query if address.query else ''}"
        try:
            connection.request("POST", path, body, headers)
            response = connection.getresponse()
            return response.status, response.read(MOST_BYTES)
        except (OSError, HTTPException) as error:
            raise NotNow(f"短信网关连接不上（{type(error).__name__}）") from error
        finally:
            connection.close()


def _reference(answer: bytes) -> str:
    try:
        told = json.loads(answer)
    except ValueError:
        told = None
    reference = told.get("id") if isinstance(told, dict) else None
    if not isinstance(reference, str) or not 0 < len(reference) <= 100:
        raise NotNow("短信网关的答复没有编号")
    return reference
