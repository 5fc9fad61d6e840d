"""Long work: how far it is, and the result of each item."""

from __future__ import annotations

from marshmallow import Schema, fields


class Work(Schema):
    id = fields.Integer()
    kind = fields.String(metadata={"description": "decisions 批量办理，import 导入，export 导出"})
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
