"""The profile, element by element: attributes, events, loops, extension data."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lxml import etree

from app.engine.markup import BPMN, SPIFF, local, properties_of, text_of

Finding = tuple[etree._Element, str]

TASKS = {"task", "userTask", "manualTask", "serviceTask", "businessRuleTask", "sendTask", "receiveTask"}
ACTIVITIES = TASKS | {"subProcess", "callActivity"}
CHOOSING = {"exclusiveGateway", "inclusiveGateway"}
GATEWAYS = CHOOSING | {"parallelGateway", "eventBasedGateway"}
EVENTS = {
    "startEvent": {"message"},
    "endEvent": {"message", "signal", "error", "terminate"},
    "intermediateCatchEvent": {"timer", "message", "signal"},
    "intermediateThrowEvent": {"message", "signal"},
    "boundaryEvent": {"timer", "message", "signal", "error"},
}
KINDS = ACTIVITIES | GATEWAYS | EVENTS.keys()

PROPERTIES = {
    *(
        "clauses",
        "role",
        "formJsonSchemaFilename",
        "formUiSchemaFilename",
        "outputs",
        "status",
        "bulk",
        "show",
    ),
    *("outcome", "resultVariable", "inputs", "correlation", "returns", "prefill", "import", "assignee"),
    "owed",
}

_EVENT_NAMES = {"timer": "定时器", "message": "消息", "signal": "信号", "error": "错误", "terminate": "终止"}
_EXTENSIONS = {
    "serviceTask": {"serviceTaskOperator"},
    "businessRuleTask": {"calledDecisionId"},
    "sendTask": {"messagePayload"},
    "receiveTask": {"messageVariable"},
    "messageEventDefinition": {"messagePayload", "messageVariable"},
}
_FIXED = {
    "startQuantity": ("1", "不支持起始令牌数（startQuantity）"),
    "completionQuantity": ("1", "不支持完成令牌数（completionQuantity）"),
    "isForCompensation": ("false", "不支持补偿活动"),
    "instantiate": ("false", "不支持由任务或网关发起流程；请用消息开始事件"),
    "parallelMultiple": ("false", "不支持并行多重事件"),
    "triggeredByEvent": ("false", "不支持事件子流程；请改用边界事件"),
    "eventGatewayType": ("Exclusive", "不支持并行的事件网关"),
    "behavior": ("All", "不支持多实例的 behavior 设置"),
    "noneBehaviorEventRef": ("", "不支持多实例的 behavior 设置"),
    "oneBehaviorEventRef": ("", "不支持多实例的 behavior 设置"),
}


def extensions_of(owner: etree._Element | None) -> set[str]:
    """The extension elements that an element may have."""
    kind = local(owner) if owner is not None else ""
    return {"properties"} | _EXTENSIONS.get(kind, set())


def check(process: etree._Element, root: etree._Element) -> Iterator[Finding]:
    """The errors inside a process's elements."""
    for node in process.iter(f"{BPMN}*"):
        for attribute, (only, why) in _FIXED.items():
            if node.get(attribute, only) != only:
                yield node, why
        tag = local(node)
        if tag in KINDS:
            if not node.get("id"):
                yield node, "元素没有编号（id）"
            yield from _check_properties(node)
            yield from _check_loop(node)
        if tag in EVENTS:
            yield from _check_event(node, root)
        if tag in _CHECKS:
            yield from _CHECKS[tag](node, root)


def warn(process: etree._Element) -> Iterator[Finding]:
    """Properties that nothing reads: probably mistyped."""
    for prop in process.iter(f"{SPIFF}property"):
        if prop.get("name") not in PROPERTIES:
            owner = next(
                prop.iterancestors(*(f"{BPMN}{kind}" for kind in (*KINDS, "sequenceFlow", "process")))
            )
            yield owner, f"不认识属性“{prop.get('name')}”，它不起作用"


