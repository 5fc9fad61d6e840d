"""The environment becomes settings, or a sentence that says what to do."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.config import KEY_NAMES, ConfigError, read_settings

KEYS = {
    "SECRET_KEY": "s" * 32,
    "HISTORY_KEY": "aa" * 32,
    "ID_NUMBER_KEY": "bb" * 32,
    "ID_INDEX_KEY": "cc" * 32,
}
SERVER = "postgresql://u:p%40ss@db.example:5433/grade"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "数 据"


def test_keys_are_made_once_and_only_the_owner_reads_them(data: Path) -> None:
    first = read_settings({"APP_DATA": str(data)})
    again = read_settings({"APP_DATA": str(data)})
    assert first == again
    assert first.database_url is None
    assert {path.name for path in (data / "keys").iterdir()} == {name.lower() for name in KEY_NAMES}
    assert all(mode(path) == 0o600 for path in (data / "keys").iterdir())
    assert mode(data / "keys") == 0o700
    assert mode(data) == (0o711 if os.geteuid() == 0 else 0o700)
    assert len({first.history_key, first.id_number_key, first.id_index_key}) == 3


def test_processes_that_start_together_agree_on_the_keys(data: Path) -> None:
    data.mkdir()
    with ThreadPoolExecutor(8) as pool:
        several = list(pool.map(lambda _: read_settings({"APP_DATA": str(data)}), range(8)))
    assert all(one == several[0] for one in several)


def test_a_lost_key_of_an_existing_database_is_never_replaced(data: Path) -> None:
    read_settings({"APP_DATA": str(data)})
    (data / "postgres/cluster").mkdir(parents=True)
    (data / "keys/id_number_key").unlink()
    with pytest.raises(ConfigError, match="从备份恢复"):
        read_settings({"APP_DATA": str(data)})
    assert not (data / "keys/id_number_key").exists()


@pytest.mark.parametrize("missing", KEY_NAMES)
def test_a_server_of_ones_own_needs_every_key(data: Path, missing: str) -> None:
    environment = {"APP_DATA": str(data), "DATABASE_URL": SERVER, **KEYS}
    del environment[missing]
    with pytest.raises(ConfigError, match=missing):
        read_settings(environment)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_server_of_ones_own(data: Path, scheme: str) -> None:
    given = SERVER.replace("postgresql", scheme)
    settings = read_settings({"APP_DATA": str(data), "DATABASE_URL": given, **KEYS})
    assert settings.database_url == SERVER.replace("postgresql", "postgresql+psycopg")
    assert not (data / "keys").exists()


@pytest.mark.parametrize("bad", ["mysql://h/d", "sqlite:///x.db", "postgresql://h", "not an address"])
def test_another_database_is_refused(data: Path, bad: str) -> None:
    with pytest.raises(ConfigError, match="PostgreSQL 14"):
        read_settings({"APP_DATA": str(data), "DATABASE_URL": bad, **KEYS})


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("SECRET_KEY", "short"),
        ("HISTORY_KEY", "aa" * 31),
        ("HISTORY_KEY", "aa" * 32 + ","),
        ("ID_NUMBER_KEY", "zz" * 32),
        ("ID_INDEX_KEY", "密钥"),
        ("APP_SCHEDULER", "sometimes"),
        ("APP_REHEARSAL", "2"),
        ("APP_SCANNER", "clamd"),
        ("APP_SCANNER", "clamd:3310"),
        ("APP_SCANNER", "clamd:localhost:x"),
        ("APP_SCANNER", "clamd:localhost:99999"),
        ("APP_SCANNER", "defender:/run/x"),
        ("APP_SECOND_FACTOR", "some"),
        ("APP_PROXIES", "12"),
        ("APP_PROXIES", "-1"),
        ("OIDC_ISSUER", "https://id.example"),
    ],
)
def test_a_bad_setting_is_named(data: Path, name: str, bad: str) -> None:
    with pytest.raises(ConfigError, match=name):
        read_settings({"APP_DATA": str(data), **KEYS, name: bad})


def test_a_data_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="APP_DATA"):
        read_settings({"APP_DATA": str(tmp_path / "file")})


def test_the_newest_history_key_signs_and_the_older_ones_stay(data: Path) -> None:
    before = read_settings({"APP_DATA": str(data), **KEYS})
    changed = {**KEYS, "HISTORY_KEY": f"{'dd' * 32},{KEYS['HISTORY_KEY']}"}
    after = read_settings({"APP_DATA": str(data), **changed})
    assert after.history_key == bytes.fromhex("dd" * 32)
    assert after.history_keys[before.history_key_id] == before.history_key


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("", None),
        ("none", None),
        ("clamd:/run/clamav/clamd.ctl", Path("/run/clamav/clamd.ctl")),
        ("clamd:scan.example:3310", ("scan.example", 3310)),
        ("clamd:[::1]:3310", ("::1", 3310)),
    ],
)
def test_the_scanner(data: Path, text: str, address: object) -> None:
    assert read_settings({"APP_DATA": str(data), "APP_SCANNER": text}).scanner == address


def test_the_roots_lie_where_they_are_told_to(data: Path, tmp_path: Path) -> None:
    assert read_settings({"APP_DATA": str(data)}).roots_folder == data / "roots"
    elsewhere = read_settings({"APP_DATA": str(data), "APP_ROOTS": str(tmp_path / "elsewhere")})
    assert mode(elsewhere.roots_folder) == 0o700
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="APP_ROOTS"):
        read_settings({"APP_DATA": str(data), "APP_ROOTS": str(tmp_path / "file" / "below")})


def test_keys_never_show(data: Path) -> None:
    shown = repr(read_settings({"APP_DATA": str(data), **KEYS}))
    assert "ssss" not in shown
    assert "xaa" not in shown


def test_switches(data: Path) -> None:
    quiet = read_settings({"APP_DATA": str(data), "APP_SCHEDULER": "off", "APP_REHEARSAL": "1"})
    assert (quiet.scheduler, quiet.rehearsal) == (False, True)
    plain = read_settings({"APP_DATA": str(data)})
    assert (plain.scheduler, plain.rehearsal) == (True, False)


ISSUER = "https://id.example/realms/a"
PROVIDER = {"OIDC_ISSUER": ISSUER, "OIDC_CLIENT_ID": "grade", "OIDC_CLIENT_SECRET": "hush"}


def test_who_needs_a_second_factor_is_the_databases_matter_unless_said(data: Path) -> None:
    assert read_settings({"APP_DATA": str(data)}).second_factor is None
    assert read_settings({"APP_DATA": str(data), "APP_SECOND_FACTOR": "All"}).second_factor == "all"


def test_no_proxy_is_believed_unless_told(data: Path) -> None:
    assert read_settings({"APP_DATA": str(data)}).proxies == 0
    assert read_settings({"APP_DATA": str(data), "APP_PROXIES": "2"}).proxies == 2


def test_a_provider_to_sign_in_with(data: Path) -> None:
    assert read_settings({"APP_DATA": str(data)}).oidc is None
    found = read_settings({"APP_DATA": str(data), **PROVIDER})
    assert found.oidc is not None
    assert (found.oidc.issuer, found.oidc.login_claim) == (ISSUER, "preferred_username")
    assert "hush" not in repr(found)
    named = read_settings({"APP_DATA": str(data), **PROVIDER, "OIDC_LOGIN_CLAIM": "email"})
    assert named.oidc is not None
    assert named.oidc.login_claim == "email"


@pytest.mark.parametrize("issuer", ["http://id.example", "id.example", "https:", "ftp://127.0.0.1"])
def test_a_provider_is_asked_over_https_alone(data: Path, issuer: str) -> None:
    with pytest.raises(ConfigError, match="https"):
        read_settings({"APP_DATA": str(data), **PROVIDER, "OIDC_ISSUER": issuer})


POSTMAN = {"SMTP_HOST": "mail.example.cn", "SMTP_FROM": "考核办 <notice@example.cn>"}
MESSENGER = {"SMS_URL": "https://sms.example.cn/send", "SMS_SECRET": "s" * 32}


def test_mail_and_text_messages_are_off_until_they_are_set_up(data: Path) -> None:
    settings = read_settings({"APP_DATA": str(data)})
    assert (settings.smtp, settings.sms) == (None, None)
    named = read_settings({"APP_DATA": str(data), **POSTMAN, **MESSENGER, "SMTP_PASSWORD": "hush-hush"})
    assert named.smtp is not None
    assert (named.smtp.port, named.smtp.security) == (587, "starttls")
    assert named.sms is not None
    assert "hush-hush" not in repr(named)
    assert MESSENGER["SMS_SECRET"] not in repr(named)


@pytest.mark.parametrize(
    "changes",
    [
        {"SMTP_HOST": ""},
        {"SMTP_FROM": "考核办"},
        {"SMTP_FROM": "a@b.cn\r\nBcc: c@d.cn"},
        {"SMTP_SECURITY": "ssl"},
        {"SMTP_SECURITY": "none"},
        {"SMTP_PORT": "0"},
        {"SMS_URL": "http://sms.example.cn"},
        {"SMS_URL": ""},
        {"SMS_SECRET": "short"},
    ],
)
def test_half_a_set_up_is_told(data: Path, changes: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=next(iter(changes))):
        read_settings({"APP_DATA": str(data), **POSTMAN, **MESSENGER, **changes})
