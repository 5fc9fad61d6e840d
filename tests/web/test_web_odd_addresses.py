"""What anybody writes behind the question mark of an address breaks no page and leads nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest
from support.pages import Browser, Stage
from support.world import LIBRARY, complete, open_filing, register_posts

OWN_NAMES = (
    "task_id",
    "case_id",
    "list_name",
    "person_id",
    "list",
    "all",
    "of",
    "phase",
    "scheme",
    "by",
    "view",
)
URL_FOR = {"endpoint": "x", "_external": "1", "_scheme": "javascript", "_anchor": "x", "_method": "x"}
CURSORS = {
    "before": "x",
    "after": "x",
    "part": "x",
    "deployment": "x",
    "page": "-1",
    "from": "x",
    "to": "9999",
}
LINK = re.compile(r'(?:href|action|hx-get|hx-post)="([^"]*)"')


@pytest.fixture
def reviewed(stage: Stage) -> Stage:
    """One filing waits for the bureau's first review, one for its unit."""
    register_posts(stage.world, {"junior": 3})
    filled = {"grade": "junior", "summary": "扎实。"}
    complete(
        open_filing(stage.world, "陈一"), "fill", filled, stage.world.actors[LIBRARY], "2021-06-10 10:00"
    )
    open_filing(stage.world, "李二")
    return stage


def links(text: str) -> list[str]:
    return [unescape(found) for found in LINK.findall(text)]


def pages_of(browser: Browser) -> Iterator[str]:
    """Every page that links lead to from the first one, a page of each kind being enough."""
    waiting, met = ["/"], set()
    while waiting:
        address = waiting.pop()
        kind = re.sub(r"\d+", "1", address.partition("?")[0])
        if kind in met or kind.startswith(("/static", "/sign-out")):
            continue
        met.add(kind)
        answer = browser.get(address)
        if answer.mimetype == "text/html":
            yield address.partition("?")[0]
            waiting += [found for found in links(answer.text) if found.startswith("/")]


@pytest.mark.parametrize("who", ["unit", "bureau", "office"])
@pytest.mark.parametrize(
    "asked", [dict.fromkeys(OWN_NAMES, "7"), URL_FOR, CURSORS], ids=["own names", "url_for", "cursors"]
)
def test_no_parameter_breaks_a_page(
    reviewed: Stage, request: pytest.FixtureRequest, who: str, asked: dict[str, str]
) -> None:
    browser: Browser = request.getfixturevalue(who)
    query = "&".join(f"{name}={text}" for name, text in asked.items())
    visited = list(pages_of(browser))
    assert "/inbox/" in visited
    for address in visited:
        answer = browser.get(f"{address}?{query}")
        assert answer.status_code < 500, f"{address}?{query}"
        assert not [
            found for found in links(answer.text) if found.startswith(("javascript:", "//", "http"))
        ], address
