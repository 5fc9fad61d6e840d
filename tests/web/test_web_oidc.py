"""Signing in with an OpenID Connect provider, against a real one on loopback."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from sqlalchemy import func, select
from support.oidc_provider import CALLBACK, Provider, new_key, running_provider
from support.pages import Browser, Stage
from support.second_factor import bind, code_of, settings_with
from support.world import BUREAU
from werkzeug.test import TestResponse

from app import clock
from app.extensions import atomic
from app.models import Account, WebSession
from app.operations.access import accounts
from app.operations.actors import SYSTEM

DAY = 24 * 3600


@pytest.fixture
def provider(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """Knows the bureau's operator; the product is set to it."""
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")  # its server side else wants https
    with running_provider() as found:
        found.users["bureau"] = {"sub": "77", "preferred_username": stage.login(BUREAU).upper()}
        with settings_with(stage.app, oidc=found.settings()):
            yield found


def at_provider(start: TestResponse, user: str = "bureau") -> str:
    """Signs in at the provider's page; the address on our side to which it sends the browser back."""
    assert start.status_code == 302, start.text
    answer = requests.post(start.location, data={"user": user}, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    back = urlsplit(answer.headers["Location"])
    assert back.path == CALLBACK
    return f"{back.path}?{back.query}"


def sign_in(browser: Browser, user: str = "bureau", address: str = "/sign-in/provider") -> TestResponse:
    return browser.get(at_provider(browser.get(address), user))


def refused(response: TestResponse, status: int, words: str) -> None:
    """Told on the sign-in page; nobody is signed in."""
    assert response.status_code == status, response.text
    assert words in response.text
    assert "data-error-summary" in response.text
    with atomic() as session:
        assert session.scalar(select(func.count()).select_from(WebSession)) == 0


def test_a_provider_signs_in_to_the_account_that_it_names(stage: Stage, provider: Provider) -> None:
    browser = stage.browser()
    asked = browser.get("/inbox/?name=a")
    page = browser.follow(asked)
    assert 'href="/sign-in/provider?next=/inbox/?name%3Da"' in page.text
    done = sign_in(browser, address="/sign-in/provider?next=/inbox/?name%3Da")
    assert done.location == "/inbox/?name=a"
    assert BUREAU in browser.follow(done).text
    browser.post("/sign-out")
    assert browser.get("/inbox/").location.startswith("/sign-in")


def test_what_is_asked_of_the_provider(stage: Stage, provider: Provider) -> None:
    asked = parse_qs(urlsplit(stage.browser().get("/sign-in/provider").location).query)
    again = parse_qs(urlsplit(stage.browser().get("/sign-in/provider").location).query)
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert "openid" in asked["scope"][0].split()
    for secret in ("state", "nonce", "code_challenge"):
        assert len(asked[secret][0]) >= 20
        assert asked[secret] != again[secret]


def test_without_a_provider_there_is_no_such_way(stage: Stage) -> None:
    browser = stage.browser()
    assert "统一认证" not in browser.get("/sign-in").text
    assert browser.get("/sign-in/provider").status_code == 404
    assert browser.get(f"{CALLBACK}?code=x&state=y").status_code == 404


def test_it_leads_to_no_other_site(stage: Stage, provider: Provider) -> None:
    done = sign_in(stage.browser(), address="/sign-in/provider?next=//evil.example/")
    assert done.location == "/"


def test_the_second_factor_is_asked_for_all_the_same(stage: Stage, provider: Provider) -> None:
    device, _ = bind(stage.world.actors[BUREAU].account_id or 0)
    browser = stage.browser()
    done = sign_in(browser)
    assert done.location == "/sign-in/code"
    assert browser.get("/inbox/").location.startswith("/sign-in")
    browser.follow(done)
    browser.post("/sign-in/code", {"code": code_of(device)})
    assert browser.get("/inbox/").status_code == 200


class TestAccounts:
    def test_nobody_gets_an_account_by_it(self, stage: Stage, provider: Provider) -> None:
        provider.users["stranger"] = {"sub": "5", "preferred_username": "stranger"}
        with atomic() as session:
            before = session.scalar(select(func.count()).select_from(Account))
        refused(sign_in(stage.browser(), "stranger"), 403, "没有对应的账号")
        with atomic() as session:
            assert session.scalar(select(func.count()).select_from(Account)) == before

    def test_a_closed_account_stays_closed(self, stage: Stage, provider: Provider) -> None:
        with atomic():
            account_id = stage.world.actors[BUREAU].account_id or 0
            accounts.disable(account_id, actor=SYSTEM, now=clock.now())
        refused(sign_in(stage.browser()), 403, "已停用")

    def test_a_guessers_lock_keeps_no_owner_out(self, stage: Stage, provider: Provider) -> None:
        browser = stage.browser()
        browser.get("/sign-in")
        for _ in range(accounts.FREE_FAILURES):
            browser.post("/sign-in", {"login": stage.login(BUREAU), "password": "x"})
        assert sign_in(browser).location == "/"

    @pytest.mark.parametrize("value", [None, "", " ", 7, ["a"]])
    def test_a_login_is_named_or_nobody_is(self, stage: Stage, provider: Provider, value: Any) -> None:
        provider.spoil = lambda claims: {**claims, "preferred_username": value}
        refused(sign_in(stage.browser()), 401, "没有给出登录名（preferred_username）")

    def test_an_address_counts_once_it_was_checked(self, stage: Stage, provider: Provider) -> None:
        login = "zhou@office.example"
        with atomic() as session:
            session.get_one(Account, stage.world.actors[BUREAU].account_id).login = login
        with settings_with(stage.app, oidc=provider.settings(login_claim="email")):
            for claims in ({"email": login}, {"email": login, "email_verified": False}):
                provider.users["bureau"] = {"sub": "77", **claims}
                refused(sign_in(stage.browser()), 401, "邮箱没有经过验证")
            provider.users["bureau"]["email_verified"] = True
            assert sign_in(stage.browser()).location == "/"


ANOTHER = "不是本系统这次登录的"


class TestTokens:
    @pytest.mark.parametrize(
        ("spoil", "words"),
        [
            (lambda now: {"exp": now - DAY, "iat": now - 2 * DAY}, "已经过期"),
            (lambda now: {"exp": now - 120}, "已经过期"),
            (lambda now: {"iat": now + DAY}, ANOTHER),
            (lambda now: {"nbf": now + DAY}, ANOTHER),
            (lambda now: {"nonce": "of-somebody-else"}, ANOTHER),
            (lambda now: {"aud": ["another-system"]}, ANOTHER),
            (lambda now: {"aud": ["another-system", "workergrade"], "azp": "another-system"}, ANOTHER),
            (lambda now: {"iss": "https://id.evil.example"}, ANOTHER),
            (lambda now: {"at_hash": "x"}, ANOTHER),
        ],
    )
    def test_a_token_that_is_not_for_this_sign_in_is_refused(
        self, stage: Stage, provider: Provider, spoil: Callable[[int], dict[str, Any]], words: str
    ) -> None:
        """OpenID Connect Core 1.0, 3.1.3.7."""
        provider.spoil = lambda claims: {**claims, **spoil(int(time.time()))}
        refused(sign_in(stage.browser()), 401, words)
        provider.spoil = dict
        assert sign_in(stage.browser()).location == "/"

    def test_a_signature_by_another_key_is_refused(self, stage: Stage, provider: Provider) -> None:
        provider.published = provider.key
        provider.key = new_key("first", "but another one")
        refused(sign_in(stage.browser()), 401, "无法核验")

    def test_a_new_key_of_the_provider_is_learnt(self, stage: Stage, provider: Provider) -> None:
        assert sign_in(stage.browser()).location == "/"
        provider.key = new_key("second")
        assert sign_in(stage.browser()).location == "/"

    def test_without_an_identity_nobody_is_signed_in(self, stage: Stage, provider: Provider) -> None:
        provider.without_id_token = True
        refused(sign_in(stage.browser()), 401, "统一认证没有通过")


class TestCallbacks:
    def test_a_callback_counts_once(self, stage: Stage, provider: Provider) -> None:
        browser = stage.browser()
        back = at_provider(browser.get("/sign-in/provider"))
        before = browser.client.get_cookie("session")
        assert browser.get(back).location == "/"
        again = browser.get(back)
        assert again.status_code == 401
        assert "已经用过或已经失效" in again.text
        assert browser.get("/inbox/").status_code == 200, "who was signed in stays so"
        # With the cookie of before it, the provider itself knows that its code is spent.
        thief = stage.browser()
        thief.client.set_cookie("session", before.value)
        stolen = thief.get(back)
        assert stolen.status_code == 401
        assert "统一认证没有通过" in stolen.text
        assert thief.get("/inbox/").location.startswith("/sign-in")

    def test_a_callback_of_another_browser_is_refused(self, stage: Stage, provider: Provider) -> None:
        back = at_provider(stage.browser().get("/sign-in/provider"))
        victim = stage.browser()
        victim.get("/sign-in/provider")
        refused(victim.get(back), 401, "已经用过或已经失效")

    @pytest.mark.parametrize("query", ["", "?code=x", "?state=x", "?code=x&state=y", "?state=" + "x" * 3000])
    def test_nonsense_is_refused(self, stage: Stage, provider: Provider, query: str) -> None:
        browser = stage.browser()
        browser.get("/sign-in/provider")
        refused(browser.get(CALLBACK + query), 401, "已经用过或已经失效")

    def test_an_invented_code_is_refused(self, stage: Stage, provider: Provider) -> None:
        browser = stage.browser()
        start = browser.get("/sign-in/provider")
        (state,) = parse_qs(urlsplit(start.location).query)["state"]
        refused(browser.get(f"{CALLBACK}?code=invented&state={state}"), 401, "统一认证没有通过")

    def test_who_gives_up_at_the_provider_is_told(self, stage: Stage, provider: Provider) -> None:
        back = at_provider(stage.browser().get("/sign-in/provider"), user="nobody")
        assert "error=access_denied" in back
        refused(stage.browser().get(back), 401, "统一认证没有通过")


class TestProviders:
    def test_one_that_is_away_is_told_at_once(self, stage: Stage, provider: Provider) -> None:
        with settings_with(stage.app, oidc=provider.settings(issuer="http://127.0.0.1:9")):
            refused(stage.browser().get("/sign-in/provider"), 503, "用账号和密码登录")

    def test_one_that_goes_away_meanwhile_is_told(self, stage: Stage, provider: Provider) -> None:
        browser = stage.browser()
        with running_provider() as other:
            other.users = provider.users
            with settings_with(stage.app, oidc=other.settings()):
                back = at_provider(browser.get("/sign-in/provider"))
        with settings_with(stage.app, oidc=other.settings()):
            refused(browser.get(back), 503, "用账号和密码登录")

    def test_another_issuer_than_the_one_that_is_set_is_refused(
        self, stage: Stage, provider: Provider
    ) -> None:
        """OpenID Connect Discovery 1.0, 4.3."""
        provider.claimed_issuer = "https://id.evil.example"
        refused(stage.browser().get("/sign-in/provider"), 503, "与 OIDC_ISSUER 不一致")

    def test_a_wrong_secret_of_ours_is_told(self, stage: Stage, provider: Provider) -> None:
        with settings_with(stage.app, oidc=provider.settings(client_secret="wrong")):
            refused(sign_in(stage.browser()), 401, "统一认证没有通过")
