"""Accounts as administrators keep them: found, allotted, given duties, reset, closed (ALL-03)."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from app import edge
from app.api.auth import me, signed_in
from app.api.fields import choice, number, text
from app.api.reading import Room
from app.api.schemas import Body, Cursor, page_of
from app.operations.access import accounts, second_factor
from app.queries import accounts as account_queries
from app.queries import acts as act_queries
from app.queries.accounts import AccountFilter, AccountRow

blueprint = Room("api_accounts", __name__, "账号")


class Ground(Body):
    """What an administrator's act rests on."""

    ground = text(1, 500, required=True, metadata={"description": "依据，记入日志"})


def _duties(**options: Any) -> fields.List[str]:
    check = validate.Length(1, len(accounts.DUTIES), error="请至少给出一项职责。")
    messages: dict[str, Any] = {"required": "必填。", "null": "不能为 null。", "invalid": "应为职责的数组。"}
    return fields.List(choice(*accounts.DUTIES), validate=check, error_messages=messages, **options)


class NewAccount(Ground):
    organisation_id = number(required=True)
    login = text(1, 100, required=True)
    name = text(1, 50, required=True)
    duties = _duties(required=True)
    id_number = text(1, 30, metadata={"description": "本人也可能参加考核的，据此防止其办理本人的事项"})


class Duties(Ground):
    duties = _duties(required=True)


class AccountQuery(Cursor):
    name = text(metadata={"description": "登录名或姓名的一部分"})
    organisation = text()
    organisation_id = number()
    duty = choice(*accounts.DUTIES)
    state = choice("active", "locked", "disabled")


class Account(Schema):
    id = fields.Integer()
    login = fields.String()
    name = fields.String()
    organisation_id = fields.Integer(allow_none=True)
    organisation = fields.String(allow_none=True)
    duties = fields.List(fields.String())
    second_factor = fields.Boolean(metadata={"description": "已绑定验证器"})
    must_bind = fields.Boolean(metadata={"description": "必须先绑定验证器"})
    must_change_password = fields.Boolean()
    known_person = fields.Boolean(metadata={"description": "已关联人员库"})
    created_at = fields.AwareDateTime()
    locked_until = fields.AwareDateTime(allow_none=True)
    disabled_at = fields.AwareDateTime(allow_none=True)


class LoggedAct(Schema):
    at = fields.AwareDateTime()
    kind = fields.String()
    actor = fields.String(attribute="actor_name")
    ground = fields.String(allow_none=True)
    detail = fields.Dict()


class FirstPassword(Schema):
    id = fields.Integer()
    login = fields.String()
    password = fields.String(metadata={"description": "初始密码，只在这里出现一次"})


@blueprint.get("/accounts")
@signed_in("administrator")
@blueprint.arguments(AccountQuery, location="query")
@blueprint.response(200, page_of(Account))
def listing(query: dict[str, Any]) -> dict[str, Any]:
    """账号，按登录名"""
    after, part = query.pop("after", None), query.pop("name", "")
    page = account_queries.listing(AccountFilter(text=part, **query), edge.received_at(), after)
    return {"items": [_row(row) for row in page.rows], "next": page.next}


@blueprint.post("/accounts")
@signed_in("administrator")
@blueprint.arguments(NewAccount)
@blueprint.response(201, FirstPassword)
def allot(body: dict[str, Any]) -> dict[str, Any]:
    """给机构分配账号；初始密码只在应答里出现一次"""
    with edge.transaction():
        account, password = accounts.allot(**body, actor=me().actor, now=edge.received_at())
        return {"id": account.id, "login": account.login, "password": password}


@blueprint.get("/accounts/<id:account_id>")
@signed_in("administrator")
@blueprint.response(200, Account)
def one(account_id: int) -> dict[str, Any]:
    """一个账号"""
    return _row(account_queries.one(account_id))


@blueprint.get("/accounts/<id:account_id>/acts")
@signed_in("administrator")
@blueprint.response(200, LoggedAct(many=True))
def acts(account_id: int) -> Any:
    """对一个账号做过的变更：谁、何时、依据；新的在前，最多 50 项"""
    account_queries.one(account_id)
    return act_queries.of_nouns(("account", "second_factor"), account_id)


@blueprint.put("/accounts/<id:account_id>/duties")
@signed_in("administrator")
@blueprint.arguments(Duties)
@blueprint.response(204)
def set_duties(body: dict[str, Any], account_id: int) -> None:
    """更改职责，该账号的登录全部失效"""
    with edge.transaction():
        accounts.set_duties(account_id, **body, actor=me().actor, now=edge.received_at())


@blueprint.post("/accounts/<id:account_id>/password-reset")
@signed_in("administrator")
@blueprint.arguments(Ground)
@blueprint.response(200, FirstPassword)
def reset_password(body: dict[str, Any], account_id: int) -> dict[str, Any]:
    """重置密码，解除锁定，登录全部失效；新的初始密码只出现一次"""
    login = account_queries.one(account_id).account.login
    with edge.transaction():
        password = accounts.reset_password(account_id, **body, actor=me().actor, now=edge.received_at())
    return {"id": account_id, "login": login, "password": password}


@blueprint.post("/accounts/<id:account_id>/second-factor-reset")
@signed_in("administrator")
@blueprint.arguments(Ground)
@blueprint.response(204)
def reset_second_factor(body: dict[str, Any], account_id: int) -> None:
    """重置两步验证：设备和恢复码都丢失时"""
    with edge.transaction():
        accounts.reset_second_factor(account_id, **body, actor=me().actor, now=edge.received_at())


@blueprint.post("/accounts/<id:account_id>/closure")
@signed_in("administrator")
@blueprint.arguments(Ground)
@blueprint.response(204)
def disable(body: dict[str, Any], account_id: int) -> None:
    """停用账号，不能恢复"""
    with edge.transaction():
        accounts.disable(account_id, **body, actor=me().actor, now=edge.received_at())


def _row(row: AccountRow) -> dict[str, Any]:
    account = row.account
    return {
        "id": account.id,
        "login": account.login,
        "name": account.name,
        "organisation_id": account.organisation_id,
        "organisation": row.organisation.name if row.organisation else None,
        "duties": account.duties,
        "second_factor": row.bound,
        "must_bind": not row.bound and second_factor.required(account),
        "must_change_password": account.must_change_password,
        "known_person": account.person_id is not None,
        "created_at": account.created_at,
        "locked_until": account.locked_until,
        "disabled_at": account.disabled_at,
    }
