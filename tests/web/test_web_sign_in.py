"""Signing in and out, forged requests, first passwords, registration."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from sqlalchemy import select
from support.pages import PASSWORD, Stage
from support.world import BUREAU, LIBRARY

from app import create_app
from app.extensions import atomic, db
from app.models import Account, LoginAttempt


def test_a_stranger_is_led_to_the_sign_in_page_and_back(stage: Stage) -> None:
    browser = stage.browser()
    asked = browser.get("/inbox/?name=a")
    assert asked.status_code == 302
    browser.follow(asked)
    data = {"login": stage.login(LIBRARY), "password": PASSWORD, "next": "/inbox/?name=a"}
    assert browser.post("/sign-in", data).location == "/inbox/?name=a"


def test_wrong_password_and_unknown_login_get_the_same_answer(stage: Stage) -> None:
    browser = stage.browser()
    browser.get("/sign-in")
    answers = [
        browser.post("/sign-in", {"login": x, "password": "no"}) for x in (stage.login(LIBRARY), "nobody")
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    told = [re.search(r"data-error-summary>(.*?)</div>", answer.text, re.S) for answer in answers]
    assert told[0]
    assert told[1]
    assert told[0][1] == told[1][1]


@pytest.mark.parametrize(
    "wanted", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:1"]
)
def test_signing_in_leads_only_to_addresses_of_this_site(stage: Stage, wanted: str) -> None:
    browser = stage.browser()
    browser.get("/sign-in")
    data = {"login": stage.login(LIBRARY), "password": PASSWORD, "next": wanted}
    assert browser.post("/sign-in", data).location == "/"


def test_a_cookie_kept_from_before_signing_out_opens_nothing(stage: Stage) -> None:
    browser = stage.open(LIBRARY)
    kept = browser.client.get_cookie("session")
    assert kept is not None
    browser.follow(browser.post("/sign-out"))
    browser.client.set_cookie("session", kept.value)
    assert browser.get("/").location.startswith("/sign-in")


def test_session_cookie_is_hidden_from_scripts_and_foreign_pages(stage: Stage) -> None:
    response = stage.browser().client.get("/sign-in", base_url="https://localhost")
    cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" in cookie


def test_a_first_password_must_be_changed_before_anything_else(stage: Stage) -> None:
    with atomic() as session:
        session.get_one(Account, stage.world.actors[BUREAU].account_id).must_change_password = True
    browser = stage.open(BUREAU)
    for address in ("/", "/inbox/", "/cases/"):
        assert browser.get(address).location == "/password"
    page = browser.get("/password")
    assert "第一次登录" in page.text
    wrong = browser.post("/password", {"old": PASSWORD, "new": "Tall-harbour-42", "again": "Tall-harbour-43"})
    assert wrong.status_code == 422
    assert "两次输入的新密码不一样" in wrong.text
    done = browser.post("/password", {"old": PASSWORD, "new": "Tall-harbour-42", "again": "Tall-harbour-42"})
    assert browser.follow(done).status_code == 200
    assert browser.get("/inbox/").status_code == 200


def test_a_unit_registers_and_states_what_its_cases_are_routed_by(stage: Stage) -> None:
    browser = stage.browser()
    browser.get("/register")
    sent = {
        "code": "12990101MB0X12345K",
        "name": "东溪区少年宫",
        "region": "990101",
        "person_name": "钱五",
        "telephone": "13800138000",
        "login": "palace",
        "password": "Tall-harbour-42",
        "again": "Tall-harbour-42",
    }
    bad = browser.post("/register", sent)
    assert bad.status_code == 422
    assert 'href="#code"' in bad.text
    sent["code"] = _right_code()
    browser.follow(browser.post("/register", sent))
    browser.sign_in("palace", "Tall-harbour-42")
    assert browser.get("/inbox/").location == "/unit"
    browser.get("/unit")
    none = browser.post("/unit", {"level": "district"})
    assert none.status_code == 422
    assert 'href="#superior"' in none.text
    facts = {"level": "district", "system": "other", "nature": "institution", "superior": "none"}
    assert browser.post("/unit", facts).location == "/"
    assert browser.get("/inbox/").status_code == 200


def test_a_code_in_use_is_told_to_use_the_account_that_exists(stage: Stage) -> None:
    """CQ-26."""
    browser = stage.browser()
    browser.get("/register")
    sent = {"name": "东溪区少年宫", "region": "990101", "person_name": "钱五", "telephone": "13800138000"}
    sent |= {"code": _right_code(), "password": "Tall-harbour-42", "again": "Tall-harbour-42"}
    assert browser.post("/register", sent | {"login": "palace"}).status_code == 302
    browser.get("/register")
    again = browser.post("/register", sent | {"login": "palace2"})
    assert again.status_code == 409
    assert "原有的账号登录" in again.text


@pytest.mark.parametrize(("proxies", "counted"), [(0, "10.9.9.9"), (1, "203.0.113.7"), (2, "198.51.100.1")])
def test_guesses_are_counted_by_the_address_of_the_guesser(stage: Stage, proxies: int, counted: str) -> None:
    """Of X-Forwarded-For only what proxies of one's own added is believed."""
    app = create_app(replace(stage.app.extensions["settings"], proxies=proxies))
    client = app.test_client()
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in").text)[1]
    client.post(
        "/sign-in",
        data={"login": "nobody", "password": "x", "csrf_token": token},
        headers={"X-Forwarded-For": "192.0.2.66, 198.51.100.1, 203.0.113.7"},
        environ_overrides={"REMOTE_ADDR": "10.9.9.9"},
    )
    with app.app_context():
        db.engine.dispose()
    with atomic() as session:
        assert session.scalars(select(LoginAttempt.address)).all() == [counted]


def _right_code() -> str:
    from app.content.identity import make_credit_code

    return make_credit_code("990101", 7)
