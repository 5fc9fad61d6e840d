"""Who is told what is said to a unit: whoever acts for it, and never an organisation nobody signs in to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, bindparam, exists, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.content.scheme import Scheme
from app.extensions import db
from app.models import Account, Case, Organisation, Person
from app.operations._prepared import Prepared
from app.operations.capabilities import Request
from app.operations.offices._resolution import superior_of, unit_today

_ACCOUNT = Account.__table__.c
_CASE = Case.__table__.c
_IN_USE = (literal("operator") == func.any(_ACCOUNT.duties), _ACCOUNT.disabled_at.is_(None))
_OPERATED = Prepared(
    select(_ACCOUNT.id).where(_ACCOUNT.organisation_id == bindparam("organisation"), *_IN_USE).limit(1)
)
_WITH_OPERATED_UNITS = Prepared(
    select(_CASE.id).where(
        _CASE.id == func.any(bindparam("cases", type_=ARRAY(BigInteger))),
        exists().where(_ACCOUNT.organisation_id == _CASE.unit_id, *_IN_USE),
    )
)


@dataclass(frozen=True, slots=True)
class Recipient:
    """An organisation that is told; `for_unit` where it is to pass it on to a unit without an account."""

    organisation_id: int
    for_unit: bool = False

    def words(self, text: str, unit_id: int, person_id: int | None) -> str:
        """What it reads: one that passes it on is told for whom, since the case may not be its to see."""
        if not self.for_unit:
            return text
        unit = db.session.scalar(select(Organisation.name).where(Organisation.id == unit_id))
        person = db.session.scalar(select(Person.name).where(Person.id == person_id)) if person_id else None
        whom = f"（{person}）" if person else ""
        return f"“{unit}”没有在用的账号，请转告{whom}：{text}"


def recipient_of(request: Request) -> Recipient:
    """As `recipient`, for the unit of the case that asks; asked once for all the cases of a midnight."""
    # A case that is only being written is found by its unit alone.
    many = request.case_id in request.together.case_ids
    known = request.together.ask(_with_operated_units, request.case_id) if many else None
    return recipient(request.scheme, request.unit_id, request.at, known)


def recipient(scheme: Scheme, unit_id: int, at: datetime, operated: bool | None = None) -> Recipient:
    """Whom a notice to a unit reaches under a scheme.

    The unit; its department, where the scheme's applicants file through that alone (JD-03, JD-04). For a unit
    without an account in use, the department above it, which keeps its register, if that has one. `operated`:
    whether the unit has one, if that is known.
    """
    filed_by = {role.relation for role in scheme.roles.values() if role.applicant}
    by_department = filed_by == {"superior"}
    if not by_department and (_is_operated(unit_id) if operated is None else operated):
        return Recipient(unit_id)
    superior = superior_of(unit_today(unit_id), at)
    if superior is None or not (by_department or _is_operated(superior[0])):
        return Recipient(unit_id)
    return Recipient(superior[0], for_unit=not by_department)


def _with_operated_units(case_ids: Sequence[int]) -> Collection[int]:
    return set(_WITH_OPERATED_UNITS.run({"cases": list(case_ids)}).scalars())


def _is_operated(organisation_id: int) -> bool:
    return _OPERATED.run({"organisation": organisation_id}).first() is not None
