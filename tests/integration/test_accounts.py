"""Registration, sign-in, sessions and duties (CQ-26; OWASP ASVS sessions and authentication)."""

from __future__ import annotations

import logging
import time
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, text

from app.content.identity import make_citizen_id, make_credit_code
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.extensions import atomic, db
from app.models import Account, Act, LoginAttempt, Organisation, Person, WebSession
from app.operations.access import accounts
from app.operations.access.accounts import SignInRefused, TooManyAttempts
from app.operations.actors import SYSTEM, Actor
from app.operations.offices import organisations
from app.operations.offices.organisations import Profile
from app.operations.registers import people

pytestmark = pytest.mark.usefixtures("cheap_passwords", "all_regions")

NOW = datetime(2021, 6, 21, 2, tzinfo=UTC)
GOOD, BETTER = "Gnm7#tKqw2", "tVe4mmRopQ9x"
OPERATOR = Actor(None, None, None, None, "经办", frozenset({"operator"}))


def administrator(account_id: int | None = None) -> Actor:
    return Actor(account_id, None, None, None, "某", frozenset({"administrator"}))


PROFILE = Profile(level="district", system="other", nature="institution", address="万州区某路1号")


def register(login="wz_library", code=None, **other) -> Account:
    values = {
        "code": code or make_credit_code("500101", 7),
        "name": "万州区图书馆",
        "region": "500101",
        "login": login,
        "password": GOOD,
        "person_name": "王芳",
        "telephone": "023-58123456",
        "now": NOW,
    }
    with atomic():
        return accounts.register_unit(**values | other)


def sign_in(password=GOOD, login="wz_library", address="10.0.0.1", now=NOW) -> str:
    with atomic():
        return accounts.sign_in(login, password, address, now)


def fail(times=1, login="wz_library", address="10.0.0.1", now=NOW) -> None:
    for _ in range(times):
        with pytest.raises(SignInRefused):
            sign_in("wrong", login, address, now)


def account_of(token: str, now=NOW) -> Account | None:
    db.session.rollback()
    return accounts.account_of(token, now)


class TestRegistration:
    def test_a_unit_registers_itself(self) -> None:
        account = register()
        unit = db.session.get(Organisation, account.organisation_id)
        assert (unit.kind, unit.profile_complete, unit.contact) == ("unit", False, "王芳")
        assert account_of(sign_in()).id == account.id

    def test_a_code_in_use_leads_to_the_existing_account(self) -> None:
        register()
        with pytest.raises(Conflict, match="原有的账号登录"):
            register("another")
        assert db.session.scalars(select(Account.login)).all() == ["wz_library"]

    def test_a_login_is_used_once_however_written(self) -> None:
        register()
        with pytest.raises(Conflict, match="登录名已被使用"):
            register("ＷＺ_Library ", make_credit_code("500101", 8))

    @pytest.mark.parametrize(
        ("field", "values"),
        [
            ("code", {"code": "915001010000000000"}),
            ("code", {"code": " "}),
            ("login", {"login": "图书馆"}),
            ("login", {"login": "ab"}),
            ("password", {"password": "12345678"}),
            ("region", {"region": "万州"}),
            ("name", {"name": " "}),
        ],
    )
    def test_what_is_wrong_is_told_at_its_field(self, field: str, values: dict) -> None:
        with pytest.raises(Invalid) as refusal:
            register(**values)
        assert list(refusal.value.fields) == [field]
        assert db.session.scalar(select(Organisation.id)) is None

    def test_the_profile_is_completed_once_with_a_superior(self) -> None:
        account = register()
        with atomic():
            department = organisations.create(
                "department", "万州区文化委", "500101", actor=SYSTEM, now=NOW, profile=Profile()
            ).id
        actor = accounts.actor_for(account)
        with atomic():
            accounts.complete_unit_profile(department, PROFILE, actor=actor, now=NOW)
        facts = organisations.facts(account.organisation_id, NOW)
        assert (facts["level"], facts["superior_name"]) == ("district", "万州区文化委")
        earlier = organisations.facts(account.organisation_id, NOW - timedelta(days=3650))
        assert earlier["superior_name"] == "万州区文化委", "a role may resolve as of a past date"
        with pytest.raises(Conflict, match="联系管理员"), atomic():
            accounts.complete_unit_profile(None, PROFILE, actor=actor, now=NOW)

    def test_a_superior_is_chosen_from_the_departments(self) -> None:
        actor = accounts.actor_for(register())
        other = register("other", make_credit_code("500101", 9)).organisation_id
        with pytest.raises(Invalid), atomic():
            accounts.complete_unit_profile(other, PROFILE, actor=actor, now=NOW)
        with pytest.raises(Invalid) as refusal, atomic():
            accounts.complete_unit_profile(None, Profile(level="district"), actor=actor, now=NOW)
        assert set(refusal.value.fields) == {"system", "nature"}

    def test_an_office_completes_no_unit_profile(self) -> None:
        with pytest.raises(NotFound), atomic():
            accounts.complete_unit_profile(None, PROFILE, actor=OPERATOR, now=NOW)


