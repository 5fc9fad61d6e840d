"""The workers' register: entered once, then changed by the results of assessments alone (JD-11)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import Select, func, or_, select, update

from app.content.capabilities import CapabilityDeclaration
from app.engine.civil import civil
from app.errors import Conflict, Forbidden, Invalid
from app.extensions import db
from app.models import (
    AssessmentResult,
    Case,
    Holding,
    Jurisdiction,
    Organisation,
    Person,
    ShareClaim,
    SharePool,
)
from app.operations import deployments
from app.operations._administration import insert, record
from app.operations.actors import Actor
from app.operations.capabilities import Request, Values, capability
from app.operations.finding._names import clean_name
from app.operations.finding._search_keys import follow_person
from app.operations.offices.regions import with_parents
from app.operations.registers import people

ENTERED, IMPORTED = "entered", "imported"
LONGEST_TRADE = 60
FUNCTION = "register"
"""The function of offices that import results for the units of their areas."""
FIXED = "该人员的工种等级已经登记，以后只随考评结果的导入更新，不能自行修改。"

COUNT_REGISTER = CapabilityDeclaration(
    "count_register",
    "统计工勤人员登记",
    inputs={"trade": "工种", "grade": "等级"},
    outputs={"count": "本单位在册人员中现有该工种该等级的人数"},
    repeatable=True,
)
REGISTER_HISTORY = CapabilityDeclaration(
    "register_history",
    "查询以往申报",
    inputs={"trade": "工种", "grade": "申报等级", "pool": "指标的名目，与占用申报指标时写的相同"},
    outputs={
        "failed_before": "本人往年申报该工种该等级，参加考评而没有通过",
        "unit_last_year": "本单位上一年度申报该工种该等级的人数",
    },
    repeatable=True,
)


@capability(COUNT_REGISTER, simulate=lambda inputs: {"count": 0})
def count_register(request: Request) -> Values:
    """How many of the present people of the case's unit hold the grade in the trade now (JD-09)."""
    held = (Holding.trade == request.inputs["trade"], Holding.grade == request.inputs["grade"])
    count = (
        select(func.count())
        .select_from(Holding)
        .join(Person, Person.id == Holding.person_id)
        .where(Person.unit_id == request.unit_id, Person.left_at.is_(None), Holding.ended_at.is_(None), *held)
    )
    return {"count": db.session.execute(count).scalar_one()}


@capability(REGISTER_HISTORY, simulate=lambda inputs: {"failed_before": False, "unit_last_year": 0})
def register_history(request: Request) -> Values:
    """What earlier years say: by the imported results, and by the shares held in last year's scheme."""
    trade, grade = str(request.inputs["trade"]), str(request.inputs["grade"])
    same = (AssessmentResult.trade == trade, AssessmentResult.grade == grade)
    year = request.scheme.year
    mine = (AssessmentResult.person_id == request.person_id, AssessmentResult.year < year)
    failed = select(AssessmentResult.id).where(*same, *mine, AssessmentResult.passed.is_(False))
    last = (AssessmentResult.unit_id == request.unit_id, AssessmentResult.year == year - 1)
    judged = select(AssessmentResult.person_id).where(*same, *last)
    shared = (
        select(Case.person_id)
        .join(ShareClaim, ShareClaim.case_id == Case.id)
        .join(SharePool, SharePool.id == ShareClaim.pool_id)
        .where(SharePool.jurisdiction == request.jurisdiction, SharePool.year == year - 1)
        .where(SharePool.unit_id == request.unit_id, SharePool.pool == request.inputs["pool"])
        .where(ShareClaim.released_at.is_(None))
    )
    filed = db.session.scalar(select(func.count()).select_from(judged.union(shared).subquery()))
    return {
        "failed_before": db.session.scalar(failed.limit(1)) is not None,
        "unit_last_year": filed,
    }


def grades_for(region: str, now: datetime) -> dict[str, str]:
    """Titles of the grades by code, the highest first, of the schemes in force where the region lies."""
    around = with_parents(region)
    found: dict[str, str] = {}
    for deployment_id, _ in deployments.latest(now):
        scheme = deployments.scheme(deployment_id)
        if scheme.jurisdiction in around:
            found |= {grade.code: grade.title for grade in scheme.grades if grade.code not in found}
    return found