def _check_properties(node: etree._Element) -> Iterator[Finding]:
    names = [prop.get("name") for prop in node.iterfind(f"{BPMN}extensionElements/{SPIFF}properties/*")]
    for name in {name for name in names if names.count(name) > 1}:
        yield node, f"属性“{name}”写了不止一次"
    for prop in node.iterfind(f"{BPMN}extensionElements/{SPIFF}properties/*"):
        if prop.get("name") is None or prop.get("value") is None:
            yield node, "属性须有 name 和 value"
    variable = properties_of(node).get("resultVariable")
    if variable:
        yield from _check_variable(node, variable)


def _check_variable(node: etree._Element, name: str) -> Iterator[Finding]:
    if not name.isidentifier():
        yield node, f"“{name}”不能作变量名；变量名用字母、数字和下划线，不以数字开头"


# Loops


def _check_loop(node: etree._Element) -> Iterator[Finding]:
    standard = node.findall(f"{BPMN}standardLoopCharacteristics")
    multiple = node.findall(f"{BPMN}multiInstanceLoopCharacteristics")
    if len(standard) + len(multiple) > 1:
        yield node, "一个活动只能有一种循环"
    elif (standard or multiple) and local(node) not in ACTIVITIES:
        yield node, "只有活动可以循环"
    elif standard:
        yield from _check_standard_loop(node, standard[0])
    elif multiple:
        yield from _check_multi_instance(node, multiple[0])


def _check_standard_loop(node: etree._Element, loop: etree._Element) -> Iterator[Finding]:
    most = loop.get("loopMaximum")
    if most is not None and not (most.isascii() and most.isdigit() and int(most) > 0):
        yield node, "循环的最多次数（loopMaximum）应当是正整数"
    if most is None and not text_of(loop.find(f"{BPMN}loopCondition")):
        yield node, "循环须有条件（loopCondition）或最多次数（loopMaximum）"


def _check_multi_instance(node: etree._Element, loop: etree._Element) -> Iterator[Finding]:
    given = [text_of(loop.find(f"{BPMN}{tag}")) for tag in ("loopCardinality", "loopDataInputRef")]
    if bool(given[0]) == bool(given[1]):
        yield node, "多实例须给出个数（loopCardinality）或输入列表（loopDataInputRef），二者取一"
    item, output = loop.find(f"{BPMN}inputDataItem"), loop.find(f"{BPMN}outputDataItem")
    collection = text_of(loop.find(f"{BPMN}loopDataOutputRef"))
    if item is not None and not given[1]:
        yield node, "没有输入列表的多实例不能有 inputDataItem"
    if bool(collection) != (output is not None):
        yield node, "多实例的 loopDataOutputRef 和 outputDataItem 须同时给出"
    names = [given[1], collection, *(part.get("id", "") for part in (item, output) if part is not None)]
    for name in filter(None, names):
        yield from _check_variable(node, name)


# Events


def _check_event(node: etree._Element, root: etree._Element) -> Iterator[Finding]:
    kind = local(node)
    found = [child for child in node if local(child).endswith("EventDefinition")]
    names = [local(child).removesuffix("EventDefinition") for child in found]
    if node.find(f"{BPMN}eventDefinitionRef") is not None or len(found) > 1:
        yield node, "一个事件只能有一个事件定义，并写在事件里面"
    elif not found and kind in ("intermediateCatchEvent", "boundaryEvent"):
        yield node, "这个事件没有说明等待什么，请选择定时器、消息等"
    elif names and names[0] not in EVENTS[kind]:
        what = _EVENT_NAMES.get(names[0], names[0])
        yield node, f"这种事件不能是{what}事件"
    elif found:
        yield from _check_definition(node, found[0], names[0], root)


def _check_definition(
    node: etree._Element, definition: etree._Element, name: str, root: etree._Element
) -> Iterator[Finding]:
    if name == "timer":
        yield from _check_timer(node, definition)
    elif name in ("message", "signal"):
        yield from _check_reference(node, definition, name, root)
    elif name == "error":
        yield from _check_error(node, definition, root)
    variable = definition.find(f"{BPMN}extensionElements/{SPIFF}messageVariable")
    if variable is not None and local(node) == "startEvent":
        yield node, "发起流程的消息，其内容各项直接成为变量；请删去 messageVariable"
    elif variable is not None:
        yield from _check_variable(node, text_of(variable))


