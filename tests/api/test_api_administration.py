"""Accounts and organisations by the API, each act with its ground in the log (ALL-03)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from support.api import Caller, caller, citizen_id, credit_code, pointers, problem
from support.pages import PASSWORD, Stage
from support.second_factor import bind
from support.world import BUREAU, LIBRARY, OFFICE, OTHER_BUREAU, OTHER_UNIT

from app.extensions import db
from app.models import Act

GROUND = {"ground": "云人社〔2021〕7号"}


@pytest.fixture
def boss(stage: Stage) -> Caller:
    stage.give(OFFICE, "administrator")
    return caller(stage, OFFICE)


def grounds(kind: str) -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(Act.ground).where(Act.kind == kind, Act.ground.is_not(None))))


class TestAccounts:
    def test_one_is_allotted_found_and_signs_in(self, stage: Stage, boss: Caller, anybody: Caller) -> None:
        sent = {
            "organisation_id": stage.world.organisations[BUREAU],
            "login": "Zhou",
            "name": "周审",
            "duties": ["operator"],
            "id_number": citizen_id(3),
        }
        told = problem(boss("POST", "/accounts", sent), 422, "invalid")
        assert pointers(told) == {"/ground"}
        made = boss.done("POST", "/accounts", {**sent, **GROUND})
        (found,) = boss.get("/accounts", name="zhou")["items"]
        assert (found["id"], found["organisation"], found["known_person"]) == (made["id"], BUREAU, True)
        assert boss.get(f"/accounts/{made['id']}") == found
        assert anybody.sign_in("zhou", made["password"]).get("/me")["must_change_password"] is True
        problem(boss("POST", "/accounts", {**sent, **GROUND}), 409, "conflict")
        assert grounds("account.created") == [GROUND["ground"]]

    @pytest.mark.parametrize("duties", [[], ["king"], "operator", None])
    def test_unknown_duties_are_refused(self, stage: Stage, boss: Caller, duties: Any) -> None:
        address = f"/accounts/{stage.account_id(LIBRARY)}/duties"
        told = problem(boss("PUT", address, {"duties": duties, **GROUND}), 422, "invalid")
        assert {pointer.split("/")[1] for pointer in pointers(told)} == {"duties"}

    @pytest.mark.parametrize(
        ("method", "act", "body"),
        [
            ("PUT", "duties", {"duties": ["supervisor"]}),
            ("POST", "password-reset", {}),
            ("POST", "second-factor-reset", {}),
            ("POST", "closure", {}),
        ],
    )
    def test_each_act_ends_the_sessions_and_has_a_ground(
        self, stage: Stage, boss: Caller, method: str, act: str, body: dict[str, Any]
    ) -> None:
        bind(stage.account_id(LIBRARY))
        unit = caller(stage, LIBRARY)
        address = f"/accounts/{stage.account_id(LIBRARY)}/{act}"
        problem(boss(method, address, {**body, "ground": " "}), 422, "invalid")
        assert unit.get("/me")["name"] == LIBRARY
        boss.done(method, address, {**body, **GROUND})
        problem(unit("GET", "/me"), 401, "signed_out")
        own = f"/accounts/{stage.account_id(OFFICE)}/{act}"
        problem(boss(method, own, {**body, **GROUND}), 409, "conflict")
        problem(boss(method, f"/accounts/{10**15}/{act}", {**body, **GROUND}), 404, "not_found")

    def test_a_reset_password_opens_the_door_again(self, stage: Stage, boss: Caller, anybody: Caller) -> None:
        address = f"/accounts/{stage.account_id(LIBRARY)}/password-reset"
        first = boss.done("POST", address, GROUND)
        problem(
            anybody("POST", "/sessions", {"login": first["login"], "password": PASSWORD}),
            401,
            "sign_in_refused",
        )
        assert anybody.sign_in(first["login"], first["password"])


class TestOrganisations:
    def test_an_office_is_made_once(self, boss: Caller) -> None:
        sent = {"kind": "office", "name": "东溪区考核分中心", "region": "990101", "level": "district"}
        sent |= {"code": credit_code(77), **GROUND}
        made = boss.done("POST", "/organisations", sent, key="a")
        assert boss.done("POST", "/organisations", sent, key="a") == made
        problem(boss("POST", "/organisations", sent, key="b"), 409, "conflict")
        found = boss.get(f"/organisations/{made['id']}")
        assert (found["kind"], found["level"], found["profile_complete"]) == ("office", "district", True)
        assert [name["name"] for name in found["names"]] == ["东溪区考核分中心"]
        told = problem(boss("POST", "/organisations", {**sent, "kind": "unit"}), 422, "invalid")
        assert pointers(told) == {"/kind"}

    def test_one_is_renamed_amended_and_put_under_another(self, stage: Stage, boss: Caller) -> None:
        ids = stage.world.organisations
        own = f"/organisations/{ids[OTHER_UNIT]}"
        boss.done("POST", f"{own}/names", {"name": "西溪文化馆", **GROUND})
        boss.done("PATCH", own, {"level": "municipal", "system": None, **GROUND})
        since = "2021-07-01T00:00:00+08:00"
        boss.done("PUT", f"{own}/superior", {"superior": ids["东溪区文化局"], "since": since, **GROUND})
        found = boss.get(own)
        assert (found["name"], found["level"], found["system"]) == ("西溪文化馆", "municipal", None)
        assert [name["name"] for name in found["names"]] == ["西溪文化馆", OTHER_UNIT]
        assert found["superiors"][0]["name"] == "东溪区文化局"
        assert found["superiors"][0]["valid_from"] == "2021-06-30T16:00:00+00:00"
        told = problem(boss("PUT", f"{own}/superior", {"superior": ids[LIBRARY], **GROUND}), 422, "invalid")
        assert pointers(told) == {"/superior"}
        (row,) = boss.get("/organisations", name="西溪文化馆")["items"]
        assert row["id"] == ids[OTHER_UNIT]

    def test_an_office_is_given_a_function_and_loses_it(self, stage: Stage, boss: Caller) -> None:
        own = f"/organisations/{stage.world.organisations[OTHER_BUREAU]}"
        grant = {"function": "final_review", "region": "990101", "since": "2021-07-01T00:00:00+08:00"}
        made = boss.done("POST", f"{own}/jurisdictions", {**grant, **GROUND})
        end = f"/jurisdictions/{made['id']}/end"
        boss.done("POST", end, {"since": "2021-09-01T00:00:00+08:00", **GROUND})
        problem(boss("POST", end, GROUND), 409, "conflict")
        (row,) = [row for row in boss.get(own)["jurisdictions"] if row["id"] == made["id"]]
        assert row["valid_to"] == "2021-08-31T16:00:00+00:00"
        assert grounds("jurisdiction.granted") == grounds("jurisdiction.ended") == [GROUND["ground"]]

    def test_one_is_merged_and_another_closed(self, stage: Stage, boss: Caller) -> None:
        ids = stage.world.organisations
        bureau, unit = caller(stage, BUREAU), caller(stage, OTHER_UNIT)
        own = f"/organisations/{ids[BUREAU]}"
        problem(boss("POST", f"{own}/merger", {"into": ids[LIBRARY], **GROUND}), 409, "conflict")
        assert boss.done("POST", f"{own}/merger", {"into": ids[OTHER_BUREAU], **GROUND}) == {"tasks": []}
        problem(bureau("GET", "/me"), 401, "signed_out")
        assert boss.get(own)["successor_id"] == ids[OTHER_BUREAU]
        assert boss.done("POST", f"{own}/takeover") == {"tasks": []}
        boss.done("POST", f"/organisations/{ids[OTHER_UNIT]}/closure", GROUND)
        problem(unit("GET", "/me"), 401, "signed_out")
        closed = {row["id"] for row in boss.get("/organisations", state="closed")["items"]}
        assert closed == {ids[BUREAU], ids[OTHER_UNIT]}
