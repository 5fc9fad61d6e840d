"""The statutory calendar, an administrator's word on it, and years that nobody knows yet."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from app.engine.workdays import working_days
from app.errors import Forbidden, Invalid
from app.extensions import atomic, db
from app.models import Act
from app.operations.actors import SYSTEM, Actor
from app.operations.dates import workdays

NOW = datetime(2026, 12, 31, 2, tzinfo=UTC)
GROUND = "国办发明电〔2026〕8号"

pytestmark = pytest.mark.usefixtures("app")


def set_days(days: dict[date, bool]) -> int:
    with atomic():
        return workdays.set_days(days, ground=GROUND, actor=SYSTEM, now=NOW)


def set_year(year: int, off: set[date], make_up: set[date]) -> int:
    with atomic():
        return workdays.set_year(year, off, make_up, ground=GROUND, actor=SYSTEM, now=NOW)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2021, 6, 14), False),  # Dragon Boat Festival, a Monday
        (date(2021, 9, 18), True),  # a Saturday worked for Mid-Autumn
        (date(2026, 4, 6), False),  # Tomb-Sweeping, moved to Monday
        (date(2026, 4, 3), True),
        (date(2026, 10, 10), True),  # a Saturday worked for National Day
    ],
)
def test_the_state_councils_days(day: date, works: bool) -> None:
    assert workdays.load()[0].is_workday(day) is works


def test_a_year_nobody_published_is_undetermined() -> None:
    """2026-12-31 and two working days: not guessed from weekdays."""
    calendar, version = workdays.load()
    assert version == 0
    assert calendar.is_workday(date(2027, 1, 4)) is None
    assert working_days(NOW, 2, calendar.is_workday) is None


def test_a_published_year_is_known() -> None:
    set_year(2027, {date(2027, 1, 1)}, {date(2027, 1, 3)})
    calendar, _ = workdays.load()
    assert [calendar.is_workday(date(2027, 1, day)) for day in (1, 2, 3, 4)] == [False, False, True, True]
    due = working_days(NOW, 2, calendar.is_workday)
    assert due == datetime(2027, 1, 4, 16, tzinfo=UTC)  # 24:00 of Monday the 4th
    assert calendar.is_workday(date(2028, 1, 3)) is None


def test_the_newest_word_wins_and_an_old_version_says_what_it_said() -> None:
    day = date(2021, 6, 21)
    first = set_days({day: False})
    second = set_days({day: True, day + timedelta(days=1): False})
    assert (first, second) == (1, 2)
    said = {version: workdays.load(version)[0].is_workday(day) for version in (0, 1, 2)}
    assert said == {0: True, 1: False, 2: True}
    calendar, version = workdays.load()
    assert (version, calendar.is_workday(day + timedelta(days=1))) == (2, False)


def test_a_slip_in_a_year_is_told() -> None:
    for off, make_up in (
        ({date(2026, 12, 31)}, set()),
        (set(), {date(2027, 1, 4)}),
        ({date(2027, 1, 2)}, {date(2027, 1, 2)}),
    ):
        with pytest.raises(Invalid) as refusal:
            set_year(2027, off, make_up)
        assert refusal.value.fields["days"]
    assert workdays.load()[1] == 0


def test_only_an_administrator_with_a_ground() -> None:
    operator = Actor(None, None, None, None, "经办", frozenset({"operator"}))
    with pytest.raises(Forbidden), atomic():
        workdays.set_days({date(2027, 1, 4): True}, ground=GROUND, actor=operator, now=NOW)
    with pytest.raises(Invalid), atomic():
        workdays.set_days({date(2027, 1, 4): True}, ground="", actor=SYSTEM, now=NOW)


def test_the_change_is_logged_with_its_ground() -> None:
    version = set_days({date(2027, 1, 4): True})
    act = db.session.scalars(db.select(Act)).one()
    assert (act.kind, act.subject, act.ground) == ("holiday.set", str(version), GROUND)