def _check_timer(node: etree._Element, definition: etree._Element) -> Iterator[Finding]:
    times = [text_of(definition.find(f"{BPMN}{tag}")) for tag in ("timeDate", "timeDuration")]
    if bool(times[0]) == bool(times[1]):
        yield node, "定时器须写明时刻（timeDate）或时长（timeDuration），二者取一"


def _check_reference(
    node: etree._Element, holder: etree._Element, kind: str, root: etree._Element
) -> Iterator[Finding]:
    wanted = holder.get(f"{kind}Ref")
    found = [item for item in root.iterfind(f"{BPMN}{kind}") if item.get("id") == wanted]
    if not wanted or not found or not found[0].get("name"):
        yield node, f"没有指明{_EVENT_NAMES[kind]}，或所指的{_EVENT_NAMES[kind]}没有名称"


def _check_error(node: etree._Element, definition: etree._Element, root: etree._Element) -> Iterator[Finding]:
    wanted = definition.get("errorRef")
    if wanted is None and local(node) == "boundaryEvent":
        return
    found = [item for item in root.iterfind(f"{BPMN}error") if item.get("id") == wanted]
    if not found or not found[0].get("errorCode"):
        yield node, "没有指明错误，或所指的错误没有代码（errorCode）"


def _check_boundary(node: etree._Element, root: etree._Element) -> Iterator[Finding]:
    parent = node.getparent()
    hosts = (
        [] if parent is None else [child for child in parent if child.get("id") == node.get("attachedToRef")]
    )
    is_error = node.find(f"{BPMN}errorEventDefinition") is not None
    if not hosts or local(hosts[0]) not in ACTIVITIES:
        yield node, "边界事件须附在同一层的任务、子流程或调用活动上"
    elif is_error and local(hosts[0]) not in ("subProcess", "callActivity", "serviceTask"):
        yield node, "错误边界事件只能附在子流程、调用活动或服务任务上，别的活动不会抛出错误"
    if is_error and node.get("cancelActivity", "true") != "true":
        yield node, "错误边界事件一定中断活动，请去掉“非中断”"


# Tasks


def _check_message_task(node: etree._Element, root: etree._Element) -> Iterator[Finding]:
    yield from _check_reference(node, node, "message", root)
    variable = node.find(f"{BPMN}extensionElements/{SPIFF}messageVariable")
    if variable is not None:
        yield from _check_variable(node, text_of(variable))


def _check_service(node: etree._Element, root: etree._Element) -> Iterator[Finding]:
    operators = node.findall(f"{BPMN}extensionElements/{SPIFF}serviceTaskOperator")
    if len(operators) != 1 or not operators[0].get("id"):
        yield node, "服务任务须用 serviceTaskOperator 指明一项能力"
        return
    if variable := operators[0].get("resultVariable"):
        yield from _check_variable(node, variable)
    for parameter in operators[0].iter(f"{SPIFF}parameter"):
        if not parameter.get("id") or not parameter.get("value") or parameter.get("type") is None:
            yield node, "服务任务的参数须有 id、type 和 value"


def _check_decision(node: etree._Element, root: etree._Element) -> Iterator[Finding]:
    if not text_of(node.find(f"{BPMN}extensionElements/{SPIFF}calledDecisionId")):
        yield node, "业务规则任务须用 calledDecisionId 指明决策"


def _check_call(node: etree._Element, root: etree._Element) -> Iterator[Finding]:
    if not node.get("calledElement"):
        yield node, "调用活动须用 calledElement 指明流程"
    given = properties_of(node)
    for text in (given.get("inputs", ""), given.get("outputs", "")):
        for part in text.replace("；", ";").replace("\n", ";").split(";"):
            if part.strip():
                yield from _check_variable(node, part.partition("=")[0].strip())


_CHECKS: dict[str, Callable[[etree._Element, etree._Element], Iterator[Finding]]] = {
    "boundaryEvent": _check_boundary,
    "sendTask": _check_message_task,
    "receiveTask": _check_message_task,
    "serviceTask": _check_service,
    "businessRuleTask": _check_decision,
    "callActivity": _check_call,
}
