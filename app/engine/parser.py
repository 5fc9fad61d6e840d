"""From BPMN to specs, with SpiffWorkflow's parser and its extension points."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from lxml import etree
from SpiffWorkflow.bpmn.parser import event_parsers as library
from SpiffWorkflow.bpmn.parser.util import full_tag
from SpiffWorkflow.bpmn.specs.event_definitions.simple import NoneEventDefinition
from SpiffWorkflow.spiff.parser import event_parsers, task_spec
from SpiffWorkflow.spiff.parser.process import SpiffBpmnParser, SpiffProcessParser

from app.engine import event_specs, events, gateways, loops, specs
from app.engine.civil import parse_duration, parse_instant
from app.engine.definitions import Element, clause_ids
from app.engine.expressions import Expression, ExpressionError, compile_expression
from app.engine.markup import BPMN, SPIFF, local, properties_of, text_of

_ENDS = [
    library.MESSAGE_EVENT_XPATH,
    library.SIGNAL_EVENT_XPATH,
    library.ERROR_EVENT_XPATH,
    library.TERMINATION_EVENT_XPATH,
]


class Unreadable(Exception):
    """An element can't be read: a sentence, and the XML node that the designer has to look at."""

    def __init__(self, message: str, node: etree._Element) -> None:
        super().__init__(message)
        self.node = node


def pairs(text: str) -> Iterator[tuple[str, str]]:
    """``inner=expression; same_name``, by semicolon or line: each name with what is written for it."""
    for part in re.split(r"[;；\n]", text):
        name, equals, source = part.partition("=")
        if name.strip():
            yield name.strip(), source.strip() if equals else name.strip()


def timer_source(event: etree._Element) -> str:
    """The timer's expression; a bare ISO instant or duration is one too. Raises ValueError."""
    date, duration = event.find(f"{BPMN}timeDate"), event.find(f"{BPMN}timeDuration")
    source = text_of(date if date is not None else duration)
    if re.match("[0-9]{4}-", source):
        parse_instant(source)
        return f'instant("{source}")'
    if re.match("P[0-9T]", source):
        parse_duration(source)
        return f'duration("{source}")'
    return source


def compiled(source: str, node: etree._Element) -> Expression:
    """The expression. Raises Unreadable."""
    try:
        return compile_expression(source)
    except ExpressionError as problem:
        raise Unreadable(str(problem), node) from None


class _Reading(task_spec.SpiffTaskParser):
    """How each element is read: the library's way of making the spec, our own classes, nothing followed."""

    STANDARD_LOOP_CLASS = loops.StandardLoopTask
    PARALLEL_MI_CLASS = loops.ParallelMultiInstanceTask
    SEQUENTIAL_MI_CLASS = loops.SequentialMultiInstanceTask

    def parse_node(self) -> Any:
        """The element's spec.

        The library's own method also follows the flows, which takes stack by the length of the diagram, sorts
        them by their height on the page, and wraps activities with boundary events in two more specs.
        """
        self.task = self.create_task()
        self.task.element = self._element()
        self.task.default_flow = self.node.get("default")
        self.finish_task(self.task)
        self._read_loop()
        return self.task

    def finish_task(self, spec: Any) -> None:
        """Read what only this kind of element has."""

    def expression(self, source: str) -> Expression:
        return compiled(source, self.node)

    def _read_loop(self) -> None:
        inner = self.task
        standard = self.node.find(f"{BPMN}standardLoopCharacteristics")
        multiple = self.node.find(f"{BPMN}multiInstanceLoopCharacteristics")
        if standard is not None:
            self._add_loop_task(standard)
            self.task.condition_wanted = self._optional(self.task.condition)
        elif multiple is not None:
            self._add_multiinstance_task(multiple)
            self.task.condition_wanted = self._optional(self.task.condition)
            self.task.cardinality_wanted = self._optional(self.task.cardinality)
        if self.task is not inner:
            self.task.bpmn_id, self.task.element, self.task.child = inner.bpmn_id, inner.element, inner

    def _optional(self, source: str | None) -> Expression | None:
        return self.expression(source) if source and source.strip() else None

    def _element(self) -> Element:
        properties = properties_of(self.node)
        parent = self.node.getparent()
        return Element(
            id=self.bpmn_id,
            kind=local(self.node),
            name=self.node.get("name", ""),
            lane=self.lane,
            properties=properties,
            clauses=clause_ids(properties),
            parent=parent.get("id") if local(parent) == "subProcess" else None,
        )


class _UserReading(_Reading):
    def finish_task(self, spec: Any) -> None:
        spec.assignee_wanted = self._optional(properties_of(self.node).get("assignee"))


class _ServiceReading(_Reading, task_spec.ServiceTaskParser):
    def finish_task(self, spec: Any) -> None:
        operator = self.node.find(f"{BPMN}extensionElements/{SPIFF}serviceTaskOperator")
        spec.result = operator.get("resultVariable") or None
        spec.inputs_wanted = {
            name: self.expression(given["value"]) for name, given in spec.operation_params.items()
        }


class _DecisionReading(_Reading, task_spec.BusinessRuleTaskParser):
    def create_task(self) -> Any:
        """The library's own takes its own class and reads the table with its own engine."""
        spec = self.spec_class(self.spec, self.bpmn_id, dmnEngine=None, **self.bpmn_attributes)
        spec.decision_id = (self.get_decision_ref(self.node) or "").strip()
        spec.result = properties_of(self.node).get("resultVariable") or None
        return spec


