"""Letters by SMTP and by the text messages' gateway: against real servers, well-behaved and not."""

from __future__ import annotations

import email
from email.policy import default
from pathlib import Path

import pytest
from support.post_offices import PASSWORD, USER, free_port, gateway, mail_server

from app.config import SmsGateway, Smtp
from app.operations.telling._letters import Letter, Never, NotNow, Unclear
from app.operations.telling._mail import Mail
from app.operations.telling._sms import Sms

LETTER = Letter(
    "notice:7:3:mail", "chen@example.cn", "有事项交给您办理", "有事项交给您办理（办件 7），请登录查看。"
)
SENDER = "考核办 <notice@example.cn>"
SECRET = "s" * 32


def mail(port: int, security: str = "none") -> Mail:
    named = (USER, PASSWORD) if security != "none" else ("", "")
    return Mail(Smtp("localhost", port, security, SENDER, *named))


class TestMail:
    @pytest.mark.parametrize("security", ["none", "starttls", "tls"])
    def test_a_letter_arrives(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, security: str) -> None:
        with mail_server(tmp_path, security) as server:
            monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
            names = {mail(server.port, security).send(LETTER) for _ in range(2)}
        (envelope, _again) = server.letters
        assert envelope.rcpt_tos == ["chen@example.cn"]
        assert envelope.mail_from == "notice@example.cn"
        message = email.message_from_bytes(envelope.content, policy=default)
        assert (message["Subject"], message["Auto-Submitted"]) == (LETTER.subject, "auto-generated")
        assert message.get_content().strip() == LETTER.text
        assert names == {message["Message-ID"]}, "the same at each try"

    @pytest.mark.parametrize("security", ["starttls", "tls"])
    def test_a_server_that_cannot_prove_its_name_gets_nothing(self, tmp_path: Path, security: str) -> None:
        with mail_server(tmp_path, security) as server, pytest.raises(NotNow, match="连接不上"):
            mail(server.port, security).send(LETTER)
        assert server.letters == []

    def test_a_server_without_encryption_gets_nothing(self, tmp_path: Path) -> None:
        with mail_server(tmp_path, "none") as server, pytest.raises(NotNow):
            mail(server.port, "starttls").send(LETTER)
        assert server.letters == []

    def test_what_it_refuses(self, tmp_path: Path) -> None:
        with mail_server(tmp_path, "none") as server:
            for place in ("rcpt", "data"):
                for answer, expected in (("450 later", NotNow), ("550 no such user", Never)):
                    setattr(server, place, answer)
                    with pytest.raises(expected, match=answer[:3]) as refusal:
                        mail(server.port).send(LETTER)
                    assert "chen" not in str(refusal.value)
                setattr(server, place, "250 OK")
            mail(server.port).send(LETTER)

    def test_nobody_there(self) -> None:
        with pytest.raises(NotNow, match="连接不上"):
            mail(free_port()).send(LETTER)

    def test_a_connection_that_breaks_within_the_letter_leaves_it_unclear(self, tmp_path: Path) -> None:
        with mail_server(tmp_path, "none") as server:
            server.vanish = True
            with pytest.raises(Unclear):
                mail(server.port).send(LETTER)
            assert len(server.letters) == 1, "it was taken, and nobody here knows"


class TestTextMessages:
    def test_one_arrives_once_however_often_it_is_tried(self) -> None:
        with gateway(SECRET) as there:
            sms = Sms(SmsGateway(f"http://127.0.0.1:{there.port}/send?a=b", SECRET))
            text = Letter("notice:7:3:sms", "13800138000", "x", "有事项交给您办理")
            assert sms.send(text) == sms.send(text)
        assert list(there.taken.values()) == [{"to": "13800138000", "text": "有事项交给您办理"}]

    @pytest.mark.parametrize(
        ("status", "answer", "expected"),
        [
            (422, b"", Never),
            (429, b"", NotNow),
            (500, b"", NotNow),
            (302, b"", NotNow),
            (200, b"no json", NotNow),
            (200, b'{"id": 5}', NotNow),
            (200, b'{"id": ""}', NotNow),
        ],
    )
    def test_what_it_may_answer(self, status: int, answer: bytes, expected: type[Exception]) -> None:
        with gateway(SECRET) as there:
            there.status, there.answer = status, answer
            with pytest.raises(expected) as refusal:
                Sms(SmsGateway(f"http://127.0.0.1:{there.port}/", SECRET)).send(LETTER)
        assert "chen" not in str(refusal.value)

    def test_a_wrong_secret_and_nobody_there(self) -> None:
        with gateway(SECRET) as there, pytest.raises(NotNow, match="401"):
            Sms(SmsGateway(f"http://127.0.0.1:{there.port}/", "t" * 32)).send(LETTER)
        with pytest.raises(NotNow, match="连接不上"):
            Sms(SmsGateway(f"http://127.0.0.1:{free_port()}/", SECRET)).send(LETTER)
