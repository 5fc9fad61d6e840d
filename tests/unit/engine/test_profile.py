"""What is refused, with the element named; whatever passes is run as it is drawn."""

from __future__ import annotations

import pytest
from diagrams import (
    boundary,
    chain,
    document,
    element,
    error,
    flow,
    message,
    nodes,
    process,
    properties,
    service,
    signal,
    timer,
)

from app.engine import Problem, check_definitions

FRAME = nodes(s="startEvent", a="userTask", e="endEvent") + chain("s", "a", "e")
SUB = nodes(is_="startEvent", ie="endEvent") + chain("is_", "ie")
LOOP = "<bpmn:standardLoopCharacteristics {}>{}</bpmn:standardLoopCharacteristics>"
MULTI = "<bpmn:multiInstanceLoopCharacteristics {}>{}</bpmn:multiInstanceLoopCharacteristics>"
CARDINALITY = "<bpmn:loopCardinality>3</bpmn:loopCardinality>"


def problems(inside: str, severity: str = "error", *others: str) -> list[Problem]:
    files = {"main.bpmn": document(process(inside))}
    files |= {f"{number}.bpmn": document(other) for number, other in enumerate(others)}
    return [problem for problem in check_definitions(files) if problem.severity == severity]


def before_end(inserted: str, name: str = "x") -> str:
    return nodes(s="startEvent", e="endEvent") + inserted + chain("s", name, "e")


