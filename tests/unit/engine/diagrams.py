"""Builds small diagrams for the engine's tests, and walks through them with a restart at every step."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

from app.engine import Context, Definitions, Instance, Snapshot, load_definitions

NOW = datetime(2021, 6, 20, 1, 0, tzinfo=UTC)
HEADER = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" id="d" targetNamespace="t">'
)


class Weekdays:
    def is_workday(self, day: date) -> bool | None:
        return day.weekday() < 5 if day.year < 2030 else None


def context(now: datetime = NOW, **dates: datetime | None) -> Context:
    return Context(now=now, dates=dates, workdays=Weekdays(), parameters={"days": 5})


def flow(source: str, target: str, condition: str | None = None, id: str | None = None) -> str:
    text = (
        f"<bpmn:conditionExpression><![CDATA[{condition}]]></bpmn:conditionExpression>" if condition else ""
    )
    name = id or f"{source}_to_{target}"
    return (
        f'<bpmn:sequenceFlow id="{name}" sourceRef="{source}" targetRef="{target}">{text}</bpmn:sequenceFlow>'
    )


def chain(*elements: str) -> str:
    return "".join(flow(a, b) for a, b in pairwise(elements))


def nodes(**kinds: str) -> str:
    """``nodes(a="userTask", s="startEvent")``"""
    return "".join(f'<bpmn:{kind} id="{name}" name="{name}"/>' for name, kind in kinds.items())


def element(kind: str, id: str, inside: str = "", extension: str = "", **attributes: str) -> str:
    given = "".join(f' {name}="{value}"' for name, value in attributes.items())
    extra = f"<bpmn:extensionElements>{extension}</bpmn:extensionElements>" if extension else ""
    return f'<bpmn:{kind} id="{id}" name="{id}"{given}>{extra}{inside}</bpmn:{kind}>'


def properties(**values: str) -> str:
    inside = "".join(f'<spiffworkflow:property name="{k}" value="{v}"/>' for k, v in values.items())
    return f"<spiffworkflow:properties>{inside}</spiffworkflow:properties>"


def service(id: str, capability: str, result: str = "", inside: str = "", **parameters: str) -> str:
    given = "".join(
        f'<spiffworkflow:parameter id="{k}" type="any" value="{v}"/>' for k, v in parameters.items()
    )
    variable = f' resultVariable="{result}"' if result else ""
    operator = (
        f'<spiffworkflow:serviceTaskOperator id="{capability}"{variable}><spiffworkflow:parameters>{given}'
        "</spiffworkflow:parameters></spiffworkflow:serviceTaskOperator>"
    )
    return element("serviceTask", id, inside, operator)


def timer(expression: str, kind: str = "timeDate") -> str:
    inside = f"<bpmn:{kind}><![CDATA[{expression}]]></bpmn:{kind}>"
    return f"<bpmn:timerEventDefinition>{inside}</bpmn:timerEventDefinition>"


def message(ref: str, payload: str = "", variable: str = "") -> str:
    extra = f"<spiffworkflow:messagePayload>{payload}</spiffworkflow:messagePayload>" if payload else ""
    extra += f"<spiffworkflow:messageVariable>{variable}</spiffworkflow:messageVariable>" if variable else ""
    extra = f"<bpmn:extensionElements>{extra}</bpmn:extensionElements>" if extra else ""
    return f'<bpmn:messageEventDefinition messageRef="{ref}">{extra}</bpmn:messageEventDefinition>'


def error(ref: str | None = None) -> str:
    return f'<bpmn:errorEventDefinition errorRef="{ref}_error"/>' if ref else "<bpmn:errorEventDefinition/>"


def signal(ref: str) -> str:
    return f'<bpmn:signalEventDefinition signalRef="{ref}"/>'


def boundary(id: str, host: str, definition: str, *, interrupting: bool = True, extension: str = "") -> str:
    cancels = "true" if interrupting else "false"
    return element("boundaryEvent", id, definition, extension, attachedToRef=host, cancelActivity=cancels)


def process(inside: str, id: str = "main") -> str:
    return f'<bpmn:process id="{id}" name="{id}" isExecutable="true">{inside}</bpmn:process>'


def document(*processes: str) -> bytes:
    shared = (
        '<bpmn:message id="ping" name="ping"/><bpmn:message id="pong" name="pong"/>'
        '<bpmn:signal id="alarm" name="alarm"/><bpmn:signal id="calm" name="calm"/>'
        '<bpmn:error id="late_error" name="late" errorCode="late"/>'
        '<bpmn:error id="bad_error" name="bad" errorCode="bad"/>'
    )
    return f"{HEADER}{shared}{''.join(processes)}</bpmn:definitions>".encode()


def load(*processes: str, **files: bytes) -> Definitions:
    """Definitions of the processes, a file each; text without a process element becomes process `main`."""
    wrapped = [text if text.startswith("<bpmn:process") else process(text) for text in processes]
    return load_definitions({f"{i}.bpmn": document(text) for i, text in enumerate(wrapped)} | files)


class Walk:
    """A case that is stored and loaded again before every step."""

    def __init__(
        self,
        definitions: Definitions | str,
        variables: Mapping[str, Any] | None = None,
        at: Context | None = None,
        process_id: str = "main",
        message: str | None = None,
    ) -> None:
        self.definitions = load(definitions) if isinstance(definitions, str) else definitions
        self.context = at or context()
        self.instance = Instance.start(
            self.definitions, process_id, variables or {}, self.context, message=message
        )
        self._look()

    def complete(self, element: str, **variables: Any) -> Walk:
        return self._step("complete", self.token("tasks", element), variables)

    def fire(self, element: str) -> Walk:
        due = next(wait.due_at for wait in self.now.timers if wait.element == element)
        return self._step("fire", self.token("timers", element), at=context(due or self.context.now))

    def receive(self, element: str, **payload: Any) -> Walk:
        return self._step("receive", self.token("messages", element), payload)

    def answer(self, element: str, result: dict[str, Any] | None = None, refused: str | None = None) -> Walk:
        return self._step("answer", self.token("asks", element), result, refused=refused)

    def move(self, cancel: tuple[int, ...] = (), start: tuple[Any, ...] = ()) -> Walk:
        self._restart()
        self.instance.move(self.context, cancel=cancel, start=start)
        self._look()
        return self

    def token(self, waits: str, element: str) -> int:
        found = [wait.token for wait in getattr(self.now, waits) if wait.element == element]
        assert found, f"{element} does not wait among {[w.element for w in getattr(self.now, waits)]}"
        return int(found[0])

    @property
    def open(self) -> list[str]:
        """The elements that wait for somebody or something, sorted."""
        groups = (self.now.tasks, self.now.timers, self.now.messages, self.now.asks)
        return sorted(wait.element for group in groups for wait in group)

    @property
    def outcome(self) -> str | None:
        return self.now.outcome.element if self.now.outcome else None

    def of_kind(self, kind: str) -> list[str]:
        return [happening.element for happening in self.happened if happening.kind == kind]

    def _step(self, verb: str, token: int, *arguments: Any, at: Context | None = None, **named: Any) -> Walk:
        self._restart()
        getattr(self.instance, verb)(token, *arguments, at or self.context, **named)
        self._look()
        return self

    def _restart(self) -> None:
        stored = self.instance.dump()
        self.instance = Instance.load(self.definitions, stored)
        assert self.instance.dump() == stored

    def _look(self) -> None:
        self.now: Snapshot = self.instance.snapshot()
        self.happened = list(getattr(self, "happened", [])) + list(self.now.happened)