class TestSignIn:
    def test_unknown_wrong_locked_and_disabled_get_one_answer(self) -> None:
        locked, disabled = register(), register("other", make_credit_code("500101", 9))
        with atomic():
            accounts.disable(disabled.id, actor=SYSTEM, now=NOW)
        fail(5)
        answers = set()
        for login, password in (
            ("nobody", GOOD),
            ("wz_library", "wrong"),
            (locked.login, GOOD),
            ("other", GOOD),
        ):
            with pytest.raises(SignInRefused) as refusal:
                sign_in(password, login)
            answers.add((refusal.value.message, refusal.value.status, str(refusal.value.details)))
        assert len(answers) == 1

    def test_an_unknown_login_takes_as_long(self, app) -> None:
        app.config["ARGON2"] = {"memory_cost": 8 * 1024, "time_cost": 2}
        register()
        fail(login="nobody")  # makes the hash that belongs to nobody
        spent = {}
        for login in ("wz_library", "nobody"):
            times = []
            for number in range(4):
                begin = time.process_time()
                fail(login=login, address=f"10.1.{number}.{len(login)}")
                times.append(time.process_time() - begin)
            spent[login] = min(times)
        assert 0.5 < spent["wz_library"] / spent["nobody"] < 2

    def test_an_account_locks_for_longer_and_longer(self) -> None:
        register()
        now, waits = NOW, []
        for failures in (5, 1, 1, 1, 1, 1, 1, 1):
            fail(failures, now=now)
            until = db.session.scalar(select(Account.locked_until))
            db.session.rollback()
            waits.append(until - now)
            with pytest.raises(SignInRefused):
                sign_in(now=until - timedelta(microseconds=1))
            now = until
        minutes = [wait.total_seconds() / 60 for wait in waits]
        assert minutes == [1, 2, 4, 8, 16, 30, 30, 30]
        assert account_of(sign_in(now=now), now) is not None

    def test_a_success_forgets_the_failures(self) -> None:
        register()
        for _ in range(3):
            fail(4)
            sign_in()

    def test_one_address_cannot_try_many_logins(self) -> None:
        register()
        for number in range(accounts.ADDRESS_FAILURES):
            fail(login=f"guess{number}")
        with pytest.raises(TooManyAttempts):
            sign_in()
        assert sign_in(address="10.0.0.2")
        assert sign_in(now=NOW + accounts.ADDRESS_WINDOW)

    def test_old_failures_of_an_address_are_cleared_away(self) -> None:
        fail(3)
        fail(now=NOW + timedelta(days=1))
        assert len(db.session.scalars(select(LoginAttempt)).all()) == 1

    def test_a_hash_of_other_costs_is_made_anew(self, app) -> None:
        register()
        before = db.session.scalar(select(Account.password_hash))
        app.config["ARGON2"] = {"memory_cost": 16, "time_cost": 2}
        sign_in()
        db.session.rollback()
        after = db.session.scalar(select(Account.password_hash))
        assert before != after
        assert "m=16,t=2" in after
        assert sign_in()

    def test_no_secret_is_kept_or_logged(self, caplog) -> None:
        with caplog.at_level(logging.DEBUG):
            register()
            token = sign_in()
            fail()
        kept = ""
        for table in db.metadata.tables:
            rows = db.session.execute(text(f'SELECT t::text FROM "{table}" t')).scalars()
            kept += "".join(rows)
        for secret in (GOOD, token, token.encode().hex()):
            assert secret not in kept + caplog.text


