"""Mail by SMTP (RFC 5321), over TLS unless the server is on this very machine."""

from __future__ import annotations

import contextlib
import hashlib
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.utils import format_datetime

from app import clock
from app.config import Smtp
from app.operations.telling._letters import Letter, Never, NotNow, Unclear

PATIENCE = 10.0
"""Seconds that one answer of the server may take."""
TAKEN, GO_ON = 250, 251


class Mail:
    """Knows after each letter whether it was taken, unless the connection breaks within the letter."""

    idempotent = False

    def __init__(self, server: Smtp) -> None:
        self._server = server

    def send(self, letter: Letter) -> str:
        message = self._message(letter)
        with self._connection() as smtp:
            self._envelope(smtp, letter.address)
            try:
                code, _ = smtp.data(message.as_bytes())
            except smtplib.SMTPDataError as refusal:
                raise _refused(refusal.smtp_code) from refusal
            except (OSError, smtplib.SMTPException) as broken:
                raise Unclear("连接在发送途中断开") from broken
            if code != TAKEN:
                raise _refused(code)
        return str(message["Message-ID"])

    def _message(self, letter: Letter) -> EmailMessage:
        message = EmailMessage()
        message["From"], message["To"] = self._server.sender, letter.address
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(clock.now())
        # The same at each try, so that a mailbox can tell a second copy.
        name = hashlib.sha256(letter.key.encode()).hexdigest()[:32]
        message["Message-ID"] = f"<{name}@{self._server.sender.rpartition('@')[2].rstrip('>')}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
        message.set_content(letter.text)
        return message

    @contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        smtp = None
        try:
            smtp = self._connected()
        except (OSError, smtplib.SMTPException) as error:
            raise NotNow(f"邮件服务器连接不上（{type(error).__name__}）") from error
        try:
            yield smtp
        finally:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                smtp.quit()

    def _connected(self) -> smtplib.SMTP:
        server, context = self._server, ssl.create_default_context()
        if server.security == "tls":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=PATIENCE, context=context)
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=PATIENCE)
        if server.security == "starttls":
            smtp.starttls(context=context)
        if server.user:
            smtp.login(server.user, server.password)
        return smtp

    def _envelope(self, smtp: smtplib.SMTP, address: str) -> None:
        try:
            smtp.ehlo_or_helo_if_needed()
            code, _ = smtp.mail(self._server.sender.rpartition("<")[2].rstrip(">"))
            if code != TAKEN:
                raise NotNow(f"邮件服务器不接受发件人（{code}）")
            code, _ = smtp.rcpt(address)
        except (OSError, smtplib.SMTPException) as error:
            raise NotNow(f"邮件服务器中断（{type(error).__name__}）") from error
        if code not in (TAKEN, GO_ON):
            raise _refused(code)


def _refused(code: int) -> NotNow | Never:
    """4yz is for the moment, 5yz for good (RFC 5321, 4.2.1)."""
    told = f"邮件服务器拒收（{code}）"
    return Never(told) if code >= 500 else NotNow(told)
