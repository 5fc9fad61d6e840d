"""What list pages share: filters read from the address, and the address of the next page."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import request, url_for
from werkzeug.datastructures import MultiDict

from app.web.filters import CHINA

LONGEST_FILTER = 100
PLACES = ("before", "after")
"""The parameters that say where in a list a page begins."""


def asked(name: str) -> str:
    """A filter's text, cut to what a person might type."""
    return request.args.get(name, "").replace("\x00", "").strip()[:LONGEST_FILTER]


def asked_days(first: str, last: str) -> tuple[datetime | None, datetime | None]:
    """Two filter days as a half-open period; the last day counts to its end."""
    begin, end = _day(asked(first)), _day(asked(last))
    return _midnight(begin), _midnight(end + timedelta(days=1) if end else None)


def address_with(**changes: str | None) -> str:
    """This page's address with some parameters changed; None takes one out."""
    added = {name: value for name, value in changes.items() if value}
    kept = {name: value for name, value in filters().items() if name not in changes}
    return url_for(str(request.endpoint), **{**kept, **(request.view_args or {}), **added})


def url_in_list(endpoint: str, **own: Any) -> str:
    """The address of another page for this page's list, narrowed alike; its own parameters go before."""
    return url_for(endpoint, **{**filters(), **own})


def filters() -> dict[str, str]:
    """What this page's address narrows the list to, for another; never what `url_for` itself takes."""
    own = {"endpoint", *PLACES}
    return {
        name: value
        for name, value in request.args.items()
        if value and name not in own and not name.startswith("_")
    }


def ticked(sent: MultiDict[str, str]) -> list[int]:
    """The ids of the rows that were ticked, in order and once each."""
    texts = sent.getlist("task")
    return list(dict.fromkeys(int(text) for text in texts if text.isdecimal() and len(text) < 19))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _midnight(day: date | None) -> datetime | None:
    return datetime(day.year, day.month, day.day, tzinfo=CHINA).astimezone(UTC) if day else None
