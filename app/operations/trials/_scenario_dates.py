"""How a scenario moves a named date: proposed and approved by its people at one instant, then carried out."""

from __future__ import annotations

from datetime import datetime

from app.content.scenario_parts import ScenarioOverlay
from app.extensions import db
from app.models import Organisation
from app.operations.actors import Actor
from app.operations.apart import savepoint
from app.operations.dates import overlays


def move_date(
    scheme_id: str,
    wanted: ScenarioOverlay,
    actor: Actor,
    approver: Actor | None,
    case_id: int | None,
    at: datetime,
) -> None:
    """Without an approver it stays a proposal. Raises what `overlays.propose` and `approve` raise."""
    own = db.session.get_one(Organisation, actor.organisation_id).region
    overlay_id = overlays.propose(
        scheme_id,
        wanted.date,
        wanted.day,
        area=(wanted.area or own) if wanted.scope == "area" else None,
        case_id=case_id if wanted.scope == "case" else None,
        ground=wanted.ground,
        actor=actor,
        now=at,
    )
    if approver is not None:
        overlays.approve(overlay_id, actor=approver, now=at)
        while overlays.carry_out(lambda _: at, savepoint):
            pass
