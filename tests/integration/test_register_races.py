"""Several at once in the registers: one winner, every failure counted, no task left with a closed office."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from support.parallel import at_once
from support.second_factor import bind
from support.world import (
    BUREAU,
    LIBRARY,
    OTHER_BUREAU,
    at,
    complete,
    make_world,
    open_filing,
    publish_tiny,
    register_posts,
    task_of,
)

from app.clock import now as clock_now
from app.content.identity import make_citizen_id, make_credit_code
from app.errors import Conflict, DomainError
from app.extensions import atomic, db
from app.models import Account, Holiday, Organisation, Person, Task
from app.operations import tasks
from app.operations.access import accounts
from app.operations.access.accounts import FREE_FAILURES, SignInRefused
from app.operations.actors import SYSTEM
from app.operations.dates import clock, workdays
from app.operations.offices import organisations
from app.operations.registers import people

pytestmark = pytest.mark.usefixtures("cheap_passwords", "all_regions")

NOW = datetime(2021, 6, 21, 2, tzinfo=UTC)
GOOD = "Gnm7#tKqw2"


def count(model) -> int:
    return db.session.scalars(select(func.count()).select_from(model)).one()


def register(login: str, code: str) -> Account:
    return accounts.register_unit(
        code=code,
        name="万州区图书馆",
        region="500101",
        login=login,
        password=GOOD,
        person_name="王芳",
        telephone="",
        now=NOW,
    )


def test_a_credit_code_has_one_winner(app) -> None:
    code = make_credit_code("500101", 7)
    results = at_once(app, [lambda n=n: register(f"unit{n}", code).id for n in range(6)])
    assert [type(result) for result in results if isinstance(result, DomainError)] == [Conflict] * 5
    assert (count(Organisation), count(Account)) == (1, 1)


def test_a_person_is_entered_once(app) -> None:
    with atomic():
        unit = register("unit", make_credit_code("500101", 7)).organisation_id
    number = make_citizen_id("500101", date(1980, 5, 1), 12, "male")
    results = at_once(app, [lambda: people.add(unit, "陈志强", number, actor=SYSTEM, now=NOW).id] * 6)
    assert [type(result) for result in results if isinstance(result, DomainError)] == [Conflict] * 5
    assert count(Person) == 1


def test_parallel_guesses_are_all_counted(app) -> None:
    with atomic():
        register("unit", make_credit_code("500101", 7))
    guesses = [lambda: accounts.sign_in("unit", "wrong", "10.0.0.1", NOW)] * FREE_FAILURES
    results = at_once(app, [*guesses, *guesses])
    assert {type(result) for result in results} == {SignInRefused}
    account = db.session.scalars(select(Account)).one()
    assert account.failed_attempts == FREE_FAILURES
    assert account.locked_until is not None


def test_a_code_signs_in_one_of_several(app) -> None:
    with atomic():
        account_id = register("unit", make_credit_code("500101", 7)).id
    device, codes = bind(account_id)
    now = clock_now()
    for code in (device.at(now), codes[0]):
        with atomic():
            tokens = [accounts.sign_in("unit", GOOD, "10.0.0.1", now) for _ in range(4)]
        works = [lambda one=one, code=code: accounts.confirm(one, code, "10.0.0.1", now) for one in tokens]
        results = at_once(app, works)
        assert sorted(type(result).__name__ for result in results) == ["CodeRefused"] * 3 + ["str"]
        with atomic() as session:
            session.execute(update(Account).values(failed_attempts=0))


def test_a_rehearsal_clock_does_not_go_back_between_two(app) -> None:
    with atomic():
        clock.mark_database(True, NOW)
    days = [3, 9, 1, 5, 7, 2]
    moves = [lambda n=n: clock.set_clock("s", NOW + timedelta(days=n), SYSTEM, NOW) for n in days]
    at_once(app, moves)
    assert clock.scheme_now("s", NOW) == NOW + timedelta(days=9)


def test_holiday_versions_are_counted_one_by_one(app) -> None:
    day = date(2027, 1, 4)
    edits = [
        lambda n=n: workdays.set_days({day: n % 2 == 0}, ground="通知", actor=SYSTEM, now=NOW)
        for n in range(6)
    ]
    assert sorted(at_once(app, edits)) == [1, 2, 3, 4, 5, 6]
    assert count(Holiday) == 6


@pytest.mark.parametrize("attempt", range(4))
def test_no_step_leaves_a_task_with_an_office_that_is_merged_meanwhile(app, attempt) -> None:
    publish_tiny()
    world = make_world()
    register_posts(world, {"junior": 3})
    filings = [open_filing(world, name) for name in ("陈一", "李二", "王三")]
    waiting = {case_id: task_of(case_id, "fill") for case_id in filings}
    ids = world.organisations

    def submit(case_id: int) -> Callable[[], object]:
        values = {"grade": "junior", "summary": "近五年工作扎实。"}
        return lambda: tasks.complete(waiting[case_id], values, world.actors[LIBRARY], at("2021-06-11 10:00"))

    def merge() -> object:
        when = at("2021-06-11 09:59")
        return organisations.merge(ids[BUREAU], ids[OTHER_BUREAU], when, ground="批复", actor=SYSTEM)

    works = [submit(case_id) for case_id in filings]
    works.insert(attempt, merge)
    results = at_once(app, works)
    assert not [result for result in results if isinstance(result, DomainError)]
    offices = db.session.scalars(select(Task.office_id).where(Task.state == "open")).all()
    assert offices == [ids[OTHER_BUREAU]] * 3
    for case_id in filings:
        actor = world.actors[OTHER_BUREAU]
        complete(case_id, "first_review", {"decision": "approve"}, actor, "2021-06-12 09:00")
