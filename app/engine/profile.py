"""Which BPMN is executed. Whatever is not listed is refused with its element named: nothing is ignored."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from lxml import etree

from app.engine import profile_elements, profile_flows
from app.engine.markup import BPMN, SPIFF, local, problem
from app.engine.types import Problem

Finding = tuple[etree._Element, str]

_DRAWN = {
    *("documentation", "extensionElements", "incoming", "outgoing", "textAnnotation", "text", "association"),
    *("group", "laneSet", "lane", "flowNodeRef", "childLaneSet", "auditing", "monitoring"),
}
_PARTS = {
    *("sequenceFlow", "conditionExpression", "timerEventDefinition", "timeDate", "timeDuration"),
    *("messageEventDefinition", "signalEventDefinition", "errorEventDefinition", "terminateEventDefinition"),
    *("standardLoopCharacteristics", "loopCondition", "multiInstanceLoopCharacteristics", "loopCardinality"),
    *("loopDataInputRef", "inputDataItem", "loopDataOutputRef", "outputDataItem", "completionCondition"),
}
_REFUSED = {
    "scriptTask": "不运行脚本任务；请改用表单、决策表或服务任务",
    "script": "不运行脚本；请改用表单、决策表或服务任务",
    "complexGateway": "不支持复杂网关；请改用排他、并行或包容网关",
    "adHocSubProcess": "不支持特设子流程；请改用普通子流程",
    "transaction": "不支持事务子流程；请改用普通子流程和错误边界事件",
    "cancelEventDefinition": "不支持取消事件；请改用错误事件",
    "compensateEventDefinition": "不支持补偿事件；请把撤销的步骤画在图上",
    "linkEventDefinition": "不支持链接事件；请直接用顺序流连接",
    "conditionalEventDefinition": "不支持条件事件；请改用消息、定时器或网关",
    "escalationEventDefinition": "不支持升级事件；请改用错误、消息或信号事件",
    "timeCycle": "不支持循环定时器；请在图上画出循环，或逐个画出定时器",
    "dataObject": "不支持数据对象；数据请放在流程变量里",
    "dataObjectReference": "不支持数据对象；数据请放在流程变量里",
    "dataStoreReference": "不支持数据存储；请改用服务任务",
    "dataInputAssociation": "不支持数据关联；数据请放在流程变量里",
    "dataOutputAssociation": "不支持数据关联；数据请放在流程变量里",
    "ioSpecification": "不支持 ioSpecification；调用活动请用 inputs、outputs 属性",
    "complexBehaviorDefinition": "不支持多实例的 behavior 设置",
    "resourceRole": "不支持 resourceRole；办理者请用泳道或 role 属性指定",
    "potentialOwner": "不支持 potentialOwner；办理者请用泳道或 role 属性指定",
    "humanPerformer": "不支持 humanPerformer；办理者请用泳道或 role 属性指定",
}
_REFUSED_ROOTS = {
    **dict.fromkeys(
        ("globalTask", "globalUserTask", "globalManualTask"), "不支持全局任务；请改用被调用的流程"
    ),
    **dict.fromkeys(("globalScriptTask", "globalBusinessRuleTask"), "不支持全局任务；请改用被调用的流程"),
    "choreography": "不支持编排图",
    "dataStore": "不支持数据存储；请改用服务任务",
    "correlationProperty": "不支持 correlationProperty；请在消息事件上写 correlation 属性",
    "import": "不支持引入别的文件；同一方案的文件会一起读取",
}
_ID = re.compile(r"[^\W\d][\w.-]*")
_VARIABLES = {"inputDataItem", "outputDataItem"}
"""Their ids are names of variables, and may recur."""
_TAKEN = {"Start", "End", "Root"}


def executable(root: etree._Element) -> Iterator[etree._Element]:
    """The processes of a file that are meant to run."""
    return (process for process in root.iterfind(f"{BPMN}process") if process.get("isExecutable") != "false")


def check(root: etree._Element, file: str) -> list[Problem]:
    """What keeps a file's processes from being run just as they are drawn, and warnings."""
    if root.tag != f"{BPMN}definitions":
        return [Problem(file, "文件不是 BPMN 2.0 流程图")]
    errors = [*_check_ids(root), *_check_roots(root)]
    warnings: list[Finding] = []
    for process in executable(root):
        unknown = list(_check_tags(process))
        errors += unknown
        if not unknown and not errors:
            errors += profile_elements.check(process, root)
            errors += profile_flows.check(process)
            warnings += [*profile_elements.warn(process), *profile_flows.warn(process)]
    if not list(executable(root)):
        warnings.append((root, "文件里没有可执行的流程"))
    return [problem(file, text, node) for node, text in errors] + [
        problem(file, text, node, warning=True) for node, text in warnings
    ]


def _check_ids(root: etree._Element) -> Iterator[Finding]:
    model = [node for node in root.iter(f"{BPMN}*") if node.get("id") and local(node) not in _VARIABLES]
    counts = Counter(node.get("id") for node in model)
    for node in model:
        name = node.get("id", "")
        if counts[name] > 1:
            yield node, f"编号“{name}”重复"
        if name in _TAKEN or name.endswith(".EndJoin"):
            yield node, f"编号“{name}”与引擎内部的编号冲突，请改名"
        if not _ID.fullmatch(name):
            yield node, f"编号“{name}”只能用字母、数字、下划线、点和连字符，并以字母或下划线开头"


def _check_roots(root: etree._Element) -> Iterator[Finding]:
    for node in root:
        if local(node) in _REFUSED_ROOTS:
            yield node, _REFUSED_ROOTS[local(node)]
        elif (
            local(node) in ("message", "signal", "error")
            and node.find(f"{BPMN}extensionElements") is not None
        ):
            yield node, "消息、信号和错误的扩展内容请写在使用它的事件上"


def _check_tags(process: etree._Element) -> Iterator[Finding]:
    for node in process.iter():
        if _in_extension(node):
            continue
        tag = local(node)
        known = tag in profile_elements.KINDS or tag in _DRAWN or tag in _PARTS or node is process
        if not node.tag.startswith(BPMN):
            yield node, f"不认识“{tag}”，请删去"
        elif not known:
            yield node, _REFUSED.get(tag, f"执行范围里没有“{tag}”，请改用别的画法")
        elif tag == "extensionElements":
            yield from _check_extensions(node)


def _in_extension(node: etree._Element) -> bool:
    return any(local(above) == "extensionElements" for above in node.iterancestors())


def _check_extensions(extensions: etree._Element) -> Iterator[Finding]:
    owner = extensions.getparent()
    allowed = profile_elements.extensions_of(owner)
    for node in extensions:
        tag = etree.QName(node).localname
        if not node.tag.startswith(SPIFF):
            yield node, f"不认识扩展内容“{tag}”（来自别的软件），请删去"
        elif tag in ("preScript", "postScript"):
            yield node, "不运行前置或后置脚本；请改用表单、决策表或服务任务"
        elif tag not in allowed:
            yield node, f"这里不能有扩展内容“{tag}”"
