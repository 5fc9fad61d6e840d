"""The public page: valid, revoked or unknown, and nothing of the person (ALL-05)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from support.life import archived, certified, publish_life, sanctioned
from support.pages import Browser, Stage
from support.world import LIBRARY

from app import edge
from app.extensions import db
from app.models import Certificate, Person
from app.operations.registers import people

FRAUD = {"kind": "warning", "ground": "弄虚作假"}
NOW = datetime(2021, 10, 1, 8, 0, 30, tzinfo=UTC)


@pytest.fixture
def stage(stage: Stage) -> Stage:
    publish_life()
    stage.app.extensions["lookups"] = edge.Lookups()
    return stage


@pytest.fixture
def stranger(stage: Stage) -> Browser:
    return stage.browser()


def number_of(case_id: int) -> str:
    return db.session.scalars(select(Certificate.number).where(Certificate.case_id == case_id)).one()


def test_anybody_sees_a_valid_one_and_nothing_of_the_person(stage: Stage, stranger: Browser) -> None:
    case_id = certified(stage.world)
    page = stranger.get(f"/verify?number={number_of(case_id)}")
    assert page.status_code == 200
    for told in ("有效", "图书资料业务员", "高级工", "2021年9月10日"):
        assert told in page.text
    person = db.session.get_one(Person, stage.world.people["陈一"])
    for secret in (person.name, LIBRARY, people.id_number_of(person), str(person.birth_date)):
        assert secret not in page.text


def test_a_revoked_one_says_so_and_not_why(stage: Stage, stranger: Browser) -> None:
    case_id = archived(stage.world)
    sanctioned(stage.world, case_id, FRAUD)
    page = stranger.get(f"/verify?number={number_of(case_id)}")
    assert "已撤销" in page.text
    assert "有效" not in page.text
    assert "弄虚作假" not in page.text


@pytest.mark.parametrize("number", ["9900002021000001", "<script>", "x" * 3000, "证书", "%00"])
def test_an_unknown_one_is_told_to_be_unknown(stage: Stage, stranger: Browser, number: str) -> None:
    page = stranger.client.get("/verify", query_string={"number": number})
    assert page.status_code == 200
    assert "没有这个编号的证书" in page.text
    assert "<script>" not in page.text


def test_the_empty_page_asks_for_a_number(stranger: Browser) -> None:
    page = stranger.get("/verify")
    assert page.status_code == 200
    assert "没有这个编号的证书" not in page.text


def test_whoever_asks_too_often_is_told_to_wait(stage: Stage, stranger: Browser) -> None:
    number = number_of(certified(stage.world))
    answers = [stranger.get("/verify?number=x").status_code for _ in range(edge.LOOKUPS_A_MINUTE)]
    assert set(answers) == {200}
    refused = stranger.get(f"/verify?number={number}")
    assert refused.status_code == 429
    assert "图书资料业务员" not in refused.text
    assert "一分钟" in refused.text
    assert stranger.get("/verify").status_code == 200


def test_each_address_is_counted_by_itself_and_anew_each_minute() -> None:
    lookups = edge.Lookups()
    for _ in range(edge.LOOKUPS_A_MINUTE):
        lookups.count("198.51.100.7", NOW)
    lookups.count("198.51.100.8", NOW)
    with pytest.raises(edge.TooManyLookups):
        lookups.count("198.51.100.7", NOW + timedelta(seconds=20))
    lookups.count("198.51.100.7", NOW + timedelta(seconds=30))


def test_the_api_tells_the_same_without_a_token(stage: Stage, app: Flask) -> None:
    number = number_of(certified(stage.world))
    client = app.test_client()
    found = client.get(f"/api/v1/certificates/{number}")
    assert found.get_json() == {
        "number": number,
        "certificates": [
            {"state": "valid", "trade": "图书资料业务员", "grade": "高级工", "issued_on": "2021-09-10"}
        ],
    }
    unknown = client.get("/api/v1/certificates/never-was")
    assert unknown.get_json() == {"number": "never-was", "certificates": []}
    for _ in range(edge.LOOKUPS_A_MINUTE):
        last = client.get("/api/v1/certificates/x")
    assert last.status_code == 429
    assert last.content_type == "application/problem+json"
