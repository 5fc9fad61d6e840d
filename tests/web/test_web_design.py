"""The design page, the colours it shows, and a navigation in which nothing is dead or empty."""

from __future__ import annotations

import re

import pytest
from support.pages import Stage
from support.world import BUREAU, LIBRARY, OFFICE

from app.config import PROJECT
from app.web import design

ENTRY = re.compile(r'<a href="([^"]+)"')
MENU = re.compile(r'<details class="drop[^"]*">(.*?)</details>', re.DOTALL)


def test_contrast_is_that_of_the_standard() -> None:
    assert design.contrast("#000000", "#ffffff") == 21
    assert round(design.contrast("#767676", "#ffffff"), 2) == 4.54


def test_every_colour_of_text_can_be_read_on_its_ground() -> None:
    faint = [(pair.text, pair.ground) for pair in design.pairs() if pair.contrast < design.LEAST_CONTRAST]
    assert faint == []


def test_style_sheets_take_their_colours_from_the_tokens() -> None:
    sheets = (PROJECT / "app/static/css").glob("*.css")
    own = {sheet.name: re.findall(r"#[0-9a-f]{3,6}\b", sheet.read_text()) for sheet in sheets}
    assert [name for name, colours in own.items() if colours and name != "tokens.css"] == []


@pytest.mark.parametrize(
    ("name", "duties"),
    [
        (LIBRARY, ("operator",)),
        (BUREAU, ("operator",)),
        (OFFICE, ("operator", "supervisor", "administrator", "designer")),
    ],
)
def test_the_navigation_leads_somewhere_and_fits(stage: Stage, name: str, duties: tuple[str, ...]) -> None:
    stage.give(name, *duties)
    browser = stage.open(name)
    page = browser.get("/").text
    head = page[page.index("<header") : page.index("<main")]
    assert all(browser.get(address).status_code == 200 for address in ENTRY.findall(head))
    assert all(ENTRY.findall(menu) for menu in MENU.findall(head)), "an empty menu"
    in_sight = MENU.sub("", head[head.index("<nav") :])
    assert len(ENTRY.findall(in_sight)) <= 6


def test_the_design_page_shows_the_tokens(stage: Stage) -> None:
    page = stage.open(LIBRARY).get("/design/").text
    assert design.tokens()["accent"] in page
    assert "正在读取" in page
