"""Bars 禁考、不得申报: imposed and lifted by cases, found wherever the person files (ALL-02)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import exists, insert, or_, select, update
from sqlalchemy.engine import Row

from app.content.capabilities import CapabilityDeclaration
from app.engine.civil import civil, parse_day
from app.errors import EngineError
from app.extensions import db
from app.models import Bar, Deployment, Person
from app.operations.capabilities import CapabilityRefused, Request, Values, capability
from app.operations.road._links import line_of

UNTIL, NEXT_EXAMINATION = "until", "next_examination"

IMPOSE_BAR = CapabilityDeclaration(
    "impose_bar",
    "限制申报、禁考",
    inputs={
        "kind": "种类：until 到某日为止，next_examination 不得参加下一次考试",
        "until": "最后一个受限的日期（含），种类为 until 时要有",
        "ground": "依据",
    },
    optional=frozenset({"until"}),
    outputs={"bar": "限制的编号"},
    refusals={"no_term": "没有写明期限，或期限已经过去"},
)
LIFT_BAR = CapabilityDeclaration(
    "lift_bar",
    "解除限制",
    inputs={"ground": "依据"},
    outputs={"lifted": "解除的条数"},
)


@capability(IMPOSE_BAR, simulate=lambda inputs: {"bar": 0})
def impose_bar(request: Request) -> Values:
    """Bars the case's person from filing in the jurisdiction; one bar a token, however often it is asked.

    Two or three years from the decision: `add_months(today(), 24)`, that day included (Civil Code art. 201,
    202). Refuses a bar whose last day is missing or past.
    """
    kind, ground = str(request.inputs["kind"]), str(request.inputs["ground"])
    until = _day(request.inputs.get("until"))
    if kind not in (UNTIL, NEXT_EXAMINATION):
        raise EngineError(
            f"限制的种类“{kind}”不存在；应当是 {UNTIL} 或 {NEXT_EXAMINATION}。", element=request.element
        )
    known = _imposed(request)
    if known is not None:
        return {"bar": known}
    if kind == UNTIL and (until is None or until < civil(request.at).date()):
        raise CapabilityRefused("no_term", "请写明限制到哪一天为止，且不能早于今天。")
    new = insert(Bar).values(
        jurisdiction=request.jurisdiction,
        year=request.scheme.year,
        person_id=request.person_id,
        id_number_index=_index_of(request),
        case_id=request.case_id,
        token=request.token,
        kind=kind,
        until=until if kind == UNTIL else None,
        ground=ground,
        imposed_at=request.at,
    )
    return {"bar": db.session.execute(new.returning(Bar.id)).scalar_one()}


@capability(LIFT_BAR, simulate=lambda inputs: {"lifted": 1})
def lift_bar(request: Request) -> Values:
    """Lifts the bars that the case, or one that it is about, has imposed (复核, LIFE-13)."""
    lifted = db.session.execute(
        update(Bar)
        .where(Bar.case_id.in_(line_of(request.case_id)), Bar.lifted_at.is_(None))
        .values(
            lifted_at=request.at,
            lifted_by_case_id=request.case_id,
            lift_ground=str(request.inputs["ground"]),
        )
        .returning(Bar.id)
    )
    return {"lifted": len(lifted.all())}


def live(
    person_id: int, jurisdiction: str, year: int, at: datetime
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The bars on a person at an instant: those that hold in a scheme's jurisdiction, and another province's.

    A province's bar holds in its cities and the other way round; one of another province only warns.
    `scope` is the code (GB/T 2260) of the jurisdiction that imposed it.
    """
    index = select(Person.id_number_index).where(Person.id == person_id).scalar_subquery()
    found = db.session.execute(
        select(Bar.ground, Bar.until, Bar.kind, Bar.jurisdiction)
        .where(Bar.id_number_index == index, Bar.lifted_at.is_(None), Bar.imposed_at <= at)
        .where(or_(Bar.until >= civil(at).date(), _next_examination(year)))
        .order_by(Bar.id)
    ).all()
    here = [_told(bar) for bar in found if bar.jurisdiction[:2] == jurisdiction[:2]]
    elsewhere = [_told(bar) for bar in found if bar.jurisdiction[:2] != jurisdiction[:2]]
    return here, elsewhere


def _next_examination(year: int) -> Any:
    """Whether a bar from the next examination still holds for schemes of `year`: none of a year between the
    two has been published by the jurisdiction that imposed it."""
    gone_by = exists().where(
        Deployment.jurisdiction == Bar.jurisdiction, Deployment.year > Bar.year, Deployment.year < year
    )
    return (Bar.kind == NEXT_EXAMINATION) & ~gone_by


def _told(bar: Row[Any]) -> dict[str, Any]:
    return {"ground": bar.ground, "until": bar.until, "kind": bar.kind, "scope": bar.jurisdiction}


def _day(value: Any) -> date | None:
    """A day, also where it comes from a form as text; None where there is none."""
    try:
        return parse_day(value) if isinstance(value, str) else value if isinstance(value, date) else None
    except ValueError:
        return None


def _imposed(request: Request) -> int | None:
    mine = select(Bar.id).where(Bar.case_id == request.case_id, Bar.token == request.token)
    return db.session.execute(mine).scalar()


def _index_of(request: Request) -> bytes:
    found = db.session.execute(select(Person.id_number_index).where(Person.id == request.person_id)).scalar()
    if found is None:
        raise EngineError("办件不是关于一个人的，不能限制申报。", element=request.element)
    return found
