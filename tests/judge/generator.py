"""Random diagrams of the profile: blocks within blocks, and splits whose joins do not match them."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st

HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="t">'
)
HEAD += '<bpmn:message id="ping" name="ping"/><bpmn:error id="bad" name="bad" errorCode="bad"/>'
TIMER = "<bpmn:timerEventDefinition><bpmn:timeDuration>P1D</bpmn:timeDuration></bpmn:timerEventDefinition>"
MESSAGE = '<bpmn:messageEventDefinition messageRef="ping"/>'
ERROR = '<bpmn:errorEventDefinition errorRef="bad"/>'
TERMINATE = "<bpmn:terminateEventDefinition/>"
CALL = (
    '<bpmn:extensionElements><spiffworkflow:properties xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core">'
    '<spiffworkflow:property name="inputs" value="v"/>'
    '<spiffworkflow:property name="outputs" value="v"/></spiffworkflow:properties></bpmn:extensionElements>'
)
GATEWAYS = ("exclusiveGateway", "parallelGateway", "inclusiveGateway")


@dataclass
class Plan:
    """What a run of the generator may use, and what it has made."""

    draw: st.DrawFn
    features: frozenset[str]
    counter: int = 0
    processes: list[str] = field(default_factory=list)

    def id(self, prefix: str) -> str:
        self.counter += 1
        return f"{prefix}{self.counter}"

    def chance(self, percent: int) -> bool:
        return self.draw(st.integers(0, 99)) < percent


class Level:
    """A process or sub-process that is being drawn; `caught` tells whether an error may be thrown in it."""

    def __init__(self, plan: Plan, caught: bool = False) -> None:
        self.plan, self.caught = plan, caught
        self.parts: list[str] = []

    def node(self, kind: str, inside: str = "", **attributes: str) -> str:
        name = self.plan.id(kind[:2])
        given = "".join(f' {key}="{value}"' for key, value in attributes.items())
        self.parts.append(f'<bpmn:{kind} id="{name}"{given}>{inside}</bpmn:{kind}>')
        return name

    def flow(self, source: str, target: str, condition: str = "") -> str:
        name = self.plan.id("f")
        text = f"<bpmn:conditionExpression>{condition}</bpmn:conditionExpression>" if condition else ""
        attributes = f'id="{name}" sourceRef="{source}" targetRef="{target}"'
        self.parts.append(f"<bpmn:sequenceFlow {attributes}>{text}</bpmn:sequenceFlow>")
        return name

    def drawn(self, depth: int) -> str:
        """The level's XML: start, a block or two, end."""
        start = self.node("startEvent")
        first, last = self.sequence(depth) if self.plan.chance(40) else self.block(depth)
        self.flow(start, first)
        self.flow(last, self.node("endEvent"))
        return "".join(self.parts)

    def block(self, depth: int) -> tuple[str, str]:
        """Elements with one way in and one way out."""
        larger = sorted((self.plan.features & BLOCKS.keys()) - {"task"})
        kinds = ["task"] if depth <= 0 else larger if depth > 2 else [*larger, "task", "task"]
        return BLOCKS[self.plan.draw(st.sampled_from(kinds))](self, depth - 1)

    def task(self, depth: int = 0) -> tuple[str, str]:
        inside = ""
        if "multi" in self.plan.features and self.plan.chance(15):
            sequential = self.plan.draw(st.sampled_from(["true", "false"]))
            inside = f'<bpmn:multiInstanceLoopCharacteristics isSequential="{sequential}">'
            inside += "<bpmn:loopCardinality>2</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>"
        name = self.node("userTask", inside)
        return name, self.bordered(name)

    def bordered(self, host: str) -> str:
        """Perhaps a boundary event; where the way goes on."""
        if "boundary" not in self.plan.features or not self.plan.chance(25):
            return host
        definition, cancels = self.plan.draw(
            st.sampled_from([(TIMER, "true"), (TIMER, "false"), (MESSAGE, "true")])
        )
        event = self.node("boundaryEvent", definition, attachedToRef=host, cancelActivity=cancels)
        other = self.node("userTask")
        self.flow(event, other)
        if cancels == "false" or self.plan.chance(30):
            self.flow(other, self.node("endEvent"))
            return host
        merge = self.node("exclusiveGateway")
        self.flow(host, merge)
        self.flow(other, merge)
        return merge

    def sequence(self, depth: int) -> tuple[str, str]:
        first, middle = self.block(depth)
        second, last = self.block(depth)
        self.flow(middle, second)
        return first, last

    def split(self, depth: int) -> tuple[str, str]:
        """A gateway, two or three branches, and a join of the same kind, or of another."""
        kind = self.plan.draw(st.sampled_from([kind for kind in GATEWAYS if kind in self.plan.features]))
        other = "mismatch" in self.plan.features and self.plan.chance(25)
        join_kind = self.plan.draw(st.sampled_from(GATEWAYS)) if other else kind
        default = self.plan.id("f")
        split = self.node(kind, **({} if kind == "parallelGateway" else {"default": default}))
        join = self.node(join_kind)
        branches = self.plan.draw(st.integers(2, 3))
        for number in range(branches):
            condition = "" if kind == "parallelGateway" or number == 0 else self.condition(number)
            self.branch(split, join, depth, condition, default if number == 0 else "")
        return split, join

    def condition(self, number: int) -> str:
        return f"v {self.plan.draw(st.sampled_from(['==', '!=']))} {number}"

    def branch(self, split: str, join: str, depth: int, condition: str, flow_id: str) -> None:
        empty = "empty" in self.plan.features and self.plan.chance(15)
        first, last = (join, None) if empty else self.block(depth)
        flow = self.flow(split, first, condition)
        if flow_id:
            self.parts[-1] = self.parts[-1].replace(f'id="{flow}"', f'id="{flow_id}"')
        if last is None:
            return
        if "ends" in self.plan.features and self.plan.chance(20):
            self.stop(last)
        else:
            self.flow(last, join)

    def stop(self, last: str) -> None:
        """A branch that ends here: after a task, so that nothing else moves in the same step."""
        task = self.node("userTask")
        self.flow(last, task)
        kinds = ["", TERMINATE, ERROR] if self.caught else ["", TERMINATE]
        self.flow(task, self.node("endEvent", self.plan.draw(st.sampled_from(kinds))))

    def loop(self, depth: int) -> tuple[str, str]:
        """A block that is done again while v is 1."""
        back = self.node("exclusiveGateway")
        task = self.node("userTask")
        first, last = self.block(depth)
        forward = self.plan.id("f")
        choice = self.node("exclusiveGateway", default=forward)
        for source, target in ((back, task), (task, first), (last, choice)):
            self.flow(source, target)
        self.flow(choice, back, "v == 1")
        after = self.node("task")
        flow = self.flow(choice, after)
        self.parts[-1] = self.parts[-1].replace(f'id="{flow}"', f'id="{forward}"')
        return back, after

    def fork(self, depth: int) -> tuple[str, str]:
        """Two flows out of a task, without a gateway, to a join."""
        task, join = self.node("userTask"), self.node("parallelGateway")
        for _ in range(2):
            first, last = self.block(depth)
            self.flow(task, first)
            self.flow(last, join)
        return task, join

    def race(self, depth: int) -> tuple[str, str]:
        gateway, merge = self.node("eventBasedGateway"), self.node("exclusiveGateway")
        for definition in (TIMER, MESSAGE):
            event = self.node("intermediateCatchEvent", definition)
            self.flow(gateway, event)
            self.flow(event, merge)
        return gateway, merge

    def sub_process(self, depth: int) -> tuple[str, str]:
        caught = self.plan.chance(50)
        inner = Level(self.plan, caught or self.caught).drawn(depth)
        if "multi" in self.plan.features and self.plan.chance(20):
            inner += "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>2</bpmn:loopCardinality>"
            inner += "</bpmn:multiInstanceLoopCharacteristics>"
        name = self.node("subProcess", inner)
        if not caught:
            return name, self.bordered(name)
        event = self.node("boundaryEvent", ERROR, attachedToRef=name, cancelActivity="true")
        merge = self.node("exclusiveGateway")
        self.flow(name, merge)
        self.flow(event, merge)
        return name, merge

    def call(self, depth: int) -> tuple[str, str]:
        called = self.plan.id("called")
        inner = Level(self.plan, self.caught).drawn(depth)
        self.plan.processes.append(f'<bpmn:process id="{called}" isExecutable="true">{inner}</bpmn:process>')
        name = self.node("callActivity", CALL, calledElement=called)
        return name, self.bordered(name)


BLOCKS = {
    "task": Level.task,
    "sequence": Level.sequence,
    "split": Level.split,
    "loop": Level.loop,
    "fork": Level.fork,
    "race": Level.race,
    "sub": Level.sub_process,
    "call": Level.call,
}
ALL = frozenset(BLOCKS) | {*GATEWAYS, "empty", "multi", "boundary", "mismatch", "ends"}


@st.composite
def diagrams(draw: st.DrawFn, features: frozenset[str] = ALL, depth: int = 3) -> bytes:
    """A document with an executable process `main`, and the processes that it calls."""
    plan = Plan(draw, features)
    main = Level(plan).drawn(depth)
    plan.processes.append(f'<bpmn:process id="main" isExecutable="true">{main}</bpmn:process>')
    return f"{HEAD}{''.join(plan.processes)}</bpmn:definitions>".encode()
