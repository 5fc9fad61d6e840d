"""The environment, read once into frozen settings; a bad one is told in a sentence that says what to do.

| variable | meaning |
| --- | --- |
| DATABASE_URL | PostgreSQL 14 or newer; without it the embedded one runs in the data folder |
| APP_DATA | data folder; by default `var` in the project, as root a folder under /var/lib/workergrade |
| APP_UPLOADS | folder of the uploaded files; by default `uploads` in the data folder |
| APP_ROOTS | folder of the roots that prove the record; by default `roots` in the data folder |
| APP_SCANNER | `clamd:/path/of/socket` or `clamd:host:port` scans uploads for malware; by default `none` |
| APP_SCHEDULER | `off` keeps this process from sweeping timers |
| APP_WORKER | `off` keeps this web process from doing long work |
| APP_REHEARSAL | `on` makes a rehearsal database when a database is made; read by nothing else |
| APP_PROXIES | how many reverse proxies stand before it, each adding to X-Forwarded-For; by default none |
| APP_SECOND_FACTOR | who needs a second factor: `offices` (default), `all`, `off` (default in a rehearsal) |
| APP_PAYMENT | `module:factory` of the adapter to a payment provider (docs/payments.md); by default none |
| SMTP_HOST, SMTP_FROM | the server that takes mail, and the sender; both or none (docs/notifications.md) |
| SMTP_SECURITY | `starttls` (default), `tls`, or `none` for a server on this machine alone |
| SMTP_PORT, SMTP_USER, SMTP_PASSWORD | by default 587 (tls: 465, none: 25); who signs in there, if anybody |
| SMS_URL, SMS_SECRET | the gateway that takes text messages, and what signs them; both or none |
| OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET | a provider to sign in with; all three or none |
| OIDC_LOGIN_CLAIM | the claim that names the login of an account; by default `preferred_username` |
| SECRET_KEY | signs session cookies; at least 32 characters |
| HISTORY_KEY | keys the history chain; 64 hexadecimal digits; of several, by commas, the first signs |
| ID_NUMBER_KEY, ID_INDEX_KEY | encrypt ID numbers and second factors, index ID numbers; 64 hex digits |

The embedded database makes its keys on first use, in `keys` under the data folder (readable by the owner
alone); with DATABASE_URL they must be given, since several machines have to share them.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from app.embedded_postgres.account import SYSTEM_HOME, make_folder

PROJECT = Path(__file__).resolve().parents[1]
KEY_NAMES = ("SECRET_KEY", "HISTORY_KEY", "ID_NUMBER_KEY", "ID_INDEX_KEY")
KEY_BYTES = 32
OIDC_NAMES = ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")
LOOPBACK = ("127.0.0.1", "localhost", "::1")

SecondFactorRule = Literal["offices", "all", "off"]

ScannerAddress = Path | tuple[str, int]
"""A Unix socket, or host and port."""


class ConfigError(RuntimeError):
    """环境变量设置有误。"""


@dataclass(frozen=True)
class Oidc:
    """The OpenID Connect provider whose users may sign in."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    login_claim: str


@dataclass(frozen=True)
class Smtp:
    """The server that takes mail; no `user`: it takes it from whoever connects."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    sender: str
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class SmsGateway:
    """Where text messages are handed over."""

    url: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Settings:
    """What the environment says; keys never show in a repr."""

    data_folder: Path
    upload_folder: Path
    roots_folder: Path
    scanner: ScannerAddress | None
    database_url: str | None  # None: the embedded one
    scheduler: bool
    worker: bool
    rehearsal: bool
    proxies: int
    second_factor: SecondFactorRule | None  # None: as the database's mark says
    oidc: Oidc | None
    payment: str | None
    smtp: Smtp | None
    sms: SmsGateway | None
    secret_key: str = field(repr=False)
    history_keys: Mapping[str, bytes] = field(repr=False)  # by id; the first is the current one
    id_number_key: bytes = field(repr=False)
    id_index_key: bytes = field(repr=False)

    @property
    def postgres_folder(self) -> Path:
        return self.data_folder / "postgres"

    @property
    def history_key_id(self) -> str:
        return next(iter(self.history_keys))

    @property
    def history_key(self) -> bytes:
        return self.history_keys[self.history_key_id]


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings of an environment; makes the data folder and, for the embedded database, the keys."""
    data_folder = _data_folder(environment)
    database_url = _database_url(environment)
    keys = {name: _key_text(name, environment, data_folder, database_url) for name in KEY_NAMES}
    if len(keys["SECRET_KEY"]) < KEY_BYTES:
        raise ConfigError(f"SECRET_KEY 至少要有 {KEY_BYTES} 个字符。")
    return Settings(
        data_folder=data_folder,
        upload_folder=_folder("APP_UPLOADS", environment, data_folder / "uploads"),
        roots_folder=_folder("APP_ROOTS", environment, data_folder / "roots"),
        scanner=_scanner(environment),
        database_url=database_url,
        scheduler=_switch("APP_SCHEDULER", environment, default=True),
        worker=_switch("APP_WORKER", environment, default=True),
        rehearsal=_switch("APP_REHEARSAL", environment, default=False),
        proxies=_proxies(environment),
        second_factor=_second_factor(environment),
        oidc=_oidc(environment),
        payment=_payment(environment),
        smtp=_smtp(environment),
        sms=_sms(environment),
        secret_key=keys["SECRET_KEY"],
        history_keys={_key_id(key): key for key in _keys("HISTORY_KEY", keys["HISTORY_KEY"])},
        id_number_key=_keys("ID_NUMBER_KEY", keys["ID_NUMBER_KEY"])[0],
        id_index_key=_keys("ID_INDEX_KEY", keys["ID_INDEX_KEY"])[0],
    )