class TestSessions:
    def test_a_session_ends_when_signed_out(self) -> None:
        register()
        token, other = sign_in(), sign_in()
        with atomic():
            accounts.sign_out(token, NOW)
        assert account_of(token) is None
        assert account_of(other) is not None

    def test_a_session_goes_idle_and_grows_old(self) -> None:
        register()
        token = sign_in()
        assert account_of(token, NOW + timedelta(minutes=29, seconds=59))
        assert account_of(token, NOW + timedelta(minutes=30)) is None
        now = NOW
        while now < NOW + timedelta(hours=12):
            assert account_of(token, now)
            with atomic():
                accounts.seen(token, now)
            now += timedelta(minutes=20)
        assert account_of(token, now) is None

    def test_an_idle_session_is_not_woken(self) -> None:
        register()
        token = sign_in()
        later = NOW + timedelta(minutes=31)
        with atomic():
            accounts.seen(token, later)
        assert account_of(token, later) is None

    def test_nonsense_is_nobodys(self) -> None:
        assert accounts.account_of("", NOW) is None
        assert accounts.account_of("x" * 5000, NOW) is None

    def test_duties_and_disabling_end_all_sessions(self) -> None:
        account = register()
        token = sign_in()
        with atomic():
            accounts.set_duties(account.id, {"operator", "supervisor"}, actor=SYSTEM, now=NOW)
        assert account_of(token) is None
        token = sign_in()
        assert accounts.actor_for(account_of(token)).duties == {"operator", "supervisor"}
        with atomic():
            accounts.disable(account.id, actor=SYSTEM, now=NOW)
        assert account_of(token) is None

    def test_a_merger_sends_everybody_to_sign_in_again(self) -> None:
        old, new = register(), register("other", make_credit_code("500101", 9))
        token = sign_in()
        with atomic():
            organisations.merge(old.organisation_id, new.organisation_id, NOW, ground="批复", actor=SYSTEM)
        assert account_of(token) is None
        assert accounts.actor_for(account_of(sign_in())).organisation_id == new.organisation_id


