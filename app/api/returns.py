"""Giving a case back 退回 from a task: where to, what would fall, and doing it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response
from marshmallow import Schema, fields

from app import edge, jobs
from app.api import schemas
from app.api.auth import me, signed_in
from app.api.fields import choice, number, numbers, text
from app.api.idempotency import PARAMETER, once, once_in_parts
from app.api.moving import receipt
from app.api.reading import Room
from app.api.schemas import Body, Status
from app.errors import Conflict
from app.operations.going_back import returns
from app.operations.long_work import work
from app.operations.tasks import ItemResult
from app.queries import inbox
from app.queries import tasks as task_queries
from app.queries.inbox import TaskRow

blueprint = Room("api_returns", __name__, "待办事项")


class HeldTask(Schema):
    name = fields.String()
    office = fields.String(allow_none=True)


class GivenOpinion(HeldTask):
    actor = fields.String(allow_none=True)
    at = fields.AwareDateTime()


class StoppedClock(Schema):
    name = fields.String()
    due_at = fields.AwareDateTime(allow_none=True)


class ReturnTarget(Schema):
    element = fields.String()
    done = fields.Nested(GivenOpinion, metadata={"description": "那一步上次由谁办理"})
    straight = fields.Boolean(metadata={"description": "可以用 then: back 直接退回"})
    tasks = fields.List(fields.Nested(HeldTask), metadata={"description": "撤销的待办"})
    opinions = fields.List(fields.Nested(GivenOpinion), metadata={"description": "不再有效的意见"})
    clocks = fields.List(fields.Nested(StoppedClock), metadata={"description": "停止的计时"})
    places = fields.List(fields.String(), metadata={"description": "释放的名额，按等级"})
    branches = fields.Boolean(metadata={"description": "并行的各个分支一起退回"})
    closes_at = fields.AwareDateTime(allow_none=True, metadata={"description": "须在此之前补正"})
    late = fields.Boolean(metadata={"description": "已过期限，不能退回到这里"})


class ReturnTargets(Schema):
    items = fields.List(fields.Nested(ReturnTarget))
    seq = fields.Integer(allow_none=True, metadata={"description": "退回时作为 seen 带上"})


class Return(Body):
    element = text(1, required=True, metadata={"description": "退回到哪个环节"})
    opinion = text(1, returns.LONGEST_OPINION, required=True)
    then = choice(
        *("on", "back"),
        load_default="on",
        metadata={"description": "补正以后：on 重新逐级审核，back 直接退回本环节"},
    )
    seen = number(metadata={"description": "预览时的 seq；办件此后有了变化则答 409"})


class ManyReturns(Body):
    tasks = numbers(schemas.MOST_ITEMS, required=True, metadata={"description": "同一方案、同一环节的待办"})
    element = text(1, required=True, metadata={"description": "退回到哪个环节"})
    opinion = text(1, returns.LONGEST_OPINION, required=True)
    then = choice("on", "back", load_default="on")


@blueprint.get("/tasks/<id:task_id>/returns")
@signed_in("operator")
@blueprint.response(200, ReturnTargets)
@blueprint.doc(responses={409: "CONFLICT"})
def targets(task_id: int) -> dict[str, Any]:
    """可以退回到哪些环节，各有什么后果"""
    at = receipt(task_queries.one(task_id, me().organisation_id).task.scheme_id)
    found = returns.previews(task_id, at)
    return {"items": [_row(preview) for preview in found], "seq": found[0].seq if found else None}


@blueprint.post("/tasks/<id:task_id>/return")
@signed_in("operator")
@blueprint.arguments(Return)
@blueprint.response(200, Status)
@blueprint.doc(parameters=[PARAMETER])
def give_back(body: dict[str, Any], task_id: int) -> Response:
    """退回到以前的环节"""
    at = receipt(task_queries.one(task_id, me().organisation_id).task.scheme_id)
    said = (body["element"], body["opinion"], body["then"])

    def work() -> returns.Returned:
        return returns.give_back(task_id, *said, me().actor, at, body.get("seen"))

    return once(work, Status())


@blueprint.post("/tasks/returns")
@signed_in("operator")
@blueprint.arguments(ManyReturns)
@blueprint.response(200, schemas.BulkResult)
@blueprint.alt_response(202, schema=schemas.BulkResult, description="超过 200 项，在后台退回")
@blueprint.doc(parameters=[PARAMETER])
def give_back_many(body: dict[str, Any]) -> Response:
    """批量退回到同一环节，逐项给出结果；超过 200 项的在后台退回"""
    if len(set(body["tasks"])) > schemas.MOST_AT_ONCE:
        return once(lambda: _accept_many(**body), schemas.BulkResult(), 202)
    return once_in_parts(lambda: _give_back_many(**body), schemas.BulkResult())


def _give_back_many(tasks: list[int], element: str, opinion: str, then: returns.Then) -> dict[str, Any]:
    rows, gone = _waiting(tasks)
    at = receipt(rows[0].task.scheme_id)
    ids = [row.task.id for row in rows]
    done = returns.give_back_many(ids, element, opinion, then, me().actor, at, edge.transaction)
    return {"results": [*done, *gone], "work": None}


def _accept_many(tasks: list[int], **values: str) -> dict[str, Any]:
    rows, gone = _waiting(tasks)
    scheme_id = rows[0].task.scheme_id
    accepted = work.accept_decisions(
        [work.Chosen(row.task.id, row.case.id, row.subject) for row in rows],
        values,
        title=f"批量退回：{rows[0].task.name}",
        scheme_id=scheme_id,
        actor=me().actor,
        at=receipt(scheme_id),
        now=edge.received_at(),
        kind="returns",
    )
    jobs.enqueue(accepted)
    return {"results": gone, "work": accepted.id}


def _waiting(task_ids: list[int]) -> tuple[Sequence[TaskRow], list[ItemResult]]:
    """Those that wait here and are decided in bulk, of one step; and the refusals of the others."""
    rows = [row for row in inbox.chosen(task_ids, _desk()) if row.task.bulk]
    if len({(row.task.scheme_id, row.task.element) for row in rows}) != 1:
        raise Conflict("各项须属于同一方案的同一环节，且至少有一项是本机构可以批量办理的待办。")
    known = {row.task.id for row in rows}
    told = "没有这项待办，或不能批量办理。"
    return rows, [ItemResult(one, False, told) for one in dict.fromkeys(task_ids) if one not in known]


def _desk() -> inbox.Desk:
    return inbox.desk_of(me().actor, edge.received_at())


def _row(preview: returns.Preview) -> dict[str, Any]:
    return {
        "element": preview.target.element,
        "done": preview.target.done,
        "straight": preview.target.straight,
        "tasks": [{"name": name, "office": office} for name, office in preview.tasks],
        "opinions": preview.opinions,
        "clocks": [{"name": name, "due_at": due} for name, due in preview.clocks],
        "places": preview.places,
        "branches": preview.branches,
        "closes_at": preview.closes_at,
        "late": preview.late,
    }
