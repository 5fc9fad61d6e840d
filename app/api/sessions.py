"""Signing in and out; who is signed in; changing one's password."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import request

from app import edge
from app.api import schemas
from app.api.auth import bearer, me, signed_in
from app.api.reading import Room
from app.operations.access import accounts

blueprint = Room("api_sessions", __name__, "登录")


@blueprint.post("/sessions")
@blueprint.arguments(schemas.SignIn)
@blueprint.response(201, schemas.Token)
@blueprint.doc(responses={401: "UNAUTHORIZED", 429: "TOO_MANY_REQUESTS"})
def sign_in(body: dict[str, Any]) -> dict[str, Any]:
    """登录，得到令牌；以后的请求放在 Authorization: Bearer 里"""
    with edge.transaction():
        token = _signed_in(**body)
    account = accounts.account_of(token, edge.received_at())
    return {"token": token, "must_change_password": account is not None and account.must_change_password}


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
def account() -> dict[str, Any]:
    """当前登录的账号"""
    known = me().caller
    return {
        **asdict(known.actor),
        "duties": sorted(known.actor.duties),
        "organisation_kind": known.kind,
        "must_change_password": known.must_change_password,
        "must_bind": known.must_bind,
        "profile_complete": known.profile_complete,
    }


@blueprint.put("/me/password")
@signed_in(unfinished=True)
@blueprint.arguments(schemas.PasswordChange)
@blueprint.response(200, schemas.Token)
def change_password(body: dict[str, Any]) -> dict[str, Any]:
    """修改密码；原有登录全部失效，返回新的令牌"""
    account_id = me().actor.account_id or 0
    with edge.transaction():
        token = accounts.change_password(account_id, body["old"], body["new"], edge.received_at())
    return {"token": token, "must_change_password": False}


def _signed_in(login: str, password: str, code: str | None = None) -> str:
    """A session for password and code together. Raises CodeRequired, and what a sign-in raises."""
    address, now = request.remote_addr or "", edge.received_at()
    token = accounts.sign_in(login, password, address, now)
    if not accounts.awaits_code(token, now):
        return token
    if code is None:
        raise accounts.CodeRequired
    return accounts.confirm(token, code, address, now)
