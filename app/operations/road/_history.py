"""The replayable log: what a row holds, how rows are chained, and how a chain is checked."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from app.engine.types import Happening
from app.extensions import settings
from app.operations.actors import Actor

GENESIS = bytes(32)
"""What the first row of every chain names as its predecessor."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One call of the engine, as it is logged: all that replays it, and what it led to.

    `arguments` is plain and impersonal; `payload` holds people's values and may be erased later.
    """

    call: str
    at: datetime
    recorded_at: datetime
    actor: Actor
    arguments: Mapping[str, Any]
    payload: Mapping[str, Any]
    happened: Sequence[Happening]
    state_digest: bytes
    element: str | None = None
    task_id: int | None = None


_PERSONAL = frozenset({"inputs", "result", "value"})
"""Details of what happened that may tell of a person: a replay computes them again."""


def canonical(value: Any) -> bytes:
    """The one byte form of a plain value, whatever the order of its keys."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)


def digest(value: bytes) -> bytes:
    return hashlib.sha256(value).digest()


def payload_digest(salt: bytes, body: Mapping[str, Any]) -> bytes:
    """The salted digest of personal values: bound to the chain, telling nothing once they are erased."""
    return digest(salt + canonical(body))


def rows_for(case_id: int, seq: int, previous: bytes, entry: Entry) -> tuple[dict[str, Any], dict[str, Any]]:
    """The `history` and `history_payload` rows of an entry; the first carries the new head as `mac`."""
    salt = secrets.token_bytes(16)
    body = dict(entry.payload)
    row: dict[str, Any] = {
        "case_id": case_id,
        "seq": seq,
        "call": entry.call,
        "element": entry.element,
        "task_id": entry.task_id,
        "at": entry.at,
        "recorded_at": entry.recorded_at,
        "actor_id": entry.actor.account_id,
        "actor_name": entry.actor.name,
        "office_id": entry.actor.organisation_id,
        "office_name": entry.actor.organisation_name,
        "arguments": dict(entry.arguments),
        "happened": _plain(entry.happened),
        "payload_digest": payload_digest(salt, body),
        "state_digest": entry.state_digest,
        "previous": previous,
        "key_id": settings().history_key_id,
    }
    row["mac"] = link(row, settings().history_key)
    return row, {"case_id": case_id, "seq": seq, "salt": salt, "body": body}


def link(row: Mapping[str, Any], key: bytes) -> bytes:
    """The keyed digest over a whole row and its predecessor's: HMAC-SHA-256 (RFC 2104); the key lies outside
    the database (decision 10)."""
    covered = {name: _hashable(value) for name, value in row.items() if name != "mac"}
    return hmac.new(key, canonical(covered), hashlib.sha256).digest()


def broken_links(rows: Iterable[Mapping[str, Any]], head: bytes, keys: Mapping[str, bytes]) -> list[str]:
    """What is wrong with one case's chain, in sentences; empty when nothing is.

    Finds an edited, removed, swapped or added row, and a cut tail through `head`.
    """
    found = []
    previous, expected_seq = GENESIS, 1
    for row in rows:
        if row["seq"] != expected_seq:
            found.append(f"第 {expected_seq} 条记录缺失（其后是第 {row['seq']} 条）")
        if row["previous"] != previous:
            found.append(f"第 {row['seq']} 条记录与前一条不相衔接")
        key = keys.get(row["key_id"])
        if key is None:
            found.append(f"第 {row['seq']} 条记录所用的密钥 {row['key_id']} 不在手边")
        elif not hmac.compare_digest(link(row, key), row["mac"]):
            found.append(f"第 {row['seq']} 条记录被改动过")
        previous, expected_seq = row["mac"], row["seq"] + 1
    if previous != head:
        found.append("记录的末尾与办件登记的链头不一致")
    return found


def _plain(happened: Iterable[Happening]) -> list[dict[str, Any]]:
    """What happened as it will be read back from the database, so that the digests are of the same values."""
    told = [
        {
            "kind": one.kind,
            "element": one.element,
            **({} if one.token is None else {"token": one.token}),
            "detail": {name: value for name, value in one.detail.items() if name not in _PERSONAL},
        }
        for one in happened
    ]
    plain: list[dict[str, Any]] = orjson.loads(canonical(told))
    return plain


def _hashable(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value
