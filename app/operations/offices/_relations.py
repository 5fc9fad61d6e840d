"""The dated relations between organisations: subordination 隶属 and jurisdiction 管辖."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from app.errors import Conflict, Invalid, NotFound
from app.extensions import db
from app.models import Jurisdiction, Organisation, Region, Subordination
from app.operations._administration import demand, ground_by, record
from app.operations.actors import Actor
from app.operations.offices._resolution import superior_of, unit_today

SUPERIOR_KINDS = ("department", "office")


def assign_superior(
    organisation_id: int,
    superior_id: int | None,
    at: datetime,
    *,
    actor: Actor,
    ground: str | None = None,
    told_at: datetime | None = None,
) -> None:
    """Puts an organisation under a superior (None: under nobody) from `at` on; the former one ends there.

    Raises Conflict where a later change stands already or a circle would arise.
    """
    demand(actor, "administrator")
    reason = ground_by(actor, ground)
    subordinate(organisation_id, superior_id, at, actor=actor, ground=reason, told_at=told_at)


def subordinate(
    organisation_id: int,
    superior_id: int | None,
    at: datetime,
    *,
    actor: Actor,
    ground: str | None = None,
    told_at: datetime | None = None,
) -> None:
    """What `assign_superior` does, for operations that have checked the right themselves.

    `told_at` is when it was stated, if that is not when it began.
    """
    open_organisation(organisation_id)
    if superior_id is not None:
        _check_superior(organisation_id, superior_id, at)
    mine = Subordination.organisation_id == organisation_id
    end_rows(Subordination, mine, at)
    if superior_id is not None:
        db.session.add(Subordination(organisation_id=organisation_id, superior_id=superior_id, valid_from=at))
    record(
        "organisation.subordinated",
        organisation_id,
        actor,
        told_at or at,
        ground=ground,
        detail={"superior": superior_id, "from": at.isoformat()},
    )


def grant_jurisdiction(
    office_id: int,
    function: str,
    region: str,
    at: datetime,
    *,
    actor: Actor,
    level: str | None = None,
    system: str | None = None,
    until: datetime | None = None,
    ground: str | None = None,
    told_at: datetime | None = None,
) -> Jurisdiction:
    """Gives an office a function for a region from `at` (to `until`, exclusive).

    `told_at` is when it was decided, if that is not when it begins.
    Whoever performed exactly that function, region, level and system before ends there.
    Raises Conflict where a later grant stands already.
    """
    demand(actor, "administrator")
    reason, office = ground_by(actor, ground), open_organisation(office_id)
    if office.kind == "unit":
        raise Invalid({"office": ["申报单位不能行使经办职责，请选择经办机构或主管部门。"]})
    what = {"function": function, "region": known_region(region), "level": level, "system": system}
    same = and_(*(getattr(Jurisdiction, name).is_not_distinct_from(value) for name, value in what.items()))
    end_rows(Jurisdiction, same, at)
    granted = Jurisdiction(office_id=office_id, **what, valid_from=at, valid_to=until, ground=reason)
    db.session.add(granted)
    db.session.flush()
    detail = {**what, "from": at.isoformat()}
    record("jurisdiction.granted", office_id, actor, told_at or at, ground=reason, detail=detail)
    return granted


def end_jurisdiction(
    jurisdiction_id: int,
    at: datetime,
    *,
    actor: Actor,
    ground: str | None = None,
    told_at: datetime | None = None,
) -> None:
    """Ends a grant at an instant. Raises NotFound, and Conflict where it has ended."""
    demand(actor, "administrator")
    reason = ground_by(actor, ground)
    row = db.session.get(Jurisdiction, jurisdiction_id, with_for_update=True)
    if row is None:
        raise NotFound("没有这条管辖记录。")
    if row.valid_to is not None and row.valid_to <= at:
        raise Conflict("这条管辖记录已经终止。")
    row.valid_to = max(at, row.valid_from)
    detail = {"jurisdiction": row.id, "at": at.isoformat()}
    record("jurisdiction.ended", row.office_id, actor, told_at or at, ground=reason, detail=detail)


def open_organisation(organisation_id: int) -> Organisation:
    organisation = db.session.get(Organisation, organisation_id, with_for_update=True)
    if organisation is None:
        raise NotFound("没有这个机构。")
    if organisation.closed_at is not None:
        raise Conflict(f"“{organisation.name}”已经撤销或并入其他机构，不能再变更。")
    return organisation


def known_region(code: str) -> str:
    if db.session.get(Region, code) is None:
        raise Invalid({"region": ["请选择所在地区；该地区代码不在行政区划表里。"]})
    return code


def end_rows(table: type[Any], mine: ColumnElement[bool], at: datetime) -> None:
    """Ends what is valid at an instant; raises Conflict where something begins after it."""
    rows = db.session.scalars(
        select(table)
        .where(mine, or_(table.valid_to.is_(None), table.valid_to > at))
        .order_by(table.id)
        .with_for_update()
    )
    for row in rows:
        if row.valid_from >= at:
            raise Conflict("这一时间之后已有新的登记，请改用更晚的时间。")
        row.valid_to = at


def valid_at(table: type[Any], mine: ColumnElement[bool], at: datetime) -> Sequence[Any]:
    valid = (table.valid_from <= at) & or_(table.valid_to.is_(None), table.valid_to > at)
    return db.session.scalars(select(table).where(mine, valid).order_by(table.id)).all()


def _check_superior(organisation_id: int, superior_id: int, at: datetime) -> None:
    superior = open_organisation(superior_id)
    if superior.kind not in SUPERIOR_KINDS:
        raise Invalid({"superior": ["请从主管部门列表中选择。"]})
    above: int | None = superior_id
    while above is not None:
        if above == organisation_id:
            raise Conflict("隶属关系不能成环：所选主管部门就是该机构本身或它的下级。")
        unit = unit_today(above)
        found = superior_of(unit, at)
        above = found[0] if found else None
