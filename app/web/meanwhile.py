"""What somebody has saved of a form since its page was drawn, field by field, and by which page."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Collection, Mapping
from typing import Any

from flask import request

from app.content.form_post import empty
from app.operations import tasks

SEEN = "_seen"
Values = Mapping[str, Any]


def new_page() -> str:
    """The key of a page that saves what is typed in it; it is sent back as `_page`."""
    return secrets.token_urlsafe(12)


def page_sent() -> str | None:
    return request.form.get("_page", "")[:32] or None


def marks(values: Values, names: Collection[str]) -> str:
    """What stands in these fields as a page is drawn; the page sends it back as `_seen`."""
    return _written(_marks(values, names))


def remarked(values: Values, name: str) -> str:
    """The `_seen` that was sent, now that the page shows this value of the field."""
    return _written(_sent() | _marks(values, {name}))


def saved_since(saved: Values, names: Collection[str]) -> set[str]:
    """The fields that hold something else than when the page was drawn; none if the request doesn't tell."""
    if SEEN not in request.form:
        return set()
    return _otherwise(saved, names)


def left_alone(typed: Values, names: Collection[str]) -> set[str]:
    """Those in which the page's reader has changed nothing."""
    return set(names) - _otherwise(typed, names)


def alike(one: Values, other: Values, name: str) -> bool:
    return _marks(one, {name}) == _marks(other, {name})


def _otherwise(values: Values, names: Collection[str]) -> set[str]:
    seen = _sent()
    return {name for name, mark in _marks(values, names).items() if mark != seen.get(name, "")}


def _marks(values: Values, names: Collection[str]) -> dict[str, str]:
    plain = tasks.as_draft(values)
    return {name: _mark(plain.get(name)) for name in sorted(names)}


def _mark(value: Any) -> str:
    if empty(value) or value is False:  # a box that nobody ticked is sent as soon as anything is
        return ""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]


def _written(found: Mapping[str, str]) -> str:
    return " ".join(f"{name}={mark}" for name, mark in found.items())


def _sent() -> dict[str, str]:
    parts = (part.partition("=") for part in request.form.get(SEEN, "").split())
    return {name: mark for name, _equals, mark in parts}
