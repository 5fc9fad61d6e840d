"""Posts and places: what a unit's verified filing makes available, and who holds it (CQ-01, CQ-02, CQ-33)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.engine import Row

from app.content.capabilities import CapabilityDeclaration
from app.extensions import db
from app.models import PlaceClaim, PostQuota
from app.operations._prepared import Prepared
from app.operations.capabilities import CapabilityRefused, Request, Values, capability

NO_REGISTER, ABOVE_HIGHEST, NO_VACANCY = "no_post_register", "above_highest_grade", "no_vacancy"
BY_VACANCY = "vacancy"

REGISTER_POSTS = CapabilityDeclaration(
    "register_posts",
    "登记岗位",
    inputs={"posts": "各等级岗位数：grade、approved、held、special、vacant"},
    outputs={"grades": "登记的等级数"},
    refusals={"below_claims": "备案的空缺岗位少于已被占用的名额"},
    locks_quota=True,
    repeatable=True,
)
RESERVE_PLACE = CapabilityDeclaration(
    "reserve_place",
    "占用岗位名额",
    inputs={"grade": "申报等级", "basis": "占用依据：vacancy 受空缺岗位数限制，其余代号不受限制、另行计数"},
    outputs={"quota": "岗位登记编号", "basis": "占用依据"},
    refusals={
        NO_REGISTER: "单位的岗位数还没有备案",
        ABOVE_HIGHEST: "申报等级超过本单位工勤岗位最高设置等级",
        NO_VACANCY: "该等级已无空缺岗位",
    },
    locks_quota=True,
    undone_by="release_place",
)
RELEASE_PLACE = CapabilityDeclaration(
    "release_place", "释放岗位名额", outputs={"released": "是否释放了名额"}, locks_quota=True
)


@capability(REGISTER_POSTS, simulate=lambda inputs: {"grades": len(inputs["posts"])})
def register_posts(request: Request) -> Values:
    """Replaces what is known of the unit's posts by a verified filing (附件4).

    Refuses one that leaves fewer vacancies in a grade than live applications hold.
    """
    posts = [_post(request, post) for post in request.inputs["posts"]]
    vacant = {post["grade"]: post["vacant"] for post in posts}
    for quota in _locked_quotas(request):
        held = _claims(quota.id)
        if held > vacant.get(quota.grade, quota.vacant):
            raise CapabilityRefused(
                "below_claims",
                f"{_grade_title(request, quota.grade)}已有 {held} 人占用名额，空缺岗位数不能少于 {held}。",
            )
    for post in posts:
        statement = upsert(PostQuota).values(post)
        db.session.execute(
            statement.on_conflict_do_update(
                index_elements=["jurisdiction", "scheme_id", "unit_id", "grade"],
                set_={name: statement.excluded[name] for name in _REPLACED},
            )
        )
    return {"grades": len(posts)}


@capability(RESERVE_PLACE, simulate=lambda inputs: {"quota": 0, "basis": inputs["basis"]})
def reserve_place(request: Request) -> Values:
    """Claims a place of the unit in a grade, under the locked row of that grade.

    Asked again it is the same claim; for another grade or basis the case's former place is freed.

    `basis` vacancy counts 1:1 against the vacancies; any other basis is not bound by them, yet never goes
    above the unit's highest worker post grade (CQ-02), and is counted apart (CQ-33).
    """
    grade, basis = str(request.inputs["grade"]), str(request.inputs["basis"])
    quota = _quota_to_claim(request, grade)
    held = _live_claim(request.case_id)
    if held is not None and (held.quota_id, held.basis) == (quota.id, basis):
        return {"quota": quota.id, "basis": basis}
    if basis == BY_VACANCY and _claims(quota.id) >= quota.vacant:
        title = _grade_title(request, grade)
        raise CapabilityRefused(
            NO_VACANCY, f"本单位{title}空缺岗位 {quota.vacant} 个，均已被占用，不能再申报。"
        )
    if held is not None:
        _free(held.id, request.at)
    claim = {"quota_id": quota.id, "case_id": request.case_id, "basis": basis, "claimed_at": request.at}
    _CLAIM.run(claim)
    return {"quota": quota.id, "basis": basis}


@capability(RELEASE_PLACE, simulate=lambda inputs: {"released": True})
def release_place(request: Request) -> Values:
    """Frees the case's place, if it holds one."""
    claim = _live_claim(request.case_id)
    if claim is None:
        return {"released": False}
    db.session.execute(select(PostQuota.id).where(PostQuota.id == claim.quota_id).with_for_update())
    _free(claim.id, request.at)
    return {"released": True}


