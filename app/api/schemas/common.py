"""What all requests and answers share; unknown fields are refused."""

from __future__ import annotations

from functools import cache
from typing import ClassVar

from marshmallow import RAISE, Schema, fields

from app.api.fields import pattern, upload


class Body(Schema):
    """What a request says."""

    class Meta:
        unknown = RAISE

    error_messages: ClassVar = {"unknown": "没有这个字段。", "type": "应为 JSON 对象。"}  # type: ignore[misc]  # its class has it bare


class ProblemPart(Schema):
    """Where in the request, and what is wrong there."""

    pointer = fields.String(metadata={"description": "JSON Pointer (RFC 6901)，指向请求体中的位置"})
    parameter = fields.String(metadata={"description": "查询参数"})
    header = fields.String()
    detail = fields.String(required=True)


class Problem(Schema):
    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    code = fields.String(required=True)
    errors = fields.List(fields.Nested(ProblemPart))


class Cursor(Body):
    """Keyset paging: `after` is the `next` of the page before."""

    after = pattern(r"[0-9]{1,18}(\.[0-9]{1,18})?", "应为上一页给出的 next。")


@cache
def page_of(item: type[Schema]) -> Schema:
    """The schema of a page of `item`s, with the cursor of the next one."""
    rows = fields.List(fields.Nested(item), required=True)
    following = fields.String(allow_none=True)
    return Schema.from_dict({"items": rows, "next": following}, name=f"{item.__name__}Page")()


class Started(Schema):
    id = fields.Integer()


class Status(Schema):
    case_id = fields.Integer()
    status = fields.String()


class StoredFile(Schema):
    name = fields.String()
    title = fields.String()
    media_type = fields.String()
    size = fields.Integer()


class Upload(Body):
    """Sent as multipart/form-data."""

    file = upload()
