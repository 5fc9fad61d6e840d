"""The second factor: bound, asked for, spent once, lost (RFC 6238; OWASP ASVS 5.0, 6.5)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import func, select, text, update

from app.errors import Conflict, Invalid
from app.extensions import atomic, db, settings
from app.models import Account, Act, SecondFactor
from app.operations.access import accounts, second_factor
from app.operations.access.accounts import CodeRefused, SignInLapsed, SignInRefused
from app.operations.actors import SYSTEM, Actor
from app.operations.dates import clock
from app.operations.offices import organisations
from app.operations.offices.organisations import Profile

pytestmark = pytest.mark.usefixtures("cheap_passwords", "all_regions")

NOW = datetime(2026, 3, 2, 1, 0, 10, tzinfo=UTC)
STEP = timedelta(seconds=30)
ADDRESS = "10.0.0.1"
PASSWORD = "Gnm7#tKqw2"


@pytest.fixture
def rule(app: Flask) -> Iterator[None]:
    """Puts the settings back that a test changed by `rule_is`."""
    before = settings()
    yield
    app.extensions["settings"] = before


def rule_is(app: Flask, rule: str | None) -> None:
    app.extensions["settings"] = replace(settings(), second_factor=rule)


def allot(login: str = "sgkb", kind: str = "office", duties: tuple[str, ...] = ("operator",)) -> Account:
    with atomic():
        made = organisations.create(kind, f"市{login}", "500000", actor=SYSTEM, now=NOW, profile=Profile())
        account, first = accounts.allot(made.id, login, "李明", duties, actor=SYSTEM, now=NOW)
        accounts.change_password(account.id, first, PASSWORD, NOW)
    return account


def actor(account: Account) -> Actor:
    return accounts.actor_for(account)


def bind(account: Account, now: datetime = NOW) -> tuple[pyotp.TOTP, list[str]]:
    """The account's device, and its recovery codes."""
    with atomic():
        device = pyotp.TOTP(second_factor.start(account.id, now).secret)
        codes = second_factor.enrol(device.at(now), actor=actor(account), now=now).recovery_codes
    return device, list(codes)


def begin(login: str = "sgkb", now: datetime = NOW) -> str:
    with atomic():
        return accounts.sign_in(login, PASSWORD, ADDRESS, now)


def confirm(code: str, now: datetime = NOW, token: str | None = None) -> str:
    pending = token or begin(now=now)
    with atomic():
        return accounts.confirm(pending, code, ADDRESS, now)


def refused(code: str, now: datetime = NOW, token: str | None = None) -> None:
    with pytest.raises(CodeRefused):
        confirm(code, now, token)


def account_of(token: str, now: datetime = NOW) -> Account | None:
    db.session.rollback()
    return accounts.account_of(token, now)


class TestEnrolment:
    def test_a_device_counts_once_it_showed_a_code(self) -> None:
        account = allot()
        with atomic():
            told = second_factor.start(account.id, NOW)
        assert account_of(begin()), "only started: no code is asked for"
        assert f"secret={told.secret}" in told.address
        assert told.address.startswith("otpauth://totp/")
        assert second_factor.under_way(account.id) == told
        with pytest.raises(Invalid) as refusal, atomic():
            second_factor.enrol("000000", actor=actor(account), now=NOW)
        assert list(refusal.value.fields) == ["code"]
        with atomic():
            second_factor.enrol(pyotp.TOTP(told.secret).at(NOW), actor=actor(account), now=NOW)
        assert second_factor.under_way(account.id) is None, "the secret is told no more"
        assert account_of(begin()) is None

    def test_binding_ends_the_sessions_that_were_open_without(self) -> None:
        account = allot()
        before = begin()
        with atomic():
            device = pyotp.TOTP(second_factor.start(account.id, NOW).secret)
            token = second_factor.enrol(device.at(NOW), actor=actor(account), now=NOW).token
        assert account_of(before) is None
        assert account_of(token).id == account.id

    def test_what_is_bound_is_not_bound_again(self) -> None:
        account = allot()
        with pytest.raises(Conflict, match="先开始绑定"), atomic():
            second_factor.enrol("123456", actor=actor(account), now=NOW)
        device, _ = bind(account)
        with pytest.raises(Conflict, match="已经绑定"), atomic():
            second_factor.start(account.id, NOW)
        with pytest.raises(Conflict, match="先开始绑定"), atomic():
            second_factor.enrol(device.at(NOW + STEP), actor=actor(account), now=NOW + STEP)

    def test_starting_anew_gives_another_secret(self) -> None:
        account = allot()
        with atomic():
            first = second_factor.start(account.id, NOW)
            second = second_factor.start(account.id, NOW)
        assert first.secret != second.secret
        with pytest.raises(Invalid), atomic():
            second_factor.enrol(pyotp.TOTP(first.secret).at(NOW), actor=actor(account), now=NOW)

    def test_the_code_of_the_enrolment_is_spent(self) -> None:
        device, _ = bind(allot())
        refused(device.at(NOW))
        assert account_of(confirm(device.at(NOW + STEP)))


