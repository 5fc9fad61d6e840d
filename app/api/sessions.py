"""Signing in and out; who is signed in; changing one's password."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_smorest import Blueprint

from app import edge
from app.api import schemas
from app.api.auth import bearer, current_account, current_actor, signed_in
from app.operations import accounts

blueprint = Blueprint("api_sessions", __name__, description="登录")


@blueprint.post("/sessions")
@blueprint.arguments(schemas.SignIn)
@blueprint.response(201, schemas.Token)
def sign_in(body: dict[str, Any]) -> dict[str, Any]:
    """登录，得到令牌；以后的请求放在 Authorization: Bearer 里"""
    with edge.transaction():
        token = accounts.sign_in(
            body["login"], body["password"], request.remote_addr or "", edge.received_at()
        )
    account = accounts.account_of(token, edge.received_at())
    return {"token": token, "must_change_password": bool(account and account.must_change_password)}


@blueprint.delete("/sessions/current")
@signed_in(unfinished=True)
@blueprint.response(204)
def sign_out() -> None:
    """退出，令牌随即失效"""
    with edge.transaction():
        accounts.sign_out(bearer(), edge.received_at())


@blueprint.get("/me")
@signed_in(unfinished=True)
@blueprint.response(200, schemas.Me)
def me() -> Any:
    """当前登录的账号"""
    return current_actor()


@blueprint.put("/me/password")
@signed_in(unfinished=True)
@blueprint.arguments(schemas.PasswordChange)
@blueprint.response(200, schemas.Token)
def change_password(body: dict[str, Any]) -> dict[str, Any]:
    """修改密码；原有登录全部失效，返回新的令牌"""
    with edge.transaction():
        token = accounts.change_password(current_account().id, body["old"], body["new"], edge.received_at())
    return {"token": token, "must_change_password": False}
