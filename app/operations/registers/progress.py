"""How far the cases of one unit have come, for steps that wait until all of them are through."""

from __future__ import annotations

from sqlalchemy import func, select

from app.content.capabilities import CapabilityDeclaration
from app.errors import EngineError
from app.extensions import db
from app.models import Case
from app.operations.capabilities import Request, Values, capability

UNIT_PROGRESS = CapabilityDeclaration(
    "unit_progress",
    "统计本单位办件的进度",
    inputs={
        "process": "统计哪个流程的办件",
        "statuses": "其中要数出来的状态（文字的列表），与办件显示的一致",
    },
    optional=frozenset({"statuses"}),
    outputs={"total": "全部办件数", "running": "在办的", "matching": "在办的里面是这些状态的"},
)


@capability(UNIT_PROGRESS, simulate=lambda inputs: {"total": 1, "running": 1, "matching": 0})
def unit_progress(request: Request) -> Values:
    """Counts the cases of a process that belong to the asking case's unit in this scheme, as they stand now.

    A reading, not a lock: a case may move right after, so whoever acts on it names the cases again
    (`release_waiting` takes those that wait at that instant).
    """
    process = str(request.inputs["process"])
    if process not in request.scheme.processes:
        raise EngineError(f"方案里没有名为“{process}”的流程，不能统计。", element=request.element)
    running = Case.ended_at.is_(None)
    counts = select(
        func.count(),
        func.count().filter(running),
        func.count().filter(running, Case.status.in_(request.inputs.get("statuses") or [])),
    ).where(Case.unit_id == request.unit_id, Case.scheme_id == request.scheme.id, Case.process == process)
    total, active, matching = db.session.execute(counts).one()
    return {"total": total, "running": active, "matching": matching}
