"""`Idempotency-Key`: a request that comes twice acts once and gets the same answer."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from flask import request
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app import edge
from app.api.auth import current_actor
from app.errors import Conflict, DomainError, Invalid
from app.extensions import db
from app.models import IdempotencyKey

HEADER = "Idempotency-Key"
LONGEST_KEY = 200
UNDER_WAY = 0

Answer = tuple[dict[str, Any], int]

PARAMETER = {
    "in": "header",
    "name": HEADER,
    "schema": {"type": "string", "maxLength": LONGEST_KEY},
    "description": "同一请求重复发送时只生效一次，并得到相同的应答。",
}


def once(work: Callable[[], Answer]) -> Answer:
    """Does the work in one transaction, together with remembering its answer under the request's key.

    Raises Invalid for a key that another request has used. A refused request is not remembered.
    """
    key = _key()
    with edge.transaction():
        if key is None:
            return work()
        known = _claim(key)
        if known is not None:
            return known
        try:
            body, status = work()
        except DomainError:
            _forget(key)
            raise
        _remember(key, body, status)
        return body, status


def once_in_parts(work: Callable[[], Answer]) -> Answer:
    """The same for work that opens transactions of its own, such as a bulk request."""
    key = _key()
    if key is None:
        return work()
    with edge.transaction():
        known = _claim(key)
    if known is not None:
        if known[1] == UNDER_WAY:
            raise Conflict("同一请求正在处理中，请稍后查询结果。")
        return known
    try:
        body, status = work()
    except BaseException:
        with edge.transaction():
            _forget(key)
        raise
    with edge.transaction():
        _remember(key, body, status)
    return body, status


def _key() -> str | None:
    key = request.headers.get(HEADER)
    if key is not None and not 0 < len(key) <= LONGEST_KEY:
        raise Invalid({HEADER: [f"{HEADER} 应为 1 到 {LONGEST_KEY} 个字符。"]})
    return key


def _claim(key: str) -> Answer | None:
    """Claims the key; the remembered answer if it is known. A rival with the same key is waited for."""
    row = {
        "account_id": current_actor().account_id,
        "key": key,
        "request_digest": _digest(),
        "status": UNDER_WAY,
        "body": {},
        "created_at": edge.received_at(),
    }
    fresh = upsert(IdempotencyKey).values(row).on_conflict_do_nothing().returning(IdempotencyKey.key)
    if db.session.execute(fresh).first() is not None:
        return None
    known = db.session.execute(
        select(IdempotencyKey.request_digest, IdempotencyKey.status, IdempotencyKey.body).where(*_mine(key))
    ).one()
    if known.request_digest != _digest():
        raise Invalid({HEADER: ["这个键已用于另一个请求，请换一个。"]})
    return known.body, known.status


def _remember(key: str, body: dict[str, Any], status: int) -> None:
    db.session.execute(update(IdempotencyKey).where(*_mine(key)).values(body=body, status=status))


def _forget(key: str) -> None:
    db.session.execute(delete(IdempotencyKey).where(*_mine(key)))


def _mine(key: str) -> tuple[Any, ...]:
    return IdempotencyKey.account_id == current_actor().account_id, IdempotencyKey.key == key


def _digest() -> bytes:
    said = f"{request.method} {request.full_path}\n".encode() + request.get_data()
    return hashlib.sha256(said).digest()
