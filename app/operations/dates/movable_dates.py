"""Which dates an organisation may propose to move, and for whom: what a page can offer."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.content.calendar import NamedDate
from app.content.overlays import OverlayRule, Scope
from app.content.scheme import Scheme
from app.operations.dates._overlay_rights import areas_of
from app.operations.dates._overlays import for_whom
from app.operations.offices.regions import with_parents


@dataclass(frozen=True, slots=True)
class Movable:
    """A date, and what it is now for the whole scheme; `scopes` and `areas` are what the asker may choose."""

    rule: OverlayRule
    named: NamedDate
    at: datetime | None
    scopes: Sequence[Scope]
    areas: Collection[str]


def movable(
    scheme: Scheme, organisation_id: int | None, regions: Collection[str], now: datetime
) -> Mapping[str, Movable]:
    """The scheme's movable dates by name, each as the organisation may move it; `regions` are all known."""
    calendar = scheme.calendar
    dates = calendar.resolve(for_whom(scheme.id, None, None, calendar.dates).dates)
    found = {}
    for name, rule in scheme.overlays.items():
        areas = _areas(scheme, rule, organisation_id, regions, now)
        scopes = [scope for scope in rule.scopes if _offered(scope, scheme, areas)]
        found[name] = Movable(rule, calendar.dates[name], dates[name], scopes, areas)
    return found


def _offered(scope: Scope, scheme: Scheme, areas: Collection[str]) -> bool:
    """For a case every organisation may ask: whether it holds the role there is known with the case."""
    return scope == "case" or (scheme.jurisdiction in areas if scope == "scheme" else bool(areas))


def _areas(
    scheme: Scheme,
    rule: OverlayRule,
    organisation_id: int | None,
    regions: Collection[str],
    now: datetime,
) -> set[str]:
    held = areas_of(scheme.roles[rule.propose], organisation_id, now)
    if not held:
        return set()
    codes = [code for code in regions if scheme.jurisdiction in with_parents(code)]
    return {code for code in codes if not held.isdisjoint(with_parents(code))}