class TestPasswords:
    def test_an_allotted_account_has_to_change_its_first_password(self) -> None:
        with atomic():
            office = organisations.create(
                "office", "市工考办", "500000", actor=SYSTEM, now=NOW, profile=Profile()
            ).id
            account, first = accounts.allot(office, "sgkb", "李明", {"operator"}, actor=SYSTEM, now=NOW)
        token = sign_in(first, "sgkb")
        assert account_of(token).must_change_password
        with atomic():
            fresh = accounts.change_password(account.id, first, BETTER, NOW)
        assert account_of(token) is None
        assert account_of(fresh).must_change_password is False
        assert sign_in(BETTER, "sgkb")

    def test_the_old_password_is_asked_for_and_the_new_one_is_new(self) -> None:
        account = register()
        for old, new, field in (("wrong", BETTER, "old"), (GOOD, GOOD, "new"), (GOOD, "12345678", "new")):
            with pytest.raises(Invalid) as refusal, atomic():
                accounts.change_password(account.id, old, new, NOW)
            assert list(refusal.value.fields) == [field]
        assert sign_in()

    def test_a_reset_unlocks_and_must_be_changed(self) -> None:
        account = register()
        fail(5)
        with atomic():
            first = accounts.reset_password(account.id, actor=SYSTEM, now=NOW)
        assert account_of(sign_in(first)).must_change_password

    def test_administration_is_for_administrators(self) -> None:
        account = register()
        for act in (
            lambda: accounts.allot(
                account.organisation_id, "abc", "某", {"operator"}, actor=OPERATOR, now=NOW
            ),
            lambda: accounts.reset_password(account.id, actor=OPERATOR, now=NOW),
            lambda: accounts.set_duties(account.id, {"operator"}, actor=OPERATOR, now=NOW),
            lambda: accounts.disable(account.id, actor=OPERATOR, now=NOW),
        ):
            with pytest.raises(Forbidden), atomic():
                act()

    def test_nobody_raises_or_disables_themselves(self) -> None:
        account = register()
        self_made = {"actor": administrator(account.id), "now": NOW, "ground": "批复"}
        for act in (
            lambda: accounts.set_duties(account.id, {"administrator"}, **self_made),
            lambda: accounts.disable(account.id, **self_made),
            lambda: accounts.reset_password(account.id, **self_made),
            lambda: accounts.reset_second_factor(account.id, **self_made),
        ):
            with pytest.raises(Conflict, match="另一位管理员"), atomic():
                act()

    def test_an_administrator_states_a_ground_and_the_log_keeps_it(self) -> None:
        """ALL-03."""
        account = register()
        plain = {"actor": administrator(), "now": NOW}
        for act in (
            lambda ground: accounts.allot(
                account.organisation_id, "second", "李明", {"operator"}, ground=ground, **plain
            ),
            lambda ground: accounts.set_duties(account.id, {"supervisor"}, ground=ground, **plain),
            lambda ground: accounts.reset_password(account.id, ground=ground, **plain),
            lambda ground: accounts.disable(account.id, ground=ground, **plain),
        ):
            for nothing in (None, " "):
                with pytest.raises(Invalid) as refusal, atomic():
                    act(nothing)
                assert list(refusal.value.fields) == ["ground"]
            with atomic():
                act("渝人社〔2021〕7号")
        logged = select(Act.kind).where(Act.ground == "渝人社〔2021〕7号").order_by(Act.id)
        kinds = ["account.created", "account.duties", "account.reset", "account.disabled"]
        assert db.session.scalars(logged).all() == kinds

    def test_an_account_is_closed_once(self) -> None:
        account = register()
        with atomic():
            accounts.disable(account.id, actor=SYSTEM, now=NOW)
        with pytest.raises(Conflict, match="已经停用"), atomic():
            accounts.disable(account.id, actor=SYSTEM, now=NOW)

    def test_an_officer_is_known_in_the_register(self) -> None:
        """ALL-04: who might be an applicant too decides on no case of their own."""
        unit = register().organisation_id
        number = make_citizen_id("500101", date(1980, 5, 1), 12, "female")
        with atomic():
            person_id = people.add(unit, "李明", number, actor=SYSTEM, now=NOW).id
        officer = {"duties": {"operator"}, "actor": SYSTEM, "now": NOW}
        with atomic():
            known, _ = accounts.allot(unit, "first", "李明", id_number=number, **officer)
            new_number = make_citizen_id("500101", date(1980, 5, 1), 14, "female")
            new, _ = accounts.allot(unit, "second", "周审", id_number=new_number, **officer)
        assert known.person_id == person_id
        assert db.session.get(Person, new.person_id).unit_id is None
        for wrong in (number, "500101198005010000"):
            with pytest.raises(Invalid) as refusal, atomic():
                accounts.allot(unit, "third", "王五", id_number=wrong, **officer)
            assert list(refusal.value.fields) == ["id_number"]

    def test_unknown_duties_are_refused(self) -> None:
        account = register()
        for duties in (set(), {"king"}):
            with pytest.raises(Invalid), atomic():
                accounts.set_duties(account.id, duties, actor=SYSTEM, now=NOW)


def test_sessions_of_a_restarted_server_still_count(app) -> None:
    """The table is the truth: nothing about a session lives in the process."""
    register()
    token = sign_in()
    db.session.remove()
    db.engine.dispose()
    assert db.session.scalar(select(WebSession.ended_at)) is None
    assert account_of(token) is not None
