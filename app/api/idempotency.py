"""`Idempotency-Key`: a request that comes twice acts once and gets the same answer."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Response, jsonify, request
from marshmallow import Schema
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app import edge
from app.api.auth import me
from app.api.problems import Misread
from app.errors import Conflict, DomainError
from app.extensions import atomic, db, settings
from app.models import IdempotencyKey

HEADER = "Idempotency-Key"
LONGEST_KEY = 200
KEPT = timedelta(days=1)
ABANDONED = timedelta(minutes=2)
"""Longer than any request may take: whoever claimed the key then is dead, and another one may."""
UNDER_WAY = 0

Answer = tuple[dict[str, Any], int]

PARAMETER = {
    "in": "header",
    "name": HEADER,
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
    "description": "同一请求重复发送时只生效一次，并得到相同的应答；保留 24 小时。",
}


def once(work: Callable[[], Any], schema: Schema, status: int = 200) -> Response:
    """Does the work in one transaction, together with remembering its answer under the request's key.

    Raises Misread for a key that another request has used. A refused request is not remembered.
    """
    key = _key()
    with edge.transaction():
        known = _claim(key) if key else None
        if known is not None:
            return _response(*known)
        try:
            body = schema.dump(work())
        except DomainError:
            # What the refusal leaves behind may be committed (decision 3), the claim must not.
            _forget(key)
            raise
        _remember(key, body, status)
    return _response(body, status)


def once_in_parts(work: Callable[[], Any], schema: Schema) -> Response:
    """The same for work that opens transactions of its own, such as a bulk request."""
    key = _key()
    if key:
        with edge.transaction():
            known = _claim(key)
        if known is not None:
            if known[1] == UNDER_WAY:
                raise Conflict("同一请求正在处理中，请稍后查询结果。")
            return _response(*known)
    try:
        body = schema.dump(work())
    except BaseException:
        with atomic():
            _forget(key)
        raise
    with atomic():
        _remember(key, body, 200)
    return _response(body, 200)


def _key() -> str | None:
    key = request.headers.get(HEADER)
    if key is not None and not 0 < len(key) <= LONGEST_KEY:
        raise _misused(f"应为 1 至 {LONGEST_KEY} 个字符。")
    return key


def _claim(key: str) -> Answer | None:
    """Claims the key; the remembered answer if it is known. A rival with the same key is waited for."""
    account_id, now, digest = me().actor.account_id, edge.received_at(), _digest()
    old = IdempotencyKey.created_at < now - KEPT
    db.session.execute(delete(IdempotencyKey).where(IdempotencyKey.account_id == account_id, old))
    claim = {"status": UNDER_WAY, "body": {}, "created_at": now, "request_digest": digest}
    left = (IdempotencyKey.status == UNDER_WAY) & (IdempotencyKey.created_at < now - ABANDONED)
    claimed = (
        upsert(IdempotencyKey)
        .values(account_id=account_id, key=key, **claim)
        .on_conflict_do_update(index_elements=["account_id", "key"], set_=claim, where=left)
        .returning(IdempotencyKey.key)
    )
    if db.session.execute(claimed).first() is not None:
        return None
    known = db.session.execute(
        select(IdempotencyKey.request_digest, IdempotencyKey.status, IdempotencyKey.body).where(*_mine(key))
    ).one()
    if not hmac.compare_digest(known.request_digest, digest):
        raise _misused("这个键已用于另一个请求，请换一个。")
    return known.body, known.status


def _remember(key: str | None, body: dict[str, Any], status: int) -> None:
    if key:
        db.session.execute(update(IdempotencyKey).where(*_mine(key)).values(body=body, status=status))


def _forget(key: str | None) -> None:
    if key:
        db.session.execute(delete(IdempotencyKey).where(*_mine(key)))


def _mine(key: str) -> tuple[Any, ...]:
    return IdempotencyKey.account_id == me().actor.account_id, IdempotencyKey.key == key


def _digest() -> bytes:
    """Keyed, since the body may hold an ID number, which a plain digest would let somebody guess."""
    said = f"{request.method} {request.full_path}\n".encode() + request.get_data()
    return hmac.digest(settings().secret_key.encode(), said, "sha256")


def _response(body: dict[str, Any], status: int) -> Response:
    response = jsonify(body)
    response.status_code = status
    return response


def _misused(sentence: str) -> Misread:
    return Misread([{"header": HEADER, "detail": sentence}])
