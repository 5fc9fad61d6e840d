"""Tables that are uploaded, checked and taken over."""

from __future__ import annotations

from marshmallow import Schema, fields

from app.api.fields import choice, pattern
from app.api.schemas.common import Body


class ImportQuery(Body):
    kind = pattern("[^/]+/[^/]+", "应为“方案/环节”，如 tiny-2021/fill。", required=True)


class ImportKind(Schema):
    key = fields.String(metadata={"description": "方案/环节，上传时的 kind"})
    name = fields.String()
    count = fields.Integer(metadata={"description": "待办件数"})


class ImportLine(Schema):
    number = fields.Integer(metadata={"description": "在表格里是第几行"})
    case_id = fields.Integer(allow_none=True)
    subject = fields.String()
    state = fields.String(metadata={"description": "bad 有误，refused 未成功"})
    message = fields.String(allow_none=True)


class Import(Schema):
    id = fields.Integer()
    kind = fields.String()
    name = fields.String()
    file = fields.String()
    state = fields.String(metadata={"description": "checked 待确认，running 导入中，finished 已导入"})
    received_at = fields.AwareDateTime(allow_none=True, metadata={"description": "确认的时刻，各行以它为准"})
    good = fields.Integer(metadata={"description": "正确、还没有导入的行数"})
    bad = fields.Integer()
    blank = fields.Integer(metadata={"description": "没有填写、不导入的行数"})
    done = fields.Integer()
    refused = fields.Integer(metadata={"description": "导入时被拒绝的行数，如已经办理"})
    work = fields.Integer(allow_none=True, metadata={"description": "超过 100 行时，后台导入的长任务"})
    lines = fields.List(fields.Nested(ImportLine))


class Imports(Schema):
    kinds = fields.List(fields.Nested(ImportKind))
    items = fields.List(fields.Nested(Import))


class ImportChoice(Body):
    lines = choice(
        "all",
        "good",
        required=True,
        metadata={"description": "all 全部（不能有误），good 只导入正确的行"},
    )
