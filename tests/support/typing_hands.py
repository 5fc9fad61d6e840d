"""Somebody who types a canary into every control of every form that pages lead to, and sends it."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from io import BytesIO
from itertools import count
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import lxml.html
from flask import Flask
from lxml.html import FormElement, HtmlElement
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from support.hostile import CANARIES
from support.pages import PDF, Browser

__all__ = ["Control", "Hands"]

Control = tuple[str, str]
"""The endpoint that a form is sent to, and the name of a control in it."""

TEXTS = frozenset({"text", "search", "textarea", "url", "email", "tel"})
REDIRECTS = (301, 302, 303)
PLAIN = {"number": "1", "date": "2021-06-11", "month": "2021-06", "datetime-local": "2021-06-11T10:00"}


class Hands:
    """`known`: what a control of that name takes alone, told by a number; `left`: endpoints that get nothing;
    `preferred`: what is chosen of a list, where it is there, else the first; `tables`: what is uploaded where
    a table is asked for, by endpoint. `texts` are the canaries, each control in turn getting the next.

    `sent` are the endpoints that forms were sent to, `typed` the controls that canaries were typed into,
    `taken` those of forms that were not refused then, `storable` those of forms that took a NUL; `answers`
    what came back, with method and address.
    """

    def __init__(
        self,
        app: Flask,
        known: Mapping[str, Callable[[int], str]],
        left: Container[str] = (),
        texts: Sequence[str] = CANARIES,
        tables: Mapping[str, bytes] = MappingProxyType({}),
    ) -> None:
        self.places = app.url_map.bind("")
        self.known, self.left, self.texts, self.tables = known, left, texts, tables
        self.preferred: set[str] = set()
        self.sent: set[str] = set()
        self._done: set[tuple[object, ...]] = set()
        self.storable: set[Control] = set()
        self.turn = count()
        self.typed: dict[Control, str] = {}
        self.taken: set[Control] = set()
        self.answers: list[tuple[str, str, TestResponse]] = []
        self.refusals: dict[str, str] = {}

    def endpoint(self, address: str, method: str = "GET") -> str:
        """Empty for an address that leads nowhere."""
        try:
            found: str = self.places.match(urlsplit(address).path, method)[0]
        except HTTPException:
            return ""
        return found

    def pages(self, browser: Browser, waiting: list[str]) -> Iterator[tuple[str, TestResponse]]:
        """Address and answer of every kind of page that links lead to, once each; `waiting` may grow.

        A kind is an endpoint and the names of what its address asks.
        """
        opened = set()
        while waiting:
            address = waiting.pop(0)
            parts = urlsplit(address)
            asked = sorted({pair.partition("=")[0] for pair in parts.query.split("&") if pair})
            kind = (self.endpoint(address), *asked)
            if kind in opened or kind[0] in ("", "static"):
                continue
            opened.add(kind)
            answer = self._seen("GET", address, browser.get(address))
            yield address, answer
            if answer.status_code in REDIRECTS:
                waiting.append(urljoin(address, answer.location))
            elif answer.mimetype == "text/html":
                waiting += _links(answer, address)

    def work_through(self, browser: Browser, addresses: Sequence[str]) -> None:
        """Sends every form of these pages and of what they lead to, each kind of form once for a browser."""
        waiting = list(addresses)
        for address, answer in self.pages(browser, waiting):
            self._send_forms(browser, address, answer, waiting)

    def _send_forms(self, browser: Browser, address: str, answer: TestResponse, waiting: list[str]) -> None:
        """The forms of a page, and of what comes back where something is asked once more."""
        for form, to, method in _forms(answer, address):
            kind = (id(browser), self.endpoint(to, method), *sorted(_names(form)))
            if kind in self._done or kind[1] in self.left:
                continue
            self._done.add(kind)
            for there, came in self._send(browser, form, to, method, kind[1]):
                if came.status_code in REDIRECTS:
                    waiting.append(urljoin(there, came.location))
                self._send_forms(browser, there, came, waiting)

    def fill_in(self, browser: Browser, address: str, endpoint: str) -> None:
        """Sends the forms of one page that go to an endpoint."""
        answer = self._seen("GET", address, browser.get(address))
        for form, to, method in _forms(answer, address):
            if self.endpoint(to, method) == endpoint:
                list(self._send(browser, form, to, method, endpoint))

    def _send(
        self, browser: Browser, form: FormElement, to: str, method: str, endpoint: str
    ) -> Iterator[tuple[str, TestResponse]]:
        """First with canaries alone; where a control takes something else, then with that."""
        values, texts = self._filled_in(form, {})
        self.typed |= {(endpoint, name): to for name in texts}
        if method == "GET":
            for button in _buttons(form):
                path = urlsplit(urljoin(to, button.pop("formaction", to))).path
                address = f"{path}?{urlencode({**values, **button}, doseq=True)}"
                answer = self._seen("GET", address, browser.get(address))
                self.taken |= {(endpoint, name) for name in texts if answer.status_code == 200}
                yield address, answer
            return
        if texts and accepted(browser.post(to, values | {texts[0]: "a\0b"})):
            self.storable.add((endpoint, texts[0]))
        answers = list(self._press_all(browser, form, to, endpoint, values, texts))
        yield from answers
        refused = any(not accepted(answer) for _address, answer in answers)
        if refused and self.known.keys() & {_plain(name) for name in _names(form)}:
            yield from self._press_all(browser, form, to, endpoint, *self._filled_in(form, self.known))

    def _press_all(
        self,
        browser: Browser,
        form: FormElement,
        to: str,
        endpoint: str,
        values: Mapping[str, Any],
        texts: Sequence[str],
    ) -> Iterator[tuple[str, TestResponse]]:
        """Each of the form's buttons, the one that submits last."""
        for button in _buttons(form):
            there, data = urljoin(to, button.pop("formaction", to)), {**values, **button}
            self.sent.add(self.endpoint(there, "POST"))
            for control in form.cssselect("input[type=file]"):
                data[control.get("name")] = self._upload(control, endpoint)
            answer = self._seen("POST", there, browser.post(there, data))
            values = {name: value for name, value in values.items() if name != "_seen"}
            if accepted(answer):
                self.taken |= {(endpoint, name) for name in texts}
            else:
                self.refusals[f"{there} {button}"] = _told(answer)
            yield there, answer

    def _chosen(self, control: HtmlElement, kind: str, chosen: bool) -> list[str]:
        """What a control takes that offers what to take; every box is ticked."""
        if kind == "select":
            values = [value for one in control.cssselect("option") if (value := one.get("value", one.text))]
            return sorted(values, key=lambda value: value not in self.preferred)[:1]
        if kind == "radio" and chosen:
            return []
        return [PLAIN.get(kind, control.get("value") or "")]

    def _upload(self, control: HtmlElement, endpoint: str) -> tuple[BytesIO, str]:
        """A table where one is asked for, else a PDF file; its name is a canary, too."""
        name = f"{CANARIES[0]}{CANARIES[10]}"
        if endpoint in self.tables:
            return BytesIO(self.tables[endpoint]), f"{name}.csv"
        return BytesIO(PDF), f"{name}.pdf"

    def _filled_in(
        self, form: FormElement, known: Mapping[str, Callable[[int], str]]
    ) -> tuple[dict[str, Any], list[str]]:
        """What is sent, and the names of the controls that got a canary."""
        values: dict[str, Any] = {}
        texts: list[str] = []
        for control in form.iter("input", "select", "textarea"):
            name, kind = control.get("name") or "", _kind(control)
            if not name or name == "csrf_token" or kind in ("file", "submit", "button"):
                continue
            if kind != "hidden" and _plain(name) in known:
                values[name] = [known[_plain(name)](next(self.turn))]
            elif kind in TEXTS:
                values[name] = [self.texts[next(self.turn) % len(self.texts)]]
                texts.append(name)
            else:
                values[name] = [*values.get(name, []), *self._chosen(control, kind, bool(values.get(name)))]
        return values, texts

    def _seen(self, method: str, address: str, answer: TestResponse) -> TestResponse:
        self.answers.append((method, address, answer))
        return answer


