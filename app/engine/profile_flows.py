"""The profile of flows and levels: what begins, what follows, what is never reached."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from app.engine.markup import BPMN, local, text_of
from app.engine.profile_elements import ACTIVITIES, CHOOSING, KINDS

Finding = tuple[etree._Element, str]


class Level:
    """The elements and flows of a process or sub-process, without those of the sub-processes in it."""

    def __init__(self, node: etree._Element) -> None:
        self.node = node
        self.elements = {child.get("id", ""): child for child in node if local(child) in KINDS}
        self.flows = list(node.iterfind(f"{BPMN}sequenceFlow"))
        self._out = _by(self.flows, "sourceRef")
        self._into = _by(self.flows, "targetRef")
        self._borders = _by(self.of_kind("boundaryEvent"), "attachedToRef")

    def of_kind(self, *kinds: str) -> list[etree._Element]:
        return [node for node in self.elements.values() if local(node) in kinds]

    def out_of(self, node: etree._Element) -> list[etree._Element]:
        return self._out.get(node.get("id", ""), [])

    def into(self, node: etree._Element) -> list[etree._Element]:
        return self._into.get(node.get("id", ""), [])

    def borders(self, node: etree._Element) -> list[etree._Element]:
        return self._borders.get(node.get("id", ""), [])


def _by(nodes: list[etree._Element], attribute: str) -> dict[str, list[etree._Element]]:
    found: dict[str, list[etree._Element]] = {}
    for node in nodes:
        found.setdefault(node.get(attribute, ""), []).append(node)
    return found


def levels(process: etree._Element) -> Iterator[Level]:
    yield Level(process)
    for node in process.iter(f"{BPMN}subProcess"):
        yield Level(node)


def check(process: etree._Element) -> Iterator[Finding]:
    """Errors of flows, starts and ends."""
    for level in levels(process):
        yield from _check_flows(level)
        yield from _check_starts(level)
        for node in level.elements.values():
            yield from _check_ends(level, node)
            yield from _check_choice(level, node)
            yield from _check_race(level, node)


def warn(process: etree._Element) -> Iterator[Finding]:
    """What is legal and probably not meant: elements that nothing reaches or that nothing follows."""
    for level in levels(process):
        reached = _reached(level)
        for name, node in level.elements.items():
            if name not in reached:
                yield node, "从开始事件走不到这个元素"
            if not level.out_of(node) and local(node) != "endEvent":
                yield node, "这个元素后面没有顺序流，流程会在这里不声不响地结束；请画出结束事件"


def _check_flows(level: Level) -> Iterator[Finding]:
    for flow in level.flows:
        if not flow.get("id"):
            yield flow, f"从“{flow.get('sourceRef')}”到“{flow.get('targetRef')}”的顺序流没有编号（id）"
        source, target = (level.elements.get(flow.get(end, "")) for end in ("sourceRef", "targetRef"))
        if source is None or target is None:
            yield flow, "顺序流的两端须是同一层的元素"
            continue
        condition = flow.find(f"{BPMN}conditionExpression")
        if condition is not None and not text_of(condition):
            yield flow, "顺序流的条件是空的"
        if condition is not None and local(source) not in CHOOSING:
            yield flow, "只有排他网关和包容网关后面的顺序流可以有条件"


def _check_starts(level: Level) -> Iterator[Finding]:
    starts = level.of_kind("startEvent")
    by_message = [s for s in starts if s.find(f"{BPMN}messageEventDefinition") is not None]
    is_process = local(level.node) == "process"
    what = "流程" if is_process else "子流程"
    if not starts:
        yield level.node, f"{what}没有开始事件"
    if len(starts) - len(by_message) > 1:
        yield level.node, f"{what}只能有一个普通开始事件"
    if by_message and not is_process:
        yield by_message[0], "子流程只能由普通开始事件开始"
    if not is_process and not level.of_kind("endEvent"):
        yield level.node, "子流程没有结束事件"
    refs = [said.get("messageRef") for s in starts for said in s.findall(f"{BPMN}messageEventDefinition")]
    if len(set(refs)) < len(refs):
        yield level.node, "两个开始事件等待同一个消息"


def _check_ends(level: Level, node: etree._Element) -> Iterator[Finding]:
    kind = local(node)
    if kind == "startEvent" and not level.out_of(node):
        yield node, "开始事件后面没有顺序流"
    if kind in ("startEvent", "boundaryEvent") and level.into(node):
        yield node, "开始事件和边界事件前面不能有顺序流"
    if kind == "endEvent" and level.out_of(node):
        yield node, "结束事件后面不能有顺序流"


def _check_choice(level: Level, node: etree._Element) -> Iterator[Finding]:
    default = node.get("default")
    outgoing = level.out_of(node)
    if default is not None and local(node) not in CHOOSING:
        yield node, "只有排他网关和包容网关可以有默认流向"
    elif default is not None and default not in [flow.get("id") for flow in outgoing]:
        yield node, "默认流向不是这个网关后面的顺序流"
    if local(node) in CHOOSING and len(outgoing) > 1:
        for flow in outgoing:
            if flow.get("id") != default and flow.find(f"{BPMN}conditionExpression") is None:
                yield (
                    flow,
                    f"网关“{node.get('name') or node.get('id')}”后面的这条顺序流既没有条件，也不是默认流向",
                )


def _check_race(level: Level, node: etree._Element) -> Iterator[Finding]:
    if local(node) != "eventBasedGateway":
        return
    outgoing = level.out_of(node)
    if len(outgoing) < 2:
        yield node, "事件网关后面至少要有两个事件"
    for flow in outgoing:
        target = level.elements.get(flow.get("targetRef", ""))
        if target is None or local(target) not in ("intermediateCatchEvent", "receiveTask"):
            yield node, "事件网关后面只能是捕获事件或接收任务"
        elif len(level.into(target)) > 1 or level.borders(target) or _repeats(target):
            yield target, "事件网关后面的事件不能有别的进入顺序流、边界事件或循环"


def _repeats(node: etree._Element) -> bool:
    return any(local(child).endswith("LoopCharacteristics") for child in node)


def _reached(level: Level) -> set[str]:
    pending = [node.get("id", "") for node in level.of_kind("startEvent")]
    reached: set[str] = set()
    while pending:
        name = pending.pop()
        node = level.elements.get(name)
        if name in reached or node is None:
            continue
        reached.add(name)
        pending += [flow.get("targetRef", "") for flow in level.out_of(node)]
        if local(node) in ACTIVITIES:
            pending += [event.get("id", "") for event in level.borders(node)]
    return reached
