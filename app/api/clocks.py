"""The rehearsal clocks: seeing them, and moving one forward (decision 13)."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from app import edge
from app.api.auth import me, signed_in
from app.api.fields import instant
from app.api.moving import receipt
from app.api.reading import Room
from app.api.schemas import Body
from app.api.schemes import newest
from app.errors import NotFound
from app.extensions import atomic
from app.operations import deployments
from app.operations.dates import clock, rehearsal

blueprint = Room("api_clocks", __name__, "演练时钟")


class Clock(Schema):
    scheme = fields.String()
    now = fields.AwareDateTime()


class ClockMove(Body):
    to = instant(required=True)


class ClockMoved(Clock):
    fired = fields.Integer(metadata={"description": "触发的定时"})
    parked = fields.Integer(metadata={"description": "转为异常的定时"})


@blueprint.get("/clocks")
@signed_in("administrator")
@blueprint.response(200, Clock(many=True))
def listing() -> list[dict[str, Any]]:
    """各方案的演练时钟"""
    _demand_rehearsal()
    return [{"scheme": scheme_id, "now": receipt(scheme_id)} for scheme_id in deployments.published()]


@blueprint.put("/clocks/<word:scheme_id>")
@signed_in("administrator")
@blueprint.arguments(ClockMove)
@blueprint.response(200, ClockMoved)
def move(body: dict[str, Any], scheme_id: str) -> dict[str, Any]:
    """把一个方案的时钟向前拨，并触发途中到期的定时"""
    _demand_rehearsal()
    newest(scheme_id)
    with edge.transaction():
        clock.set_clock(scheme_id, body["to"], me().actor, edge.received_at())
    swept = rehearsal.let_pass(scheme_id, edge.received_at(), atomic)
    return {
        "scheme": scheme_id,
        "now": receipt(scheme_id),
        "fired": swept.fired,
        "parked": swept.parked,
    }


def _demand_rehearsal() -> None:
    """In a real database there are no such clocks. Raises NotFound."""
    if not clock.is_rehearsal():
        raise NotFound
