"""Event definitions: what an event waits for, and what it throws."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from SpiffWorkflow.bpmn.specs.event_definitions.simple import NoneEventDefinition, TerminateEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.timer import TimeDateEventDefinition
from SpiffWorkflow.spiff.specs.event_definitions import (
    ErrorEventDefinition,
    MessageEventDefinition,
    SignalEventDefinition,
)

from app.engine.civil import Duration, add_duration, parse_duration, parse_instant
from app.engine.expressions import Expression
from app.engine.tokens import Token
from app.engine.types import Sent, Variables
from app.engine.variables import plain
from app.errors import EngineError


class _Definition:
    """What a definition is not, unless it says so."""

    waits = False
    repeats = False

    def arm(self, token: Token) -> None:
        """Compute, on entry, what the waiting token needs."""

    def catches_error(self, code: str) -> bool:
        return False

    def throw(self, token: Token) -> None:
        """Cause the event."""


class Nothing(_Definition, NoneEventDefinition):
    """A none event."""


class Timer(_Definition, TimeDateEventDefinition):
    """An instant, or a duration from entry; computed once, and anew only when its dates change.

    The library reads a date in the server's zone and asks the machine's clock whether it is due.
    """

    waits = True

    def __init__(self, name: str, expression: Expression, **kwargs: Any) -> None:
        super().__init__(name, expression.source, **kwargs)
        self.moment = expression

    def arm(self, token: Token) -> None:
        token.internal_data["since"] = _stored(token.workflow.context.now)
        self.compute(token)

    def compute(self, token: Token) -> None:
        """Set the due instant as seen from the token's entry; None where a date is undetermined."""
        since = datetime.fromisoformat(token.internal_data["since"])
        context = replace(token.workflow.context, now=since)
        value, dates = token.located(lambda: self.moment.evaluate_with_dates(token.data, context))
        due = token.located(lambda: _due(value, since))
        token.internal_data["due"] = due and _stored(due)
        token.internal_data["dates"] = sorted(dates)

    @staticmethod
    def due_at(token: Token) -> datetime | None:
        """When a waiting timer falls due; None while that is undetermined."""
        due = token.internal_data["due"]
        return due and datetime.fromisoformat(due)


class Message(_Definition, MessageEventDefinition):
    """A message from or to another case. `payload` is what is sent, `message_var` takes what is received."""

    waits = True
    repeats = True

    def __init__(self, name: str, payload: Expression | None, variable: str | None, **kwargs: Any) -> None:
        super().__init__(name, message_var=variable, **kwargs)
        self.payload = payload
        self.correlation: Expression | None = None

    def arm(self, token: Token) -> None:
        token.internal_data["key"] = self._key(token)

    def receive(self, token: Token, payload: Variables) -> None:
        token.scope.assign({self.message_var: payload} if self.message_var else payload)

    def throw(self, token: Token) -> None:
        payload = token.evaluate(self.payload) if self.payload else {}
        if not isinstance(payload, dict):
            raise EngineError("消息的内容（messagePayload）应当是数据项", element=token.element)
        sent = Sent(token.element, self.name, self._key(token), plain(payload, "messagePayload"))
        token.workflow.sent.append(sent)
        token.workflow.note("sent", token.element, token, message=sent.message, key=sent.key)

    def _key(self, token: Token) -> str | None:
        key = token.evaluate(self.correlation) if self.correlation else None
        if isinstance(key, int) and not isinstance(key, bool):
            return str(key)
        if key is None or isinstance(key, str):
            return key
        raise EngineError("消息的关联键（correlation）应当是文字或整数", element=token.element)


class Signal(_Definition, SignalEventDefinition):
    """A signal to everything in the same instance that waits for it."""

    waits = True
    repeats = True

    def throw(self, token: Token) -> None:
        token.workflow.note("signalled", token.element, token, signal=self.name)
        token.workflow.broadcast(self.name)


class Error(_Definition, ErrorEventDefinition):
    """An error; as a catcher, without a code it catches any."""

    def catches_error(self, code: str) -> bool:
        return self.code is None or bool(self.code == code)

    def throw(self, token: Token) -> None:
        # The end event is reached before the error takes away everything around it.
        token.workflow.note("completed", token.element, token)
        token.workflow.throw_error(self.code, token)


class Terminate(_Definition, TerminateEventDefinition):
    """Ends everything else in its own process or sub-process, and nothing outside (BPMN 2.0, 13.5.6)."""

    def throw(self, token: Token) -> None:
        for other in token.workflow.inside(token.host):
            if other is not token and other.alive:
                other.cancel()


def _due(value: Any, since: datetime) -> datetime | None:
    try:
        if isinstance(value, str):
            value = parse_duration(value) if value.startswith("P") else parse_instant(value)
        if isinstance(value, Duration):
            value = add_duration(since, value)
    except ValueError as problem:
        raise EngineError(f"定时器的时间不能使用：{problem}") from None
    if value is None or (isinstance(value, datetime) and value.tzinfo):
        return value
    raise EngineError("定时器应当得出带时区的时刻或时长")


def _stored(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat()
