"""Check codes and audit paths by the API."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from support.api import caller, problem
from support.pages import Stage
from support.world import BUREAU, LIBRARY, OTHER_UNIT, open_filing

from app import clock
from app.extensions import atomic
from app.operations.evidence import _check_codes, proof

pytestmark = pytest.mark.corrupts  # the root file is gone when the database is looked at


@pytest.fixture(autouse=True)
def _own_root_file(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = app.extensions["settings"]
    monkeypatch.setitem(app.extensions, "settings", replace(known, roots_folder=tmp_path))


def test_the_proof_of_a_case_comes_with_the_next_root(stage: Stage) -> None:
    library, case_id = caller(stage, LIBRARY), open_filing(stage.world)
    before = library.get(f"/cases/{case_id}/proof")
    assert before["proof"] is None
    with atomic():
        root = proof.record(clock.now())
    assert root is not None
    after = library.get(f"/cases/{case_id}/proof")
    assert after["code"] == before["code"] == after["proof"]["code"]
    assert after["proof"]["root"] == root.plain()
    assert library.get("/proofs", code=after["code"])["proved_at"] is not None


def test_whoever_is_signed_in_checks_a_code(stage: Stage) -> None:
    case_id = open_filing(stage.world)
    code = caller(stage, LIBRARY).get(f"/cases/{case_id}/proof")["code"]
    for name in (OTHER_UNIT, BUREAU):
        told = caller(stage, name).get("/proofs", code=code)
        assert (told["verdict"], told["case_id"], told["seq"], told["later"]) == ("intact", case_id, 1, 0)
    forged = str(_check_codes.of_head(case_id, 1, bytes(32)))
    assert caller(stage, LIBRARY).get("/proofs", code=forged)["verdict"] == "unknown"


def test_a_slip_of_the_hand_is_told(stage: Stage) -> None:
    told = problem(caller(stage, LIBRARY)("GET", "/proofs", query_string={"code": "1042-7"}), 422, "invalid")
    assert "照原件逐字核对" in str(told["errors"])