class _CallReading(_Reading, task_spec.CallActivityParser):
    def finish_task(self, spec: Any) -> None:
        given = properties_of(self.node)
        spec.inputs_wanted = {
            name: self.expression(source) for name, source in pairs(given.get("inputs", ""))
        }
        spec.outputs_wanted = dict(pairs(given.get("outputs", "")))


class _SubProcessReading(_Reading, task_spec.SubWorkflowParser):
    pass


class _EventReading(_Reading, event_parsers.SpiffEventDefinitionParser):
    """Makes our own event definitions where the library makes its own."""

    def finish_task(self, spec: Any) -> None:
        definition = spec.event_definition
        if type(definition) is NoneEventDefinition:
            spec.event_definition = events.Nothing(description=definition.description)
        elif isinstance(definition, events.Message):
            definition.correlation = self._optional(properties_of(self.node).get("correlation"))

    def parse_timer_event(self, event: etree._Element) -> events.Timer:
        try:
            source = timer_source(event)
        except ValueError as problem:
            raise Unreadable(f"定时器写法不对：{problem}", self.node) from None
        return events.Timer(self.node.get("name", self.bpmn_id), self.expression(source))

    def parse_message_event(self, event: etree._Element) -> events.Message:
        name = self.process_parser.parser.messages[event.get("messageRef")]
        payload, variable = self.parse_message_extensions(event)
        return events.Message(name, self._optional(payload), variable)

    def parse_signal_event(self, event: etree._Element) -> events.Signal:
        return events.Signal(self.process_parser.parser.signals[event.get("signalRef")])

    def parse_error_event(self, event: etree._Element) -> events.Error:
        error = self.process_parser.parser.errors.get(event.get("errorRef"), {})
        return events.Error(error.get("name"), code=error.get("error_code"))

    def parse_terminate_event(self, event: etree._Element) -> events.Terminate:
        return events.Terminate()


class _StartReading(_EventReading, event_parsers.SpiffStartEventParser):
    pass


class _EndReading(_EventReading, event_parsers.SpiffEndEventParser):
    def create_task(self) -> Any:
        """The library's own forgets signals."""
        return self._create_task(self.get_event_definition(_ENDS))


class _BoundaryReading(_EventReading, event_parsers.SpiffBoundaryEventParser):
    pass


class _CatchReading(_EventReading, event_parsers.SpiffIntermediateCatchEventParser):
    pass


class _ThrowReading(_EventReading, event_parsers.SpiffIntermediateThrowEventParser):
    pass


class _SendReading(_EventReading, event_parsers.SpiffSendTaskParser):
    pass


class _ReceiveReading(_EventReading, event_parsers.SpiffReceiveTaskParser):
    pass


class _RaceReading(_EventReading, event_parsers.EventDefinitionParser):
    def create_task(self) -> Any:
        return self._create_task(events.Nothing())


class _ProcessReading(SpiffProcessParser):
    def add_tasks(self) -> None:
        """Read every element of this level, also those that no flow reaches, then the sub-processes."""
        for node in self.node:
            if node.tag in Reader.OVERRIDE_PARSER_CLASSES:
                self.parse_node(node)
        for node in self.node.iterfind(f"{BPMN}subProcess"):
            self.parser.process_parsers[node.get("id")].get_spec()


class Reader(SpiffBpmnParser):
    """Reads one file. What is not listed here is no part of the profile."""

    PROCESS_PARSER_CLASS = _ProcessReading
    OVERRIDE_PARSER_CLASSES: ClassVar[dict[str, Any]] = {
        full_tag(tag): classes
        for tag, classes in {
            "task": (_Reading, specs.NoneTask),
            "userTask": (_UserReading, specs.UserTask),
            "manualTask": (_Reading, specs.ManualTask),
            "serviceTask": (_ServiceReading, specs.ServiceTask),
            "businessRuleTask": (_DecisionReading, specs.BusinessRuleTask),
            "sendTask": (_SendReading, event_specs.SendTask),
            "receiveTask": (_ReceiveReading, event_specs.ReceiveTask),
            "subProcess": (_SubProcessReading, specs.SubProcess),
            "callActivity": (_CallReading, specs.CallActivity),
            "exclusiveGateway": (_Reading, gateways.ExclusiveGateway),
            "parallelGateway": (_Reading, gateways.ParallelGateway),
            "inclusiveGateway": (_Reading, gateways.InclusiveGateway),
            "eventBasedGateway": (_RaceReading, gateways.EventBasedGateway),
            "startEvent": (_StartReading, event_specs.StartEvent),
            "endEvent": (_EndReading, event_specs.EndEvent),
            "intermediateCatchEvent": (_CatchReading, event_specs.IntermediateCatchEvent),
            "intermediateThrowEvent": (_ThrowReading, event_specs.IntermediateThrowEvent),
            "boundaryEvent": (_BoundaryReading, event_specs.BoundaryEvent),
        }.items()
    }

    def specs_of(self, process_id: str) -> dict[str, Any]:
        """The specs of a process and of the sub-processes in it, by name."""
        process = self.process_parsers[process_id]
        found = dict(process.get_spec().task_specs)
        for node in process.node.iterfind(f".//{BPMN}subProcess"):
            found |= self.process_parsers[node.get("id")].get_spec().task_specs
        return {name: spec for name, spec in found.items() if isinstance(spec, specs.Node)}
