"""The sign-in page of a rehearsal offers the demonstrations that are there and who plays in them."""

from __future__ import annotations

import pytest
from flask import Flask
from support.clicking import Reader
from support.pages import Browser, set_stage

from app import clock, demo
from app.extensions import atomic
from app.operations.dates import clock as clocks

SCHEME, BUREAU = "jiangdu-2020", "江都人社局"


def test_a_scheme_is_chosen_and_then_who_one_is(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "ARGON2", {"memory_cost": 8, "time_cost": 1})
    demo.make(30, clock.now(), lambda line: None, None, SCHEME)
    reader = Reader(Browser(app.test_client()))
    assert reader.page.cssselect("#demonstrations table") == []
    reader.click("扬州市江都区2020年")
    logins = {row.cssselect('td[data-label="账号"]')[0].text for row in reader.page.cssselect("tbody tr")}
    assert {"jd-sheng", "jd-qu2", "jd-wenhua", "jd-unit01"} <= logins
    reader.press("以此账号登录jd-qu2")
    assert BUREAU in reader.page.text_content()
    reader.click("待办")


def test_without_a_demonstration_nothing_is_offered(app: Flask) -> None:
    set_stage(app)
    browser = Browser(app.test_client())
    for address in ("/sign-in", f"/sign-in?scheme={SCHEME}", "/sign-in?scheme=x"):
        assert "demonstrations" not in browser.get(address).text


def test_in_a_real_database_nothing_is_offered(app: Flask) -> None:
    with atomic():
        clocks.mark_database(False, clock.now())
    assert "demonstrations" not in Browser(app.test_client()).get(f"/sign-in?scheme={SCHEME}").text
