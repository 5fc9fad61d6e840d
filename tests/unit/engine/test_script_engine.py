"""Every hook through which SpiffWorkflow evaluates text, driven in the library itself: ours runs no code."""

import builtins
from contextlib import suppress
from datetime import UTC, date, datetime
from types import SimpleNamespace
from xml.sax.saxutils import escape

import pytest
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.spiff.parser import SpiffBpmnParser
from SpiffWorkflow.util.task import TaskState

from app.engine.expressions import ExpressionFailed
from app.engine.script_engine import ScriptEngine, ScriptRefused
from app.engine.types import Context


class Weekdays:
    def is_workday(self, day: date) -> bool | None:
        return day.weekday() < 5


CONTEXT = Context(datetime(2021, 7, 1, tzinfo=UTC), {}, Weekdays(), {})

PAYLOADS = [
    '__import__("builtins").__dict__.update(PWNED=1)',
    '(lambda: setattr(__import__("builtins"), "PWNED", 1))()',
    '[setattr(__import__("builtins"), "PWNED", one) for one in [1]]',
    'exec("import builtins; builtins.PWNED = 1")',
]

CORRELATION = """
  <collaboration id="c">
    <participant id="pa" processRef="p"/>
    <correlationKey name="k"><correlationPropertyRef>cp</correlationPropertyRef></correlationKey>
  </collaboration>
  <correlationProperty id="cp" name="cp">
    <correlationPropertyRetrievalExpression messageRef="m">
      <messagePath>{p}</messagePath>
    </correlationPropertyRetrievalExpression>
  </correlationProperty>"""


def task(inside):
    return f'<manualTask id="a">{inside}</manualTask>'


def instances(inside, sequential="false"):
    return task(
        f'<multiInstanceLoopCharacteristics isSequential="{sequential}">{inside}'
        "</multiInstanceLoopCharacteristics>"
    )


def extension(inside):
    return f"<extensionElements>{inside}</extensionElements>"


def catch(inside):
    return f'<intermediateCatchEvent id="a">{inside}</intermediateCatchEvent>'


def timer(inside):
    return catch(f"<timerEventDefinition>{inside}</timerEventDefinition>")


def throw(kind):
    return f'<intermediateThrowEvent id="a"><{kind}EventDefinition {kind}Ref="x"/></intermediateThrowEvent>'


def thrown(kind, inside):
    return f'<{kind} id="x" name="x" {kind}Code="x">{extension(inside)}</{kind}>'


CALLS = extension("<s:calledDecisionId>d</s:calledDecisionId>")
DECISION = f'<businessRuleTask id="a">{CALLS}</businessRuleTask>'

# Where the payload stands: what is between start and end, what beside the process, cells of a decision table.
HOOKS = {
    "gateway condition": (
        '<exclusiveGateway id="a" default="f3"/><sequenceFlow id="f2" sourceRef="a" targetRef="end">'
        "<conditionExpression>{p}</conditionExpression></sequenceFlow>"
        '<sequenceFlow id="f3" sourceRef="a" targetRef="end"/>',
    ),
    "script task": ('<scriptTask id="a"><script>{p}</script></scriptTask>',),
    "pre-script": (task(extension("<s:preScript>{p}</s:preScript>")),),
    "post-script": (task(extension("<s:postScript>{p}</s:postScript>")),),
    "service task parameter": (
        '<serviceTask id="a">'
        + extension(
            '<s:serviceTaskOperator id="op"><s:parameters><s:parameter id="x" type="any" value="{q}"/>'
            "</s:parameters></s:serviceTaskOperator>"
        )
        + "</serviceTask>",
    ),
    "parallel cardinality": (instances("<loopCardinality>{p}</loopCardinality>"),),
    "sequential cardinality": (instances("<loopCardinality>{p}</loopCardinality>", "true"),),
    "completion condition": (
        instances("<loopCardinality>2</loopCardinality><completionCondition>{p}</completionCondition>"),
    ),
    "loop condition": (
        task("<standardLoopCharacteristics><loopCondition>{p}</loopCondition></standardLoopCharacteristics>"),
    ),
    "ad-hoc completion": (
        '<adHocSubProcess id="a"><manualTask id="b"/><completionCondition>{p}</completionCondition>'
        "</adHocSubProcess>",
    ),
    "ad-hoc condition": (
        '<adHocSubProcess id="a"><manualTask id="c"/><manualTask id="b">'
        "<standardLoopCharacteristics><loopCondition>{p}"
        "</loopCondition></standardLoopCharacteristics></manualTask>"
        "<completionCondition>1 == 2</completionCondition></adHocSubProcess>",
    ),
    "message payload": (throw("message"), thrown("message", "<s:messagePayload>{p}</s:messagePayload>")),
    "message correlation": (
        throw("message"),
        thrown("message", '<s:messagePayload>{"a": 1}</s:messagePayload>')
        + CORRELATION.replace('"m"', '"x"'),
    ),
    "signal payload": (
        throw("signal"),
        thrown("signal", "<s:payloadExpression>{p}</s:payloadExpression>"),
    ),
    "escalation payload": (
        throw("escalation"),
        thrown("escalation", "<s:payloadExpression>{p}</s:payloadExpression>"),
    ),
    "error payload": (
        '<endEvent id="a"><errorEventDefinition errorRef="x"/></endEvent>',
        thrown("error", "<s:payloadExpression>{p}</s:payloadExpression>"),
    ),
    "conditional event": (
        catch("<conditionalEventDefinition><condition>{p}</condition></conditionalEventDefinition>"),
    ),
    "timer date": (timer("<timeDate>{p}</timeDate>"),),
    "timer duration": (timer("<timeDuration>{p}</timeDuration>"),),
    "timer cycle": (timer("<timeCycle>{p}</timeCycle>"),),
    "decision input": (DECISION, "", ("{p}", "1", "1")),
    "decision cell": (DECISION, "", ("1", "{p}", "1")),
    "decision cell with ?": (DECISION, "", ("1", "({p}, ?)", "1")),
    "decision output": (DECISION, "", ("1", "1", "{p}")),
}


