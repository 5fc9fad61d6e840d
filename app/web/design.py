"""The design page 界面规范: colours, type, spacing, parts and states, from what makes them on every page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from flask import Blueprint, render_template

from app.config import PROJECT
from app.errors import Forbidden
from app.operations.dates import clock
from app.web.session import needs, signed_in

bp = Blueprint("design", __name__, url_prefix="/design")

SHEET = PROJECT / "app" / "static" / "css" / "tokens.css"
TOKEN = re.compile(r"--([a-z0-9-]+): ([^;]+);")
LEAST_CONTRAST = 4.5
"""Of text on its ground: WCAG 2.2, 1.4.3 (AA)."""
PAIRS = (
    ("ink", "surface"),
    ("ink", "paper"),
    ("ink-soft", "surface"),
    ("ink-soft", "paper"),
    ("ink-soft", "surface-soft"),
    ("link", "surface"),
    ("link", "paper"),
    ("accent", "surface"),
    ("on-accent", "accent"),
    ("on-accent", "accent-dark"),
    ("on-accent", "danger-dark"),
    ("accent-dark", "accent-soft"),
    ("danger", "surface"),
    ("danger-dark", "danger-soft"),
    ("warn", "warn-soft"),
    ("done", "done-soft"),
    ("rest", "rest-soft"),
    ("rehearsal", "rehearsal-ground"),
)
"""What is written in which colour on which ground."""


@dataclass(frozen=True)
class Pair:
    """A colour of text on its ground, with their contrast."""

    text: str
    ground: str
    text_colour: str
    ground_colour: str
    contrast: float


@bp.get("/")
@needs("operator", "supervisor", "administrator", "designer")
def index() -> str:
    """For those who draw schemes and run the system; in a rehearsal for everybody."""
    if not signed_in().has("administrator", "designer") and not clock.is_rehearsal():
        raise Forbidden
    named = tokens()
    return render_template(
        "design/index.html",
        pairs=pairs(),
        sizes=[(name, value) for name, value in named.items() if name.startswith("text-")],
        spaces=[(name, value) for name, value in named.items() if name.startswith("space-")],
    )


@cache
def tokens() -> Mapping[str, str]:
    """The values of the style sheet's tokens, by name."""
    return dict(TOKEN.findall(SHEET.read_text(encoding="utf-8")))


def pairs() -> Sequence[Pair]:
    known = tokens()
    return [
        Pair(text, ground, known[text], known[ground], contrast(known[text], known[ground]))
        for text, ground in PAIRS
    ]


def contrast(one: str, other: str) -> float:
    """The contrast of two colours (#rrggbb), from 1 to 21, by WCAG 2.2."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(colour: str) -> Iterator[float]:
    for place in (1, 3, 5):
        share = int(colour[place : place + 2], 16) / 255
        yield share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
