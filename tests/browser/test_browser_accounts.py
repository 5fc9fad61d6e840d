"""Accounts in a real browser: a device signs in, an administrator keeps them, a provider vouches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyotp
import pytest
from flask import Flask
from playwright.sync_api import Page
from support.oidc_provider import running_provider
from support.pages import PASSWORD, Stage, set_stage
from support.second_factor import bind, code_of, settings_with
from support.world import BUREAU, LIBRARY, OFFICE, OTHER_BUREAU

pytestmark = pytest.mark.browser

ACCOUNTS, ORGANISATIONS = "/administration/accounts", "/administration/organisations"
GROUND = "云人社〔2021〕7号"

Visit = Callable[[], Any]


@pytest.fixture
def stage(app: Flask) -> Stage:
    return set_stage(app)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_a_device_is_bound_and_signs_in(stage: Stage, visit: Visit) -> None:
    with settings_with(stage.app, second_factor="offices"):
        office = visit()
        office.go("/sign-in")
        office.page.fill("#login", stage.login(OFFICE))
        office.page.fill("#password", PASSWORD)
        press(office.page, "登录")
        office.page.wait_for_selector("text=必须绑定验证器")
        office.look("60-second-factor-start")
        press(office.page, "开始绑定")
        picture = office.page.locator("img.qr")
        picture.wait_for()
        assert picture.evaluate("(image) => image.naturalWidth") > 100, "the policy lets the picture through"
        office.page.click("main summary")
        office.look("61-second-factor-code")
        device = pyotp.TOTP(office.page.locator(".secret").inner_text().replace(" ", ""))
        office.page.fill("#code", "000000")
        press(office.page, "完成绑定")
        office.page.wait_for_selector("[data-error-summary]")
        office.look("62-second-factor-wrong")
        office.page.fill("#code", code_of(device))
        press(office.page, "完成绑定")
        office.page.wait_for_selector(".codes")
        office.look("63-recovery-codes")
        office.page.click("text=已保存，继续")
        office.page.wait_for_selector(".site-nav")
        office.go("/second-factor")
        office.look("64-second-factor-bound")

        again = visit()
        again.go("/sign-in?next=/inbox/")
        again.page.fill("#login", stage.login(OFFICE))
        again.page.fill("#password", PASSWORD)
        press(again.page, "登录")
        again.page.wait_for_selector("text=恢复码")
        again.look("65-code")
        again.page.fill("#code", "000000")
        press(again.page, "登录")
        again.page.wait_for_selector("[data-error-summary]")
        again.look("66-code-wrong")
        again.page.fill("#code", code_of(device))
        press(again.page, "登录")
        again.page.wait_for_url("**/inbox/")


def test_an_administrator_keeps_accounts_and_organisations(stage: Stage, visit: Visit) -> None:
    stage.give(OFFICE, "administrator", "operator")
    bind(stage.world.actors[BUREAU].account_id or 0)
    boss = visit()
    boss.sign_in(stage.login(OFFICE), PASSWORD)
    boss.go(f"{ACCOUNTS}/")
    boss.look("70-accounts")
    boss.page.fill("#f-text", BUREAU)
    press(boss.page, "查询")
    boss.page.click("main td a")
    boss.page.wait_for_selector("text=重置密码")
    boss.look("71-account")
    boss.page.click("text=更改职责")
    boss.look("72-duties")
    press(boss.page, "保存")
    boss.page.wait_for_selector("[data-error-summary]")
    boss.look("73-duties-without-ground")
    boss.page.check("[name=duties][value=supervisor]")
    boss.page.fill("#ground", GROUND)
    press(boss.page, "保存")
    boss.page.wait_for_selector("text=职责已更改")

    boss.go(f"{ORGANISATIONS}/")
    boss.look("74-organisations")
    boss.page.click(f"main td >> text={BUREAU}")
    boss.page.wait_for_selector("text=管辖职责")
    boss.look("75-organisation")
    boss.page.click("text=授予职责")
    boss.look("76-grant")
    boss.page.select_option("#function", index=1)
    boss.page.select_option("#region", "990101")
    boss.page.fill("#since", "2021-07-01")
    boss.page.fill("#ground", GROUND)
    press(boss.page, "授予")
    boss.page.wait_for_selector("text=职责已授予")
    boss.page.click("text=分配账号")
    boss.look("77-allot")
    boss.page.fill("#login", "zhou.shen")
    boss.page.fill("#name", "周审")
    boss.page.fill("#ground", GROUND)
    press(boss.page, "分配账号")
    boss.page.wait_for_selector("text=只在这里显示一次")
    boss.look("78-first-password")

    boss.go(f"{ORGANISATIONS}/{stage.world.organisations[BUREAU]}/merger")
    boss.page.fill("#into", OTHER_BUREAU)
    boss.page.fill("#ground", GROUND)
    press(boss.page, "下一步：核对")
    boss.page.wait_for_selector("text=并入后不能撤回")
    boss.look("79-merger")
    press(boss.page, "确认并入")
    boss.page.wait_for_selector("text=移交并入期间产生的遗留事项")
    boss.look("80-merged")
    boss.go(f"{ORGANISATIONS}/{stage.world.organisations[LIBRARY]}")
    boss.look("81-unit")
    boss.go(f"{ORGANISATIONS}/new")
    boss.look("82-organisation-new")


def test_a_provider_on_another_site_signs_in(
    stage: Stage, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way back is a navigation from elsewhere: the cookie has to come along."""
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    with running_provider() as provider:
        provider.issuer = provider.issuer.replace("127.0.0.1", "localhost")
        provider.users["bureau"] = {"sub": "77", "preferred_username": stage.login(BUREAU)}
        with settings_with(stage.app, oidc=provider.settings()):
            visitor = visit()
            visitor.go("/sign-in?next=/inbox/")
            visitor.look("90-sign-in-provider")
            visitor.page.click("text=用统一认证登录")
            visitor.page.wait_for_url("http://localhost:*/authorize*")
            visitor.page.fill("#user", "bureau")
            press(visitor.page, "登录")
            visitor.page.wait_for_url("**/inbox/")
            press(visitor.page, "退出登录")
            visitor.page.wait_for_selector("text=您已退出登录")
            provider.spoil = lambda claims: {**claims, "aud": "another-system"}
            visitor.page.click("text=用统一认证登录")
            visitor.page.fill("#user", "bureau")
            press(visitor.page, "登录")
            visitor.page.wait_for_selector("[data-error-summary]")
            visitor.look("91-provider-refused")