def accepted(answer: TestResponse) -> bool:
    if answer.status_code >= 400 or "next=" in (answer.location or ""):
        return False
    return not (answer.mimetype == "text/html" and "data-error-summary" in answer.get_data(as_text=True))


def _told(answer: TestResponse) -> str:
    if answer.mimetype != "text/html":
        return f"{answer.status_code}"
    page = lxml.html.fromstring(answer.get_data(as_text=True) or "<p></p>")
    told = [one.text_content() for one in page.cssselect(".field-error, .error-summary, main .state, .alert")]
    return f"{answer.status_code} {' '.join(' '.join(told).split())[:300]}"


def _forms(answer: TestResponse, address: str) -> Iterator[tuple[FormElement, str, str]]:
    """The forms of a page, where each is sent to and how."""
    if answer.mimetype != "text/html":
        return
    forms = lxml.html.fromstring(answer.get_data(as_text=True)).forms
    for form in forms:
        to, method = urljoin(address, form.get("action") or address), (form.get("method") or "get").upper()
        if method in ("GET", "POST"):
            yield form, to, method


def _names(form: FormElement) -> set[str]:
    return {control.get("name") or "" for control in form.iter("input", "select", "textarea")}


def _kind(control: HtmlElement) -> str:
    return str(control.get("type", "text") if control.tag == "input" else control.tag)


def _plain(name: str) -> str:
    """The name of a control, of a table's cell that of its column."""
    return name.rpartition("-")[2]


def _links(answer: TestResponse, address: str) -> list[str]:
    page = lxml.html.fromstring(answer.get_data(as_text=True))
    found = [urljoin(address, link.get("href")) for link in page.cssselect("a[href]")]
    return [one for one in found if one.startswith("/")]


def _buttons(form: FormElement) -> list[dict[str, str]]:
    """What each button adds, those that submit last; one of each name."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for one in form.cssselect("button:not([type=button])"):
        name, elsewhere = one.get("name") or "", one.get("formaction") or ""
        if name != "_drop":
            found[name, elsewhere] = {name: one.get("value") or ""} if name else {}
            found[name, elsewhere] |= {"formaction": elsewhere} if elsewhere else {}
    return [found[key] for key in sorted(found, key=lambda key: (key[0] == "_submit", key))] or [{}]
