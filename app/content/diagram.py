"""What diagrams refer to outside themselves: decisions, capabilities, processes, messages, variables."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree

from app.content.mapping import read_mapping
from app.engine.markup import BPMN, SPIFF, MarkupRefused, local, parse, properties_of, text_of

_EXTENSIONS = f"{BPMN}extensionElements/"
_THROWING = {"intermediateThrowEvent", "endEvent", "sendTask"}


@dataclass(frozen=True, slots=True)
class Decides:
    element: str
    decision: str
    result: str | None


@dataclass(frozen=True, slots=True)
class Asks:
    """A service task: the capability, the inputs it is given, the refusals caught on its border by code."""

    element: str
    capability: str
    inputs: Sequence[str]
    result: str | None
    catches: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Calls:
    element: str
    process: str
    inputs: Sequence[str]
    outputs: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Messages:
    """A message event. `payload` are the keys that a thrower certainly sends; `border`: on an activity."""

    element: str
    name: str
    throws: bool
    starts: bool
    border: bool
    payload: frozenset[str]
    variable: str | None


@dataclass(frozen=True, slots=True)
class Repeats:
    """A multi-instance activity and the variables that it reads and makes."""

    element: str
    collection: str | None
    item: str | None
    output_item: str | None
    output: str | None


@dataclass(frozen=True, slots=True)
class Diagram:
    """One process of a diagram."""

    process: str
    file: str
    decides: Sequence[Decides]
    asks: Sequence[Asks]
    calls: Sequence[Calls]
    messages: Sequence[Messages]
    repeats: Sequence[Repeats]


def read_diagrams(files: Mapping[str, bytes]) -> dict[str, Diagram]:
    """The executable processes by id; files that cannot be read are left out, the engine tells why."""
    found = {}
    for path, content in files.items():
        if path.endswith(".bpmn"):
            try:
                root = parse(content)
            except MarkupRefused:
                continue
            for process in root.iterfind(f"{BPMN}process"):
                if process.get("isExecutable") != "false":
                    found[process.get("id", "")] = _diagram(path, root, process)
    return found


def _diagram(file: str, root: etree._Element, process: etree._Element) -> Diagram:
    names = {node.get("id", ""): node.get("name", "") for node in root.iterfind(f"{BPMN}message")}
    codes = {node.get("id", ""): node.get("errorCode", "") for node in root.iterfind(f"{BPMN}error")}
    return Diagram(
        process=process.get("id", ""),
        file=file,
        decides=tuple(_decides(process)),
        asks=tuple(_asks(process, codes)),
        calls=tuple(_calls(process)),
        messages=tuple(_messages(process, names)),
        repeats=tuple(_repeats(process)),
    )


def _id(node: etree._Element) -> str:
    return node.get("id", "")


def _decides(process: etree._Element) -> Iterator[Decides]:
    for node in process.iter(f"{BPMN}businessRuleTask"):
        decision = text_of(node.find(f"{_EXTENSIONS}{SPIFF}calledDecisionId"))
        yield Decides(_id(node), decision, properties_of(node).get("resultVariable") or None)


def _asks(process: etree._Element, codes: Mapping[str, str]) -> Iterator[Asks]:
    caught: dict[str, dict[str, str]] = {}
    for node in process.iter(f"{BPMN}boundaryEvent"):
        error = node.find(f"{BPMN}errorEventDefinition")
        code = codes.get(error.get("errorRef", "")) if error is not None else None
        if code:
            caught.setdefault(node.get("attachedToRef", ""), {})[code] = _id(node)
    for node in process.iter(f"{BPMN}serviceTask"):
        operator = node.find(f"{_EXTENSIONS}{SPIFF}serviceTaskOperator")
        if operator is not None:
            inputs = tuple(_id(parameter) for parameter in operator.iter(f"{SPIFF}parameter"))
            result = operator.get("resultVariable") or None
            yield Asks(_id(node), _id(operator), inputs, result, caught.get(_id(node), {}))


def _calls(process: etree._Element) -> Iterator[Calls]:
    for node in process.iter(f"{BPMN}callActivity"):
        given = properties_of(node)
        inputs = tuple(inner for inner, _ in read_mapping(given.get("inputs", "")))
        outputs = tuple(read_mapping(given.get("outputs", "")))
        yield Calls(_id(node), node.get("calledElement", ""), inputs, outputs)


def _messages(process: etree._Element, names: Mapping[str, str]) -> Iterator[Messages]:
    for node in process.iter():
        if not isinstance(node.tag, str):
            continue
        definition = node.find(f"{BPMN}messageEventDefinition")
        if definition is None and local(node) in ("sendTask", "receiveTask"):
            definition = node
        if definition is not None:
            name = names.get(definition.get("messageRef", ""), "")
            kind = local(node)
            yield Messages(
                element=_id(node),
                name=name,
                throws=kind in _THROWING,
                starts=kind == "startEvent",
                border=kind == "boundaryEvent",
                payload=_keys(_extension(node, definition, "messagePayload")),
                variable=_extension(node, definition, "messageVariable") or None,
            )


def _extension(node: etree._Element, definition: etree._Element, tag: str) -> str:
    for home in (definition, node):
        found = home.find(f"{_EXTENSIONS}{SPIFF}{tag}")
        if found is not None:
            return text_of(found)
    return ""


def _keys(payload: str) -> frozenset[str]:
    """The names in a payload that is written out as ``{"name": …}``; of any other nothing is certain."""
    try:
        body: Any = ast.parse(payload.strip() or "{}", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    keys = body.keys if isinstance(body, ast.Dict) else ()
    return frozenset(str(key.value) for key in keys if isinstance(key, ast.Constant))


def _repeats(process: etree._Element) -> Iterator[Repeats]:
    for loop in process.iter(f"{BPMN}multiInstanceLoopCharacteristics"):
        host = loop.getparent()
        items = {kind: loop.find(f"{BPMN}{kind}DataItem") for kind in ("input", "output")}
        yield Repeats(
            element=_id(host) if host is not None else "",
            collection=text_of(loop.find(f"{BPMN}loopDataInputRef")) or None,
            item=_id(items["input"]) if items["input"] is not None else None,
            output_item=_id(items["output"]) if items["output"] is not None else None,
            output=text_of(loop.find(f"{BPMN}loopDataOutputRef")) or None,
        )
