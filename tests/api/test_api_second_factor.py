"""The second factor by the API: bound, asked for at sign-in, given up."""

from __future__ import annotations

import pyotp
import pytest
from support.api import Caller, caller, problem
from support.pages import PASSWORD, Stage
from support.second_factor import bind, code_of, settings_with
from support.world import BUREAU, LIBRARY, OFFICE


def test_the_code_comes_with_the_password(stage: Stage, anybody: Caller) -> None:
    device, codes = bind(stage.account_id(BUREAU))
    said = {"login": stage.login(BUREAU), "password": PASSWORD}
    problem(anybody("POST", "/sessions", said), 401, "code_required")
    problem(anybody("POST", "/sessions", {**said, "code": "000000"}), 401, "code_refused")
    problem(anybody("POST", "/sessions", {**said, "password": "x", "code": "1"}), 401, "sign_in_refused")
    code = code_of(device)
    opened = anybody.done("POST", "/sessions", {**said, "code": code})
    assert Caller(stage.app, opened["token"]).get("/me")["name"] == BUREAU
    problem(anybody("POST", "/sessions", {**said, "code": code}), 401, "code_refused")
    assert anybody.done("POST", "/sessions", {**said, "code": codes[0]})["token"]


def test_a_code_that_nobody_asks_for_does_no_harm(stage: Stage, anybody: Caller) -> None:
    said = {"login": stage.login(LIBRARY), "password": PASSWORD, "code": "123456"}
    assert anybody.done("POST", "/sessions", said)["token"]


@pytest.mark.usefixtures("stage")
def test_an_office_binds_a_device_before_anything_else(stage: Stage) -> None:
    with settings_with(stage.app, second_factor="offices"):
        office, elsewhere = caller(stage, OFFICE), caller(stage, OFFICE)
        assert office.get("/me")["must_bind"] is True
        problem(office("GET", "/tasks"), 403, "unfinished")
        assert office.get("/me/second-factor") == {"since": None, "recovery_codes": 0}
        told = office.done("POST", "/me/second-factor")
        assert told["secret"] in told["address"]
        told_off = problem(office("PUT", "/me/second-factor", {"code": "000000"}), 422, "invalid")
        assert told_off["errors"][0]["pointer"] == "/code"
        device = pyotp.TOTP(told["secret"])
        bound = office.done("PUT", "/me/second-factor", {"code": code_of(device)})
        assert len(bound["recovery_codes"]) == 10
        for ended in (office, elsewhere):
            problem(ended("GET", "/me"), 401, "signed_out")
        office = Caller(stage.app, bound["token"])
        assert office.get("/tasks")["items"] == []
        assert office.get("/me/second-factor")["recovery_codes"] == 10
        problem(office("POST", "/me/second-factor"), 409, "conflict")


def test_new_recovery_codes_and_giving_the_device_up(stage: Stage) -> None:
    _, codes = bind(stage.account_id(LIBRARY))
    unit = caller(stage, LIBRARY)
    problem(unit("POST", "/me/second-factor/recovery-codes", {"code": "x"}), 422, "invalid")
    new = unit.done("POST", "/me/second-factor/recovery-codes", {"code": codes[0]})["recovery_codes"]
    problem(unit("POST", "/me/second-factor/removal", {"code": codes[1]}), 422, "invalid")
    token = unit.done("POST", "/me/second-factor/removal", {"code": new[0]})["token"]
    problem(unit("GET", "/me"), 401, "signed_out")
    assert Caller(stage.app, token).get("/me/second-factor")["since"] is None
