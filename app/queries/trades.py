"""Trades 工种 by what somebody typed: a part of the name, its pinyin or initials."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache

from app.content.catalogues import Entry
from app.content.searching import folded
from app.operations import deployments
from app.operations.finding._search_keys import organisation_keys

MOST = 20


def codes(text: str, now: datetime) -> list[str]:
    """The codes of the entries of that name in the catalogues in force."""
    wanted = folded(text)
    found = {entry.code: None for entry in _entries(now) if _fits(entry, wanted)}
    return list(found)[:MOST]


def _entries(now: datetime) -> Iterator[Entry]:
    """Of all catalogues: what is no trade is no case's trade either, and finds none."""
    for deployment_id, _ in deployments.latest(now):
        for catalogue in deployments.scheme(deployment_id).catalogues.values():
            yield from catalogue.entries


def _fits(entry: Entry, wanted: str) -> bool:
    return any(key.startswith(wanted) for key in _keys(entry.code) | _keys(entry.title))


@lru_cache(maxsize=10_000)
def _keys(name: str) -> frozenset[str]:
    return frozenset(key for _, key in organisation_keys([name]))
