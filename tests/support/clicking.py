"""Somebody who reads pages: follows links by their words and submits the forms that are there."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any
from urllib.parse import urlencode, urljoin

import lxml.html
from lxml.html import FormElement, HtmlElement
from werkzeug.test import TestResponse

from app.operations.trials.made_up import content_of
from support.pages import Browser

__all__ = ["Reader"]


class Reader:
    """Knows one address, that of the first page; everything else is found on pages."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.address, self.page = "/", HtmlElement()
        self.open("/")

    @property
    def text(self) -> str:
        """What the page says, without the frame around it."""
        (main,) = self.page.cssselect("main")
        return " ".join(str(main.text_content()).split())

    def open(self, address: str) -> None:
        self._read(self.browser.get(address), address)

    def click(self, words: str, within: HtmlElement | None = None) -> None:
        """Follows the first link that begins with these words."""
        links = (self.page if within is None else within).cssselect("a[href]")
        found = [link for link in links if _words(link).startswith(words)]
        assert found, f"no link “{words}” at {self.address}: {[_words(link) for link in links]}"
        self.open(urljoin(self.address, found[0].get("href")))

    def row(self, **cells: str) -> HtmlElement:
        """The row of a list whose cells, known by their headings, hold these words."""
        for row in self.page.cssselect("table.list tbody tr"):
            told = {cell.get("data-label"): _words(cell) for cell in row.cssselect("td")}
            if all(words in told.get(label, "") for label, words in cells.items()):
                return row
        raise AssertionError(f"no row {cells} at {self.address}: {self.text}")

    def cell(self, row: HtmlElement, label: str) -> str:
        (found,) = row.cssselect(f'td[data-label="{label}"]')
        return _words(found)

    def press(self, button: str, values: Mapping[str, Any] | None = None, **hidden: str) -> None:
        """Fills in the form that has such a button, and presses it; a refusal fails the test.

        `hidden` tells forms with the same button apart, by what stands in their hidden fields.
        """
        self._fill_and_send(button, values or {}, hidden)
        problems = self.page.cssselect("[data-error-summary]")
        assert not problems, f"{self.address}: {_words(problems[0])}"

    def _fill_and_send(self, button: str, values: Mapping[str, Any], hidden: Mapping[str, str]) -> None:
        form = self._form(button, hidden)
        sent = _as_it_stands(form)
        missing = _filled(form, sent, _cells(values))
        for updating in ("增加一行", "更新表单"):
            # What appears only with other answers, or in another row, appears when the form is drawn anew.
            while missing and _button(form, updating) is not None:
                self._send(form, sent, updating)
                form = self._form(button, hidden)
                before, sent = missing, _as_it_stands(form)
                missing = _filled(form, sent, _cells(values))
                if len(missing) >= len(before):
                    break
        assert not missing, f"{self.address} does not ask for {missing}"
        self._send(form, sent, button)

    def _form(self, button: str, hidden: Mapping[str, str]) -> FormElement:
        for form in self.page.forms:
            known = {one.get("name"): one.get("value") for one in form.cssselect("input[type=hidden]")}
            if _button(form, button) is not None and hidden.items() <= known.items():
                return form
        raise AssertionError(f"no button “{button}” at {self.address}: {self.text}")

    def _send(self, form: FormElement, sent: Mapping[str, Any], button: str) -> None:
        pressed = _button(form, button)
        assert pressed is not None
        data = dict(sent)
        if pressed.get("name"):
            data[pressed.get("name")] = pressed.get("value")
        address = urljoin(self.address, form.get("action") or self.address)
        if (form.get("method") or "get").lower() == "get":
            self.open(f"{address.partition('?')[0]}?{urlencode(data, doseq=True)}")
        else:
            self._read(self.browser.post(address, data), address)

    def _read(self, response: TestResponse, address: str) -> None:
        for _ in range(5):
            if response.status_code not in (301, 302, 303):
                break
            address = urljoin(address, response.location)
            response = self.browser.get(address)
        assert response.status_code in (200, 422), (address, response.status_code, response.text[:2000])
        self.address, self.page = address, lxml.html.fromstring(response.text)


def _words(element: HtmlElement) -> str:
    return " ".join(str(element.text_content()).split())


def _button(form: FormElement, words: str) -> HtmlElement | None:
    buttons = form.cssselect("button:not([type=button]):not([aria-hidden])")
    return next((one for one in buttons if _words(one).startswith(words)), None)


def _cells(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by the names of controls: those of a table's cells are like `posts-0-grade`."""
    told: dict[str, Any] = {}
    for name, value in values.items():
        rows = value if isinstance(value, list) and value and isinstance(value[0], Mapping) else None
        if rows is None:
            told[name] = value
            continue
        for number, row in enumerate(rows):
            told |= {f"{name}-{number}-{column}": cell for column, cell in row.items()}
    return told


def _as_it_stands(form: FormElement) -> dict[str, Any]:
    sent: dict[str, Any] = {}
    for name, value in form.form_values():
        sent.setdefault(name, []).append(value)
    return sent


def _filled(form: FormElement, sent: dict[str, Any], values: Mapping[str, Any]) -> list[str]:
    """Puts the values in; the names of those for which there is no control."""
    missing = []
    for name, value in values.items():
        controls = form.cssselect(f'[name="{name}"]:not([type=hidden]), [name="_file-{name}"]:not([capture])')
        if not controls:
            missing.append(name)
        elif controls[-1].get("type") == "file":
            if len(controls) > 1:
                continue  # uploaded already, with a box to keep it
            names = value if isinstance(value, list) else [value]
            sent[f"_file-{name}"] = [(BytesIO(content_of(one.rpartition(".")[2])), one) for one in names]
        else:
            _set(controls, name, value, sent)
    return missing


def _box(boxes: list[HtmlElement], name: str, words: str) -> str:
    """The value of the box whose label begins with these words."""
    labels = {_words(box.label): str(box.get("value")) for box in boxes}
    found = [value for label, value in labels.items() if label.startswith(words)]
    assert len(found) == 1, (name, words, labels)
    return found[0]


def _set(controls: list[HtmlElement], name: str, value: Any, sent: dict[str, Any]) -> None:
    kind = controls[0].get("type") or controls[0].tag
    text = {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)
    if kind == "checkbox" and isinstance(value, bool):
        sent.pop(name, None)
        if value:
            sent[name] = [controls[0].get("value")]
    elif kind == "checkbox" and isinstance(value, list):
        sent[name] = [_box(controls, name, words) for words in value]
    elif kind in ("radio", "checkbox"):
        assert text in {one.get("value") for one in controls}, (name, text)
        sent[name] = [text]
    elif kind == "select":
        options = {_words(one): one.get("value") for one in controls[0].cssselect("option")}
        assert text in options.values() or text in options, (name, text, options)
        sent[name] = [text if text in options.values() else options[text]]
    else:
        sent[name] = [text]
