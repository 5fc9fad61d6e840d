"""Ended sessions and old counts go, once a day; whoever is signed in stays signed in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from support.world import LIBRARY, make_world, publish_tiny

from app.extensions import atomic, db
from app.models import Act, IdempotencyKey, LoginAttempt, WebSession
from app.operations import leftovers
from app.operations.access import accounts
from app.operations.access._sessions import open_session
from app.operations.access.accounts import CODE_REGISTRATIONS, TooManyRegistrations, count_registration

NOW = datetime(2021, 6, 21, 2, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=40)


@pytest.fixture
def account_id(app: Flask) -> int:
    publish_tiny()
    return make_world().actors[LIBRARY].account_id or 0


def cleared(now: datetime = NOW) -> int | None:
    return leftovers.clear_away_daily(now, atomic)


def test_what_is_over_for_a_month_goes_and_the_live_stay(account_id: int) -> None:
    with atomic():
        ended, _lapsed = (open_session(account_id, LONG_AGO) for _ in range(2))
        accounts.sign_out(ended, LONG_AGO)
        yesterdays = open_session(account_id, NOW - timedelta(days=1))
        live = open_session(account_id, NOW)
    assert cleared() == 2
    left = db.session.scalar(select(func.count()).select_from(WebSession))
    assert left == 2
    assert accounts.account_of(live, NOW) is not None
    assert accounts.account_of(yesterdays, NOW) is None


def test_counts_and_answers_of_the_day_before_yesterday_go(account_id: int) -> None:
    answer = {"account_id": account_id, "request_digest": b"", "status": 200, "body": {}}
    with atomic() as session:
        for days in (0, 2):
            at = NOW - timedelta(days=days)
            session.add(LoginAttempt(address="10.0.0.1", at=at))
            session.add(IdempotencyKey(key=f"k{days}", created_at=at, **answer))
    with atomic():
        count_registration("10.0.0.1", "x", LONG_AGO)
    assert cleared() == 4
    assert db.session.scalars(select(IdempotencyKey.key)).all() == ["k0"]


def test_it_is_done_once_a_day_however_many_rows_there_are(
    account_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leftovers, "AT_ONCE", 2)
    with atomic():
        for _ in range(5):
            open_session(account_id, LONG_AGO)
    assert cleared() == 5
    assert cleared(NOW + timedelta(hours=23)) is None
    assert cleared(NOW + timedelta(hours=24)) == 0
    acts = select(func.count()).where(Act.kind == leftovers.CLEARED)
    assert db.session.scalar(acts) == 2


class TestRegistrations:
    def test_a_code_is_tried_five_times_an_hour(self, app: Flask) -> None:
        for minute in range(CODE_REGISTRATIONS):
            with atomic():
                count_registration(f"10.0.0.{minute}", " 91x ", NOW + timedelta(minutes=minute))
        with pytest.raises(TooManyRegistrations, match="请在 11:01 以后再试") as refused, atomic():
            count_registration("10.0.1.1", "91X", NOW + timedelta(minutes=30))
        assert refused.value.headers == {"Retry-After": str(30 * 60)}
        with atomic():
            count_registration("10.0.1.1", "91X", NOW + timedelta(hours=1))

    def test_a_refused_try_does_not_prolong_the_wait(self, app: Flask) -> None:
        for _ in range(CODE_REGISTRATIONS):
            with atomic():
                count_registration("10.0.0.1", "91X", NOW)
        for minute in range(1, 60, 10):
            with pytest.raises(TooManyRegistrations), atomic():
                count_registration("10.0.0.1", "91X", NOW + timedelta(minutes=minute))
        with atomic():
            count_registration("10.0.0.1", "91X", NOW + timedelta(hours=1))
