"""Who is told what is said to a unit: whoever acts for it, and never an organisation nobody signs in to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, literal, select

from app.content.scheme import Scheme
from app.extensions import db
from app.models import Account, Organisation, Person
from app.operations._prepared import Prepared
from app.operations.offices._resolution import superior_of, unit_today

_ACCOUNT = Account.__table__.c
_OPERATED = Prepared(
    select(_ACCOUNT.id)
    .where(
        _ACCOUNT.organisation_id == bindparam("organisation"),
        literal("operator") == func.any(_ACCOUNT.duties),
        _ACCOUNT.disabled_at.is_(None),
    )
    .limit(1)
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


def recipient(scheme: Scheme, unit_id: int, at: datetime) -> Recipient:
    """Whom a notice to a unit reaches under a scheme.

    The unit; its department, where the scheme's applicants file through that alone (JD-03, JD-04). For a unit
    without an account in use, the department above it, which keeps its register, if that has one.
    """
    filed_by = {role.relation for role in scheme.roles.values() if role.applicant}
    by_department = filed_by == {"superior"}
    if not by_department and _is_operated(unit_id):
        return Recipient(unit_id)
    superior = superior_of(unit_today(unit_id), at)
    if superior is None or not (by_department or _is_operated(superior[0])):
        return Recipient(unit_id)
    return Recipient(superior[0], for_unit=not by_department)


def _is_operated(organisation_id: int) -> bool:
    return _OPERATED.run({"organisation": organisation_id}).first() is not None