def diagram(hook, payload):
    inside, beside = (*HOOKS[hook], "")[:2]
    leads_on = not any(mark in inside for mark in ('id="f2"', "<endEvent"))
    text = (
        '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
        'xmlns:s="http://spiffworkflow.org/bpmn/schema/1.0/core" targetNamespace="t">'
        f'{beside}<process id="p" isExecutable="true"><startEvent id="start"/>'
        f'<sequenceFlow id="f1" sourceRef="start" targetRef="a"/>{inside}'
        + '<sequenceFlow id="f9" sourceRef="a" targetRef="end"/>' * leads_on
        + '<endEvent id="end"/></process></definitions>'
    )
    quoted = escape(payload, {'"': "&quot;"})
    return text.replace("{p}", escape(payload)).replace("{q}", quoted).encode()


def table(cells, payload):
    question, cell, result = (escape(part.replace("{p}", payload)) for part in cells)
    return (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"><decision id="d" name="d">'
        '<decisionTable id="t"><input id="i"><inputExpression>'
        f"<text>{question}</text></inputExpression></input>"
        f'<output id="o" name="o"/><rule id="r"><inputEntry id="ie"><text>{cell}</text></inputEntry>'
        f'<outputEntry id="oe"><text>{result}</text></outputEntry></rule></decisionTable>'
        "</decision></definitions>"
    ).encode()


def drive(hook, payload, engine):
    """Run the diagram as far as the stock library gets."""
    parser = SpiffBpmnParser()
    parser.add_bpmn_str(diagram(hook, payload))
    if len(HOOKS[hook]) == 3:
        parser.add_dmn_str(table(HOOKS[hook][2], payload))
    spec = parser.get_spec("p")
    with suppress(Exception):
        workflow = BpmnWorkflow(spec, parser.get_subprocess_specs("p"), script_engine=engine)
        workflow.task_tree.data["data_objects"] = {}  # the library's ad-hoc code takes it for granted
        for _ in range(4):
            workflow.do_engine_steps()
            workflow.refresh_timers()
            for task in workflow.get_tasks(state=TaskState.READY, manual=True)[:1]:
                task.run()


@pytest.fixture(autouse=True)
def _no_trace():
    yield
    builtins.__dict__.pop("PWNED", None)


@pytest.mark.parametrize("hook", HOOKS)
def test_the_stock_engine_runs_code_here(hook):
    """So the diagram reaches the hook, and the tests below prove something."""
    drive(hook, PAYLOADS[0], PythonScriptEngine())
    assert hasattr(builtins, "PWNED")


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("hook", HOOKS)
def test_no_hook_runs_code(hook, payload):
    drive(hook, payload, ScriptEngine(CONTEXT))
    assert not hasattr(builtins, "PWNED")


def test_scripts_and_services_are_always_refused():
    engine, waiting = ScriptEngine(CONTEXT), SimpleNamespace(data={})
    for refused in (
        lambda: engine.execute(waiting, "x = 1"),
        lambda: engine.call_service(waiting, operation_name="x"),
        lambda: engine.environment.execute("x = 1", {}),
        lambda: engine.environment.call_service({}),
    ):
        with pytest.raises(ScriptRefused, match="脚本"):
            refused()
    assert waiting.data == {}


def test_the_external_context_wins_over_the_data():
    """In SpiffWorkflow the data win, so that a form field decides in the engine's place."""
    engine, waiting = ScriptEngine(CONTEXT), SimpleNamespace(data={"x": "theirs", "y": 1})
    assert engine.evaluate(waiting, "[x, y]", external_context={"x": "ours"}) == ["ours", 1]
    assert waiting.data == {"x": "theirs", "y": 1}


def test_validate_raises_a_syntax_error():
    engine = ScriptEngine(CONTEXT)
    engine.validate("a == 1")
    for source in ("> 1", "a == = 1", "lambda: 1"):
        with pytest.raises(SyntaxError):
            engine.validate(source)


def test_a_failure_keeps_its_sentence():
    engine = ScriptEngine(CONTEXT)
    with pytest.raises(ExpressionFailed, match="没有名为“x”的变量"):
        engine.evaluate(SimpleNamespace(data={}), "x > 1")
    with pytest.raises(ExpressionFailed, match="不能使用"):
        engine.evaluate(SimpleNamespace(data={}), "x >")
