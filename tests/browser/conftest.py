"""A server and a real Chromium for the page walks; every page is checked for accessibility and policy."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright
from werkzeug.serving import make_server

from app.config import PROJECT

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=zh-CN",
]
VENDOR = Path(__file__).parent / "vendor"
SCREENSHOTS = PROJECT / "test-results" / "screenshots"
"""Kept from run to run, the newest of each page; git knows nothing of them."""
VIOLATIONS = """addEventListener("securitypolicyviolation", (broken) => {
    console.error(`policy: ${broken.violatedDirective} ${broken.blockedURI} ${broken.sourceFile}`);
});"""
"""What breaks the pages' policy is complained of, also where the browser's console says nothing."""
WIDTHS = {"desktop": (1280, 900), "phone": (390, 844)}


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """The address of a server of the tested application."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield browser
    browser.close()


class Visitor:
    """Somebody at a browser; `look` photographs a page at both widths and lets axe judge it."""

    def __init__(self, context: BrowserContext, address: str, folder: Path) -> None:
        self.address = address
        self.folder = folder
        self.complaints: list[str] = []
        self.page = context.new_page()
        self.page.add_init_script(VIOLATIONS)
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))

    def go(self, path: str) -> Page:
        self.page.goto(self.address + path)
        return self.page

    def sign_in(self, login: str, password: str) -> None:
        self.go("/sign-in")
        self.page.fill("#login", login)
        self.page.fill("#password", password)
        self.page.click("main button")
        self.page.wait_for_selector("text=退出登录")

    def look(self, name: str) -> None:
        for width, (across, down) in WIDTHS.items():
            self.page.set_viewport_size({"width": across, "height": down})
            self.page.screenshot(path=self.folder / f"{name}-{width}.png", full_page=True)
            self._fits(name, width)
            self._judge(name, width)
        across, down = WIDTHS["desktop"]
        self.page.set_viewport_size({"width": across, "height": down})

    def _fits(self, name: str, width: str) -> None:
        wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        excess = self.page.evaluate(f"() => {wider}")
        if excess > 0:
            self.complaints.append(f"{name} ({width}): the page is {excess} px wider than the screen")

    def _judge(self, name: str, width: str) -> None:
        self.page.evaluate((VENDOR / "axe.min.js").read_text())
        locale = json.loads((VENDOR / "axe-zh_CN.json").read_text())
        found = self.page.evaluate(
            """async (locale) => {
                axe.configure({locale});
                const {violations} = await axe.run();
                return violations.map((v) => [v.id, v.nodes.map((n) => n.html.slice(0, 200))]);
            }""",
            locale,
        )
        self.complaints += [f"{name} ({width}): {rule} {nodes[:3]}" for rule, nodes in found]

    def _heard(self, message: Any) -> None:
        # A refused form is an answer of 422, which the browser reports as a failed resource.
        if (
            message.type in ("error", "warning")
            and "the server responded with a status of 4" not in message.text
        ):
            self.complaints.append(f"console: {message.text}")


@pytest.fixture
def visit(chromium: Browser, address: str) -> Iterator[Any]:
    """Opens a browser of its own for each visitor; afterwards nothing may have been complained of."""
    folder = Path(os.environ.get("SCREENSHOTS", SCREENSHOTS))
    folder.mkdir(parents=True, exist_ok=True)
    contexts: list[BrowserContext] = []
    visitors: list[Visitor] = []

    def open_visitor(**options: Any) -> Visitor:
        contexts.append(chromium.new_context(locale="zh-CN", timezone_id="Asia/Shanghai", **options))
        visitors.append(Visitor(contexts[-1], address, folder))
        return visitors[-1]

    yield open_visitor
    for context in contexts:
        context.close()
    assert [complaint for visitor in visitors for complaint in visitor.complaints] == []
