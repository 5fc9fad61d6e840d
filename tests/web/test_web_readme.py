"""A newcomer's walk through each scheme: the READMEs' own words are followed, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from flask import Flask
from lxml.html import HtmlElement
from support.clicking import Reader
from support.pages import Browser
from support.readme import FILES, Step, walks

from app import clock, demo
from app.config import PROJECT
from app.content import Scheme, read_scheme_folder
from app.demo.script import read_scripts

CASES = 200
"""As many as `make run` makes."""
NAMES: Mapping[str, str] = {
    script.scheme: Scheme.from_files(read_scheme_folder(PROJECT, script.scheme)).name
    for script in read_scripts()
}


def test_both_say_the_same_of_every_scheme() -> None:
    here, there = (walks(file) for file in FILES)
    assert here == there
    assert len(here) == len(NAMES)
    for heading in here:
        assert sum(name.startswith(heading) for name in NAMES.values()) == 1


@pytest.mark.parametrize("scheme", sorted(NAMES))
def test_the_walk(app: Flask, monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setitem(app.config, "ARGON2", {"memory_cost": 8, "time_cost": 1})
    demo.make(CASES, clock.now(), lambda line: None, None, scheme)
    (heading,) = [words for words in walks(FILES[0]) if NAMES[scheme].startswith(words)]
    for step in walks(FILES[0])[heading]:
        follow(app, heading, step)


def follow(app: Flask, heading: str, step: Step) -> None:
    reader = Reader(Browser(app.test_client()))
    reader.click(heading)
    reader.press(f"以此账号登录{step.login}")
    values: dict[str, str] = {}
    field = ""
    for what, word in step.words:
        if what == "选":
            values |= chosen(reader, word, values)
        elif what == "填":
            field = named(reader, word, values)
        elif what == "为":
            values[field] = word.replace(" ", "T")
        elif links(reader.page, word):
            reader.click(word)
        else:
            reader.press(word, values)
            values = {}
    assert step.seen in reader.text, (step, reader.address, reader.text[:2000])


def links(page: HtmlElement, word: str) -> bool:
    return any(words(link).startswith(word) for link in page.cssselect("a[href]"))


def chosen(reader: Reader, word: str, values: Mapping[str, str]) -> dict[str, str]:
    """What to send for the choice whose label begins with a word; the form is drawn anew to look for it."""
    if not boxes(reader.page, word):
        reader.press("更新表单", values)
    (box,) = boxes(reader.page, word)
    return {box.get("name"): box.get("value")}


def boxes(page: HtmlElement, word: str) -> list[HtmlElement]:
    found = page.cssselect("main input[type=radio], main input[type=checkbox]")
    return [box for box in found if box.label is not None and words(box.label).startswith(word)]


def named(reader: Reader, word: str, values: Mapping[str, str]) -> str:
    """The name of the field with such a label; the form is drawn anew to look for it."""
    if not labels(reader.page, word):
        reader.press("更新表单", values)
    (label,) = labels(reader.page, word)
    return str(reader.page.get_element_by_id(label.get("for")).get("name"))


def labels(page: HtmlElement, word: str) -> list[HtmlElement]:
    return [label for label in page.cssselect("main label") if words(label).startswith(word)]


def words(element: HtmlElement) -> str:
    return " ".join(str(element.text_content()).split())
