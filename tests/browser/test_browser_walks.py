"""Each scheme in a real browser: the READMEs' walk, and everything that each of its roles comes to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page
from support.by_hand import clicked, starting
from support.readme import FILES, Step, walks

from app import clock, demo
from app.config import PROJECT
from app.content import Scheme, read_scheme_folder
from app.demo.script import read_scripts
from app.extensions import db

pytestmark = pytest.mark.browser

NAMES: Mapping[str, str] = {
    script.scheme: Scheme.from_files(read_scheme_folder(PROJECT, script.scheme)).name
    for script in read_scripts()
}
AS_MAKE_RUN, FEW = 200, 64
"""Cases of a demonstration: what the READMEs name has to be among them."""


def show(app: Flask, monkeypatch: pytest.MonkeyPatch, scheme: str, cases: int) -> str:
    """Makes the scheme's demonstration; its heading in the READMEs."""
    monkeypatch.setitem(app.config, "ARGON2", {"memory_cost": 8, "time_cost": 1})
    demo.make(cases, clock.now(), lambda line: None, None, scheme)
    db.session.rollback()  # or the transaction of its last look would idle while the browser takes its time
    (heading,) = [words for words in walks(FILES[0]) if NAMES[scheme].startswith(words)]
    return heading


@pytest.mark.parametrize("scheme", sorted(NAMES))
def test_the_walk_of_the_readmes(
    app: Flask, monkeypatch: pytest.MonkeyPatch, visit: Any, scheme: str
) -> None:
    heading = show(app, monkeypatch, scheme, AS_MAKE_RUN)
    visitor = visit()
    for number, step in enumerate(walks(FILES[0])[heading], 1):
        enter(visitor, scheme, step.login)
        follow(visitor.page, step)
        visitor.look(f"{scheme}-walk-{number}")
        leave(visitor)


@pytest.mark.soak
@pytest.mark.parametrize("scheme", sorted(NAMES))
def test_whatever_each_role_comes_to_fits_and_can_be_read(
    app: Flask, monkeypatch: pytest.MonkeyPatch, visit: Any, scheme: str
) -> None:
    """Every entry of the navigation, a task, its case: of every account that the sign-in page offers."""
    show(app, monkeypatch, scheme, FEW)
    visitor = visit()
    visitor.go(f"/sign-in?scheme={scheme}")
    for login in visitor.page.locator("#demonstrations input[name=login]").evaluate_all(
        "fields => fields.map((field) => field.value)"
    ):
        enter(visitor, scheme, login)
        entries = visitor.page.locator(".site-nav a, .site-who a").evaluate_all(
            "links => links.map((link) => link.getAttribute('href'))"
        )
        for number, address in enumerate(dict.fromkeys(entries)):
            visitor.go(address)
            visitor.look(f"{scheme}-{login}-{number:02}")
        for place, pattern in (("/inbox/", "/tasks/"), ("/cases/", "/cases/"), ("/my/", "/my/")):
            if place in entries:
                visitor.go(place)
                first = visitor.page.locator(f"main tbody a[href^='{pattern}'], main a[href^='{pattern}']")
                if first.count():
                    visitor.go(first.first.get_attribute("href"))
                    visitor.look(f"{scheme}-{login}-first{pattern.replace('/', '-')}")
        leave(visitor)


def enter(visitor: Any, scheme: str, login: str) -> None:
    page = visitor.go(f"/sign-in?scheme={scheme}")
    page.locator(f"form:has(input[name=login][value='{login}']) button").click()
    page.wait_for_selector("text=退出登录")


def leave(visitor: Any) -> None:
    visitor.page.locator("text=退出登录").click()
    visitor.page.wait_for_selector("#demonstrations")


def follow(page: Page, step: Step) -> None:
    field = ""
    for what, word in step.words:
        if what == "选":
            page.locator("main label").filter(has_text=starting(word)).first.click()
        elif what == "填":
            field = word
        elif what == "为":
            page.get_by_label(field).fill(word.replace(" ", "T"))
        else:
            clicked(page, word).click()
            page.wait_for_load_state()
    page.locator(f"main :text('{step.seen}')").locator("visible=true").first.wait_for()
