"""Binding a device and signing in with its codes, without scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from support.pages import PASSWORD, Browser, Stage
from support.second_factor import bind, code_of, device_on, settings_with
from support.world import BUREAU, LIBRARY, OFFICE
from werkzeug.test import TestResponse

from app.extensions import atomic
from app.models import Account
from app.operations.access import accounts

RECOVERY_CODE = re.compile(r"<code>([a-z2-9]{5}-[a-z2-9]{5})</code>")


@pytest.fixture
def wanted(stage: Stage) -> Iterator[None]:
    """Offices have to have a second factor."""
    with settings_with(stage.app, second_factor="offices"):
        yield


def with_password(stage: Stage, name: str, **more: str) -> tuple[Browser, TestResponse]:
    """A browser after the right password."""
    browser = stage.browser()
    browser.get("/sign-in")
    return browser, browser.post("/sign-in", {"login": stage.login(name), "password": PASSWORD, **more})


def test_an_office_binds_a_device_before_anything_else(stage: Stage, wanted: None) -> None:
    office = stage.open(OFFICE)
    for address in ("/", "/inbox/", "/cases/", "/notices/"):
        assert office.get(address).location == "/second-factor"
    page = office.get("/second-factor")
    assert "必须绑定验证器" in page.text
    assert "data:image" not in page.text
    page = office.follow(office.post("/second-factor/start"))
    assert 'src="data:image/svg+xml' in page.text
    device = device_on(page.text)
    wrong = office.post("/second-factor", {"code": "000000"})
    assert wrong.status_code == 422
    assert 'href="#code"' in wrong.text
    assert device_on(wrong.text).secret == device.secret
    bound = office.post("/second-factor", {"code": code_of(device)})
    assert len(set(RECOVERY_CODE.findall(bound.text))) == 10
    assert office.get("/inbox/").status_code == 200
    again = office.get("/second-factor").text
    assert device.secret not in again.replace(" ", "")
    assert not RECOVERY_CODE.search(again)


def test_a_unit_is_not_asked_but_may_bind_one(stage: Stage, wanted: None) -> None:
    unit = stage.open(LIBRARY)
    assert unit.get("/inbox/").status_code == 200
    unit.get("/second-factor")
    device = device_on(unit.follow(unit.post("/second-factor/start")).text)
    unit.post("/second-factor", {"code": code_of(device)})
    assert with_password(stage, LIBRARY)[1].location == "/sign-in/code"


def test_a_first_password_comes_before_the_device(stage: Stage, wanted: None) -> None:
    with atomic() as session:
        session.get_one(Account, stage.account_id(OFFICE)).must_change_password = True
    assert stage.open(OFFICE).get("/inbox/").location == "/password"


def test_the_code_follows_the_password_and_leads_where_one_was_going(stage: Stage) -> None:
    device, _ = bind(stage.account_id(BUREAU))
    browser, answer = with_password(stage, BUREAU, next="/inbox/?name=a")
    assert answer.location == "/sign-in/code?next=/inbox/?name%3Da"
    for address in ("/inbox/", "/second-factor", "/password"):
        assert browser.get(address).location.startswith("/sign-in?"), "the password alone opens nothing"
    page = browser.follow(answer)
    assert 'autocomplete="one-time-code"' in page.text
    done = browser.post("/sign-in/code", {"code": code_of(device), "next": "/inbox/?name=a"})
    assert done.location == "/inbox/?name=a"
    assert browser.follow(done).status_code == 200


def test_the_code_leads_to_no_other_site(stage: Stage) -> None:
    device, _ = bind(stage.account_id(BUREAU))
    browser, answer = with_password(stage, BUREAU)
    browser.follow(answer)
    done = browser.post("/sign-in/code", {"code": code_of(device), "next": "//evil.example/"})
    assert done.location == "/"


def test_a_wrong_code_is_told_and_a_locked_account_gets_the_same_words(stage: Stage) -> None:
    device, codes = bind(stage.account_id(BUREAU))
    browser, answer = with_password(stage, BUREAU)
    browser.follow(answer)
    told = set()
    for code in ["000000"] * accounts.FREE_FAILURES + [code_of(device), codes[0]]:
        refused = browser.post("/sign-in/code", {"code": code})
        assert refused.status_code == 401
        told.add(re.search(r"data-error-summary>(.*?)</div>", refused.text, re.S)[1])
    assert len(told) == 1
    assert with_password(stage, BUREAU)[1].status_code == 401


def test_a_spent_cookie_takes_no_second_code(stage: Stage) -> None:
    device, codes = bind(stage.account_id(BUREAU))
    browser, answer = with_password(stage, BUREAU)
    browser.follow(answer)
    kept = browser.client.get_cookie("session")
    assert browser.post("/sign-in/code", {"code": code_of(device)}).status_code == 302
    thief = stage.browser()
    thief.client.set_cookie("session", kept.value)
    thief.get("/sign-in")
    lapsed = thief.post("/sign-in/code", {"code": codes[0]})
    assert lapsed.location.startswith("/sign-in")
    assert "登录已超时" in thief.follow(lapsed).text


def test_without_a_sign_in_there_is_no_code_to_enter(stage: Stage, unit: Browser) -> None:
    assert stage.browser().get("/sign-in/code").location == "/sign-in"
    assert unit.get("/sign-in/code").location == "/sign-in"


def test_a_recovery_code_opens_and_the_device_is_changed(stage: Stage, wanted: None) -> None:
    _, codes = bind(stage.account_id(OFFICE))
    browser, answer = with_password(stage, OFFICE)
    browser.follow(answer)
    browser.follow(browser.post("/sign-in/code", {"code": codes[0]}))
    page = browser.get("/second-factor")
    assert "9 个" in page.text
    renewed = browser.post("/second-factor/recovery-codes", {"code": codes[1]})
    new = RECOVERY_CODE.findall(renewed.text)
    assert not set(new) & set(codes)
    browser.get("/second-factor")
    assert browser.post("/second-factor/unbind", {"code": codes[2]}).status_code == 422
    assert browser.post("/second-factor/unbind", {"code": new[0]}).location == "/second-factor"
    assert browser.get("/inbox/").location == "/second-factor", "an office binds another one next"


def test_binding_twice_is_told(stage: Stage) -> None:
    elsewhere = stage.open(LIBRARY)
    other = stage.open(LIBRARY)
    other.get("/second-factor")
    other.post("/second-factor/start")
    device = device_on(other.get("/second-factor").text)
    other.post("/second-factor", {"code": code_of(device)})
    again = other.post("/second-factor/start")
    assert again.status_code == 409
    assert "已经绑定" in again.text
    assert elsewhere.get("/inbox/").location.startswith("/sign-in"), "binding ended the other session"
