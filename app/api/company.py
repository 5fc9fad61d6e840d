"""What is done about a case beside its tasks: taking back, reminding, copying; phrases; what one began."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response
from marshmallow import Schema, fields

from app import edge, jobs
from app.api import schemas
from app.api.auth import me, signed_in
from app.api.cases import row_of
from app.api.fields import choice, number, numbers, text
from app.api.idempotency import PARAMETER, once, once_in_parts
from app.api.moving import receipt
from app.api.reading import Room
from app.api.schemas import Body, Case, Cursor
from app.api.tasks import send_copies
from app.errors import Conflict, NotFound
from app.operations.company import copies, phrases, reminders
from app.operations.going_back import recalls
from app.operations.long_work import work
from app.operations.tasks import ItemResult
from app.queries import company, started
from app.queries import copies as copy_queries
from app.queries import phrases as phrase_queries
from app.queries.cases import CaseFilter, CaseRow
from app.queries.visibility import case_for

blueprint = Room("api_company", __name__, "协办：撤回、催办、抄送、常用语")

NOT_DONE = "不是您办理的事项，或已经撤回。"


class FallingTask(Schema):
    name = fields.String()
    office = fields.String(allow_none=True)


class StoppingClock(Schema):
    name = fields.String()
    due_at = fields.AwareDateTime(allow_none=True)


class RecallPreview(Schema):
    name = fields.String()
    tasks = fields.List(fields.Nested(FallingTask), metadata={"description": "撤销的待办"})
    clocks = fields.List(fields.Nested(StoppingClock), metadata={"description": "停止的计时"})
    releases = fields.Boolean(metadata={"description": "释放占用的名额"})
    closes_at = fields.AwareDateTime(allow_none=True, metadata={"description": "须在此之前重新提交"})
    late = fields.Boolean(metadata={"description": "已过期限，不能撤回"})
    seq = fields.Integer(metadata={"description": "撤回时作为 seen 带上"})


class Recall(Body):
    seen = number(metadata={"description": "预览时的 seq；办件此后有了变化则答 409"})
    ground = text(longest=recalls.LONGEST_NOTE, load_default="", metadata={"description": "原因，可以不给"})


class ManyRecalls(Body):
    tasks = numbers(schemas.MOST_ITEMS, required=True, metadata={"description": "自己办理的"})
    ground = text(longest=recalls.LONGEST_NOTE, load_default="", metadata={"description": "原因，可以不给"})


class Recalled(Schema):
    case_id = fields.Integer()
    status = fields.String()
    task_id = fields.Integer(metadata={"description": "重新打开的待办"})


class Reminder(Body):
    note = text(longest=copies.LONGEST_NOTE, load_default="")


class Reminded(Schema):
    again_at = fields.AwareDateTime(metadata={"description": "此后才能再催"})


class Recipient(Schema):
    id = fields.Integer()
    name = fields.String()


class Recipients(Schema):
    accounts = fields.List(fields.Nested(Recipient))
    organisations = fields.List(fields.Nested(Recipient))


class Copy(Schema):
    id = fields.Integer()
    case = fields.Nested(Case)
    sender = fields.String(allow_none=True)
    note = fields.String()
    to_organisation = fields.Boolean(metadata={"description": "给本机构的，不是给账号的"})
    sent_at = fields.AwareDateTime()
    read_at = fields.AwareDateTime(allow_none=True)


class StartedQuery(Cursor):
    who = choice("me", "organisation", load_default="me")
    state = choice("running", "ended", "cancelled")


class Phrase(Schema):
    id = fields.Integer()
    text = fields.String()
    whose = fields.String()


class Phrases(Schema):
    items = fields.List(fields.Nested(Phrase))


class NewPhrase(Body):
    text = text(1, phrases.LONGEST, required=True)
    whose = choice("me", "organisation", load_default="me", metadata={"description": "自己用，或本机构共用"})


@blueprint.get("/tasks/<id:task_id>/recall")
@signed_in("operator", "applicant")
@blueprint.response(200, RecallPreview)
@blueprint.doc(responses={409: "CONFLICT"})
def preview(task_id: int) -> dict[str, Any]:
    """撤回自己办理的一步会有什么后果；不能撤回的答 409，说明原因"""
    task, _case = company.task_in_sight(task_id, me().sight)
    told = recalls.preview(task_id, me().actor, receipt(task.scheme_id))
    return {
        "name": told.name,
        "tasks": [{"name": name, "office": office} for name, office in told.tasks],
        "clocks": [{"name": name, "due_at": due} for name, due in told.clocks],
        "releases": told.releases,
        "closes_at": told.closes_at,
        "late": told.late,
        "seq": told.seq,
    }


@blueprint.post("/tasks/<id:task_id>/recall")
@signed_in("operator", "applicant")
@blueprint.arguments(Recall)
@blueprint.response(200, Recalled)
@blueprint.doc(parameters=[PARAMETER])
def recall(body: dict[str, Any], task_id: int) -> Response:
    """撤回自己办理的一步，在下一环节办理以前"""
    task, _case = company.task_in_sight(task_id, me().sight)
    at = receipt(task.scheme_id)
    given = (body.get("seen"), body["ground"])
    return once(lambda: recalls.recall(task_id, me().actor, at, *given), Recalled())


@blueprint.post("/tasks/recalls")
@signed_in("operator")
@blueprint.arguments(ManyRecalls)
@blueprint.response(200, schemas.BulkResult)
@blueprint.alt_response(202, schema=schemas.BulkResult, description="超过 200 项，在后台撤回")
@blueprint.doc(parameters=[PARAMETER])
def recall_many(body: dict[str, Any]) -> Response:
    """批量撤回自己办理的，逐项给出结果；超过 200 项的在后台撤回"""
    ids, ground = list(dict.fromkeys(body["tasks"])), body["ground"]
    if len(ids) > schemas.MOST_AT_ONCE:
        return once(lambda: _accept_recalls(ids, ground), schemas.BulkResult(), 202)
    return once_in_parts(lambda: _recall_many(ids, ground), schemas.BulkResult())


def _recall_many(ids: list[int], ground: str) -> dict[str, Any]:
    schemes = {row.task.id: row.task.scheme_id for row in company.done_by(me().actor, task_ids=ids)}

    def now(task_id: int) -> datetime:
        return receipt(schemes[task_id])

    done = recalls.recall_many(schemes, ground, me().actor, now, edge.transaction)
    results = {one: ItemResult(one, False, NOT_DONE) for one in ids} | {one.task_id: one for one in done}
    return {"results": list(results.values()), "work": None}


def _accept_recalls(ids: list[int], ground: str) -> dict[str, Any]:
    rows = company.done_by(me().actor, task_ids=ids)
    if not rows:
        raise Conflict(NOT_DONE)
    chosen = [
        work.Chosen(row.task.id, row.case.id, row.subject, {"scheme": row.task.scheme_id}) for row in rows
    ]
    title = f"批量撤回：{rows[0].task.name}"
    accepted = work.accept_recalls(chosen, ground, title=title, actor=me().actor, now=edge.received_at())
    jobs.enqueue(accepted)
    gone = [one for one in ids if one not in {row.task.id for row in rows}]
    return {"results": [ItemResult(one, False, NOT_DONE) for one in gone], "work": accepted.id}


@blueprint.post("/tasks/<id:task_id>/reminders")
@signed_in("operator", "supervisor", "applicant")
@blueprint.arguments(Reminder)
@blueprint.response(201, Reminded)
@blueprint.doc(parameters=[PARAMETER])
def remind(body: dict[str, Any], task_id: int) -> Response:
    """催办：四小时内一件待办只能催一次"""
    task, _case = company.task_in_sight(task_id, me().sight)
    at = receipt(task.scheme_id)

    def work() -> dict[str, Any]:
        return {"again_at": reminders.remind(task_id, body["note"], me().actor, at)}

    return once(work, Reminded(), 201)


@blueprint.get("/cases/<id:case_id>/recipients")
@signed_in("operator", "supervisor")
@blueprint.response(200, Recipients)
def recipients(case_id: int) -> dict[str, Any]:
    """一件办件可以抄送给谁"""
    case = case_for(case_id, me().sight)
    if not copies.may_send(case, me().actor):
        raise NotFound
    houses = copies.line(case, me().actor, receipt(case.scheme_id))
    return {"accounts": copies.colleagues(me().actor), "organisations": houses}


@blueprint.post("/cases/<id:case_id>/copies")
@signed_in("operator", "supervisor")
@blueprint.arguments(schemas.NewCopy)
@blueprint.response(204)
def copy(body: dict[str, Any], case_id: int) -> None:
    """抄送给同事或有关机构，他们从此看得到该办件"""
    case = case_for(case_id, me().sight)
    with edge.transaction():
        send_copies(case_id, body, receipt(case.scheme_id))


@blueprint.get("/copies")
@signed_in("operator", "supervisor")
@blueprint.arguments(Cursor, location="query")
@blueprint.response(200, schemas.page_of(Copy))
def received(query: dict[str, Any]) -> dict[str, Any]:
    """抄送我的，新的在前"""
    page = copy_queries.received(me().actor, query.get("after"))
    return {"items": [_copy_row(row) for row in page.rows], "next": page.next}


@blueprint.put("/copies/<id:copy_id>/read")
@signed_in("operator", "supervisor")
@blueprint.response(204)
def read(copy_id: int) -> None:
    """标为已读"""
    with edge.transaction():
        copies.mark_read(copy_id, me().actor, edge.received_at())


@blueprint.get("/cases/started")
@signed_in("operator")
@blueprint.arguments(StartedQuery, location="query")
@blueprint.response(200, schemas.page_of(Case))
def begun(query: dict[str, Any]) -> dict[str, Any]:
    """我发起的，或本机构发起的办件，新的在前"""
    anybody = query["who"] == "organisation"
    wanted = CaseFilter(state=query.get("state", ""))
    page = started.listing(me().actor, wanted, query.get("after"), anybody=anybody)
    return {"items": [row_of(row) for row in page.rows], "next": page.next}


@blueprint.get("/phrases")
@signed_in("operator")
@blueprint.response(200, Phrases)
def usable() -> dict[str, Any]:
    """自己的和本机构共用的常用语"""
    found = phrase_queries.usable(me().actor)
    rows = [(one, "me" if one.organisation_id is None else "organisation") for one in found]
    return {"items": [{"id": one.id, "text": one.text, "whose": whose} for one, whose in rows]}


@blueprint.post("/phrases")
@signed_in("operator")
@blueprint.arguments(NewPhrase)
@blueprint.response(201, schemas.Started)
@blueprint.doc(parameters=[PARAMETER])
def add(body: dict[str, Any]) -> Response:
    """添加常用语"""
    shared, now = body["whose"] == "organisation", edge.received_at()

    def work() -> dict[str, Any]:
        return {"id": phrases.add(body["text"], shared=shared, actor=me().actor, now=now)}

    return once(work, schemas.Started(), 201)


@blueprint.delete("/phrases/<id:phrase_id>")
@signed_in("operator")
@blueprint.response(204)
def remove(phrase_id: int) -> None:
    """删除常用语：自己的，或自己添加的共用的"""
    with edge.transaction():
        phrases.remove(phrase_id, me().actor)


def _copy_row(row: copy_queries.CopyRow) -> dict[str, Any]:
    return {
        "id": row.copy.id,
        "case": row_of(CaseRow(row.case, row.unit_name, row.person)),
        "sender": row.sender,
        "note": row.copy.note,
        "to_organisation": row.copy.organisation_id is not None,
        "sent_at": row.copy.sent_at,
        "read_at": row.copy.read_at,
    }