def _data_folder(environment: Mapping[str, str]) -> Path:
    as_root = os.geteuid() == 0
    default = SYSTEM_HOME / _folder_name(PROJECT) if as_root else PROJECT / "var"
    folder = Path(environment.get("APP_DATA") or default).resolve()
    if folder.parent == SYSTEM_HOME:
        make_folder(SYSTEM_HOME, 0o755)
    folder.parent.mkdir(parents=True, exist_ok=True)
    # As root PostgreSQL runs as another user, who has to pass through to its own folder.
    make_folder(folder, 0o711 if as_root else 0o700)
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise ConfigError(f"数据目录 {folder} 不可写，请用 APP_DATA 指定一个可写的目录。")
    return folder


def _folder(name: str, environment: Mapping[str, str], default: Path) -> Path:
    folder = Path(environment.get(name) or default).resolve()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{name} 指定的目录 {folder} 无法建立，请换一个可写的目录。") from error
    return folder


def _scanner(environment: Mapping[str, str]) -> ScannerAddress | None:
    text = environment.get("APP_SCANNER", "").strip()
    if text in ("", "none"):
        return None
    program, _, address = text.partition(":")
    host, _, port = address.rpartition(":")
    if program == "clamd" and address.startswith("/"):
        return Path(address)
    if program == "clamd" and host and port.isdecimal() and 0 < int(port) < 65536:
        return host.strip("[]"), int(port)
    raise ConfigError(f"APP_SCANNER 应为 none、clamd:/套接字路径 或 clamd:主机:端口，现在是“{text}”。")


def _folder_name(project: Path) -> str:
    """Two copies of the project on a machine keep their data apart."""
    return f"{project.name}-{hashlib.sha256(os.fsencode(project)).hexdigest()[:8]}"


def _database_url(environment: Mapping[str, str]) -> str | None:
    text = environment.get("DATABASE_URL")
    if not text:
        return None
    try:
        url = make_url(text)
    except ArgumentError:
        url = None
    if (
        url is None
        or url.drivername not in ("postgresql", "postgres", "postgresql+psycopg")
        or not url.database
    ):
        raise ConfigError(
            "DATABASE_URL 应为 postgresql://用户:口令@主机:端口/数据库，且只支持 PostgreSQL 14 及以上版本。"
        )
    return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def _switch(name: str, environment: Mapping[str, str], *, default: bool) -> bool:
    text = environment.get(name, "").strip().lower()
    if not text:
        return default
    if text not in ("on", "1", "true", "off", "0", "false"):
        raise ConfigError(f"{name} 只能是 on 或 off，现在是“{text}”。")
    return text in ("on", "1", "true")


def _proxies(environment: Mapping[str, str]) -> int:
    text = environment.get("APP_PROXIES", "").strip() or "0"
    if text not in tuple("0123456789"):
        raise ConfigError(f"APP_PROXIES 应为反向代理的层数（0 至 9），现在是“{text}”。")
    return int(text)


def _second_factor(environment: Mapping[str, str]) -> SecondFactorRule | None:
    text = environment.get("APP_SECOND_FACTOR", "").strip().lower()
    if text not in ("", "offices", "all", "off"):
        raise ConfigError(f"APP_SECOND_FACTOR 只能是 offices、all 或 off，现在是“{text}”。")
    return cast(SecondFactorRule, text) if text else None