_QUOTA, _CLAIMED = PostQuota.__table__.c, PlaceClaim.__table__.c
_QUOTAS = Prepared(
    select(_QUOTA.id, _QUOTA.grade, _QUOTA.rank, _QUOTA.approved, _QUOTA.vacant)
    .where(
        _QUOTA.jurisdiction == bindparam("jurisdiction"),
        _QUOTA.scheme_id == bindparam("scheme"),
        _QUOTA.unit_id == bindparam("unit"),
    )
    .order_by(_QUOTA.id)
    .with_for_update()
)
_CLAIMS = Prepared(
    select(func.count()).where(
        _CLAIMED.quota_id == bindparam("quota"),
        _CLAIMED.basis == BY_VACANCY,
        _CLAIMED.released_at.is_(None),
    )
)
_LIVE_CLAIM = Prepared(
    select(_CLAIMED.id, _CLAIMED.quota_id, _CLAIMED.basis).where(
        _CLAIMED.case_id == bindparam("case"), _CLAIMED.released_at.is_(None)
    )
)
_CLAIM = Prepared(insert(PlaceClaim.__table__))

_REPLACED = ("rank", "approved", "held", "special", "vacant", "source_case_id", "registered_at")


def _post(request: Request, post: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "jurisdiction": request.jurisdiction,
        "scheme_id": request.scheme.id,
        "unit_id": request.unit_id,
        "grade": post["grade"],
        "rank": request.scheme.grade_rank(post["grade"]),
        "approved": post["approved"],
        "held": post["held"],
        "special": post.get("special", 0),
        "vacant": post["vacant"],
        "source_case_id": request.case_id,
        "registered_at": request.at,
    }


def _locked_quotas(request: Request) -> list[Row[Any]]:
    """All of the unit's rows, locked in order of id (decision 4)."""
    mine = {"jurisdiction": request.jurisdiction, "scheme": request.scheme.id, "unit": request.unit_id}
    return list(_QUOTAS.run(mine))


def _quota_to_claim(request: Request, grade: str) -> Row[Any]:
    quotas = _locked_quotas(request)
    if not quotas:
        raise CapabilityRefused(NO_REGISTER, "本单位的岗位数还没有备案，请先备案再申报。")
    highest = min((quota.rank for quota in quotas if quota.approved > 0), default=None)
    if highest is None or request.scheme.grade_rank(grade) < highest:
        raise CapabilityRefused(
            ABOVE_HIGHEST, f"申报的{_grade_title(request, grade)}超过本单位工勤岗位最高设置等级，不能申报。"
        )
    found = next((quota for quota in quotas if quota.grade == grade), None)
    if found is None:
        raise CapabilityRefused(
            NO_REGISTER, f"本单位备案的岗位里没有{_grade_title(request, grade)}，请先补充备案。"
        )
    return found


def _claims(quota_id: int) -> int:
    held: int = _CLAIMS.run({"quota": quota_id}).scalar_one()
    return held


def _free(claim_id: int, at: datetime) -> None:
    db.session.execute(update(PlaceClaim).where(PlaceClaim.id == claim_id).values(released_at=at))


def _live_claim(case_id: int) -> Row[Any] | None:
    return _LIVE_CLAIM.run({"case": case_id}).first()


def _grade_title(request: Request, grade: str) -> str:
    return request.scheme.grade_title(grade)
