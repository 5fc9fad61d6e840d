"""Somebody at a browser: finds links by their words, fills in a scheme's form by mouse and keys."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from mimetypes import guess_type
from typing import Any

from playwright.sync_api import FilePayload, Locator, Page

from app.content import Form
from app.operations.trials.made_up import content_of

Values = Mapping[str, Any]


def clicked(page: Page, word: str) -> Locator:
    """A link or button whose words begin so: of the page, or of the navigation's menu, which is opened."""
    offered = page.locator("a[href], button:not([aria-hidden])").filter(has_text=starting(word))
    offered.first.wait_for(state="attached")
    found = offered.locator("visible=true").first
    if not found.count():
        page.locator(".site-nav details").filter(has=offered).locator("summary").click()
    found.wait_for()
    return found


def starting(word: str) -> re.Pattern[str]:
    return re.compile(rf"^\s*{re.escape(word)}")


def fill(page: Page, form: Form, values: Values, only: Collection[str] | None = None) -> None:
    """Answers all that the form asks with these values, in its order; what others bring up is waited for.

    `only`: the fields of the step on which somebody is.
    """
    asked = {name: values[name] for name in form.fields if name in values and _asked(form, name, values)}
    open_ones = {name: value for name, value in asked.items() if only is None or name in only}
    while open_ones:
        parts = {name: page.locator(f'main form [data-part="{name}"]') for name in open_ones}
        name = next((name for name, part in parts.items() if part.is_visible()), next(iter(parts)))
        parts[name].wait_for()
        _answer(page, parts[name], name, open_ones.pop(name))


def _asked(form: Form, name: str, values: Values) -> bool:
    field = form.fields[name]
    return values[name] is not None and not field.read_only and form.conditions.visible(name, values)


def _answer(page: Page, part: Locator, name: str, value: Any) -> None:
    rows = value if isinstance(value, list) and value and isinstance(value[0], Mapping) else None
    if rows is not None:
        return _fill_rows(page, part, name, rows)
    if part.locator(f'[id="{name}"][type=file]').count():
        return _attach(page, part, name, value if isinstance(value, list) else [value])
    texts = [_text(one) for one in (value if isinstance(value, list) else [value])]
    if part.locator(f'select[name="{name}"]').count():
        part.locator(f'select[name="{name}"]').select_option(texts)
    elif part.locator(f'[type=radio][name="{name}"], [type=checkbox][name="{name}"]').count():
        _choose(part, name, texts)
    else:
        part.locator(f'[name="{name}"]').fill(texts[0])
    return None


def _fill_rows(page: Page, part: Locator, name: str, rows: Sequence[Values]) -> None:
    for number, row in enumerate(rows):
        cells = part.locator(f'[name^="{name}-{number}-"]')
        if not cells.count():
            part.get_by_role("button", name="增加一行").click()
            cells.first.wait_for()
        for column, cell in row.items():
            if cell is not None:
                _answer(page, part, f"{name}-{number}-{column}", cell)


def _choose(part: Locator, name: str, texts: Sequence[str]) -> None:
    """Clicks what is not as it should be: its label, or in a cell the box itself."""
    for box in part.locator(f'[name="{name}"]').all():
        if box.is_checked() == (box.get_attribute("value") in texts):
            continue
        label = part.locator(f'label[for="{box.get_attribute("id")}"]')
        if box.get_attribute("type") == "checkbox" or box.get_attribute("value") in texts:
            (label if label.count() else box).click()


def _attach(page: Page, part: Locator, name: str, titles: Sequence[str]) -> None:
    """Chooses files; where each is sent by itself, as on an applicant's step, until it has come."""
    part.locator(f'[id="{name}"][type=file]').set_input_files([_file(title) for title in titles])
    if page.locator("form[data-uploads]").count():
        for title in titles:
            part.locator(".attached", has_text=title).first.wait_for()


def _file(title: str) -> FilePayload:
    kind = guess_type(title)[0] or "application/pdf"
    return {"name": title, "mimeType": kind, "buffer": content_of(title.rpartition(".")[2].lower())}


def _text(value: Any) -> str:
    """The value as controls carry it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else str(value)
