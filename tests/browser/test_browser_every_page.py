"""Every page is found by its links, opens, fits both widths, and is judged by axe."""

from __future__ import annotations

import gzip
import re
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from support.applying import applicant
from support.everywhere import NO_PAGES, is_page, login_of, offered, set_every_stage
from support.pages import PASSWORD, Stage
from support.second_factor import bind
from support.world import LIBRARY

from app.config import PROJECT

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

LEADS_ON = {"applicant_form.begin"}
"""Followed, and never shown: it leads to a step of the form."""
ENGLISH = re.compile(r"[a-z]+_[a-z_]+|\b(?:None|True|False|undefined)\b|[{}]{2}|%\(")
"""Names of variables and values of the program, which nobody should read."""
MOST_HTML = 100_000
MOST_SCRIPT = 60_000
"""Bytes of a page, and of its scripts as they are sent, compressed; but for what draws a diagram."""
DRAWS = ("viewer.js", "modeler.js", "designer.js", "charts.js", "decisions.js", "differ.js")
CODES_TOLD = {"relations.grant"}
"""An office's function has its code beside the roles' titles: roles of several schemes share it."""


@pytest.fixture
def stage(app: Flask) -> Stage:
    return set_every_stage(app)


def test_every_page(stage: Stage, visit: Any) -> None:
    walk = Walk(stage.app)
    walk.through(visit(), ["/sign-in", "/register", "/verify", "/proof/"])
    for name, addresses in offered(stage).items():
        visitor = visit()
        visitor.sign_in(stage.login(name), PASSWORD)
        walk.through(visitor, ["/", *addresses])
    herself = visit()
    herself.sign_in(login_of(applicant(stage.world, "李二")), PASSWORD)
    walk.through(herself, ["/my/"])
    bind(stage.world.actors[LIBRARY].account_id or 0)
    half = visit()
    half.go("/sign-in")
    half.page.fill("#login", stage.login(LIBRARY))
    half.page.fill("#password", PASSWORD)
    half.page.click("main button")
    half.page.wait_for_url("**/sign-in/code**")
    walk.look(half, "second_factor.code")
    rules = stage.app.url_map.iter_rules()
    pages = {rule.endpoint for rule in rules if "GET" in (rule.methods or ()) and is_page(rule.rule)}
    missed = sorted(pages - walk.seen - NO_PAGES.keys() - LEADS_ON)
    assert missed == [], f"not come to: {missed}"


class Walk:
    """Opens what pages link to, each kind of page once for each visitor, and looks at each kind once.

    A kind is an endpoint and the names of what its address asks.
    """

    def __init__(self, app: Flask) -> None:
        self.places = app.url_map.bind("")
        self.seen: set[str] = set()
        self.kinds: set[tuple[str, ...]] = set()

    def kind(self, address: str) -> tuple[str, ...]:
        parts = urlsplit(address)
        asked = [pair.partition("=")[0] for pair in parts.query.split("&") if pair]
        return (self.places.match(parts.path)[0], *sorted(asked))

    def through(self, visitor: Any, addresses: list[str]) -> None:
        opened: set[tuple[str, ...]] = set()
        while addresses:
            address = addresses.pop(0)
            kind = self.kind(address)
            if kind in opened or kind[0] in NO_PAGES:
                continue
            opened.add(kind)
            answer = visitor.page.goto(visitor.address + address)
            assert answer.status < 400, f"{address} is a dead link: {answer.status}"
            visitor.complaints += overweight(visitor, answer, address)
            # Where it led to: whoever is not signed in comes to the sign-in.
            shown = self.kind(visitor.page.url)
            if shown not in self.kinds:
                self.kinds.add(shown)
                self.look(visitor, shown[0])
            addresses += links(visitor, urlsplit(address).path)

    def look(self, visitor: Any, endpoint: str) -> None:
        self.seen.add(endpoint)
        visitor.look(f"every-{endpoint}-{len(self.kinds)}")
        odd = ENGLISH.findall(visitor.page.inner_text("body"))
        if odd and endpoint not in CODES_TOLD:
            visitor.complaints.append(f"{endpoint} shows what only the program should know: {odd}")


def overweight(visitor: Any, answer: Any, address: str) -> list[str]:
    """What of a page is more than an office's line should carry."""
    scripts = visitor.page.eval_on_selector_all("script[src]", "all => all.map(one => one.src)")
    drawn = [script for script in scripts if not script.endswith(DRAWS)]
    sent = sum(len(gzip.compress(script_of(urlsplit(script).path))) for script in drawn)
    found = [] if len(answer.body()) <= MOST_HTML else [f"{address} has {len(answer.body())} bytes"]
    return found if sent <= MOST_SCRIPT else [*found, f"{address} has {sent} bytes of scripts"]


@cache
def script_of(path: str) -> bytes:
    return (PROJECT / "app" / path.removeprefix("/")).read_bytes()


def links(visitor: Any, path: str) -> list[str]:
    """The pages of ours that the page links to."""
    found = visitor.page.eval_on_selector_all("a[href]", "all => all.map(one => one.getAttribute('href'))")
    parts = [urlsplit(href) for href in found if not href.startswith("#")]
    return [f"{one.path or path}?{one.query}" for one in parts if not one.netloc and not one.scheme]
