"""Who has a task: claiming, releasing, transferring, delegating, cosigning; and the colleagues for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Response
from marshmallow import Schema, fields

from app import edge
from app.api import schemas
from app.api.auth import me, signed_in
from app.api.fields import choice, number, numbers, text
from app.api.idempotency import PARAMETER, once
from app.api.moving import task_receipt
from app.api.reading import Room
from app.api.schemas import Body
from app.api.tasks import task_row
from app.operations.actors import Actor
from app.operations.company import assignments, cosigning, delegations
from app.queries import assigning as told
from app.queries import inbox
from app.queries import tasks as task_queries
from app.queries.colleagues import colleagues
from app.queries.delegated import delegated

blueprint = Room("api_assigning", __name__, "待办事项")

LONGEST = assignments.LONGEST_TEXT


class Colleague(Schema):
    id = fields.Integer()
    name = fields.String()
    login = fields.String()


class Colleagues(Schema):
    items = fields.List(fields.Nested(Colleague))


class Cosigner(Schema):
    account_id = fields.Integer(metadata={"description": "请谁会签"})
    name = fields.String()
    asked_by = fields.String()
    asked_at = fields.AwareDateTime()
    question = fields.String()
    verdict = fields.String(allow_none=True, metadata={"description": "agree 同意，disagree 不同意"})
    opinion = fields.String(allow_none=True)
    given_at = fields.AwareDateTime(allow_none=True)
    given_by = fields.String(allow_none=True, metadata={"description": "代其答复的代理人"})
    removed_at = fields.AwareDateTime(allow_none=True, metadata={"description": "减签的时刻"})


class TaskAct(Schema):
    act = fields.String(
        metadata={
            "description": "claimed 签收、released 放回、transferred 转办、delegated 委派、resolved 答复、"
            "cosign_asked 加签、cosign_given 会签、cosign_removed 减签"
        }
    )
    at = fields.AwareDateTime()
    actor = fields.String()
    principal = fields.String(allow_none=True, metadata={"description": "代谁"})
    to = fields.String(allow_none=True)
    text = fields.String()


class Assigned(Schema):
    """谁有这项待办"""

    id = fields.Integer()
    assignee_id = fields.Integer(allow_none=True)
    assignee = fields.String(allow_none=True)
    owner_id = fields.Integer(allow_none=True, metadata={"description": "委派人；答复后由其办理"})
    owner = fields.String(allow_none=True)
    delegated = fields.Boolean()
    awaits = fields.Integer(metadata={"description": "还有几位加签人没有答复"})
    blocked = fields.String(allow_none=True, metadata={"description": "您现在为什么不能办理"})
    cosigners = fields.List(fields.Nested(Cosigner))
    acts = fields.List(fields.Nested(TaskAct))


class Asked(Schema):
    task = fields.Nested(schemas.Task)
    question = fields.String()
    asked_by = fields.String()
    asked_at = fields.AwareDateTime()


class Delegated(Schema):
    task = fields.Nested(schemas.Task, metadata={"description": "办理人是被委派的同事"})
    question = fields.String()
    asked_at = fields.AwareDateTime(allow_none=True)


class Transfer(Body):
    to = number(required=True, metadata={"description": "转给哪个账号，见 GET /colleagues"})
    ground = text(1, LONGEST, required=True)


class Delegation(Body):
    to = number(required=True)
    question = text(1, LONGEST, required=True)


class Answer(Body):
    opinion = text(1, LONGEST, required=True)


class Cosigning(Body):
    to = numbers(cosigning.MOST, required=True)
    question = text(1, LONGEST, required=True)


class Countersigning(Answer):
    verdict = choice("agree", "disagree", required=True)


class Removal(Body):
    account = number(required=True)
    ground = text(1, LONGEST, required=True)


ASSIGNED = Assigned()


@blueprint.get("/colleagues")
@signed_in("operator", "supervisor")
@blueprint.response(200, Colleagues)
def listing() -> dict[str, Any]:
    """本机构在用的经办账号，按姓名"""
    return {"items": colleagues(me().organisation_id)}


@blueprint.get("/tasks/asked")
@signed_in("operator")
@blueprint.arguments(schemas.Cursor, location="query")
@blueprint.response(200, schemas.page_of(Asked))
def asked(query: dict[str, Any]) -> dict[str, Any]:
    """等您会签的待办，先请的在前"""
    page = inbox.asked(inbox.desk_of(me().actor, edge.received_at()), query.get("after"))
    items = [
        {
            "task": task_row(one.row),
            "question": one.cosigner.question,
            "asked_by": one.asked_by,
            "asked_at": one.cosigner.asked_at,
        }
        for one in page.rows
    ]
    return {"items": items, "next": page.next}


@blueprint.get("/tasks/delegated")
@signed_in("operator")
@blueprint.arguments(schemas.Cursor, location="query")
@blueprint.response(200, schemas.page_of(Delegated))
def lent(query: dict[str, Any]) -> dict[str, Any]:
    """您委派出去、还没有答复的待办，先到的在前"""
    page = delegated(inbox.desk_of(me().actor, edge.received_at()), query.get("after"))
    items = [
        {"task": task_row(one.row), "question": one.question, "asked_at": one.asked_at} for one in page.rows
    ]
    return {"items": items, "next": page.next}


@blueprint.get("/tasks/<id:task_id>/assigning")
@signed_in("operator", "supervisor")
@blueprint.response(200, ASSIGNED)
def one(task_id: int) -> dict[str, Any]:
    """谁有这项待办，请过谁会签，各说了什么"""
    return _told(task_id)


@blueprint.post("/tasks/<id:task_id>/claim")
@signed_in("operator")
@blueprint.response(200, ASSIGNED)
@blueprint.doc(parameters=[PARAMETER], responses={409: "CONFLICT"})
def claim(task_id: int) -> Response:
    """签收：此后由您办理；已由同事签收的答 409，写明是谁"""
    return _done(task_id, lambda actor, at: assignments.claim(task_id, actor, at))


@blueprint.post("/tasks/<id:task_id>/release")
@signed_in("operator")
@blueprint.response(200, ASSIGNED)
@blueprint.doc(parameters=[PARAMETER], responses={409: "CONFLICT"})
def release(task_id: int) -> Response:
    """放回：本机构经办人又都可以办理"""
    return _done(task_id, lambda actor, at: assignments.release(task_id, actor, at))


@blueprint.post("/tasks/<id:task_id>/transfer")
@signed_in("operator", "supervisor")
@blueprint.arguments(Transfer)
@blueprint.response(200, ASSIGNED)
@blueprint.doc(parameters=[PARAMETER])
def transfer(body: dict[str, Any], task_id: int) -> Response:
    """转办：交给同事办理；本机构监督人员也可以转办"""
    given = (body["to"], body["ground"])
    return _done(task_id, lambda actor, at: assignments.transfer(task_id, *given, actor, at))


@blueprint.post("/tasks/<id:task_id>/delegate")
@signed_in("operator")
@blueprint.arguments(Delegation)
@blueprint.response(200, ASSIGNED)
@blueprint.doc(parameters=[PARAMETER])
def delegate(body: dict[str, Any], task_id: int) -> Response:
    """委派：请一位同事提意见，答复后仍由您办理"""
    given = (body["to"], body["question"])
    return _done(task_id, lambda actor, at: delegations.delegate(task_id, *given, actor, at))


@blueprint.post("/tasks/<id:task_id>/resolve")
@signed_in("operator")
@blueprint.arguments(Answer)
@blueprint.response(200, ASSIGNED)
@blueprint.doc(parameters=[PARAMETER])
def resolve(body: dict[str, Any], task_id: int) -> Response:
    """答复委派：待办交还委派人"""
    return _done(task_id, lambda actor, at: delegations.resolve(task_id, body["opinion"], actor, at))


@blueprint.post("/tasks/<id:task_id>/cosigners")
@signed_in("operator")
@blueprint.arguments(Cosigning)
@blueprint.response(200, ASSIGNED)
@blueprint.doc(parameters=[PARAMETER])
def cosign(body: dict[str, Any], task_id: int) -> Response:
    """加签：请几位同事会签，全部答复或减签后才能办理"""
    given = (body["to"], body["question"])
    return _done(task_id, lambda actor, at: cosigning.ask(task_id, *given, actor, at))


@blueprint.post("/tasks/<id:task_id>/cosigners/opinion")
@signed_in("operator")
@blueprint.arguments(Countersigning)
@blueprint.response(200, ASSIGNED)
@blueprint.doc(parameters=[PARAMETER])
def answer(body: dict[str, Any], task_id: int) -> Response:
    """会签：同意或不同意，写明意见；由办理人决定"""
    given = (body["verdict"], body["opinion"])
    return _done(task_id, lambda actor, at: cosigning.answer(task_id, *given, actor, at))


@blueprint.post("/tasks/<id:task_id>/cosigners/removal")
@signed_in("operator", "supervisor")
@blueprint.arguments(Removal)
@blueprint.response(200, ASSIGNED)
@blueprint.doc(parameters=[PARAMETER])
def remove(body: dict[str, Any], task_id: int) -> Response:
    """减签：不再等一位同事的意见"""
    given = (body["account"], body["ground"])
    return _done(task_id, lambda actor, at: cosigning.remove(task_id, *given, actor, at))


def _done(task_id: int, act: Callable[[Actor, datetime], None]) -> Response:
    at = task_receipt(task_id)

    def work() -> dict[str, Any]:
        act(me().actor, at)
        return _told(task_id)

    return once(work, ASSIGNED)


def _told(task_id: int) -> dict[str, Any]:
    page = task_queries.one(task_id, me().organisation_id)
    task, actor = page.task, me().actor
    opens = task.state == "open" and actor.has("operator")
    return {
        "id": task.id,
        "assignee_id": task.assignee_id,
        "assignee": page.assignee,
        "owner_id": task.owner_id,
        "owner": page.owner,
        "delegated": task.delegated,
        "awaits": task.awaits,
        "blocked": assignments.hindrance(task, actor, task_receipt(task_id)) if opens else None,
        "cosigners": [_opinion(one) for one in told.cosigners(task_id)],
        "acts": told.acts(page.case.id, task_id),
    }


def _opinion(one: told.Countersigning) -> dict[str, Any]:
    row = one.cosigner
    names = ("account_id", "asked_at", "question", "verdict", "opinion", "given_at", "removed_at")
    return {
        **{name: getattr(row, name) for name in names},
        "name": one.name,
        "asked_by": one.asked_by,
        "given_by": one.given_by,
    }
