"""All five demonstrations have cases in every state that their diagrams declare (issue 5)."""

from __future__ import annotations

from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import select
from support.demo_states import AHEAD, SEASON, declared, missing, named

from app import clock, demo
from app.config import PROJECT
from app.content import Scheme, read_scheme_folder
from app.demo.script import read_scripts
from app.errors import Closed, Refused
from app.extensions import db
from app.models import Account, Organisation, Task
from app.operations.access.accounts import actor_for
from app.operations.dates import clock as clocks
from app.operations.road._deciding import holding

CASES = 200
"""As many as `make run` makes."""
ALLOTMENT = "common/account_allotment.json"
SCHEMES = sorted(script.scheme for script in read_scripts())


@pytest.fixture(autouse=True)
def _quick_passwords(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "ARGON2", {"memory_cost": 8, "time_cost": 1})


def scheme_of(scheme_id: str) -> Scheme:
    return Scheme.from_files(read_scheme_folder(PROJECT, scheme_id))


def play(scheme_id: str, stage: str | None) -> None:
    demo.make(CASES, clock.now(), lambda line: None, stage, scheme_id)


def test_no_login_is_given_twice() -> None:
    """All demonstrations stand in one database; those that a case gives out, too."""
    given = []
    for script in read_scripts():
        given += [facts["login"] for facts in (*script.organisations.values(), *script.duties)]
        given += [script.unit_login, *script.example_logins, *script.head_logins]
        given += [one["login"] for one in script.answers[ALLOTMENT].values() if "login" in one]
    assert len(given) == len(set(given))


def test_every_scheme_is_named() -> None:
    assert sorted(SEASON) == sorted(AHEAD) == SCHEMES
    assert all(len(declared(scheme_of(scheme_id))) > 10 for scheme_id in SCHEMES)


@pytest.mark.parametrize("scheme_id", SCHEMES)
def test_by_the_certificates_every_state_is_there_but_those_of_the_season(scheme_id: str) -> None:
    play(scheme_id, "certificates")
    assert missing(scheme_of(scheme_id)) == named(SEASON[scheme_id][1])


@pytest.mark.parametrize("scheme_id", SCHEMES)
def test_where_it_stops_only_what_lies_ahead_is_missing(scheme_id: str) -> None:
    play(scheme_id, None)
    assert missing(scheme_of(scheme_id)) == named(AHEAD[scheme_id])


@pytest.mark.parametrize("scheme_id", SCHEMES)
def test_whatever_waits_at_an_organisation_somebody_there_may_decide(scheme_id: str) -> None:
    """Nobody decides in two roles (ALL-04): an office whose one officer has done the first stands still."""
    play(scheme_id, None)
    now = clocks.scheme_now(scheme_id, clock.now())
    wanted = select(Task).where(
        Task.scheme_id == scheme_id, Task.state == "open", Task.office_id.is_not(None)
    )
    waiting = [(task.id, task.office_id, task.name) for task in db.session.scalars(wanted)]
    assert waiting
    stuck = {(name, office) for one, office, name in waiting if not may_be_decided(one, office, now)}
    names = dict(db.session.execute(select(Organisation.id, Organisation.name)).tuples().all())
    assert {(name, names[office]) for name, office in stuck if office} == set()


def may_be_decided(task_id: int, office_id: int | None, now: datetime) -> bool:
    operators = Account.duties.contains(["operator"]) & (Account.organisation_id == office_id)
    there = db.session.scalars(select(Account.id).where(operators, Account.disabled_at.is_(None))).all()
    return not there or any(_may_decide(task_id, account_id, now) for account_id in there)


def _may_decide(task_id: int, account_id: int, now: datetime) -> bool:
    try:
        with holding(task_id, actor_for(db.session.get_one(Account, account_id)), now):
            return True
    except (Refused, Closed):
        return False
    finally:
        db.session.rollback()


@pytest.mark.parametrize("scheme_id", SCHEMES)
def test_each_state_of_the_season_is_shown_by_a_stage(scheme_id: str) -> None:
    """Both stages together show every state; of a season that is over where it stops, the season's own."""
    stage, statuses = SEASON[scheme_id]
    lacking = named(AHEAD[scheme_id])
    if stage is not None:
        play(scheme_id, stage)
        lacking = missing(scheme_of(scheme_id))
    for process, wanted in named(statuses).items():
        assert not wanted & lacking.get(process, set())
