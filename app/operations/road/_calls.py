"""Calls of the engine as data: what is done to a case is logged as such, and replayed by the same code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.content.scheme import Scheme
from app.engine import Instance
from app.engine.types import Context
from app.operations.road._plain import from_json


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the engine as data, so that doing it and replaying it are the same code.

    `arguments` is plain and impersonal; `payload` holds what people entered. Instants and dates are tagged.
    """

    kind: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    payload: Mapping[str, Any] = field(default_factory=dict)


def apply(scheme: Scheme, instance: Instance | None, call: Call, context: Context) -> Instance:
    """Makes the call; `start` makes the instance."""
    arguments, payload = call.arguments, from_json(dict(call.payload))
    if call.kind == "start":
        return Instance.start(
            scheme.definitions,
            arguments["process"],
            payload["variables"],
            context,
            message=arguments.get("message"),
        )
    if instance is None:
        raise ValueError("a case begins with a start")
    match call.kind:
        case "complete":
            instance.complete(arguments["token"], payload["variables"], context)
        case "fire":
            instance.fire(arguments["token"], context)
        case "receive":
            instance.receive(arguments["token"], payload["message"], context)
        case "move":
            instance.move(context, cancel=arguments["cancel"], start=arguments["start"])
        case "retime":
            instance.retime(context, arguments["names"])
        case "cancel":
            instance.cancel(context)
        case "record":
            pass
        case kind:
            raise ValueError(f"unknown call {kind}")
    return instance
