"""A case's state as bytes: canonical, small, plain data of one version, and back."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime
from typing import Any

import orjson
import zstandard
from SpiffWorkflow.util.task import TaskState

from app.engine.definitions import Definitions
from app.engine.tokens import Token
from app.engine.variables import Scope
from app.engine.workflow import Execution
from app.errors import EngineError

VERSION = 1
_MOST_BYTES = 64 * 1024 * 1024
_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME
_of_thread = threading.local()
_STATES = {TaskState.WAITING, TaskState.READY, TaskState.STARTED}


class StateInvalid(EngineError):
    """办件的状态无法读取：版本不符，或与流程定义不一致。"""


def pack(plain: bytes) -> bytes:
    """The version's byte and the compressed canonical JSON."""
    return bytes([VERSION]) + _compressor().compress(plain)


def _compressor() -> zstandard.ZstdCompressor:
    """A thread's own: making one costs more than a small state's compression, and it serves one at a time."""
    found: zstandard.ZstdCompressor | None = getattr(_of_thread, "compressor", None)
    if found is None:
        found = _of_thread.compressor = zstandard.ZstdCompressor(level=1)
    return found


def canonical(execution: Execution) -> bytes:
    """The same logical state in the same bytes; what replay and proof compare."""
    scopes: dict[int, Scope] = {0: execution.root}
    tokens = sorted(execution.tasks.values(), key=lambda token: int(token.id))
    for token in tokens:
        _collect(token.scope, scopes)
        _collect(token.inner, scopes)
    return encode(
        {
            "process": execution.process.id,
            "counter": execution.counter,
            "reached": execution.reached,
            "scopes": [_scope(scopes[number]) for number in sorted(scopes)],
            "tokens": [_token(token) for token in tokens],
        }
    )


def load(definitions: Definitions, state: bytes) -> Execution:
    """The execution that was dumped. Raises StateInvalid for anything that this version did not write."""
    if not state or state[0] != VERSION:
        raise StateInvalid
    try:
        plain = decode(zstandard.decompress(state[1:], max_output_size=_MOST_BYTES))
        return _restore(definitions, plain)
    except (zstandard.ZstdError, orjson.JSONDecodeError, LookupError, TypeError, ValueError) as problem:
        raise StateInvalid from problem


def _restore(definitions: Definitions, plain: dict[str, Any]) -> Execution:
    execution = Execution(definitions, definitions.processes[plain["process"]])
    execution.counter = plain["counter"]
    execution.reached = plain["reached"]
    scopes: dict[int, Scope] = {0: execution.root}
    for number, outer, variables in plain["scopes"]:
        scope = scopes.setdefault(number, Scope(number, {}))
        scope.variables.update(variables)
        scope.outer = None if outer is None else scopes[outer]
    for record in plain["tokens"]:
        _restore_token(execution, record, scopes)
    return execution


def _restore_token(execution: Execution, record: list[Any], scopes: dict[int, Scope]) -> None:
    number, spec_name, host_number, state, scope, inner, via, internal = record
    host = execution.tasks[host_number] if host_number else None
    if state not in _STATES:
        raise StateInvalid
    spec = execution.definition_inside(host).specs[spec_name]
    token = Token(execution, spec, number, host, scopes[scope], state)
    token.inner = scopes[inner]
    token.via = via
    token.internal_data = internal
    execution.insert(token)


def _scope(scope: Scope) -> list[Any]:
    return [scope.id, scope.outer.id if scope.outer else None, scope.variables]


def _token(token: Token) -> list[Any]:
    return [
        token.id,
        token.task_spec.name,
        token.host.id if token.host else 0,
        token.state,
        token.scope.id,
        token.inner.id,
        token.via if token.task_spec.joins else None,
        token.internal_data,
    ]


def _collect(scope: Scope | None, scopes: dict[int, Scope]) -> None:
    while scope is not None and scope.id not in scopes:
        scopes[scope.id] = scope
        scope = scope.outer


# Dates are tagged as {"$date": …}; a key of the data's own that begins with $ gets another one, so that no
# data can pass for a tag. Both are rare: the text is searched for `"$` before anything is walked through.


def encode(plain: dict[str, Any]) -> bytes:
    """Plain data as canonical JSON; `decode` gives it back, dates and instants too."""
    tags = 0

    def tag(value: Any) -> dict[str, str]:
        nonlocal tags
        tags += 1
        if type(value) is datetime:
            return {"$instant": value.astimezone(UTC).isoformat()}
        if type(value) is date:
            return {"$date": value.isoformat()}
        raise TypeError(type(value))

    text = orjson.dumps(plain, tag, _OPTIONS)
    if text.count(b'"$') == tags:
        return text
    return orjson.dumps(_escape(plain), tag, _OPTIONS)


def decode(text: bytes) -> dict[str, Any]:
    """What `encode` was given, tuples as lists."""
    plain: dict[str, Any] = orjson.loads(text)
    return _unescape(plain) if b'"$' in text else plain


def _escape(value: Any) -> Any:
    if isinstance(value, dict):
        return {f"${key}" if key.startswith("$") else key: _escape(item) for key, item in value.items()}
    return [_escape(item) for item in value] if isinstance(value, list | tuple) else value


def _unescape(value: Any) -> Any:
    if isinstance(value, list):
        return [_unescape(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$date" in value:
        return date.fromisoformat(value["$date"])
    if "$instant" in value:
        return datetime.fromisoformat(value["$instant"])
    return {key[1:] if key.startswith("$") else key: _unescape(item) for key, item in value.items()}
