"""Archiving cases 归档, with the time that their files are kept (LIFE-15)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select, update

from app.content.capabilities import CapabilityDeclaration
from app.engine.civil import add_months, civil
from app.errors import EngineError
from app.extensions import db
from app.models import Case
from app.operations.capabilities import CapabilityRefused, Request, Values, capability
from app.operations.road._links import disputed

LONGEST_YEARS = 200

ARCHIVE_CASE = CapabilityDeclaration(
    "archive_case",
    "归档",
    inputs={"retention_years": "保管年限"},
    outputs={"retained_until": "保管到哪一天（含）"},
    refusals={"disputed": "与本办件有关的办件（处理、复核等）还没有办结"},
)


@capability(ARCHIVE_CASE, simulate=lambda inputs: {"retained_until": date.max})
def archive_case(request: Request) -> Values:
    """Archives the case for so many years from today. Refused while a case about it is live, however far off.

    Asked again it is the same day.
    """
    years = request.inputs["retention_years"]
    if isinstance(years, bool) or not isinstance(years, int) or not 1 <= years <= LONGEST_YEARS:
        raise EngineError("保管年限应当是 1 到 200 的整数，请核对方案的参数。", element=request.element)
    known = db.session.execute(select(Case.retained_until).where(Case.id == request.case_id)).scalar_one()
    if known is not None:
        return {"retained_until": known}
    if disputed(request.case_id):
        raise CapabilityRefused("disputed", "与本办件有关的办件还没有办结，暂不能归档，请待其办结后再办。")
    until = add_months(civil(request.at).date(), 12 * years)
    archived = {"archived_at": request.at, "retained_until": until}
    db.session.execute(update(Case).where(Case.id == request.case_id).values(archived))
    return {"retained_until": until}
