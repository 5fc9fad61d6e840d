"""Shares: so many as a rule lets a unit put forward of one kind, claimed one by one (JD-09)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.engine import Row

from app.content.capabilities import CapabilityDeclaration
from app.extensions import db
from app.models import Case, ShareClaim, SharePool
from app.operations.capabilities import CapabilityRefused, Request, Values, capability

FULL = "share_full"

RESERVE_SHARE = CapabilityDeclaration(
    "reserve_share",
    "占用申报指标",
    inputs={
        "pool": "指标的名目，如等级和工种：同一单位同一名目的申报合在一起计数",
        "limit": "本单位该名目可以申报几人",
        "ground": "依据，写在提示里，如“本单位该工种现有技师 25 人”",
    },
    outputs={"limit": "可以申报几人", "taken": "已经占用几个，含本件"},
    refusals={FULL: "申报指标已用完"},
    locks_quota=True,
    undone_by="release_share",
)
RELEASE_SHARE = CapabilityDeclaration(
    "release_share", "释放申报指标", outputs={"released": "是否释放了指标"}, locks_quota=True
)


@capability(RESERVE_SHARE, simulate=lambda inputs: {"limit": inputs["limit"], "taken": 1})
def reserve_share(request: Request) -> Values:
    """Claims one of the unit's shares under the locked row of the pool, which the first case makes.

    Asked again it is the same claim; for another pool the case's former share is freed. Who came first
    keeps the share, also where the rule allows fewer by now; then nobody else gets one.
    """
    pool, limit = str(request.inputs["pool"]), int(request.inputs["limit"])
    ground = str(request.inputs["ground"])
    row = _locked_pool(request, pool, make=limit > 0)
    taken, held = (_taken(row.id) if row else 0), _live_claim(request.case_id)
    if row is not None and held is not None and held.pool_id == row.id:
        return {"limit": row.most, "taken": taken}
    if row is None or taken >= limit:
        raise CapabilityRefused(FULL, f"{ground}，可申报 {limit} 人，已申报 {taken} 人，不能再申报。")
    if held is not None:
        _free(held.id, request.at)
    db.session.execute(update(SharePool).where(SharePool.id == row.id).values(most=limit))
    claim = {"pool_id": row.id, "case_id": request.case_id, "claimed_at": request.at}
    db.session.execute(insert(ShareClaim).values(claim))
    return {"limit": limit, "taken": taken + 1}


@capability(RELEASE_SHARE, simulate=lambda inputs: {"released": True})
def release_share(request: Request) -> Values:
    """Frees the case's share, if it holds one."""
    claim = _live_claim(request.case_id)
    if claim is None:
        return {"released": False}
    db.session.execute(select(SharePool.id).where(SharePool.id == claim.pool_id).with_for_update())
    _free(claim.id, request.at)
    return {"released": True}


def share_faults() -> Iterator[tuple[int | None, str]]:
    """(case id, sentence) of each claim that must not be: of a cancelled case, or beyond the limit."""
    live = ShareClaim.released_at.is_(None)
    lost = select(ShareClaim.case_id).join(Case, Case.id == ShareClaim.case_id)
    for case_id in db.session.scalars(lost.where(live, Case.state == "cancelled")):
        yield case_id, "办件已撤销，仍占着申报指标"
    over = (
        select(SharePool.unit_id, SharePool.pool)
        .join(ShareClaim, ShareClaim.pool_id == SharePool.id)
        .where(live)
        .group_by(SharePool.id)
        .having(func.count() > SharePool.most)
    )
    for pool in db.session.execute(over):
        yield None, f"单位 {pool.unit_id} 的 {pool.pool} 指标被占用的多于规定数"


def _locked_pool(request: Request, pool: str, *, make: bool) -> Row[tuple[int, int]] | None:
    mine = {
        "jurisdiction": request.jurisdiction,
        "scheme_id": request.scheme.id,
        "unit_id": request.unit_id,
        "pool": pool,
    }
    known = select(SharePool.id, SharePool.most).filter_by(**mine).with_for_update()
    found = db.session.execute(known).first()
    if found is None and make:
        new = upsert(SharePool).values(**mine, year=request.scheme.year, most=0)
        db.session.execute(new.on_conflict_do_nothing())
        found = db.session.execute(known).one()
    return found


def _taken(pool_id: int) -> int:
    live = select(func.count()).where(ShareClaim.pool_id == pool_id, ShareClaim.released_at.is_(None))
    return db.session.execute(live).scalar_one()


def _live_claim(case_id: int) -> Row[tuple[int, int]] | None:
    mine = (ShareClaim.case_id == case_id, ShareClaim.released_at.is_(None))
    return db.session.execute(select(ShareClaim.id, ShareClaim.pool_id).where(*mine)).first()


def _free(claim_id: int, at: datetime) -> None:
    db.session.execute(update(ShareClaim).where(ShareClaim.id == claim_id).values(released_at=at))
