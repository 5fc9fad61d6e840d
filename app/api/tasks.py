"""Tasks 待办事项: the inbox, one task with its form, drafts, completions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import Response

from app import edge, jobs
from app.api import schemas
from app.api.applicants import own_task, task_row
from app.api.auth import me, signed_in
from app.api.idempotency import PARAMETER, once, once_in_parts
from app.api.moving import receipt, task_receipt
from app.api.problems import pointing_into
from app.api.reading import Room
from app.content.returns import may_return
from app.errors import Conflict, Invalid
from app.operations import deployments, tasks
from app.operations.company import copies
from app.operations.long_work import work
from app.queries import applicants, inbox
from app.queries import tasks as task_queries
from app.queries.returns import came_back

blueprint = Room("api_tasks", __name__, "待办事项")

# Made once: marshmallow copies every field for each.
FILLED, COMPLETION, STATUS = schemas.Filled(), schemas.Completion(), schemas.Status()


@blueprint.get("/tasks")
@signed_in("operator", "applicant")
@blueprint.arguments(schemas.TaskQuery, location="query")
@blueprint.response(200, schemas.page_of(schemas.Task))
def listing(query: dict[str, Any]) -> dict[str, Any]:
    """本机构的待办事项，先到的在前；已办的，新的在前。申报人得到自己的事项"""
    state, view, by = query.pop("state"), query.pop("view"), query.pop("by")
    after = query.pop("after", None)
    wanted = inbox.TaskFilter(**query)
    if (person := me().applicant) is not None:
        page = applicants.own_tasks(person, state, after)
        return {"items": [task_row(row) for row in page.rows], "next": page.next}
    if state == "open":
        page = inbox.open_tasks(_desk(office_wide=view == "office"), wanted, after, by)
    else:
        page = inbox.done_tasks(me().organisation_id, wanted, after)
    return {"items": [task_row(row) for row in page.rows], "next": page.next}


@blueprint.get("/tasks/<id:task_id>")
@signed_in("operator", "applicant")
@blueprint.response(200, schemas.TaskDetail)
def one(task_id: int) -> dict[str, Any]:
    """一项待办，附表单、已暂存的内容和以前各环节填写的内容"""
    if (person := me().applicant) is not None:
        return own_task(task_id, person)
    page = task_queries.one(task_id, me().organisation_id)
    scheme = deployments.scheme(page.case.deployment_id)
    return {
        **task_row(page),
        "came_back": came_back([task_id]).get(task_id),
        "returnable": may_return(scheme.definitions.processes[page.task.process].elements[page.task.element]),
        "listed": page.case.listed,
        "form": scheme.form(page.task.form).json_schema() if page.task.form else None,
        "typed": task_queries.typed([task_id]).get(task_id),
        "entered": [
            {
                "task": done.task.name,
                "actor": done.actor,
                "office": done.office,
                "at": done.task.completed_at,
                "values": done.values,
            }
            for done in task_queries.entered(page.case.id)
        ],
    }


@blueprint.put("/tasks/<id:task_id>/draft")
@signed_in("operator", "applicant")
@blueprint.arguments(FILLED)
@blueprint.response(204)
def draft(body: dict[str, Any], task_id: int) -> None:
    """暂存填写内容，不检查"""
    at = task_receipt(task_id)
    with edge.transaction():
        tasks.save_draft(task_id, body["values"], me().actor, at)


@blueprint.post("/tasks/<id:task_id>/completion")
@signed_in("operator", "applicant")
@blueprint.arguments(COMPLETION)
@blueprint.response(200, STATUS)
@blueprint.doc(parameters=[PARAMETER])
def complete(body: dict[str, Any], task_id: int) -> Response:
    """办理一项待办，可以同时抄送"""
    at, to = task_receipt(task_id), body.get("copies")
    if to and me().applicant is not None:
        raise Invalid({"copies": ["申报人不能抄送。"]})

    def decide() -> tasks.Completion:
        with pointing_into("values"):
            done = tasks.complete(task_id, body["values"], me().actor, at)
        if to:
            with pointing_into("copies"):
                send_copies(done.case_id, to, at)
        return done

    return once(decide, STATUS)


def send_copies(case_id: int, to: Mapping[str, Any], at: datetime) -> None:
    """As `NewCopy` asks for it."""
    copies.send(case_id, to.get("accounts", ()), to.get("organisations", ()), to["note"], me().actor, at)


@blueprint.post("/tasks/completions")
@signed_in("operator")
@blueprint.arguments(schemas.BulkCompletion)
@blueprint.response(200, schemas.BulkResult)
@blueprint.alt_response(202, schema=schemas.BulkResult, description="超过 200 项，在后台办理")
@blueprint.doc(parameters=[PARAMETER])
def complete_many(body: dict[str, Any]) -> Response:
    """批量办理，逐项给出结果；不给 values 时提交每项各自暂存的内容；超过 200 项的在后台办理"""
    task_ids, values = list(dict.fromkeys(body["tasks"])), body.get("values")
    if len(task_ids) > schemas.MOST_AT_ONCE:
        return once(lambda: _hand_over(task_ids, values), schemas.BulkResult(), 202)

    def decide() -> dict[str, Any]:
        return {"results": _complete_many(task_ids, values), "work": None}

    return once_in_parts(decide, schemas.BulkResult())


def _complete_many(task_ids: Sequence[int], values: Mapping[str, Any] | None) -> list[tasks.ItemResult]:
    """A result an item, in the order asked for; each scheme's tasks by its own clock."""
    rows = inbox.chosen(task_ids, _desk())
    schemes = {row.task.id: row.task.scheme_id for row in rows}
    saved = task_queries.typed(schemes) if values is None else {}
    results = {row.task.id: _single(row) for row in rows if not row.task.bulk}
    batches: dict[str | None, list[int]] = {}
    for task_id in task_ids:
        if task_id not in results:
            # What is not waiting here belongs to no clock: it is refused, whatever the time.
            batches.setdefault(schemes.get(task_id), []).append(task_id)
    for scheme_id, batch in batches.items():
        at = receipt(scheme_id) if scheme_id else edge.received_at()
        given = (lambda task_id: saved.get(task_id, {})) if values is None else values
        done = tasks.complete_many(batch, given, me().actor, at, edge.transaction)
        results.update({result.task_id: result for result in done})
    return [results[task_id] for task_id in task_ids]


