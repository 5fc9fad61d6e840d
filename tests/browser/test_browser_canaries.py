"""What somebody hostile has typed everywhere runs nowhere, in a real browser: no script, no dialog."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Dialog
from support.canary_world import CanaryWorld, Visitor
from support.pages import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

RUN = "() => window.__canary"
TURNED = """() => {
    const found = [];
    const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const [text, parent] = [texts.currentNode, texts.currentNode.parentElement];
        if (!text.data.includes("\\u202e") || !parent.checkVisibility()) continue;
        const beside = [...parent.childNodes].some((one) => one !== text && one.textContent.trim());
        const alone = getComputedStyle(parent).unicodeBidi.includes("isolate") && !beside;
        if (!alone) found.push(parent.outerHTML.slice(0, 300));
    }
    return found;
}"""
"""Texts that turn the direction of what stands beside them."""


def test_nothing_that_was_typed_runs(app: Flask, visit: Any) -> None:
    world = CanaryWorld.of(app)
    dialogs: list[str] = []
    ran: list[str] = []
    turned: set[str] = set()

    def heard(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    opened: set[tuple[str, ...]] = set()
    for visitor in world.visitors.values():
        seen = visit()
        seen.page.on("dialog", heard)
        if visitor.login:
            seen.sign_in(visitor.login, PASSWORD)
        for address in pages(world, visitor, opened):
            page = seen.go(address)
            if page.evaluate(RUN) is not None:
                ran.append(address)
            turned |= {f"{address} {one}" for one in page.evaluate(TURNED)}
    assert (dialogs, ran) == ([], [])
    assert turned == set()
    assert len(opened) > 80


def pages(world: CanaryWorld, visitor: Visitor, opened: set[tuple[str, ...]]) -> Iterator[str]:
    """Each kind of page that nobody has looked at yet."""
    for address, answer in world.hands.pages(visitor.browser, list(visitor.addresses)):
        asked = {part.partition("=")[0] for part in address.partition("?")[2].split("&")}
        kind = (world.hands.endpoint(address), *sorted(asked))
        if answer.mimetype == "text/html" and answer.status_code == 200 and kind not in opened:
            opened.add(kind)
            yield address
