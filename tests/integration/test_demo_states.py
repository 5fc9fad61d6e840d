"""All five demonstrations have cases in every state that their diagrams declare (issue 5)."""

from __future__ import annotations

import pytest
from flask import Flask
from support.demo_states import AHEAD, SEASON, declared, missing, named

from app import clock, demo
from app.config import PROJECT
from app.content import Scheme, read_scheme_folder
from app.demo.script import read_scripts

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
        given += [script.unit_login, *script.example_logins]
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
def test_each_state_of_the_season_is_shown_by_a_stage(scheme_id: str) -> None:
    """Both stages together show every state; of a season that is over where it stops, the season's own."""
    stage, statuses = SEASON[scheme_id]
    lacking = named(AHEAD[scheme_id])
    if stage is not None:
        play(scheme_id, stage)
        lacking = missing(scheme_of(scheme_id))
    for process, wanted in named(statuses).items():
        assert not wanted & lacking.get(process, set())
