"""How one wants to be told 通知方式, and the post that did not go out."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from app import edge
from app.api import schemas
from app.api.auth import me, signed_in
from app.api.fields import choice, text
from app.api.reading import Room
from app.api.schemas import Body, Cursor
from app.operations.telling import contacts, outbox
from app.queries import outbox as post_queries

blueprint = Room("api_outbox", __name__, "邮件和短信通知")


class Contact(Schema):
    channel = fields.String(metadata={"description": "mail 邮件，sms 短信"})
    address = fields.String()
    kinds = fields.List(fields.String())


class Contacts(Schema):
    items = fields.List(fields.Nested(Contact))


class ContactChange(Body):
    address = text(longest=contacts.LONGEST, required=True, metadata={"description": "空的清除"})
    kinds = fields.List(
        choice(*contacts.KINDS),
        load_default=list,
        metadata={"description": "哪几种消息：case 办件消息，task 交给我办的，reminder 催办，copy 抄送"},
        error_messages={"invalid": "应为数组。", "null": "不能为 null。"},
    )


class PostQuery(Cursor):
    state = choice(*post_queries.STATES, metadata={"description": "缺省为不明和放弃的"})


class Post(Schema):
    id = fields.Integer()
    account_id = fields.Integer()
    account = fields.String()
    channel = fields.String()
    kind = fields.String()
    case_id = fields.Integer(allow_none=True)
    state = fields.String()
    tries = fields.Integer()
    made_at = fields.AwareDateTime()
    sent_at = fields.AwareDateTime(allow_none=True)
    failure = fields.String(allow_none=True)


@blueprint.get("/me/contacts")
@signed_in()
@blueprint.response(200, Contacts)
def chosen() -> dict[str, Any]:
    """自己的邮箱、手机，和选择发到那里的消息种类"""
    return {"items": contacts.of_account(me().actor.account_id or 0)}


@blueprint.put("/me/contacts/<word:channel>")
@signed_in()
@blueprint.arguments(ContactChange)
@blueprint.response(204)
def choose(body: dict[str, Any], channel: str) -> None:
    """更改通知方式"""
    with edge.transaction():
        contacts.choose(channel, body["address"], body["kinds"], me().actor, edge.received_at())


@blueprint.get("/outbox")
@signed_in("administrator")
@blueprint.arguments(PostQuery, location="query")
@blueprint.response(200, schemas.page_of(Post))
def listing(query: dict[str, Any]) -> dict[str, Any]:
    """外发通知，新的在前；缺省为需要处理的"""
    page = post_queries.listing(query.get("state", ""), query.get("after"))
    return {"items": [_row(row) for row in page.rows], "next": page.next}


@blueprint.post("/outbox/<id:post_id>/retry")
@signed_in("administrator")
@blueprint.response(204)
def retry(post_id: int) -> None:
    """不明或放弃的，再发一次；不明的，对方可能收到两次"""
    with edge.transaction():
        outbox.retry(post_id, me().actor, edge.received_at())


@blueprint.post("/outbox/<id:post_id>/dismissal")
@signed_in("administrator")
@blueprint.response(204)
def dismiss(post_id: int) -> None:
    """搁置，不再发送"""
    with edge.transaction():
        outbox.dismiss(post_id, me().actor, edge.received_at())


def _row(row: post_queries.PostRow) -> dict[str, Any]:
    post = row.post
    names = (
        "id",
        "account_id",
        "channel",
        "kind",
        "case_id",
        "state",
        "tries",
        "made_at",
        "sent_at",
        "failure",
    )
    return {**{name: getattr(post, name) for name in names}, "account": row.account}
