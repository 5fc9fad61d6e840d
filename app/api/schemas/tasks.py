"""Tasks, drafts and completions."""

from __future__ import annotations

from marshmallow import Schema, fields

from app.api.fields import choice, mapping, numbers, pattern, text
from app.api.schemas.common import Body, Cursor
from app.operations.company import copies

MOST_AT_ONCE = 200
"""Tasks that one request decides; more are long work."""
MOST_ITEMS = 5_000


class TaskQuery(Cursor):
    state = choice("open", "completed", load_default="open")
    view = choice(
        *("mine", "office"),
        load_default="mine",
        metadata={"description": "mine 只列本人可以办理的，office 列本机构全部待办，包括同事已签收的"},
    )
    by = choice("opened", "due", load_default="opened", metadata={"description": "按到达先后，或按期限先后"})
    kind = pattern("[^/]+/[^/]+", "应为“方案/环节”，如 tiny-2021/fill。")
    unit = text()
    name = text()


class Task(Schema):
    id = fields.Integer()
    case_id = fields.Integer()
    scheme = fields.String()
    element = fields.String()
    name = fields.String()
    unit = fields.String()
    person = fields.String(allow_none=True)
    state = fields.String(metadata={"description": "open、completed，或 returned（已退回给以前的环节）"})
    bulk = fields.Boolean()
    opened_at = fields.AwareDateTime()
    closes_at = fields.AwareDateTime(allow_none=True)
    due_at = fields.AwareDateTime(
        allow_none=True, metadata={"description": "办理期限：截止时刻，或环节上提醒的时刻"}
    )
    assignee_id = fields.Integer(
        allow_none=True, metadata={"description": "办理人的账号；空着的，本机构经办人都可以办理"}
    )
    assignee = fields.String(allow_none=True)
    delegated = fields.Boolean(metadata={"description": "已委派，等办理人答复意见"})
    awaits = fields.Integer(metadata={"description": "还有几位加签人没有答复"})
    completed_at = fields.AwareDateTime(allow_none=True)


class Entered(Schema):
    task = fields.String()
    actor = fields.String(allow_none=True)
    office = fields.String(allow_none=True)
    at = fields.AwareDateTime()
    values = fields.Dict()


class CameBack(Schema):
    name = fields.String(metadata={"description": "在哪个环节退回的"})
    office = fields.String(allow_none=True)
    actor = fields.String(allow_none=True)
    at = fields.AwareDateTime()
    opinion = fields.String()
    straight = fields.Boolean(metadata={"description": "补正后直接回到那个环节"})
    before = fields.String(allow_none=True, metadata={"description": "退回到的这一步上次由谁办理"})


class TaskDetail(Task):
    came_back = fields.Nested(CameBack, allow_none=True, metadata={"description": "退回来的，由谁、为什么"})
    returnable = fields.Boolean(metadata={"description": "流程图允许退回，见 returns"})
    listed = fields.Dict(metadata={"description": "办件列表所示的内容"})
    form = fields.Dict(allow_none=True, metadata={"description": "表单的 JSON Schema"})
    typed = fields.Dict(allow_none=True, metadata={"description": "已暂存的内容；没有则为上次提交的内容"})
    entered = fields.List(fields.Nested(Entered), metadata={"description": "以前各环节填写的内容"})


class Filled(Body):
    values = mapping(required=True)


class NewCopy(Body):
    accounts = numbers(copies.MOST, metadata={"description": "本机构的账号"})
    organisations = numbers(copies.MOST, metadata={"description": "有关的单位和机构"})
    note = text(longest=copies.LONGEST_NOTE, load_default="")


class Completion(Filled):
    copies = fields.Nested(
        NewCopy, metadata={"description": "办理的同时抄送，见 POST /cases/{case_id}/copies；申报人不能抄送"}
    )


class BulkCompletion(Body):
    """The same values for every task, or none to submit each task's own draft."""

    tasks = numbers(MOST_ITEMS, required=True)
    values = mapping(allow_none=True)


class ItemResult(Schema):
    task_id = fields.Integer()
    ok = fields.Boolean()
    message = fields.String()


class BulkResult(Schema):
    results = fields.List(fields.Nested(ItemResult))
    work = fields.Integer(allow_none=True, metadata={"description": "超过 200 项时，后台办理的长任务"})
