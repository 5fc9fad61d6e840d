"""No changing request without the page's token or from another site's page (trust note 9)."""

from __future__ import annotations

import re

from flask import Flask
from support.pages import Browser, Stage
from support.world import LIBRARY

FOREIGN = "https://evil.example"


def _changing_addresses(app: Flask) -> list[str]:
    rules = [
        rule
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and "/api" not in rule.rule
    ]
    return [re.sub(r"<[^>]+>", "1", rule.rule) for rule in rules]


def test_every_changing_page_wants_the_token(app: Flask, unit: Browser) -> None:
    addresses = _changing_addresses(app)
    assert len(addresses) > 12
    for address in addresses:
        response = unit.client.post(address, data={})
        assert response.status_code == 400, address
        assert "刷新后再提交" in response.text


def test_every_changing_page_refuses_another_sites_pages(app: Flask, unit: Browser) -> None:
    unit.get("/people/new")
    for address in _changing_addresses(app):
        for header in ({"Origin": FOREIGN}, {"Origin": "null"}, {"Referer": f"{FOREIGN}/x"}):
            response = unit.post(address, headers=header)
            assert response.status_code == 403, (address, header)


def test_a_token_of_another_session_is_worth_nothing(stage: Stage, unit: Browser) -> None:
    other = stage.open(LIBRARY)
    other.get("/people/new")
    response = unit.client.post("/people/new", data={"csrf_token": other.token, "name": "甲乙"})
    assert response.status_code == 400


def test_every_page_carries_the_policy_and_stays_in_no_cache(unit: Browser) -> None:
    for address in ("/", "/inbox/", "/sign-in", "/nowhere", "/people/"):
        headers = unit.get(address).headers
        assert "script-src 'self'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"