class TestSignIn:
    def test_the_password_alone_signs_nobody_in(self) -> None:
        device, _ = bind(allot())
        token = begin()
        assert account_of(token) is None
        assert accounts.awaits_code(token, NOW)
        with atomic():
            accounts.seen(token, NOW + timedelta(minutes=2))
        later = NOW + timedelta(minutes=3)
        assert account_of(confirm(device.at(later), later, token), later)
        assert account_of(token, later) is None
        assert not accounts.awaits_code(token, later)

    def test_without_asecond_factor_no_code_is_asked_for(self) -> None:
        allot()
        token = begin()
        assert account_of(token)
        assert not accounts.awaits_code(token, NOW)

    def test_a_code_is_taken_once(self) -> None:
        device, _ = bind(allot())
        now = NOW + 10 * STEP
        code = device.at(now)
        other = begin(now=now)
        confirm(code, now)
        refused(code, now)
        refused(code, now, other)
        earlier = device.at(now - STEP)
        refused(earlier, now)
        assert account_of(confirm(device.at(now + STEP), now), now)

    @examples(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
    @given(steps=st.integers(-5, 5), seconds=st.integers(0, 29))
    def test_a_clock_may_be_off_by_one_step(self, steps: int, seconds: int) -> None:
        if db.session.scalar(select(Account.id)) is None:
            bind(allot())
        with atomic() as session:
            session.execute(update(SecondFactor).values(last_step=0))
            session.execute(update(Account).values(failed_attempts=0, locked_until=None))
            row = session.scalars(select(SecondFactor)).one()
            device = pyotp.TOTP(second_factor._secret(row))
        now = datetime(2026, 5, 1, tzinfo=UTC) + timedelta(seconds=seconds)
        code = device.at(now, counter_offset=steps)
        if abs(steps) <= 1:
            assert account_of(confirm(code, now), now)
        elif code not in {device.at(now, counter_offset=near) for near in (-1, 0, 1)}:
            refused(code, now)

    def test_a_code_is_read_however_it_is_typed(self) -> None:
        device, codes = bind(allot())
        code = device.at(NOW + STEP)
        typed = f" {code[:3]} {code[3:]}".translate({ord("0") + n: ord("０") + n for n in range(10)})
        assert account_of(confirm(typed))
        assert account_of(confirm(codes[0].upper().replace("-", " ")))

    @pytest.mark.parametrize("code", ["", "12345", "1234567", "x" * 5000, "１２", "-", "0" * 6 + "\x00"])
    def test_nonsense_is_refused(self, code: str) -> None:
        bind(allot())
        refused(code)

    def test_the_code_has_five_minutes(self) -> None:
        device, _ = bind(allot())
        token = begin()
        late = NOW + timedelta(minutes=5)
        with pytest.raises(SignInLapsed):
            confirm(device.at(late), late, token)
        for nonsense in ("", "x" * 3000):
            with pytest.raises(SignInLapsed):
                accounts.confirm(nonsense, device.at(NOW), ADDRESS, NOW)

    def test_a_session_that_is_signed_in_takes_no_code(self) -> None:
        device, _ = bind(allot())
        token = confirm(device.at(NOW + STEP))
        with pytest.raises(SignInLapsed):
            confirm(device.at(NOW + 2 * STEP), token=token)

    def test_a_new_password_ends_a_sign_in_under_way(self) -> None:
        account = allot()
        device, _ = bind(account)
        token = begin()
        with atomic():
            accounts.change_password(account.id, PASSWORD, "tVe4mmRopQ9x", NOW)
        with pytest.raises(SignInLapsed):
            confirm(device.at(NOW + STEP), token=token)


class TestGuessing:
    def test_wrong_codes_lock_the_account(self) -> None:
        device, _ = bind(allot())
        now = NOW + 4 * STEP
        token = begin(now=now)
        for _ in range(accounts.FREE_FAILURES):
            refused("000000", now, token)
        refused(device.at(now), now, token)
        with pytest.raises(SignInRefused):
            begin(now=now)
        unlocked = now + timedelta(minutes=1)
        assert account_of(confirm(device.at(unlocked), unlocked), unlocked)

    def test_the_password_in_between_buys_no_more_guesses(self) -> None:
        bind(allot())
        for _ in range(accounts.FREE_FAILURES):
            refused("000000")
        with pytest.raises(SignInRefused):
            begin()
        assert db.session.scalar(select(Account.failed_attempts)) == accounts.FREE_FAILURES

    def test_a_success_forgets_the_failures(self) -> None:
        device, _ = bind(allot())
        for round_ in range(1, 4):
            now = NOW + timedelta(minutes=round_)
            for _ in range(accounts.FREE_FAILURES - 1):
                refused("000000", now)
            confirm(device.at(now), now)

    def test_an_address_runs_out_of_guesses(self) -> None:
        device, _ = bind(allot())
        token = begin()
        for number in range(accounts.ADDRESS_FAILURES):
            with pytest.raises(SignInRefused), atomic():
                accounts.sign_in(f"guess{number}", "x", ADDRESS, NOW)
        with pytest.raises(accounts.TooManyAttempts):
            confirm(device.at(NOW + STEP), token=token)

    def test_a_signed_in_guesser_is_locked_too(self) -> None:
        account = allot()
        device, _ = bind(account)
        now = NOW + STEP
        for _ in range(accounts.FREE_FAILURES):
            with pytest.raises(Invalid), atomic():
                second_factor.unbind("000000", ADDRESS, actor=actor(account), now=now)
        with pytest.raises(Invalid), atomic():
            second_factor.unbind(device.at(now), ADDRESS, actor=actor(account), now=now)
        assert second_factor.bound(account.id)


class TestRecovery:
    def test_each_recovery_code_works_once(self) -> None:
        account = allot()
        _, codes = bind(account)
        assert len(set(codes)) == second_factor.RECOVERY_CODES
        for code in codes:
            assert account_of(confirm(code))
            refused(code)
            with atomic():
                db.session.execute(update(Account).values(failed_attempts=0))
        left = select(Act.detail["left"].as_integer()).where(Act.kind == "second_factor.recovery_code_used")
        assert db.session.scalars(left.order_by(Act.id)).all() == list(range(9, -1, -1))

    def test_a_recovery_code_is_its_accounts_own(self) -> None:
        _, codes = bind(allot())
        bind(allot("other"))
        pending = begin("other")
        refused(codes[0], token=pending)

    def test_new_recovery_codes_replace_the_old(self) -> None:
        account = allot()
        device, old = bind(account)
        now = NOW + STEP
        with atomic():
            new = second_factor.renew_recovery_codes(device.at(now), ADDRESS, actor=actor(account), now=now)
        refused(old[0], now)
        assert account_of(confirm(new[0], now), now)

    def test_unbinding_takes_a_code_and_ends_the_other_sessions(self) -> None:
        account = allot()
        device, codes = bind(account)
        elsewhere = confirm(device.at(NOW + STEP))
        with atomic():
            here = second_factor.unbind(codes[0], ADDRESS, actor=actor(account), now=NOW)
        assert account_of(elsewhere) is None
        assert account_of(here)
        assert account_of(begin()), "no code is asked for any more"

    def test_an_administrator_resets_what_is_lost(self) -> None:
        account = allot()
        bind(account)
        pending = begin()
        boss = Actor(None, None, None, None, "管理员", frozenset({"administrator"}))
        with atomic():
            accounts.reset_second_factor(account.id, actor=boss, now=NOW, ground="本人书面申请")
        with pytest.raises(SignInLapsed):
            confirm("000000", token=pending)
        assert account_of(begin())
        logged = db.session.scalars(select(Act).where(Act.kind == "second_factor.reset")).one()
        assert (logged.ground, logged.actor_name) == ("本人书面申请", "管理员")
        with pytest.raises(Conflict, match="没有绑定"), atomic():
            accounts.reset_second_factor(account.id, actor=boss, now=NOW, ground="再来一次")


class TestWhoNeedsOne:
    @pytest.mark.parametrize(
        ("setting", "rehearsal", "needing"),
        [
            (None, False, {"office", "administrator"}),
            (None, True, set()),
            ("offices", True, {"office", "administrator"}),
            ("all", True, {"office", "administrator", "unit", "department"}),
            ("off", False, set()),
        ],
    )
    def test_by_the_setting_or_the_databases_mark(
        self, app: Flask, rule: None, setting: str | None, rehearsal: bool, needing: set[str]
    ) -> None:
        with atomic():
            clock.mark_database(rehearsal, NOW)
        rule_is(app, setting)
        made = {kind: allot(f"of_{kind}", kind) for kind in ("unit", "department", "office")}
        made["administrator"] = allot("boss", "department", ("administrator",))
        assert {name for name, account in made.items() if second_factor.missing(account)} == needing
        bind(made["office"])
        assert not second_factor.missing(made["office"])

    def test_who_bound_a_device_is_asked_whatever_the_setting(self, app: Flask, rule: None) -> None:
        rule_is(app, "off")
        device, _ = bind(allot())
        assert account_of(begin()) is None
        assert account_of(confirm(device.at(NOW + STEP)))


class TestAtRest:
    def test_neither_secret_nor_codes_are_kept_in_clear(self, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.DEBUG):
            device, codes = bind(allot())
            confirm(device.at(NOW + STEP))
        kept = ""
        for table in db.metadata.tables:
            rows = db.session.execute(text(f'SELECT t::text FROM "{table}" t')).scalars()
            kept += "".join(rows)
        plain = [device.secret, *codes, *(code.replace("-", "") for code in codes)]
        for secret in plain:
            assert secret not in kept + caplog.text
            assert secret.encode().hex() not in kept
        raw = device.byte_secret().hex()
        assert raw not in kept

    def test_a_secret_is_of_no_use_in_another_row(self) -> None:
        first, second = allot(), allot("other")
        bind(first)
        device, _ = bind(second)
        with atomic() as session:
            stolen = select(SecondFactor.secret_cipher).where(SecondFactor.account_id == second.id)
            session.execute(
                update(SecondFactor)
                .where(SecondFactor.account_id == first.id)
                .values(secret_cipher=stolen.scalar_subquery())
            )
        with pytest.raises(second_factor.Unreadable):
            confirm(device.at(NOW + STEP))

    def test_another_key_is_told(self, app: Flask, rule: None) -> None:
        device, _ = bind(allot())
        app.extensions["settings"] = replace(settings(), id_number_key=b"k" * 32)
        with pytest.raises(second_factor.Unreadable, match="ID_NUMBER_KEY"):
            confirm(device.at(NOW + STEP))
        assert db.session.scalar(select(func.count()).select_from(SecondFactor)) == 1