def _oidc(environment: Mapping[str, str]) -> Oidc | None:
    issuer, client_id, client_secret = (environment.get(name, "").strip() for name in OIDC_NAMES)
    if not (issuer or client_id or client_secret):
        return None
    if not (issuer and client_id and client_secret):
        raise ConfigError(f"使用统一认证时，{'、'.join(OIDC_NAMES)} 三项都要设置。")
    address = urlsplit(issuer)
    allowed = ("https", "http") if address.hostname in LOOPBACK else ("https",)
    if not address.hostname or address.scheme not in allowed:
        raise ConfigError("OIDC_ISSUER 应为统一认证的 https 地址。")
    claim = environment.get("OIDC_LOGIN_CLAIM", "").strip() or "preferred_username"
    return Oidc(issuer, client_id, client_secret, claim)


def _payment(environment: Mapping[str, str]) -> str | None:
    text = environment.get("APP_PAYMENT", "").strip()
    if text and not re.fullmatch(r"[\w.]+:\w+", text):
        raise ConfigError(f"APP_PAYMENT 应写成 模块:函数，现在是“{text}”。")
    return text or None


def _smtp(environment: Mapping[str, str]) -> Smtp | None:
    host, sender, port, user, password, security = (
        environment.get(f"SMTP_{name}", "").strip()
        for name in ("HOST", "FROM", "PORT", "USER", "PASSWORD", "SECURITY")
    )
    if not (host or sender):
        return None
    if not re.fullmatch(r"[^@<>\s]+@[^@<>\s]+|[^@<>\r\n]+<[^@<>\s]+@[^@<>\s]+>", sender) or not host:
        raise ConfigError("发邮件要设置 SMTP_HOST 和 SMTP_FROM；后者是邮箱，如“考核办 <notice@example.cn>”。")
    if security not in ("", "starttls", "tls", "none"):
        raise ConfigError(f"SMTP_SECURITY 只能是 starttls、tls 或 none，现在是“{security}”。")
    if security == "none" and host not in LOOPBACK:
        raise ConfigError("SMTP_SECURITY 为 none 时，邮件服务器只能在本机。")
    chosen = cast(Literal["starttls", "tls", "none"], security or "starttls")
    text = port or {"starttls": "587", "tls": "465", "none": "25"}[chosen]
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ConfigError(f"SMTP_PORT 应为端口号，现在是“{text}”。")
    return Smtp(host, int(text), chosen, sender, user, password)


def _sms(environment: Mapping[str, str]) -> SmsGateway | None:
    url, secret = environment.get("SMS_URL", "").strip(), environment.get("SMS_SECRET", "").strip()
    if not (url or secret):
        return None
    address = urlsplit(url)
    allowed = ("https", "http") if address.hostname in LOOPBACK else ("https",)
    if not address.hostname or address.scheme not in allowed or len(secret) < KEY_BYTES:
        raise ConfigError(f"发短信要设置 SMS_URL（https 地址）和 SMS_SECRET（至少 {KEY_BYTES} 个字符）。")
    return SmsGateway(url, secret)


def _key_text(name: str, environment: Mapping[str, str], data_folder: Path, database_url: str | None) -> str:
    given = environment.get(name, "").strip()
    if given:
        return given
    if database_url:
        raise ConfigError(
            f"使用 DATABASE_URL 时必须设置 {name}；可用 openssl rand -hex {KEY_BYTES} 生成，并妥善备份。"
        )
    path = data_folder / "keys" / name.lower()
    if not path.exists():
        if (data_folder / "postgres" / "cluster").exists():
            raise ConfigError(
                f"数据库已存在，但密钥文件 {path} 不见了；请从备份恢复该文件，否则已有数据无法核验或解密。"
            )
        _make_key(path)
    return path.read_text().strip()


def _make_key(path: Path) -> None:
    """A new key in a file of its own, whole or not at all, the same for processes that start together."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent) as draft:  # mode 0600
        draft.write(secrets.token_hex(KEY_BYTES))
        draft.flush()
        os.fsync(draft.fileno())
        try:
            os.link(draft.name, path)
        except FileExistsError:
            return


def _keys(name: str, text: str) -> list[bytes]:
    try:
        keys = [bytes.fromhex(part) for part in text.split(",")]
    except ValueError:
        keys = []
    if not keys or any(len(key) != KEY_BYTES for key in keys):
        raise ConfigError(
            f"{name} 应为 {KEY_BYTES * 2} 位十六进制数字；可用 openssl rand -hex {KEY_BYTES} 生成。"
        )
    return keys


def _key_id(key: bytes) -> str:
    """Names a key in each history row without giving it away."""
    return hashlib.sha256(b"history key id" + key).hexdigest()[:8]
