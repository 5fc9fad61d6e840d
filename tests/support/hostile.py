"""Texts that somebody hostile types, and how one sees that a page or a table took one for more than text.

Each canary bears `MARK`; what it would be as markup, script, formula or address can be told by it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import escape
from io import BytesIO
from typing import Any
from urllib.parse import unquote

import lxml.html
import openpyxl
import yaml
from lxml.html import HtmlElement
from werkzeug.test import TestResponse

__all__ = ["CANARIES", "LONG", "MARK", "judge", "tainted", "tainted_name", "words_of"]

MARK = "cnry"
SCRIPT = "window.__canary=1"
CANARIES = (
    f'<img src=x class={MARK} onerror="{SCRIPT}">',
    f'"><script>{SCRIPT};//{MARK}</script>',
    f"' {MARK}=1 autofocus onfocus='{SCRIPT}",
    f"</textarea></title></template><svg {MARK} onload={SCRIPT}>",
    f"{MARK}{{{{7*7}}}}{{% raw %}}${{7*7}}",
    f"=cmd|' /C calc'!A1{MARK}",
    f"+1{MARK}",
    f"@SUM(1;1){MARK}",
    f"-2+3{MARK}",
    f"javascript:{SCRIPT}//{MARK}",
    f"\u202e{MARK}\u2066",
    f"%(name)s %s {{0}} {MARK}",
    f"{MARK}\r\nBcc: {MARK}@example.org\r\n\r\n<b class={MARK}>",
)
LONG = MARK * 2500
"""10,000 characters."""

TITLE = f"{CANARIES[0]}'\"]]>{CANARIES[4]}"
"""What a scheme's titles end with."""
TITLES = ("title", "text", "note", "name", "description")

ADDRESSES = frozenset({"href", "src", "action", "formaction", "data", "poster", "xlink:href", "srcset"})
OURS = re.compile(r"(?:/|\?|#|$)")
NEVER = frozenset({"base", "embed", "object", "applet", "style"})
RAW = frozenset({"script"})
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def tainted_name(number: int, name: str) -> str:
    """A name that begins with one of the canaries."""
    return CANARIES[number % len(CANARIES)].replace("\r\n", " ") + name


def tainted(path: str, content: bytes) -> bytes:
    """A scheme's file with a canary at the end of every name that people read."""
    text = content.decode("utf-8")
    if path.endswith(".json"):
        return json.dumps(_taint(json.loads(text)), ensure_ascii=False).encode()
    if path.endswith(".yaml"):
        return yaml.safe_dump(_taint(yaml.safe_load(text)), allow_unicode=True, sort_keys=False).encode()
    named = re.compile(
        r'(<bpmn:(?!message\b|definitions\b)\w+ [^>]*?\bname=")([^"]+)"|(<decision [^>]*name=")([^"]+)"'
    )
    return named.sub(
        lambda found: f'{found[1] or found[3]}{found[2] or found[4]}{escape(TITLE)}"', text
    ).encode()


def _taint(value: Any) -> Any:
    if isinstance(value, list):
        return [_taint(item) for item in value]
    if isinstance(value, dict):
        return {
            key: item + TITLE if key in TITLES and isinstance(item, str) else _taint(item)
            for key, item in value.items()
        }
    return value


def judge(answer: TestResponse) -> list[str]:
    """What of an answer is more than text by one of the canaries."""
    found = list(_headers(answer))
    if answer.mimetype == "text/html":
        return found + list(_markup(answer.get_data(as_text=True)))
    if answer.mimetype.endswith("sheet"):
        return found + list(_formulas(answer.get_data()))
    if MARK.encode() in answer.get_data() and not answer.mimetype.endswith("json"):
        found.append(f"a canary in {answer.mimetype}, which nobody judges")
    return found


def words_of(answer: TestResponse) -> str:
    """What the page itself says, without the frame around it."""
    (main,) = lxml.html.fromstring(answer.get_data(as_text=True)).cssselect("main")
    controls = [one.get("value") or "" for one in main.cssselect("input:not([type=hidden])")]
    return " ".join([str(main.text_content()), *controls])


def _headers(answer: TestResponse) -> Iterator[str]:
    """A header of a canary's own; a file's name stands encoded in its own."""
    for name, value in answer.headers:
        if MARK in name.lower() or name.lower() == "bcc" or "\n" in value:
            yield f"header {name}: {value}"
        if MARK in unquote(value) and name not in (
            "Content-Disposition",
            "Location",
            "HX-Redirect",
            "Set-Cookie",
        ):
            yield f"header {name}: {value}"
    if answer.headers.get("X-Content-Type-Options") != "nosniff":
        yield "the answer's type may be guessed"
    if MARK in (answer.location or "") and not OURS.match(answer.location):
        yield f"leads away: {answer.location}"


def _markup(text: str) -> Iterator[str]:
    page = lxml.html.document_fromstring(text)
    for element in page.iter():
        if not isinstance(element.tag, str):
            if MARK in (element.text or ""):
                yield f"a canary in a comment: {element.text}"
            continue
        yield from _element(element)
    told = page.text_content() + " ".join(page.xpath("//@value | //@title | //@aria-label | //@alt"))
    if re.search(rf"{MARK}49|\$49", told):
        yield "a canary was reckoned out as a template"
    if re.search(r"&(?:lt|amp|quot|#3[49]);", told):
        yield f"escaped twice: {re.findall(r'.{20}&(?:lt|amp|quot|#3[49]);.{20}', told)[:2]}"


def _element(element: HtmlElement) -> Iterator[str]:
    tag, data = element.tag, _is_data(element)
    if tag in NEVER or (tag == "script" and not (data or element.get("src"))):
        yield f"<{tag}>: {element.text}"
    if (
        MARK in tag
        or MARK in element.get("class", "")
        or (tag in RAW and not data and MARK in (element.text or ""))
    ):
        yield f"<{tag}> of a canary"
    for name, value in element.attrib.items():
        if name.startswith(("on", "hx-on")) or MARK in name or name in ("style", "srcdoc"):
            yield f'<{tag} {name}="{value}">'
        picture = tag == "img" and value.startswith("data:image/svg+xml") and MARK not in unquote(value)
        if name in ADDRESSES and not (picture or _ours(value)):
            yield f'<{tag} {name}="{value}"> leads away'


def _is_data(element: HtmlElement) -> bool:
    """Whether a script is data, and reads as such."""
    if element.get("type") != "application/json":
        return False
    json.loads(element.text or "null")
    return True


def _ours(address: str) -> bool:
    """Whether an address is one of this site's: no other scheme, no other host."""
    plain = re.sub(r"[\x00-\x20]", "", address)
    return bool(OURS.match(plain)) and not plain.startswith(("//", "/\\"))


def _formulas(content: bytes) -> Iterator[str]:
    book: Any = openpyxl.load_workbook(BytesIO(content))
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f" or cell.hyperlink:
                    yield f"{sheet.title}!{cell.coordinate} is a formula or a link: {cell.value}"
                if str(cell.value).startswith(FORMULA) and cell.data_type == "s" and not cell.quotePrefix:
                    yield f"{sheet.title}!{cell.coordinate} becomes a formula once edited: {cell.value}"
