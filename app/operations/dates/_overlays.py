"""Which moved dates hold for a case, or for what a unit may begin (decision 6)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, ScalarSelect, Text, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.content.calendar import NONE
from app.models import Case, Organisation, Overlay
from app.operations._prepared import Prepared

_OVERLAY = Overlay.__table__.c
_UNIT = Organisation.__table__.c


@dataclass(frozen=True, slots=True)
class Moved:
    """The dates that were moved, and when each of these decisions was made."""

    dates: Mapping[str, datetime | None] = field(default_factory=dict)
    decided: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def plain(self) -> dict[str, str | None]:
        """As the log and the case's row hold them."""
        return {name: at.isoformat() if at else None for name, at in self.dates.items()}


def in_force(
    scheme_id: ColumnElement[str], region: ColumnElement[str], case_id: ColumnElement[int] | None = None
) -> ScalarSelect[Any]:
    """The moved dates in a region, or for a case there, as `read` takes them: those that win come last."""
    lies_in = (region, func.left(region, 4).concat("00"), func.left(region, 2).concat("0000"))
    chosen: list[ColumnElement[bool]] = [
        _OVERLAY.area.in_(lies_in),
        _OVERLAY.area.is_(None) & _OVERLAY.case_id.is_(None),
    ]
    if case_id is not None:
        chosen.append(_OVERLAY.case_id == case_id)
    one = func.jsonb_build_array(_OVERLAY.date, _OVERLAY.at, _OVERLAY.decided_at)
    return (
        select(func.jsonb_agg(aggregate_order_by(one, *_WINNING_LAST)))
        .where(_OVERLAY.scheme_id == scheme_id, _OVERLAY.state == "approved", or_(*chosen))
        .correlate_except(Overlay.__table__)
        .scalar_subquery()
    )


_WINNING_LAST = (
    _OVERLAY.case_id.asc().nulls_first(),
    # Zeros at the end of a code of GB/T 2260 are what a smaller division fills in.
    func.length(func.rtrim(func.coalesce(_OVERLAY.area, ""), "0")),
    _OVERLAY.decided_at,
    _OVERLAY.id,
)


def read(rows: Sequence[Sequence[Any]] | None, known: Collection[str]) -> Moved:
    """What `in_force` gave; dates that the deployment does not know are passed over."""
    if not rows:
        return _NOTHING
    wins = {name: (at and _instant(at), _instant(decided)) for name, at, decided in rows if name in known}
    return Moved(
        {name: at for name, (at, _) in wins.items()}, {name: decided for name, (_, decided) in wins.items()}
    )


_NOTHING = Moved(NONE, {})


def region_of(unit_id: ColumnElement[int]) -> ScalarSelect[str]:
    region = select(_UNIT.region).where(_UNIT.id == unit_id)
    return region.correlate_except(Organisation.__table__).scalar_subquery()


def for_unit(scheme_id: str, unit_id: int, known: Collection[str]) -> Moved:
    """The moved dates for a case that a unit would begin now."""
    return read(_FOR_UNIT.run({"scheme": scheme_id, "unit": unit_id}).scalar(), known)


def for_whom(scheme_id: str, area: str | None, case_id: int | None, known: Collection[str]) -> Moved:
    """The moved dates for a case, in an area, or with neither for the whole scheme."""
    if case_id is not None:
        return read(_FOR_CASE.run({"case": case_id}).scalar(), known)
    return read(_FOR_AREA.run({"scheme": scheme_id, "area": area or ""}).scalar(), known)


_CASE = Case.__table__.c
_SCHEME: ColumnElement[str] = bindparam("scheme", type_=Text)
_FOR_UNIT = Prepared(select(in_force(_SCHEME, region_of(bindparam("unit", type_=BigInteger)))))
_FOR_AREA = Prepared(select(in_force(_SCHEME, bindparam("area", type_=Text))))
_FOR_CASE = Prepared(
    select(in_force(_CASE.scheme_id, region_of(_CASE.unit_id), _CASE.id)).where(_CASE.id == bindparam("case"))
)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
