"""`flask verify` finds what the owner of the database does to certificates, bars and the archive."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from flask import Flask
from support.life import archived, certificate_of, complete_life, publish_life, sanctioned, start_about
from support.world import OFFICE, at, make_world

from app.extensions import db
from app.operations.evidence import verify
from app.operations.trials.worlds import Built

pytestmark = pytest.mark.corrupts

BARRED = {"kind": "until", "until": "2023-10-08", "ground": "作弊"}

COPY = (
    "INSERT INTO certificate (jurisdiction, year, sequence, number, case_id, person_id, trade, grade,"
    " issued_at, copy, state) SELECT jurisdiction, year, 3, 'FORGED-3', case_id, person_id, trade,"
    " 'technician', issued_at, 1, 'valid' FROM certificate WHERE case_id = %(revoked)s"
)


@pytest.fixture
def world(app: Flask) -> Built:
    publish_life()
    return make_world()


@pytest.fixture
def cases(world: Built) -> dict[str, int]:
    """One with a valid certificate, one whose certificate was revoked and whose person is barred."""
    valid = archived(world, "李二")
    revoked = archived(world, "陈一")
    sanction = sanctioned(world, revoked, BARRED)
    assert list(verify.verify_all()) == []
    db.session.rollback()
    return {"valid": valid, "revoked": revoked, "sanction": sanction}


Attack = Callable[[str, dict[str, int]], None]


@pytest.fixture
def attack(_cleaner) -> Attack:
    connection: psycopg.Connection = _cleaner.connection

    def do(statement: str, values: dict[str, int]) -> None:
        assert connection.execute(statement, values).rowcount, "the attack touched nothing"

    return do


@pytest.mark.parametrize(
    ("statement", "found", "told"),
    [
        ("UPDATE certificate SET state = 'valid' WHERE case_id = %(revoked)s", "revoked", "状态与记录不符"),
        ("UPDATE certificate SET state = 'revoked' WHERE case_id = %(valid)s", "valid", "状态与记录不符"),
        (
            "UPDATE certificate SET number = 'X1' WHERE case_id = %(valid)s",
            "valid",
            "没有向申报人发过证书 X1",
        ),
        (
            "UPDATE certificate SET person_id = (SELECT max(id) FROM person) WHERE case_id = %(valid)s",
            "valid",
            "没有向申报人发过证书",
        ),
        ("UPDATE certificate SET copy = 2 WHERE case_id = %(valid)s", "valid", "制发次数"),
        ("DELETE FROM certificate WHERE case_id = %(valid)s", "valid", "不见了"),
        (COPY, "revoked", "没有向申报人发过证书 FORGED-3"),
        ("DELETE FROM bar", "sanction", "不见了"),
        ("UPDATE bar SET lifted_at = now()", "sanction", "却没有办件解除过"),
        ("UPDATE bar SET id_number_index = 'x'", "sanction", "按本人现在的证件号码查不到"),
        (
            "UPDATE bar SET person_id = (SELECT max(id) FROM person)",
            "sanction",
            "没有作出限制",
        ),
        ('UPDATE "case" SET retained_until = NULL WHERE id = %(valid)s', "valid", "归档与记录不符"),
        ('UPDATE "case" SET archived_at = now() WHERE id = %(sanction)s', "sanction", "归档与记录不符"),
    ],
)
def test_it_is_found_and_told_of_its_case(
    cases: dict[str, int], attack: Attack, statement: str, found: str, told: str
) -> None:
    attack(statement, cases)
    findings = list(verify.verify_all())
    assert {one.case_id for one in findings} <= {cases[found], None}
    assert any(told in one.what for one in findings if one.case_id == cases[found])


def test_a_gap_in_the_numbers_is_found(cases: dict[str, int], attack: Attack) -> None:
    attack("UPDATE certificate SET sequence = 7 WHERE case_id = %(valid)s", cases)
    assert [one.what for one in verify.verify_all()] == ["地区 990000 年度 2021 的证书序号到 7，实有 2 个"]


def test_a_certificate_that_a_review_restored_is_right(world: Built, cases: dict[str, int]) -> None:
    review = start_about(world, "review", cases["sanction"], OFFICE, "2021-10-20 09:00")
    decided = {"decision": "approve", "ground": "事实不清"}
    complete_life(review, "examine", decided, world.actors[OFFICE], at("2021-10-21 09:00"))
    assert certificate_of(cases["revoked"]).state == "valid"
    assert list(verify.verify_all()) == []
