"""Long work: how far it is, and the result of each item."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from app.api.fields import choice, day, pattern, text
from app.api.schemas.common import Body


class Work(Schema):
    id = fields.Integer()
    kind = fields.String(
        metadata={
            "description": "decisions 批量办理，returns 退回，recalls 撤回，handover 交接，import 导入，"
            "export 导出"
        }
    )
    title = fields.String()
    state = fields.String(
        metadata={
            "description": "queued 排队中，running 进行中，done 已办完，cancelled 已取消，failed 没有办完"
        }
    )
    message = fields.String(allow_none=True)
    total = fields.Integer()
    done = fields.Integer()
    failed = fields.Integer(metadata={"description": "未成功的件数"})
    received_at = fields.AwareDateTime(allow_none=True, metadata={"description": "受理的时刻，各件以它为准"})
    created_at = fields.AwareDateTime()
    finished_at = fields.AwareDateTime(allow_none=True)
    import_id = fields.Integer(allow_none=True, metadata={"description": "导入的表格，各行的结果在那里"})
    has_file = fields.Boolean(metadata={"description": "导出的文件可以下载，见 file"})


class WorkItem(Schema):
    number = fields.Integer()
    task_id = fields.Integer()
    case_id = fields.Integer()
    subject = fields.String()
    state = fields.String(
        metadata={"description": "waiting 等待，done 成功，refused、failed 未成功，cancelled 已取消"}
    )
    message = fields.String(allow_none=True)


class WorkDetail(Work):
    items = fields.List(fields.Nested(WorkItem), metadata={"description": "批量办理的各件，一页"})
    next = fields.String(allow_none=True, metadata={"description": "下一页各件的 after"})


OF_TASKS = frozenset({"kind", "unit", "name", "arrived_from", "arrived_to"})
OF_CASES = frozenset(
    {"scheme", "process", "phase", "status", "unit", "name", "region", "started_from", "started_to"}
)
TAKES = {
    "cases": OF_CASES | {"trade", "grade"},
    "watched": OF_CASES | {"state"},
    "open_tasks": OF_TASKS,
    "completed_tasks": OF_TASKS,
}
"""What each list may be narrowed by."""
NEEDS = {"cases": ("scheme", "process"), "watched": ("scheme",)}


class NewExport(Body):
    """A list, and what it is narrowed to as on its page."""

    list = choice(
        *TAKES,
        required=True,
        metadata={"description": "cases 办件，open_tasks 待办，completed_tasks 已办，watched 监督的办件"},
    )
    scheme = text(1, metadata={"description": "cases、watched 必填"})
    process = text(1, metadata={"description": "cases 必填"})
    phase = text(1)
    status = text(1, metadata={"description": "给了 phase 的，是该阶段的状态"})
    state = choice("running", "ended", "cancelled")
    name = text(1)
    unit = text(1)
    region = pattern("[1-9][0-9]{5}", "应为六位行政区划代码。")
    trade = text(1)
    grade = text(1)
    started_from = day()
    started_to = day(metadata={"description": "含这一天"})
    kind = pattern("[^/]+/[^/]+", "应为“方案/环节”，如 tiny-2021/fill。")
    arrived_from = day(metadata={"description": "已办的是办理日期"})
    arrived_to = day()

    @validates_schema
    def _fits(self, body: dict[str, Any], **_: Any) -> None:
        wanted = body.get("list", "")
        wrong = {name: ["这个列表不能这样筛选。"] for name in body if name not in {"list", *TAKES[wanted]}}
        wrong |= {name: ["必填。"] for name in NEEDS.get(wanted, ()) if name not in body}
        if wrong:
            raise ValidationError(wrong)
