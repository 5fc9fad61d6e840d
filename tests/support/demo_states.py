"""What the demonstrations show, as `make run` makes them: a case in each of these states (issue 5)."""

from __future__ import annotations

from sqlalchemy import select

from app.extensions import db
from app.models import Case

SANCTION = {"拟处理", "待陈述申辩", "待决定", "待送达"}
APPEALED = {"已送达，复核期内", "复核中"}
ID_CORRECTION = {"待提交更正", "待核验"}
REFUND = {"待提交退费", "待审核退费"}
ADMINISTRATOR = {"待录入登记表", "待发放账户"}


def seen() -> set[str]:
    """The statuses of all cases, and those of each phase that a case has come to."""
    rows = db.session.execute(select(Case.status, Case.phases)).all()
    return {row.status for row in rows} | {status for row in rows for status in row.phases.values()}