def _hand_over(task_ids: Sequence[int], values: Mapping[str, Any] | None) -> dict[str, Any]:
    """Accepts those that wait here for the background; the others are refused at once."""
    rows = {row.task.id: row for row in inbox.chosen(task_ids, _desk()) if row.task.bulk}
    if len({row.task.scheme_id for row in rows.values()}) != 1:
        raise Conflict("后台办理的各项须属于同一方案，且至少有一项是本机构可以批量办理的待办。")
    first = next(iter(rows.values())).task
    saved = task_queries.typed(rows) if values is None else {}
    chosen = [
        work.Chosen(
            *(task_id, rows[task_id].case.id, rows[task_id].subject),
            values=saved.get(task_id, {}) if values is None else None,
        )
        for task_id in task_ids
        if task_id in rows
    ]
    accepted = work.accept_decisions(
        chosen,
        values or {},
        title=f"批量办理：{first.name}",
        scheme_id=first.scheme_id,
        actor=me().actor,
        at=receipt(first.scheme_id),
        now=edge.received_at(),
    )
    jobs.enqueue(accepted)
    gone = [task_id for task_id in task_ids if task_id not in rows]
    told = "没有这项待办，或不能批量办理。"
    return {"results": [tasks.ItemResult(task_id, False, told) for task_id in gone], "work": accepted.id}


def _single(row: inbox.TaskRow) -> tasks.ItemResult:
    return tasks.ItemResult(row.task.id, False, f"“{row.task.name}”不能批量办理，请逐项办理。")


def _desk(*, office_wide: bool = False) -> inbox.Desk:
    return inbox.desk_of(me().actor, edge.received_at(), office_wide=office_wide)