def enter(
    person_id: int, trade: str, grade: str, issued_on: date | None, *, actor: Actor, now: datetime
) -> None:
    """Enters what a person holds, once: later changes come by results alone (JD-11).

    Raises Forbidden for somebody of another unit, Invalid, and Conflict where something stands already.
    """
    person = db.session.get_one(Person, person_id, with_for_update=True)
    people.demand_unit(person.unit_id, actor, now)
    known = select(Holding.id).where(Holding.person_id == person_id).limit(1)
    if db.session.scalar(known) is not None:
        raise Conflict(FIXED)
    unit = db.session.get_one(Organisation, person.unit_id)
    row = _holding(person_id, trade, _grade(grade, grades_for(unit.region, now)), issued_on, actor, now)
    row.source = ENTERED
    if issued_on is not None and issued_on > civil(now).date():
        raise Invalid({"issued_on": ["取得日期不能晚于今天。"]})
    insert(row, FIXED)
    follow_person(person_id)
    record("register.entered", person_id, actor, now, detail={"trade": row.trade, "grade": row.grade})


def enter_result(
    person: Person, year: int, trade: str, grade: str, passed: bool, *, actor: Actor, now: datetime
) -> None:
    """Enters what an assessment gave somebody; who passed holds the grade from now on, and no lower one.

    Results come in a later year than the assessment (JD-11). Raises Forbidden unless the actor's office has
    the register of the unit's area, Invalid for a year that is not over, Conflict for a result known.
    """
    unit = _own_area(person, actor, now)
    if year >= civil(now).year:
        raise Invalid({"year": ["考评结果在下一年度导入，年度要早于今年。"]})
    code = _grade(grade, grades_for(unit.region, now))
    row = AssessmentResult(
        person_id=person.id,
        unit_id=unit.id,
        year=year,
        trade=_trade(trade),
        grade=code,
        passed=passed,
        entered_by=actor.account_id,
        entered_for=actor.organisation_id,
        entered_at=now,
    )
    insert(row, f"{person.name}{year}年度这一工种等级的结果已经导入过。")
    if passed:
        valid = (Holding.person_id == person.id, Holding.trade == row.trade, Holding.ended_at.is_(None))
        db.session.execute(update(Holding).where(*valid).values(ended_at=now))
        held = _holding(person.id, trade, code, None, actor, now)
        held.source = IMPORTED
        db.session.add(held)
        follow_person(person.id)
    detail = {"year": year, "trade": row.trade, "grade": code, "passed": passed}
    record("register.result", person.id, actor, now, detail=detail)


def _holding(
    person_id: int, trade: str, grade: str, issued_on: date | None, actor: Actor, now: datetime
) -> Holding:
    return Holding(
        person_id=person_id,
        trade=_trade(trade),
        grade=grade,
        issued_on=issued_on,
        entered_by=actor.account_id,
        entered_for=actor.organisation_id,
        entered_at=now,
    )


def _own_area(person: Person, actor: Actor, now: datetime) -> Organisation:
    """The person's unit, if the actor's office has the register of its area; else Forbidden."""
    unit = db.session.get(Organisation, person.unit_id) if person.unit_id is not None else None
    if unit is None:
        raise Invalid({"name": [f"{person.name}不在任何单位的名册里。"]})
    if not actor.system and not _has_register(unit.region, actor, now):
        raise Forbidden(f"{unit.name}不归本机构登记，不能导入。")
    return unit


def may_import(actor: Actor, now: datetime) -> bool:
    """Whether the actor's office has the register of any area."""
    return db.session.scalar(_granted(actor, now).limit(1)) is not None


def _has_register(region: str, actor: Actor, now: datetime) -> bool:
    mine = _granted(actor, now).where(Jurisdiction.region.in_(with_parents(region)))
    return db.session.scalar(mine.limit(1)) is not None


def _granted(actor: Actor, now: datetime) -> Select[tuple[int]]:
    return select(Jurisdiction.id).where(
        Jurisdiction.office_id == actor.organisation_id,
        Jurisdiction.function == FUNCTION,
        Jurisdiction.valid_from <= now,
        or_(Jurisdiction.valid_to.is_(None), Jurisdiction.valid_to > now),
    )


def _grade(text: str, titles: Mapping[str, str]) -> str:
    """The code of a grade that is given by code or title. Raises Invalid with those that there are."""
    wanted = clean_name(text)
    found = next((code for code, title in titles.items() if wanted in (code, title)), None)
    if found is None:
        known = "、".join(titles.values()) or "没有已发布的方案"
        raise Invalid({"grade": [f"等级“{wanted[:20]}”不认识，可用的是：{known}。"]})
    return found


def _trade(text: str) -> str:
    trade = clean_name(text)
    if not 1 <= len(trade) <= LONGEST_TRADE:
        raise Invalid({"trade": [f"请填写工种（不超过 {LONGEST_TRADE} 个字）。"]})
    return trade