REFUSED = {
    "script task": (before_end(element("scriptTask", "x", "<bpmn:script>1</bpmn:script>")), "x", "脚本"),
    "pre-script": (
        before_end(element("userTask", "x", "", "<spiffworkflow:preScript>1</spiffworkflow:preScript>")),
        "x",
        "脚本",
    ),
    "complex gateway": (before_end(element("complexGateway", "x")), "x", "复杂网关"),
    "ad-hoc": (before_end(element("adHocSubProcess", "x")), "x", "特设"),
    "transaction": (before_end(element("transaction", "x", SUB)), "x", "事务"),
    "event sub-process": (
        FRAME + element("subProcess", "x", SUB, triggeredByEvent="true"),
        "x",
        "事件子流程",
    ),
    "cancel event": (
        before_end(element("intermediateThrowEvent", "x", "<bpmn:cancelEventDefinition/>")),
        "x",
        "取消",
    ),
    "compensation": (
        before_end(element("intermediateThrowEvent", "x", "<bpmn:compensateEventDefinition/>")),
        "x",
        "补偿",
    ),
    "compensation activity": (before_end(element("userTask", "x", isForCompensation="true")), "x", "补偿"),
    "link": (before_end(element("intermediateThrowEvent", "x", "<bpmn:linkEventDefinition/>")), "x", "链接"),
    "conditional event": (
        before_end(element("intermediateCatchEvent", "x", "<bpmn:conditionalEventDefinition/>")),
        "x",
        "条件事件",
    ),
    "escalation": (
        before_end(element("intermediateThrowEvent", "x", "<bpmn:escalationEventDefinition/>")),
        "x",
        "升级",
    ),
    "timer cycle": (
        before_end(element("intermediateCatchEvent", "x", timer("R3/P1D", "timeCycle"))),
        "x",
        "循环定时器",
    ),
    "timer start": (
        element("startEvent", "x", timer("P1D", "timeDuration")) + chain("x", "e") + nodes(e="endEvent"),
        "x",
        "不能是定时器",
    ),
    "error catch in the flow": (
        before_end(element("intermediateCatchEvent", "x", error("bad"))),
        "x",
        "不能是错误",
    ),
    "catch event of nothing": (before_end(element("intermediateCatchEvent", "x")), "x", "没有说明等待什么"),
    "multiple event": (
        before_end(element("intermediateCatchEvent", "x", message("ping") + signal("alarm"))),
        "x",
        "一个事件定义",
    ),
    "timer of nothing": (
        before_end(element("intermediateCatchEvent", "x", timer("", "timeDate"))),
        "x",
        "定时器须写明",
    ),
    "timer that is no duration": (
        before_end(element("intermediateCatchEvent", "x", timer("P1X", "timeDuration"))),
        "x",
        "不是时长",
    ),
    "timer without a zone": (
        before_end(element("intermediateCatchEvent", "x", timer("2021-07-23T10:00"))),
        "x",
        "时区",
    ),
    "message of no name": (
        before_end(element("intermediateCatchEvent", "x", message("nobody"))),
        "x",
        "没有指明消息",
    ),
    "error end without a code": (
        nodes(s="startEvent") + element("endEvent", "x", error()) + chain("s", "x"),
        "x",
        "没有指明错误",
    ),
    "start quantity": (before_end(element("userTask", "x", startQuantity="2")), "x", "起始令牌数"),
    "completion quantity": (before_end(element("userTask", "x", completionQuantity="2")), "x", "完成令牌数"),
    "instantiating receive": (
        before_end(element("receiveTask", "x", messageRef="ping", instantiate="true")),
        "x",
        "发起流程",
    ),
    "multi-instance behavior": (
        before_end(element("userTask", "x", MULTI.format('behavior="None"', CARDINALITY))),
        "x",
        "behavior",
    ),
    "multi-instance of nothing": (
        before_end(element("userTask", "x", MULTI.format("", ""))),
        "x",
        "二者取一",
    ),
    "collection without an item": (
        before_end(
            element(
                "userTask",
                "x",
                MULTI.format("", CARDINALITY + "<bpmn:loopDataOutputRef>out</bpmn:loopDataOutputRef>"),
            )
        ),
        "x",
        "同时给出",
    ),
    "loop without an end": (before_end(element("userTask", "x", LOOP.format("", ""))), "x", "循环须有条件"),
    "loop of no number": (
        before_end(element("userTask", "x", LOOP.format('loopMaximum="0"', ""))),
        "x",
        "正整数",
    ),
    "data object": (FRAME + element("dataObject", "x"), "x", "数据对象"),
    "io specification": (
        before_end(element("userTask", "x", '<bpmn:ioSpecification id="io"/>')),
        "io",
        "ioSpecification",
    ),
    "unknown element": (FRAME + element("callChoreography", "x"), "x", "执行范围里没有"),
    "another vendor's extension": (
        before_end(element("userTask", "x", "", '<z:task xmlns:z="urn:z"/>')),
        "x",
        "来自别的软件",
    ),
    "unknown extension": (
        before_end(element("userTask", "x", "", "<spiffworkflow:unitTests/>")),
        "x",
        "unitTests",
    ),
    "extension in the wrong place": (
        before_end(
            element("userTask", "x", "", "<spiffworkflow:calledDecisionId>d</spiffworkflow:calledDecisionId>")
        ),
        "x",
        "calledDecisionId",
    ),
    "two plain starts": (FRAME + element("startEvent", "x") + chain("x", "a"), "main", "一个普通开始事件"),
    "no start": (nodes(a="userTask", e="endEvent") + chain("a", "e"), "main", "没有开始事件"),
    "two starts by one message": (
        FRAME
        + element("startEvent", "x", message("ping"))
        + element("startEvent", "y", message("ping"))
        + chain("x", "a")
        + chain("y", "a"),
        "main",
        "同一个消息",
    ),
    "sub-process without an end": (
        before_end(element("subProcess", "x", nodes(is_="startEvent", it="task") + chain("is_", "it"))),
        "x",
        "没有结束事件",
    ),
    "sub-process by message": (
        before_end(
            element("subProcess", "x", element("startEvent", "m", message("ping")) + SUB + chain("m", "ie"))
        ),
        "m",
        "普通开始事件",
    ),
    "condition after a task": (
        nodes(s="startEvent", a="userTask", e="endEvent") + chain("s", "a") + flow("a", "e", "x > 1", id="x"),
        "x",
        "只有排他",
    ),
    "default after a task": (
        nodes(s="startEvent", e="endEvent")
        + element("userTask", "x", default="x_to_e")
        + chain("s", "x", "e"),
        "x",
        "默认流向",
    ),
    "gateway flow without condition": (
        nodes(s="startEvent", g="exclusiveGateway", a="userTask", b="userTask")
        + chain("s", "g", "a")
        + flow("g", "b", "y > 1"),
        "g_to_a",
        "既没有条件",
    ),
    "foreign default": (
        nodes(s="startEvent", a="userTask")
        + element("exclusiveGateway", "g", default="s_to_g")
        + chain("s", "g", "a"),
        "g",
        "默认流向不是",
    ),
    "empty condition": (
        nodes(s="startEvent", g="exclusiveGateway", a="userTask")
        + chain("s", "g")
        + flow("g", "a", " ", id="x"),
        "x",
        "是空的",
    ),
    "expression that is none": (
        nodes(s="startEvent", g="exclusiveGateway", a="userTask")
        + chain("s", "g")
        + flow("g", "a", "x >", id="x"),
        "x",
        "表达式",
    ),
    "flow across levels": (
        before_end(element("subProcess", "x", SUB + nodes(it="task") + chain("is_", "it", "e"))),
        "it_to_e",
        "同一层",
    ),
    "flow to nowhere": (FRAME + flow("a", "nobody", id="x"), "x", "同一层"),
    "flow into a start": (FRAME + flow("a", "s", id="x"), "s", "前面不能有"),
    "flow out of an end": (FRAME + flow("e", "a", id="x"), "e", "后面不能有"),
    "error border on a user task": (
        FRAME + boundary("x", "a", error("bad")) + flow("x", "e"),
        "x",
        "别的活动不会抛出",
    ),
    "error border that does not interrupt": (
        before_end(element("subProcess", "p", SUB), "p")
        + boundary("x", "p", error("bad"), interrupting=False)
        + flow("x", "e"),
        "x",
        "一定中断",
    ),
    "border on a gateway": (
        nodes(s="startEvent", g="parallelGateway", e="endEvent")
        + chain("s", "g", "e")
        + boundary("x", "g", timer("P1D", "timeDuration"))
        + flow("x", "e"),
        "x",
        "同一层",
    ),
    "race with one event": (
        nodes(s="startEvent", g="eventBasedGateway", e="endEvent")
        + element("intermediateCatchEvent", "x", message("ping"))
        + chain("s", "g", "x", "e"),
        "g",
        "至少要有两个",
    ),
    "race with a task": (
        nodes(s="startEvent", g="eventBasedGateway", e="endEvent", t="task")
        + element("intermediateCatchEvent", "x", message("ping"))
        + chain("s", "g", "x", "e")
        + chain("g", "t", "e"),
        "g",
        "只能是捕获事件",
    ),
    "service of no capability": (before_end(element("serviceTask", "x")), "x", "指明一项能力"),
    "service with a bad input": (before_end(service("x", "reserve", grade="1 +")), "x", "表达式"),
    "decision of no id": (before_end(element("businessRuleTask", "x")), "x", "指明决策"),
    "unknown decision": (
        before_end(
            element(
                "businessRuleTask",
                "x",
                "",
                "<spiffworkflow:calledDecisionId>nobody</spiffworkflow:calledDecisionId>",
            )
        ),
        "x",
        "没有编号为“nobody”的决策",
    ),
    "unknown process": (
        before_end(element("callActivity", "x", calledElement="nobody")),
        "x",
        "没有编号为“nobody”的流程",
    ),
    "process that calls itself": (
        before_end(element("callActivity", "x", calledElement="main")),
        "x",
        "循环调用",
    ),
    "variable that is none": (
        before_end(element("callActivity", "x", "", properties(inputs="a-b=1"), calledElement="main")),
        "x",
        "变量名",
    ),
    "uncaught error in a sub-process": (
        before_end(
            element(
                "subProcess",
                "p",
                nodes(is_="startEvent") + element("endEvent", "x", error("bad")) + chain("is_", "x"),
            ),
            "p",
        ),
        "x",
        "没有任何边界事件",
    ),
    "property twice": (
        before_end(element("userTask", "x", "", properties(role="a") + properties(role="b"))),
        "x",
        "不止一次",
    ),
    "element without an id": (FRAME + '<bpmn:userTask name="x"/>', None, "没有编号"),
    "id of the library": (nodes(s="startEvent", Root="userTask") + chain("s", "Root"), "Root", "引擎内部"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_with_its_element_named(case: str) -> None:
    text, named, sentence = REFUSED[case]
    found = problems(text)
    assert any(problem.element == named and sentence in problem.message for problem in found), found


def test_a_message_that_starts_a_process_has_no_variable() -> None:
    text = element("startEvent", "x", message("ping", variable="m")) + nodes(e="endEvent") + chain("x", "e")
    assert [problem.element for problem in problems(text)] == ["x"]


def test_a_flow_without_an_id_is_refused() -> None:
    found = problems(FRAME + '<bpmn:sequenceFlow sourceRef="a" targetRef="e"/>')
    assert "没有编号" in found[0].message
    assert "“a”到“e”" in found[0].message


def test_an_id_may_stand_for_one_thing_only() -> None:
    assert {p.element for p in problems(FRAME + nodes(a="userTask"))} == {"a"}


def test_processes_of_two_files_may_not_share_an_id() -> None:
    assert "重复" in problems(FRAME, "error", process(FRAME))[0].message


def test_a_longer_circle_of_calls_is_refused() -> None:
    other = process(
        nodes(os="startEvent", oe="endEvent")
        + element("callActivity", "back", calledElement="main")
        + chain("os", "back", "oe"),
        "other",
    )
    found = problems(before_end(element("callActivity", "x", calledElement="other")), "error", other)
    assert {problem.element for problem in found} == {"x", "back"}


def test_a_called_process_needs_a_plain_start() -> None:
    other = process(
        element("startEvent", "m", message("ping")) + nodes(oe="endEvent") + chain("m", "oe"), "other"
    )
    found = problems(before_end(element("callActivity", "x", calledElement="other")), "error", other)
    assert "没有普通开始事件" in found[0].message


def test_an_error_may_be_caught_where_the_process_is_called() -> None:
    thrower = nodes(ts="startEvent", te="endEvent") + element(
        "subProcess",
        "tp",
        nodes(is_="startEvent") + element("endEvent", "boom", error("bad")) + chain("is_", "boom"),
    )
    other = process(thrower + chain("ts", "tp", "te"), "other")
    caller = before_end(element("callActivity", "x", calledElement="other"))
    assert [p.element for p in problems(caller, "error", other)] == ["boom"]
    assert problems(caller + boundary("b", "x", error("bad")) + flow("b", "e"), "error", other) == []


@pytest.mark.parametrize(
    ("text", "named", "sentence"),
    [
        (FRAME + nodes(lost="userTask") + chain("lost", "e"), "lost", "走不到"),
        (nodes(s="startEvent", a="userTask") + chain("s", "a"), "a", "不声不响"),
        (before_end(element("userTask", "x", "", properties(rolle="a"))), "x", "不认识属性“rolle”"),
        (
            nodes(s="startEvent") + element("endEvent", "x", error("bad")) + chain("s", "x"),
            "x",
            "没有任何边界事件",
        ),
    ],
)
def test_what_is_legal_and_odd_is_a_warning(text: str, named: str, sentence: str) -> None:
    assert problems(text) == []
    found = problems(text, "warning")
    assert any(problem.element == named and sentence in problem.message for problem in found)


def test_all_problems_are_told_at_once() -> None:
    text = FRAME + boundary("x", "nobody", error()) + flow("a", "s", id="y")
    assert len(problems(text)) >= 2


def test_a_process_that_is_not_executable_is_documentation() -> None:
    sketch = process(nodes(x="complexGateway"), "sketch").replace(
        'isExecutable="true"', 'isExecutable="false"'
    )
    assert [p for p in check_definitions({"a.bpmn": document(sketch)}) if p.severity == "error"] == []
