"""The database's mark, and the rehearsal clocks that no real database has (decision 13)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.errors import Conflict, Forbidden
from app.extensions import atomic, db
from app.models import Account, Act, SchemeClock
from app.operations.actors import SYSTEM
from app.operations.dates import clock

REAL = datetime(2026, 11, 20, 2, tzinfo=UTC)
OPENS = datetime(2021, 6, 1, 1, tzinfo=UTC)
SCHEME = "chongqing-2021"

pytestmark = pytest.mark.usefixtures("app")


def mark(rehearsal: bool) -> None:
    with atomic():
        clock.mark_database(rehearsal, REAL)


def move(to: datetime, real_now: datetime = REAL) -> None:
    with atomic():
        clock.set_clock(SCHEME, to, SYSTEM, real_now)


def open_clock(at: datetime = OPENS, real_now: datetime = REAL) -> None:
    with atomic():
        clock.open_clock(SCHEME, at, SYSTEM, real_now)


@pytest.mark.parametrize("rehearsal", [True, False])
def test_a_mark_stands_for_ever(rehearsal: bool) -> None:
    mark(rehearsal)
    mark(rehearsal)
    assert clock.is_rehearsal() is rehearsal
    with pytest.raises(Conflict, match="另建数据库"):
        mark(not rehearsal)


def test_a_database_without_a_mark_is_real() -> None:
    assert clock.is_rehearsal() is False
    assert clock.scheme_now(SCHEME, REAL) == REAL


def test_a_database_in_use_never_becomes_a_rehearsals() -> None:
    with atomic() as session:
        session.add(Account(login="a", password_hash="x", name="a", duties=[], created_at=REAL))
    with pytest.raises(Conflict, match="正式库"):
        mark(True)
    with pytest.raises(Forbidden):
        clock.demand_rehearsal_or_empty()
    mark(False)


def test_a_real_database_has_the_real_clock_alone() -> None:
    mark(False)
    open_clock()
    with pytest.raises(Forbidden, match="正式库"):
        move(REAL + timedelta(days=1))
    with atomic() as session:
        session.add(SchemeClock(scheme_id=SCHEME, offset=timedelta(days=9)))
    assert clock.scheme_now(SCHEME, REAL) == REAL


def test_a_clock_opens_with_its_scheme_and_ticks() -> None:
    mark(True)
    open_clock()
    assert clock.scheme_now(SCHEME, REAL) == OPENS
    assert clock.scheme_now(SCHEME, REAL + timedelta(minutes=5)) == OPENS + timedelta(minutes=5)
    assert clock.scheme_now("henan-2025", REAL) == REAL


def test_opening_again_leaves_a_running_clock_alone() -> None:
    mark(True)
    open_clock()
    move(OPENS + timedelta(days=40))
    open_clock(real_now=REAL + timedelta(hours=1))
    assert clock.scheme_now(SCHEME, REAL) == OPENS + timedelta(days=40)


def test_a_scheme_without_an_opening_goes_by_the_real_clock() -> None:
    mark(True)
    with atomic():
        clock.open_clock(SCHEME, None, SYSTEM, REAL)
    assert clock.scheme_now(SCHEME, REAL) == REAL


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(st.tuples(st.integers(-90, 90), st.integers(0, 30)), max_size=6))
def test_a_clock_never_goes_back(moves: list[tuple[int, int]]) -> None:
    """Whatever is asked, and however real time passes between, the scheme's time only grows."""
    mark(True)
    real, seen = REAL, datetime.min.replace(tzinfo=UTC)
    open_clock()
    for days, minutes in moves:
        real += timedelta(minutes=minutes)
        before = clock.scheme_now(SCHEME, real)
        assert before >= seen
        wanted = before + timedelta(days=days)
        try:
            move(wanted, real)
        except Conflict:
            assert days < 0
        else:
            assert days >= 0
            assert clock.scheme_now(SCHEME, real) == wanted
        seen = clock.scheme_now(SCHEME, real)
    with atomic() as session:
        session.execute(db.delete(SchemeClock))


def test_every_move_is_logged() -> None:
    mark(True)
    open_clock()
    move(OPENS + timedelta(days=1))
    acts = db.session.scalars(db.select(Act).order_by(Act.id)).all()
    assert [act.kind for act in acts] == ["clock.opened", "clock.moved"]
    assert acts[1].detail == {"from": OPENS.isoformat(), "to": (OPENS + timedelta(days=1)).isoformat()}


def test_a_clock_is_not_moved_beyond_what_dates_can_hold(app) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    with atomic():
        clock.mark_database(True, now)
    with pytest.raises(Conflict, match="2200"), atomic():
        clock.set_clock("tiny-2021", datetime(9999, 12, 31, tzinfo=UTC), SYSTEM, now)
