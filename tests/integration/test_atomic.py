"""One transaction at the edge, on a connection with the session settings that the product relies on."""

from __future__ import annotations

import traceback
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.errors import Conflict
from app.extensions import KEEP_ON_REFUSAL, atomic, db
from app.models import SchemeClock

pytestmark = pytest.mark.usefixtures("app")


def clock(scheme: str = "s") -> SchemeClock:
    return SchemeClock(scheme_id=scheme, offset=timedelta(days=1))


def committed() -> list[str]:
    """What another connection sees."""
    with db.engine.connect() as connection:
        return list(connection.scalars(select(SchemeClock.scheme_id)))


def test_success_commits() -> None:
    with atomic() as session:
        session.add(clock())
        assert committed() == []
    assert committed() == ["s"]


@pytest.mark.parametrize("error", [Conflict, ValueError, KeyboardInterrupt, SystemExit])
def test_an_error_leaves_nothing(error: type[BaseException]) -> None:
    def work() -> None:
        with atomic() as session:
            session.add(clock())
            session.flush()
            raise error

    with pytest.raises(error):
        work()
    assert committed() == []
    test_success_commits()


def refuse(scheme: str, *, keep: bool) -> None:
    with atomic() as session:
        session.add(clock(scheme))
        session.flush()
        if keep:
            session.info[KEEP_ON_REFUSAL] = True
        raise Conflict


def test_a_refusal_keeps_the_work_that_went_before_it_once() -> None:
    with pytest.raises(Conflict):
        refuse("s", keep=True)
    assert committed() == ["s"]
    with pytest.raises(Conflict):
        refuse("t", keep=False)
    assert committed() == ["s"]


def test_only_the_edge_commits() -> None:
    with atomic() as session:
        session.add(clock())
        with pytest.raises(RuntimeError, match="inside another"), atomic():
            pass
        assert committed() == []
    assert committed() == ["s"]


def test_a_change_made_outside_is_refused() -> None:
    db.session.add(clock())
    with pytest.raises(RuntimeError, match="before atomic"), atomic():
        pass
    db.session.rollback()
    assert committed() == []


def test_every_connection_has_the_session_settings(app: Flask) -> None:
    expected = {
        "TimeZone": "UTC",
        "lock_timeout": "20s",
        "idle_in_transaction_session_timeout": "1min",
        "transaction_isolation": "read committed",
        "is_superuser": "off",
    }
    for name, value in expected.items():
        assert db.session.scalar(text("SELECT current_setting(:name)"), {"name": name}) == value


SECRET = "510101199001010000"


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO scheme_clock VALUES (:value, '1 day'), (:value, '1 day')",
        "INSERT INTO scheme_clock VALUES (:value, NULL)",
        "SELECT CAST(:value || 'X' AS integer)",
        "SELECT CAST(:value AS integer)",
    ],
)
def test_values_stay_out_of_error_messages(statement: str) -> None:
    with pytest.raises(DBAPIError) as failed:
        db.session.execute(text(statement), {"value": SECRET})
    told = "".join(traceback.format_exception(failed.value))
    assert SECRET not in told
    assert failed.value.orig is not None
    assert failed.value.orig.sqlstate in told
    db.session.rollback()


def test_an_error_without_values_keeps_its_words() -> None:
    with pytest.raises(DBAPIError, match='relation "nowhere" does not exist'):
        db.session.execute(text("SELECT * FROM nowhere"))
    db.session.rollback()
